//! Contacts to which codes for a card are sent: the list, a new one, the end of one.

use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;

use super::{After, find, path_of, titled};
use crate::domain::contact::ContactAddressError;
use crate::domain::member::ContactChannel;
use crate::flow::contact::ContactView;
use crate::flow::member_card::OwnCard;
use crate::flow::member_card::contacts::{self, ContactChangeError};
use crate::flow::sent_code::SendError;
use crate::pages::member::answer::{Answer, Refusal};
use crate::pages::member::failure::Failure;
use crate::pages::member::form::MemberForm;
use crate::pages::member::frame::MemberFrame;
use crate::pages::member::sheet::Sheet;
use crate::pages::member::signed::Signed;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::small_form::SmallForm;
use crate::pages::pieces::{Cell, Field, FieldKind, Table, Tone, rendered};

#[derive(Default, Deserialize)]
pub(in crate::pages::member) struct Fields {
    #[serde(default)]
    channel: String,
    #[serde(default)]
    address: String,
}

#[derive(Deserialize)]
pub(in crate::pages::member) struct Chosen {
    #[serde(default)]
    contact: String,
}

/// `GET /my/cards/{id}/contacts`
pub(in crate::pages::member) async fn open(
    signed: Signed,
    Path(id): Path<String>,
    Query(after): Query<After>,
) -> Answer {
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let done = after.notice(&[("verified", "my-contact-verified"), ("removed", "my-contact-removed")]);
    show(&signed, &own, &Fields::default(), None, done).await
}

/// `POST /my/cards/{id}/contacts`
pub(in crate::pages::member) async fn add(Path(id): Path<String>, form: MemberForm<Fields>) -> Answer {
    let MemberForm { signed, fields } = form;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let Some(channel) = ContactChannel::parse(&fields.channel) else {
        return show(&signed, &own, &fields, Some(("channel", "my-contact-channel-wrong")), None).await;
    };
    let wrong = match contacts::add(signed.app(), signed.member(), &own, channel, &fields.address).await {
        Ok(contact) => return Ok(signed.go(&path_of(&own, &format!("/contacts/{contact}")))),
        Err(ContactChangeError::Address(ContactAddressError::Email)) => ("address", "my-contact-no-email"),
        Err(ContactChangeError::Address(ContactAddressError::Phone)) => ("address", "my-contact-no-phone"),
        Err(ContactChangeError::Known) => ("address", "my-contact-known"),
        Err(ContactChangeError::TooMany) => ("", "my-contact-too-many"),
        Err(ContactChangeError::Send(SendError::TooMany)) => ("", "my-contact-codes-too-many"),
        Err(ContactChangeError::Send(SendError::NoWay(_))) => ("channel", "my-contact-channel-wrong"),
        Err(error) => return Err(refused(&signed, error)),
    };
    show(&signed, &own, &fields, Some(wrong), None).await
}

/// `POST /my/cards/{id}/contacts/remove`
pub(in crate::pages::member) async fn remove(Path(id): Path<String>, form: MemberForm<Chosen>) -> Answer {
    let MemberForm { signed, fields } = form;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let contact = fields.contact.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let removed = contacts::remove(signed.app(), signed.member(), &own, contact).await;
    removed.map_err(|error| refused(&signed, error))?;
    Ok(signed.go(&path_of(&own, "/contacts?done=removed")))
}

