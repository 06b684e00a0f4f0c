//! Sharing is resumed, or an agreement recorded: strictly, with a check of the person's identity and a second person of
//! the staff, on every way in.

use serde::{Deserialize, Serialize};

use super::{ConsentError, Statement};
use crate::app::App;
use crate::domain::approval::{Approval, ApprovalKind, ApprovalState};
use crate::domain::consent::line::ConsentEvent;
use crate::domain::consent::{Basis, ConsentAction, IdentityOutcome};
use crate::domain::id::{ApprovalId, CardholderId};
use crate::domain::note::{Note, NoteError, REASON_CHARS_MAX};
use crate::flow::register::note;
use crate::store::{StoreError, approvals, audit, consent};

/// Why a request was not filed or decided.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The statement cannot be recorded.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// Her identity was not shown.
    #[error("her identity was not shown\nhint: resuming needs a check that passed; an objection stands until then")]
    IdentityNotShown,
    /// It says nothing about what she was told.
    #[error("no notice is named\nhint: read the current notice out, then name its version")]
    NoNotice,
    /// Such a request about her waits already.
    #[error("a request about this cardholder waits already\nhint: somebody else must decide it first")]
    Waiting,
    /// No such request.
    #[error("no request `{0}`")]
    Unknown(ApprovalId),
    /// The person who asked cannot decide.
    #[error("a request cannot be decided by the person who filed it\nhint: ask another supervisor")]
    OwnRequest,
    /// It was decided before.
    #[error("the request was decided before: {}", .0.as_str())]
    Decided(ApprovalState),
    /// The note cannot be kept.
    #[error("the note {0}")]
    Note(#[from] NoteError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a request holds: the event as it will be recorded, but for time and approval.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    event: ConsentEvent,
}

/// Files a request: nothing changes until a second person approves. With `basis` consent it records an agreement.
///
/// # Errors
/// [`ResumeError`]; then nothing was filed.
pub async fn request(
    app: &App,
    actor: &str,
    cardholder_id: CardholderId,
    basis: Basis,
    statement: Statement,
) -> Result<Approval, ResumeError> {
    if app.store.cardholder_since(cardholder_id).await?.is_none() || app.store.is_erased(cardholder_id).await? {
        return Err(ConsentError::UnknownCardholder(cardholder_id.to_string()).into());
    }
    if statement.identity.outcome != IdentityOutcome::Passed {
        return Err(ResumeError::IdentityNotShown);
    }
    let mut event = statement.event(app, actor, cardholder_id, ConsentAction::Resume).await?;
    event.notice_version = Some(event.script_version.clone().ok_or(ResumeError::NoNotice)?);
    event.basis = Some(basis);
    event.informed_at = Some(event.recorded_at);
    let approval = Approval {
        id: ApprovalId::new(event.recorded_at, app.randomness.as_ref()),
        kind: ApprovalKind::ConsentResume,
        subject: cardholder_id.to_string(),
        requested_by: actor.to_owned(),
        requested_at: event.recorded_at,
        request: serde_json::json!(Request { event }).to_string(),
        state: ApprovalState::Waiting,
        decided_by: None,
        decided_at: None,
        note: None,
    };
    let (filed, mut entry) = (approval.clone(), note(app, actor, "consent.resume_request", cardholder_id.to_string()));
    entry.result = approval.id.to_string();
    let new = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                if approvals::is_waiting(transaction, filed.kind, &filed.subject).await? {
                    return Ok(false);
                }
                approvals::insert(transaction, &filed).await?;
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await?;
    if new { Ok(approval) } else { Err(ResumeError::Waiting) }
}

/// A second person agrees: the event is recorded, and sharing goes on from the commit.
///
/// # Errors
/// [`ResumeError`]; then nothing changed.
pub async fn approve(app: &App, actor: &str, id: ApprovalId, words: Option<&str>) -> Result<ConsentEvent, ResumeError> {
    let approval = find(app, actor, id).await?;
    let mut event = asked(&approval)?;
    if app.store.is_erased(event.cardholder_id).await? {
        return Err(ConsentError::UnknownCardholder(event.cardholder_id.to_string()).into());
    }
    event.effective_from = event.effective_from.or(Some(event.recorded_at));
    event.recorded_at = app.now();
    event.approval_id = Some(id);
    let decided = decide(app, actor, id, ApprovalState::Approved, words, Some(event)).await?;
    decided.ok_or_else(|| broken().into())
}

/// What a request asks for: the event that an approval would record.
///
/// # Errors
/// [`StoreError`] when the request is not one of ours.
pub fn asked(approval: &Approval) -> Result<ConsentEvent, StoreError> {
    let Request { event } = serde_json::from_str(&approval.request).map_err(|_| broken())?;
    Ok(event)
}

fn broken() -> StoreError {
    StoreError::Corrupt { table: "approvals", reason: "column `request`".to_owned() }
}

/// A second person refuses: everything stays as it was.
///
/// # Errors
/// [`ResumeError`]; then nothing changed.
pub async fn refuse(app: &App, actor: &str, id: ApprovalId, words: Option<&str>) -> Result<(), ResumeError> {
    find(app, actor, id).await?;
    decide(app, actor, id, ApprovalState::Refused, words, None).await.map(|_| ())
}

async fn find(app: &App, actor: &str, id: ApprovalId) -> Result<Approval, ResumeError> {
    let approval = app.store.approval(id).await?.ok_or(ResumeError::Unknown(id))?;
    if approval.state != ApprovalState::Waiting {
        return Err(ResumeError::Decided(approval.state));
    }
    if approval.requested_by == actor { Err(ResumeError::OwnRequest) } else { Ok(approval) }
}

async fn decide(
    app: &App,
    actor: &str,
    id: ApprovalId,
    state: ApprovalState,
    words: Option<&str>,
    event: Option<ConsentEvent>,
) -> Result<Option<ConsentEvent>, ResumeError> {
    let words = words.filter(|words| !words.trim().is_empty());
    let words = words.map(|words| Note::parse(words, REASON_CHARS_MAX)).transpose()?;
    let action = if event.is_some() { "consent.resume" } else { "consent.resume_refuse" };
    let subject = event.as_ref().map_or_else(|| id.to_string(), |event| event.cardholder_id.to_string());
    let (entry, now, by) = (note(app, actor, action, subject), app.now(), actor.to_owned());
    let decided = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                let words = words.as_ref().map(Note::as_str);
                if !approvals::decide(transaction, id, state, &by, now, words).await? {
                    return Err(StoreError::GivenUp);
                }
                audit::append(transaction, &entry).await?;
                match event {
                    Some(event) => Ok(Some(consent::record(transaction, event).await?.event)),
                    None => Ok(None),
                }
            })
        })
        .await;
    match decided {
        // Somebody else was faster.
        Err(StoreError::GivenUp) => {
            let state = app.store.approval(id).await?.map_or(ApprovalState::Refused, |approval| approval.state);
            Err(ResumeError::Decided(state))
        }
        decided => Ok(decided?),
    }
}
