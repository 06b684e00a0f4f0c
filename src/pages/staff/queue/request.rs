//! One request to resume: what she said, how she was checked, what she was told; and a second person's decision.

use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;

use super::event;
use crate::domain::approval::{Approval, ApprovalState};
use crate::domain::consent::line::ConsentEvent;
use crate::domain::id::ApprovalId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::consent::resume::{self, ResumeError};
use crate::flow::staff::names::{self, Names};
use crate::flow::staff::rights;
use crate::pages::pieces::{Field, FieldKind, Tone};
use crate::pages::staff::answer::{Answer, Refusal};
use crate::pages::staff::failure::Failure;
use crate::pages::staff::form::StaffForm;
use crate::pages::staff::sheet::{ActForm, Sheet, Words};
use crate::pages::staff::signed::Signed;
use crate::pages::staff::typed_note;

/// So many events of hers stand beside the request.
const EVENTS: i64 = 10;

#[derive(Deserialize)]
pub(in crate::pages::staff) struct Decision {
    #[serde(default)]
    decision: String,
    #[serde(default)]
    note: String,
}

/// `GET /staff/queue/requests/{id}`
pub(in crate::pages::staff) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    signed.require(Act::QueueLook, &ActSubject::of(&id)).await?;
    let approval = find(&signed, &id).await?;
    // The one-time password is asked for before she types, and only of who may decide.
    if may_decide(&signed, &approval) {
        signed.require(Act::ConsentResumeApprove, &subject(&approval)).await?;
    }
    page(&signed, &approval, "", None).await
}

/// `POST /staff/queue/requests/{id}`
pub(in crate::pages::staff) async fn decide(Path(id): Path<String>, form: StaffForm<Decision>) -> Answer {
    let StaffForm { signed, fields } = form;
    let approval = find(&signed, &id).await?;
    signed.require(Act::ConsentResumeApprove, &subject(&approval)).await?;
    let (actor, note) = (signed.who().actor(), Some(fields.note.as_str()));
    let decided = match fields.decision.as_str() {
        "approve" => resume::approve(signed.app(), &actor, approval.id, note).await.map(|_| "approved"),
        "refuse" => resume::refuse(signed.app(), &actor, approval.id, note).await.map(|()| "refused"),
        _ => return Err(signed.refuse(Failure::Malformed)),
    };
    match decided {
        Ok(word) => Ok(signed.go(&format!("/staff/queue?done={word}"))),
        Err(ResumeError::Note(error)) => {
            let wrong = typed_note::key(&error);
            page(&signed, &approval, &fields.note, Some(wrong)).await
        }
        Err(ResumeError::Decided(_)) => Err(signed.refuse(Failure::Conflict)),
        Err(ResumeError::OwnRequest) => Err(signed.refuse(Failure::Denied)),
        Err(ResumeError::Store(error)) => Err(signed.refuse(error)),
        Err(error) => {
            tracing::error!(%error, "a request cannot be decided");
            Err(signed.refuse(Failure::Internal))
        }
    }
}

async fn find(signed: &Signed, id: &str) -> Result<Approval, Refusal> {
    let id: ApprovalId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let found = signed.app().store.approval(id).await.map_err(|error| signed.refuse(error))?;
    found.ok_or_else(|| signed.refuse(Failure::NotFound))
}

fn subject(approval: &Approval) -> ActSubject {
    let subject = ActSubject::of(approval.id);
    match names::staff_id(&approval.requested_by) {
        Some(author) => subject.by(author),
        None => subject,
    }
}

fn is_own(signed: &Signed, approval: &Approval) -> bool {
    approval.requested_by == signed.who().actor()
}

fn may_decide(signed: &Signed, approval: &Approval) -> bool {
    let waits = approval.state == ApprovalState::Waiting;
    waits && !is_own(signed, approval) && rights::offers(signed.app(), signed.who(), Act::ConsentResumeApprove)
}

async fn page(signed: &Signed, approval: &Approval, typed: &str, wrong: Option<&str>) -> Answer {
    let asked = resume::asked(approval).map_err(|error| signed.refuse(error))?;
    let events = signed.app().store.consent_events(asked.cardholder_id, EVENTS).await;
    let events = events.map_err(|error| signed.refuse(error))?;
    let names = signed.names().await?;
    Ok(show(signed, approval, (&asked, &events), &names, (typed, wrong)))
}

fn show(
    signed: &Signed,
    approval: &Approval,
    (asked, events): (&ConsentEvent, &[ConsentEvent]),
    names: &Names,
    (typed, wrong): (&str, Option<&str>),
) -> Response {
    let mut console = signed.console("supervisor-request");
    console.error = wrong.is_some();
    let facts = event::facts(&console, names, asked);
    let history = event::history(&console, names, events);
    let notice = match approval.state {
        ApprovalState::Waiting if is_own(signed, approval) => Some((Tone::Plain, "supervisor-own-request")),
        ApprovalState::Waiting => None,
        ApprovalState::Approved => Some((Tone::Plain, "supervisor-was-approved")),
        ApprovalState::Refused => Some((Tone::Plain, "supervisor-was-refused")),
    };
    let note = Field::new("note", console.text("supervisor-note"), FieldKind::Text)
        .hint(console.text("supervisor-note-hint"))
        .error(wrong.map(|key| console.text(key)))
        .value(typed)
        .optional();
    let mut form = ActForm::new(&console, format!("/staff/queue/requests/{}", approval.id), "").field(note);
    form.buttons = vec![("approve", console.text("supervisor-approve")), ("refuse", console.text("supervisor-refuse"))];
    let decided = approval
        .note
        .as_ref()
        .map(|note| Words { title: console.text("supervisor-note"), sentences: vec![note.clone()] });
    let lead = console.text("supervisor-request-lead");
    let mut sheet = Sheet::new(console).lead(lead).maybe_notice(notice).add(&facts).add(&history);
    if let Some(decided) = decided {
        sheet = sheet.add(&decided);
    }
    if may_decide(signed, approval) {
        sheet = sheet.add(&form);
    }
    signed.page(&sheet)
}