async fn show(
    signed: &Signed,
    own: &OwnCard,
    typed: &Fields,
    wrong: Option<(&str, &'static str)>,
    done: Option<(Tone, &'static str)>,
) -> Answer {
    let list = contacts::list(signed.app(), own).await;
    let list = list.map_err(|error| signed.refuse(Failure::of_fault(&error)))?;
    let mut frame = titled(signed, own, "my-contacts-title");
    frame.error = wrong.is_some();
    let table = table(signed, own, &frame, &list);
    let of_form = wrong.filter(|(name, _)| name.is_empty()).map(|(_, key)| (Tone::Bad, key));
    let form = new_form(signed, own, &frame, typed, wrong);
    let room = i64::try_from(list.len()).unwrap_or(i64::MAX) < contacts::CONTACTS_MAX;
    let sheet = Sheet::new(frame).lead("my-contacts-lead").maybe_notice(of_form.or(done)).add(&table);
    Ok(match form.filter(|_| room) {
        Some(form) => signed.page(&sheet.add(&form)),
        None => signed.page(&sheet),
    })
}

/// None where codes can take no way at all.
fn new_form(
    signed: &Signed,
    own: &OwnCard,
    frame: &MemberFrame<'_>,
    typed: &Fields,
    wrong: Option<(&str, &'static str)>,
) -> Option<ActForm> {
    let error = |name| wrong.filter(|(at, _)| *at == name).map(|(_, key)| frame.text(key));
    let ways = contacts::ways(signed.app());
    let chosen = if typed.channel.is_empty() { ways.first()?.as_str() } else { &typed.channel };
    let choice = |way: &ContactChannel| (way.as_str().to_owned(), frame.text(&format!("my-contact-{}", way.as_str())));
    let channel =
        Field::new("channel", frame.text("my-contact-channel"), FieldKind::Radio(ways.iter().map(choice).collect()));
    let address = Field::new("address", frame.text("my-contact-address"), FieldKind::Text)
        .hint(frame.text("my-contact-address-hint"))
        .error(error("address"))
        .value(&typed.address);
    let form = ActForm::new(frame, path_of(own, "/contacts"), "my-contact-add");
    let form = form.title(frame.text("my-contact-add-title"));
    Some(form.field(channel.value(chosen).error(error("channel"))).field(address))
}

fn table(signed: &Signed, own: &OwnCard, frame: &MemberFrame<'_>, list: &[ContactView]) -> Table {
    let headings = ["address", "state", "action"].map(|name| frame.text(&format!("my-contact-{name}")));
    Table {
        caption: frame.text("my-contacts"),
        headings: headings.to_vec(),
        rows: list.iter().map(|contact| row(signed, own, frame, contact)).collect(),
        empty: frame.text("my-contacts-none"),
    }
}

fn row(signed: &Signed, own: &OwnCard, frame: &MemberFrame<'_>, contact: &ContactView) -> Vec<Cell> {
    let now = signed.app().now();
    let state = match contact.row.usable_from {
        None => {
            let path = path_of(own, &format!("/contacts/{}", contact.id));
            Cell::Link { path, text: frame.text("my-contact-unverified") }
        }
        Some(from) if from > now => {
            let text = frame.wording.with("my-contact-waits", "at", frame.moment(from));
            Cell::State(text, Tone::Plain)
        }
        Some(_) => Cell::State(frame.text("my-contact-usable"), Tone::Good),
    };
    let remove = SmallForm {
        action: path_of(own, "/contacts/remove"),
        token_field: frame.token_field(),
        name: "contact",
        value: contact.id.to_string(),
        text: frame.text("my-contact-remove"),
        about: contact.masked.clone(),
    };
    vec![Cell::Figure(contact.masked.clone()), state, Cell::Piece(rendered(&remove))]
}

/// A page for what cannot be answered on the form.
pub(super) fn refused(signed: &Signed, error: ContactChangeError) -> Refusal {
    match error {
        ContactChangeError::Store(error) | ContactChangeError::Send(SendError::Store(error)) => signed.refuse(error),
        ContactChangeError::Unknown | ContactChangeError::Send(SendError::NoContact) => {
            signed.refuse(Failure::NotFound)
        }
        error => signed.refuse(Failure::of_fault(&error)),
    }
}

/// Where a contact's own page is.
pub(super) fn code_page(signed: &Signed, own: &OwnCard, id: impl std::fmt::Display, end: &str) -> Response {
    signed.go(&path_of(own, &format!("/contacts/{id}{end}")))
}
