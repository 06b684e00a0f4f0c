//! A member looks at what is said and was done about sharing her data, objects on her own pages where the settings let her,
//! and asks that sharing be resumed. It records the same consent events as every other way in.

use crate::app::App;
use crate::domain::approval::ApprovalState;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::{DisclosureState, Identity, LineRow, SettlementState};
use crate::domain::consent::{Basis, Channel, ConsentAction, ConsentState, IdentityMethod, IdentityOutcome, Purpose};
use crate::domain::datum::Datum;
use crate::domain::id::{CardholderId, ConsentEventId};
use crate::domain::member::Member;
use crate::domain::receipt::Receipt;
use crate::flow::consent::resume::{self, ResumeError};
use crate::flow::consent::{self, ConsentError, Objection, Statement};
use crate::flow::export::disclosure_of;
use crate::flow::member;
use crate::flow::outbox;
use crate::store::StoreError;

/// So many disclosures are listed, the newest.
pub const LISTED: usize = 200;
const APPROVALS: i64 = 20;

/// How sharing stands for a member.
#[derive(Clone, Debug)]
pub struct SharingView {
    /// Whose data it is.
    pub cardholder_id: CardholderId,
    /// Where she stands.
    pub state: ConsentState,
    /// Whether she may object on her own pages.
    pub may_object_here: bool,
    /// Whether her request to resume waits for somebody's decision.
    pub resume_waits: bool,
    /// What was sent about her, the newest first.
    pub disclosures: Vec<Told>,
    /// How many more there are than are listed.
    pub more: usize,
}

/// One disclosure.
#[derive(Clone, Debug)]
pub struct Told {
    /// To whom: the recipient's name, or its id where the register does not have it any more.
    pub recipient: String,
    /// When it was recorded.
    pub at: Micros,
    /// What for.
    pub purpose: Purpose,
    /// Which data, and in which form each: words of [`Datum`] and of the register of recipients.
    pub items: Vec<(Datum, String)>,
    /// What became of it.
    pub outcome: ToldOutcome,
}

/// What became of a disclosure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldOutcome {
    /// The recipient got it.
    Sent,
    /// It did not leave.
    NotSent,
    /// It may have left.
    Unknown,
}

/// Why a member's word was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum MemberSharingError {
    /// There is no such card of hers any more.
    #[error("there is no such card among hers")]
    NotHers,
    /// Members object by telephone alone here.
    #[error("members object by telephone here\nhint: `member.objecting` says so")]
    NotHere,
    /// It could not be recorded.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The request could not be filed.
    #[error(transparent)]
    Resume(#[from] ResumeError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How sharing stands for the holder of the card that she signed in with.
///
/// # Errors
/// [`MemberSharingError`].
pub async fn view(app: &App, member: &Member) -> Result<SharingView, MemberSharingError> {
    let cardholder_id = holder(app, member).await?;
    let mut rows = app.store.line(cardholder_id).await?;
    rows.reverse();
    let told: Vec<Told> = rows.iter().filter_map(|row| told(app, row)).collect();
    let more = told.len().saturating_sub(LISTED);
    let approvals = app.store.approvals_about(&cardholder_id.to_string(), APPROVALS).await?;
    Ok(SharingView {
        cardholder_id,
        state: app.store.consent_state(cardholder_id).await?,
        may_object_here: app.config.member.objecting,
        resume_waits: approvals.iter().any(|approval| approval.state == ApprovalState::Waiting),
        disclosures: told.into_iter().take(LISTED).collect(),
        more,
    })
}

fn told(app: &App, row: &LineRow) -> Option<Told> {
    let (disclosure, settlement) = disclosure_of(row)?;
    let loaded = app.bundle.load();
    let known = loaded.bundle.reference().recipient(&disclosure.recipient);
    let outcome = match (disclosure.state, settlement.map(|settlement| settlement.state)) {
        (DisclosureState::NotSent, _) | (_, Some(SettlementState::NotSent)) => ToldOutcome::NotSent,
        (_, Some(SettlementState::Sent)) => ToldOutcome::Sent,
        _ => ToldOutcome::Unknown,
    };
    Some(Told {
        recipient: known.map_or_else(|| disclosure.recipient.clone(), |recipient| recipient.name.clone()),
        at: disclosure.recorded_at,
        purpose: disclosure.purpose,
        items: disclosure.items.iter().filter_map(|item| read(item)).collect(),
        outcome,
    })
}

/// `email:keyed`: the datum, and how it was sent.
fn read(item: &str) -> Option<(Datum, String)> {
    let (datum, mode) = item.split_once(':')?;
    Some((Datum::parse(datum)?, mode.to_owned()))
}

/// Records that she objects to everything, from now on and for all cards; `id` was given out with the form, so that a form
/// that is sent twice is recorded once. The receipt is put into the outbox too, for her registered e-mail address.
///
/// # Errors
/// [`MemberSharingError`].
pub async fn object(
    app: &App,
    member: &Member,
    id: ConsentEventId,
    language: Language,
) -> Result<Objection, MemberSharingError> {
    if !app.config.member.objecting {
        return Err(MemberSharingError::NotHere);
    }
    let cardholder_id = holder(app, member).await?;
    let statement = statement(language, None);
    let actor = member.actor();
    let objection = consent::object_as(app, &actor, cardholder_id, ConsentAction::Object, statement, id).await?;
    outbox::mail_receipt(app, &actor, cardholder_id, &objection.receipt).await?;
    Ok(objection)
}

/// The receipt of an objection of hers; none where there is no such one.
///
/// # Errors
/// [`MemberSharingError`].
pub async fn receipt(app: &App, member: &Member, id: ConsentEventId) -> Result<Option<Receipt>, MemberSharingError> {
    let cardholder_id = holder(app, member).await?;
    let event = app.store.consent_event(id).await?.filter(|event| event.cardholder_id == cardholder_id);
    match event {
        Some(event) => Ok(consent::find_receipt(app, event.id).await?),
        None => Ok(None),
    }
}

/// Files her request to resume sharing; nothing changes until somebody of the staff has approved it. The current notice is
/// the one that the page showed her.
///
/// # Errors
/// [`MemberSharingError`].
pub async fn ask_to_resume(app: &App, member: &Member, language: Language) -> Result<(), MemberSharingError> {
    let cardholder_id = holder(app, member).await?;
    let version = app.notices.current(app.now()).version.clone();
    let statement = statement(language, Some(version));
    resume::request(app, &member.actor(), cardholder_id, Basis::Notice, statement).await?;
    Ok(())
}

/// Her word on her own pages: her session stands for her identity.
fn statement(language: Language, script_version: Option<String>) -> Statement {
    Statement {
        coverage: Coverage::everything(),
        channel: Channel::Web,
        reference: None,
        identity: Identity { method: IdentityMethod::MemberSession, outcome: IdentityOutcome::Passed },
        script_version,
        language: Some(language),
        effective_from: None,
        evidence_digest: None,
    }
}

async fn holder(app: &App, member: &Member) -> Result<CardholderId, MemberSharingError> {
    let own = member::own_enrolment(app, member, member.enrolment_id).await?;
    Ok(own.ok_or(MemberSharingError::NotHers)?.cardholder_id)
}
