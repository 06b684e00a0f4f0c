//! The contact of a new registration is shown to be hers, before the terms.

use axum::response::Response;
use serde::Deserialize;

use super::answer::Answer;
use super::failure::Failure;
use super::form::ArrivingForm;
use super::sheet::Sheet;
use super::signed::{Arriving, Signed};
use crate::domain::contact::ContactAddressError;
use crate::domain::id::ContactId;
use crate::domain::member::ContactChannel;
use crate::flow::contact::{ContactError, ContactView};
use crate::flow::member_card::contacts::{self, ContactChangeError};
use crate::flow::member_card::{self, CardError, OwnCard};
use crate::flow::sent_code::SendError;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::{Field, FieldKind, Tone};

/// What is typed.
#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    decision: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    contact: String,
}

/// Whether a contact must be verified before the terms: where something can be sent, and none is verified yet.
pub(super) async fn is_due(signed: &Signed) -> Result<bool, Failure> {
    if signed.session.is_complete || contacts::ways(signed.app()).is_empty() {
        return Ok(false);
    }
    let own = own(signed).await?;
    let listed = contacts::list(signed.app(), &own).await.map_err(|error| of_contact(&error))?;
    Ok(!listed.iter().any(|contact| contact.row.verified_at.is_some()))
}

/// `GET /my/first-contact`
pub(super) async fn open(Arriving(signed): Arriving) -> Answer {
    if !is_due(&signed).await.map_err(|failure| signed.refuse(failure))? {
        return Ok(signed.go("/my/terms"));
    }
    show(&signed, None).await
}

/// `POST /my/first-contact`
pub(super) async fn act(form: ArrivingForm<Fields>) -> Answer {
    let ArrivingForm { signed, fields } = form;
    if !is_due(&signed).await.map_err(|failure| signed.refuse(failure))? {
        return Ok(signed.go("/my/terms"));
    }
    let own = own(&signed).await.map_err(|failure| signed.refuse(failure))?;
    let done = match (fields.decision.as_str(), pending(&signed, &own).await?) {
        ("another", before) => change(&signed, &own, &fields, before.map(|contact| contact.id)).await,
        ("again", Some(contact)) => {
            contacts::send_code(signed.app(), signed.member(), &own, contact.id).await.map(|()| "member-code-sent")
        }
        (_, Some(contact)) => {
            let code = &fields.code;
            contacts::verify(signed.app(), signed.member(), &own, contact.id, code).await.map(|()| "")
        }
        (_, None) => return show(&signed, None).await,
    };
    match done {
        Ok("") => Ok(signed.go("/my/terms")),
        Ok(said) => show(&signed, Some((Tone::Good, said))).await,
        Err(error) => match fault(&error) {
            Ok(said) => show(&signed, Some((Tone::Bad, said))).await,
            Err(failure) => Err(signed.refuse(failure)),
        },
    }
}

/// Another contact takes the place of the one that was not verified.
async fn change(
    signed: &Signed,
    own: &OwnCard,
    fields: &Fields,
    before: Option<ContactId>,
) -> Result<&'static str, ContactChangeError> {
    let channel = ContactChannel::parse(&fields.channel).unwrap_or(ContactChannel::Email);
    contacts::add(signed.app(), signed.member(), own, channel, &fields.contact).await?;
    if let Some(before) = before {
        contacts::remove(signed.app(), signed.member(), own, before).await?;
    }
    Ok("member-code-sent")
}

async fn own(signed: &Signed) -> Result<OwnCard, Failure> {
    let found = member_card::find(signed.app(), signed.member(), signed.member().enrolment_id).await;
    found.map_err(|error| match error {
        CardError::NotHers => Failure::NotFound,
        CardError::Store(error) => Failure::of_store(&error),
        CardError::Seal(error) => Failure::of_fault(&error),
    })
}

/// The contact that waits to be verified: the last one that was added.
async fn pending(signed: &Signed, own: &OwnCard) -> Result<Option<ContactView>, super::answer::Refusal> {
    let listed = contacts::list(signed.app(), own).await.map_err(|error| signed.refuse(of_contact(&error)))?;
    Ok(listed.into_iter().rfind(|contact| contact.row.verified_at.is_none()))
}

fn of_contact(error: &ContactError) -> Failure {
    match error {
        ContactError::Store(error) => Failure::of_store(error),
        ContactError::Seal(error) => Failure::of_fault(error),
    }
}

/// The key of what she can put right; else the page for what she cannot.
fn fault(error: &ContactChangeError) -> Result<&'static str, Failure> {
    match error {
        ContactChangeError::Code => Ok("member-code-wrong"),
        ContactChangeError::Gone => Ok("member-code-gone"),
        ContactChangeError::Known => Ok("member-contact-known"),
        ContactChangeError::TooMany | ContactChangeError::Send(SendError::TooMany) => Ok("member-code-too-many"),
        ContactChangeError::Address(ContactAddressError::Email) => Ok("member-contact-email-wrong"),
        ContactChangeError::Address(ContactAddressError::Phone) => Ok("member-contact-phone-wrong"),
        ContactChangeError::Send(SendError::NoWay(_)) => Ok("member-contact-channel-wrong"),
        ContactChangeError::Unknown | ContactChangeError::Send(SendError::NoContact) => Err(Failure::Conflict),
        ContactChangeError::Store(error) | ContactChangeError::Send(SendError::Store(error)) => {
            Err(Failure::of_store(error))
        }
        ContactChangeError::Contact(error) => Err(of_contact(error)),
    }
}

async fn show(signed: &Signed, said: Option<(Tone, &str)>) -> Result<Response, super::answer::Refusal> {
    let own = own(signed).await.map_err(|failure| signed.refuse(failure))?;
    let pending = pending(signed, &own).await?;
    let frame = signed.frame("member-first-contact");
    let another = another(signed, &frame);
    let Some(pending) = pending else {
        let sheet = Sheet::new(frame).lead("member-first-contact-none").maybe_notice(said);
        return Ok(signed.page(&sheet.add(&another)));
    };
    let code = Field::new("code", frame.text("member-sent-code"), FieldKind::Digits).autocomplete("one-time-code");
    let to = frame.wording.with("member-sent-code-to", "to", pending.masked);
    let verify = ActForm::new(&frame, "/my/first-contact", "member-confirm").field(code.hint(to).first());
    let mut again = ActForm::new(&frame, "/my/first-contact", "member-code-again");
    again.buttons = vec![("again", frame.text("member-code-again"))];
    let sheet = Sheet::new(frame).lead("member-first-contact-lead").maybe_notice(said);
    Ok(signed.page(&sheet.add(&verify).add(&again).add(&another)))
}

fn another(signed: &Signed, frame: &super::frame::MemberFrame<'_>) -> ActForm {
    let ways = contacts::ways(signed.app());
    let choices =
        ways.iter().map(|way| (way.as_str().to_owned(), frame.text(&format!("member-contact-{}", way.as_str()))));
    let channel = Field::new("channel", frame.text("member-contact-channel"), FieldKind::Radio(choices.collect()));
    let first = ways.first().map_or("", |way| way.as_str());
    let contact = Field::new("contact", frame.text("member-contact"), FieldKind::Text);
    let mut form = ActForm::new(frame, "/my/first-contact", "member-contact-another-button")
        .title(frame.text("member-contact-another"))
        .field(channel.value(first))
        .field(contact.hint(frame.text("member-contact-hint")));
    form.buttons = vec![("another", frame.text("member-contact-another-button"))];
    form
}
