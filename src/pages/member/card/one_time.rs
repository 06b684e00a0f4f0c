//! One-time passwords of a card: what they change, the secret as a picture, recovery codes, the end of them.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;

use super::{After, find, path_of, titled};
use crate::flow::member_card::OwnCard;
use crate::flow::member_card::one_time::{self, OneTimeError, OneTimeState};
use crate::pages::member::answer::{Answer, Refusal};
use crate::pages::member::failure::Failure;
use crate::pages::member::form::{MemberForm, Nothing};
use crate::pages::member::frame::MemberFrame;
use crate::pages::member::sheet::Sheet;
use crate::pages::member::signed::Signed;
use crate::pages::pieces::act_form::{ActForm, Words};
use crate::pages::pieces::secret::Secret;
use crate::pages::pieces::{Cell, Facts, Field, FieldKind, Notice, Tone};

#[derive(Deserialize)]
pub(in crate::pages::member) struct Code {
    #[serde(default)]
    code: String,
}

#[derive(Template)]
#[template(path = "member_recovery_codes.html")]
struct CodesPage<'a> {
    frame: MemberFrame<'a>,
    notice: Notice,
    codes: Vec<String>,
    back: String,
}

/// `GET /my/cards/{id}/one-time`
pub(in crate::pages::member) async fn open(
    signed: Signed,
    Path(id): Path<String>,
    Query(after): Query<After>,
) -> Answer {
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let state = one_time::state(signed.app(), &own).await.map_err(|error| signed.refuse(error))?;
    let gone = (after.done == "gone").then_some((Tone::Bad, "my-one-time-gone"));
    Ok(if state.since.is_some() { in_use(&signed, &own, state) } else { none_yet(&signed, &own, gone) })
}

fn none_yet(signed: &Signed, own: &OwnCard, notice: Option<(Tone, &str)>) -> Response {
    let frame = titled(signed, own, "my-one-time-title");
    let what = Words {
        title: frame.text("my-one-time-what"),
        sentences: ["my-one-time-what-app", "my-one-time-what-challenge", "my-one-time-what-recovery"]
            .map(|key| frame.text(key))
            .to_vec(),
    };
    let apply = ActForm::new(&frame, path_of(own, "/one-time/apply"), "my-one-time-apply");
    signed.page(&Sheet::new(frame).maybe_notice(notice).add(&what).add(&apply))
}

fn in_use(signed: &Signed, own: &OwnCard, state: OneTimeState) -> Response {
    let frame = titled(signed, own, "my-one-time-title");
    let since = state.since.map(|at| frame.wording.with("my-one-time-since", "at", frame.moment(at)));
    let tone = if state.recovery_codes_left > 2 { Tone::Plain } else { Tone::Bad };
    let left = frame.wording.with("my-recovery-left", "count", state.recovery_codes_left);
    let facts = Facts {
        rows: vec![
            (frame.text("my-one-time"), Cell::State(since.unwrap_or_default(), Tone::Good)),
            (frame.text("my-recovery"), Cell::State(left, tone)),
        ],
    };
    let form =
        |end: &str, button: &str, title: &str| ActForm::new(&frame, path_of(own, end), button).title(frame.text(title));
    let renew = form("/one-time/recovery", "my-recovery-renew", "my-recovery-renew-title");
    let replace = form("/one-time/apply", "my-one-time-replace", "my-one-time-replace-title");
    let remove = form("/one-time/remove", "my-one-time-remove", "my-one-time-remove-title");
    let before = Words {
        title: frame.text("my-one-time-before"),
        sentences: vec![frame.text("my-one-time-before-replace"), frame.text("my-one-time-before-remove")],
    };
    signed.page(&Sheet::new(frame).add(&facts).add(&before).add(&renew).add(&replace).add(&remove))
}

