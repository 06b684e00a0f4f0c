//! The passkeys of a card: the list, a new one, the end of one.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use super::{After, find, path_of, titled};
use crate::flow::member_card::OwnCard;
use crate::flow::member_card::passkeys::{self, PasskeyChangeError};
use crate::pages::assets;
use crate::pages::member::answer::{self, Answer, Refusal};
use crate::pages::member::failure::Failure;
use crate::pages::member::form::MemberForm;
use crate::pages::member::frame::MemberFrame;
use crate::pages::member::sheet::Sheet;
use crate::pages::member::signed::Signed;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::small_form::SmallForm;
use crate::pages::pieces::{Cell, Field, FieldKind, Table, Tone, rendered};
use crate::store::passkeys::PasskeyRow;
use crate::texts::foreign::plain;

#[derive(Default, Deserialize)]
pub(in crate::pages::member) struct Fields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    answer: String,
}

#[derive(Deserialize)]
pub(in crate::pages::member) struct Chosen {
    #[serde(default)]
    passkey: String,
}

#[derive(Template)]
#[template(path = "member_passkey.html")]
struct CeremonyPage<'a> {
    frame: MemberFrame<'a>,
    action: String,
    options: String,
    name: String,
    back: String,
    script: String,
}

/// `GET /my/cards/{id}/passkeys`
pub(in crate::pages::member) async fn open(
    signed: Signed,
    Path(id): Path<String>,
    Query(after): Query<After>,
) -> Answer {
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let done = after.notice(&[("added", "my-passkey-added"), ("removed", "my-passkey-removed")]);
    show(&signed, &own, "", None, done).await
}

/// `POST /my/cards/{id}/passkeys`
pub(in crate::pages::member) async fn begin(Path(id): Path<String>, form: MemberForm<Fields>) -> Answer {
    let MemberForm { signed, fields } = form;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let options = match passkeys::begin(signed.app(), &own, &fields.name).await {
        Ok(options) => options,
        Err(error) => return again(&signed, &own, &fields.name, error).await,
    };
    let page = CeremonyPage {
        action: path_of(&own, "/passkeys/confirm"),
        options: options.to_string(),
        name: fields.name,
        back: path_of(&own, "/passkeys"),
        script: assets::passkey_script(),
        frame: titled(&signed, &own, "my-passkey-new"),
    };
    Ok(answer::page_with_script(&page, assets::passkey_source(&signed.app().config.server.public_url)))
}

/// `POST /my/cards/{id}/passkeys/confirm`
pub(in crate::pages::member) async fn confirm(Path(id): Path<String>, form: MemberForm<Fields>) -> Answer {
    let MemberForm { signed, fields } = form;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    match passkeys::end(signed.app(), signed.member(), &own, &fields.name, &fields.answer).await {
        Ok(_) => Ok(signed.go(&path_of(&own, "/passkeys?done=added"))),
        Err(error) => again(&signed, &own, &fields.name, error).await,
    }
}

/// `POST /my/cards/{id}/passkeys/remove`
pub(in crate::pages::member) async fn remove(Path(id): Path<String>, form: MemberForm<Chosen>) -> Answer {
    let MemberForm { signed, fields } = form;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let passkey = fields.passkey.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let removed = passkeys::remove(signed.app(), signed.member(), &own, passkey).await;
    removed.map_err(|error| refused(&signed, error))?;
    Ok(signed.go(&path_of(&own, "/passkeys?done=removed")))
}

async fn again(signed: &Signed, own: &OwnCard, name: &str, error: PasskeyChangeError) -> Answer {
    let wrong = match error {
        PasskeyChangeError::Name(_) => ("name", "my-passkey-name-wrong"),
        PasskeyChangeError::NotWaiting => ("", "my-passkey-too-late"),
        PasskeyChangeError::Answer(_) => ("", "my-passkey-failed"),
        PasskeyChangeError::Known => ("", "my-passkey-known"),
        PasskeyChangeError::TooMany => ("", "my-passkey-too-many"),
        error => return Err(refused(signed, error)),
    };
    show(signed, own, name, Some(wrong), None).await
}

async fn show(
    signed: &Signed,
    own: &OwnCard,
    name: &str,
    wrong: Option<(&str, &'static str)>,
    done: Option<(Tone, &'static str)>,
) -> Answer {
    let list = passkeys::list(signed.app(), own).await.map_err(|error| signed.refuse(error))?;
    let mut frame = titled(signed, own, "my-passkeys-title");
    frame.error = wrong.is_some();
    let offered = passkeys::are_offered(signed.app());
    let of_page = wrong.filter(|(name, _)| name.is_empty()).map(|(_, key)| (Tone::Bad, key));
    let not_here = (!offered).then_some((Tone::Plain, "my-passkeys-not-here"));
    let headings = ["name", "since", "used", "action"].map(|name| frame.text(&format!("my-passkey-{name}")));
    let table = Table {
        caption: frame.text("my-passkeys"),
        headings: headings.to_vec(),
        rows: list.iter().map(|passkey| row(own, &frame, passkey)).collect(),
        empty: frame.text("my-passkeys-none"),
    };
    let field = Field::new("name", frame.text("my-passkey-name"), FieldKind::Text)
        .hint(frame.text("my-passkey-name-hint"))
        .error(wrong.filter(|(at, _)| *at == "name").map(|(_, key)| frame.text(key)))
        .value(name);
    let form = ActForm::new(&frame, path_of(own, "/passkeys"), "my-passkey-add");
    let form = form.title(frame.text("my-passkey-new")).field(field);
    let sheet = Sheet::new(frame).lead("my-passkeys-lead").maybe_notice(of_page.or(done).or(not_here)).add(&table);
    Ok(if offered { signed.page(&sheet.add(&form)) } else { signed.page(&sheet) })
}

fn row(own: &OwnCard, frame: &MemberFrame<'_>, passkey: &PasskeyRow) -> Vec<Cell> {
    let name = plain(&passkey.name, passkeys::NAME_CHARS_MAX);
    let used = passkey.last_used_at.map_or_else(|| frame.text("my-passkey-never"), |at| frame.moment(at));
    let remove = SmallForm {
        action: path_of(own, "/passkeys/remove"),
        token_field: frame.token_field(),
        name: "passkey",
        value: passkey.id.to_string(),
        text: frame.text("my-passkey-remove"),
        about: name.clone(),
    };
    vec![
        Cell::Text(name),
        Cell::Figure(frame.moment(passkey.created_at)),
        Cell::Figure(used),
        Cell::Piece(rendered(&remove)),
    ]
}

fn refused(signed: &Signed, error: PasskeyChangeError) -> Refusal {
    match error {
        PasskeyChangeError::Unknown | PasskeyChangeError::NotOffered => signed.refuse(Failure::NotFound),
        PasskeyChangeError::Store(error) => signed.refuse(error),
        error => signed.refuse(Failure::of_fault(&error)),
    }
}
