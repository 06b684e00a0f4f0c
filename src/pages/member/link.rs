//! Cards that are shown together after one sign-in.

use axum::response::Response;
use serde::Deserialize;

use super::answer::Answer;
use super::failure::Failure;
use super::form::MemberForm;
use super::sheet::Sheet;
use super::signed::Signed;
use crate::domain::id::EnrolmentId;
use crate::flow::member::link::{self, LinkError};
use crate::pages::origin::Origin;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::{Field, FieldKind, Tone};

/// What is typed.
#[derive(Default, Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    member_id: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
}

/// The card to be shown apart.
#[derive(Deserialize)]
pub(super) struct Chosen {
    card: String,
}

/// `GET /my/link`
pub(super) async fn open(signed: Signed) -> Answer {
    signed.require_proof()?;
    Ok(show(&signed, "", None))
}

/// `POST /my/link`
pub(super) async fn link(Origin(arrival): Origin, form: MemberForm<Fields>) -> Answer {
    let MemberForm { signed, fields } = form;
    signed.require_proof()?;
    let (member, stated) = (signed.member(), &fields.member_id);
    let linked = link::link(signed.app(), member, stated, &fields.password, &fields.code, &arrival).await;
    let said = match linked {
        Ok(()) => return Ok(signed.go("/my?linked=1")),
        Err(LinkError::Refused) => "member-sign-in-refused",
        Err(LinkError::Already) => "member-link-already",
        Err(LinkError::OtherPerson) => "member-link-other-person",
        Err(LinkError::NotComplete) => "member-link-not-complete",
        Err(LinkError::SignIn(error)) => return Err(signed.refuse(error)),
        Err(LinkError::Store(error)) => return Err(signed.refuse(error)),
    };
    Ok(show(&signed, stated, Some((Tone::Bad, said))))
}

/// `POST /my/unlink`
pub(super) async fn unlink(form: MemberForm<Chosen>) -> Answer {
    let MemberForm { signed, fields } = form;
    signed.require_proof()?;
    let id: EnrolmentId = fields.card.parse().map_err(|_| signed.refuse(Failure::Malformed))?;
    let done = link::unlink(signed.app(), signed.member(), id).await.map_err(|error| signed.refuse(error))?;
    if done { Ok(signed.go("/my?unlinked=1")) } else { Err(signed.refuse(Failure::NotFound)) }
}

fn show(signed: &Signed, member_id: &str, said: Option<(Tone, &str)>) -> Response {
    let frame = signed.frame("member-link");
    let id = Field::new("member_id", frame.text("member-link-id"), FieldKind::Text).value(member_id);
    let password = Field::new("password", frame.text("member-link-password"), FieldKind::Password);
    let code = Field::new("code", frame.text("member-code"), FieldKind::Text).autocomplete("one-time-code");
    let form = ActForm::new(&frame, "/my/link", "member-link-button")
        .field(id.first())
        .field(password)
        .field(code.hint(frame.text("member-code-hint")).optional());
    signed.page(&Sheet::new(frame).lead("member-link-lead").maybe_notice(said).add(&form))
}