/// `POST /my/cards/{id}/one-time/apply`
pub(in crate::pages::member) async fn apply(Path(id): Path<String>, form: MemberForm<Nothing>) -> Answer {
    let signed = form.signed;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let applied = one_time::apply(signed.app(), signed.member(), &own).await;
    applied.map_err(|error| refused(&signed, error))?;
    Ok(signed.go(&path_of(&own, "/one-time/confirm")))
}

/// `GET /my/cards/{id}/one-time/confirm`
pub(in crate::pages::member) async fn open_confirm(signed: Signed, Path(id): Path<String>) -> Answer {
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    show_secret(&signed, &own, false).await
}

/// `POST /my/cards/{id}/one-time/confirm`
pub(in crate::pages::member) async fn confirm(Path(id): Path<String>, form: MemberForm<Code>) -> Answer {
    let MemberForm { signed, fields } = form;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    match one_time::confirm(signed.app(), signed.member(), &own, &fields.code).await {
        Ok(codes) => Ok(codes_page(&signed, &own, codes, "my-one-time-done")),
        Err(OneTimeError::Code) => show_secret(&signed, &own, true).await,
        Err(OneTimeError::NoApplication) => Ok(signed.go(&path_of(&own, "/one-time?done=gone"))),
        Err(error) => Err(refused(&signed, error)),
    }
}

async fn show_secret(signed: &Signed, own: &OwnCard, wrong: bool) -> Answer {
    let url = match one_time::shown(signed.app(), own).await {
        Ok(url) => url,
        Err(OneTimeError::NoApplication) => return Ok(signed.go(&path_of(own, "/one-time?done=gone"))),
        Err(error) => return Err(refused(signed, error)),
    };
    let mut frame = titled(signed, own, "my-one-time-confirm-title");
    frame.error = wrong;
    let secret = Secret::of(&url, frame.text("my-one-time-picture"), frame.text("my-one-time-by-hand"));
    let secret = secret.ok_or_else(|| signed.refuse(Failure::Internal))?;
    let field = Field::new("code", frame.text("my-one-time-code"), FieldKind::Digits)
        .autocomplete("one-time-code")
        .error(wrong.then(|| frame.text("my-one-time-code-wrong")))
        .first();
    let form = ActForm::new(&frame, path_of(own, "/one-time/confirm"), "my-one-time-confirm").field(field);
    Ok(signed.page(&Sheet::new(frame).lead("my-one-time-confirm-lead").add(&secret).add(&form)))
}

/// `POST /my/cards/{id}/one-time/recovery`
pub(in crate::pages::member) async fn renew_recovery(Path(id): Path<String>, form: MemberForm<Nothing>) -> Answer {
    let signed = form.signed;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    match one_time::renew_recovery_codes(signed.app(), signed.member(), &own).await {
        Ok(codes) => Ok(codes_page(&signed, &own, codes, "my-recovery-renewed")),
        Err(error) => Err(refused(&signed, error)),
    }
}

/// `POST /my/cards/{id}/one-time/remove`
pub(in crate::pages::member) async fn remove(Path(id): Path<String>, form: MemberForm<Nothing>) -> Answer {
    let signed = form.signed;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    match one_time::remove(signed.app(), signed.member(), &own).await {
        Ok(()) => Ok(signed.go(&path_of(&own, "?done=one-time"))),
        Err(error) => Err(refused(&signed, error)),
    }
}

fn codes_page(signed: &Signed, own: &OwnCard, codes: Vec<String>, notice: &str) -> Response {
    let frame = titled(signed, own, "my-recovery-title");
    let notice = Notice { tone: Tone::Good, text: frame.text(notice) };
    signed.page(&CodesPage { notice, codes, back: path_of(own, ""), frame })
}

fn refused(signed: &Signed, error: OneTimeError) -> Refusal {
    match error {
        OneTimeError::NoApplication | OneTimeError::Code | OneTimeError::None => signed.refuse(Failure::Conflict),
        OneTimeError::Store(error) => signed.refuse(error),
        error => signed.refuse(Failure::of_fault(&error)),
    }
}
