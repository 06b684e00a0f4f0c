//! A merchant asks whether the buyer is the cardholder, and gets an answer.
//!
//! Received in one transaction, sent to the analysis company where the gate lets it, decided once by the policies,
//! recorded in one transaction. Nothing edits an outcome after the decision.

mod gate;
mod gather;
pub mod request;
mod trace;

use std::sync::Arc;

use self::gate::Gate;
pub use self::request::AuthenticationRequest;
pub use self::trace::NAME_CLASSES;
use self::trace::Trace;
use crate::app::App;
use crate::app::bundles::{InUse, LoadedBundle, Snapshot};
use crate::app::shadow::Waiting;
use crate::domain::assessment::{Assessment, NoAnswer};
use crate::domain::authentication::{Authentication, Ending, Status};
use crate::domain::bundle::BundleMode;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::facts::{Facts, Method};
use crate::domain::id::{AuditId, AuthenticationId, ChallengeId};
use crate::domain::policy_figure::FigureKind;
use crate::domain::reason;
use crate::domain::verdict::Verdict;
use crate::flow::{challenge_link, result};
use crate::policy;
use crate::policy::reference::Programme;
use crate::store::StoreError;
use crate::store::audit::Entry;
use crate::store::challenges::NewChallenge;
use crate::store::consent::Settlement;
use crate::store::idempotency::Earlier;
use crate::store::receive::{Receive, Received, ReceivedCard};

/// How long a key belongs to the request that reserved it, in seconds: longer than any request may take.
const LEASE_SECONDS: i64 = 30;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The idempotency key came before, with another body.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// The same request is being answered at this moment.
    #[error("a request with this idempotency key is in progress")]
    InProgress,
    /// The device session is unknown, expired or another merchant's.
    #[error("the device session is unknown")]
    UnknownDeviceSession,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Answers a merchant's request. Runs to its end even when the caller goes away, so it is spawned as a task.
///
/// # Errors
/// [`AuthenticateError`]; then nothing was decided.
pub async fn authenticate(app: Arc<App>, request: AuthenticationRequest) -> Result<Authentication, AuthenticateError> {
    let now = app.now();
    let session = match request.device_session {
        Some(id) => {
            let session = app.store.device_session(request.merchant.id, id, now).await?;
            Some(session.ok_or(AuthenticateError::UnknownDeviceSession)?)
        }
        None => None,
    };
    let trace = Trace::of(&app, &request, session.as_ref(), now);
    let snapshot = app.bundle.snapshot();
    let card_digest = app.keys.card_digest(&request.number).bytes;
    let used = snapshot.deciding(&card_digest).clone();
    let id = AuthenticationId::new(now, app.randomness.as_ref());
    let asked =
        Arc::new(Asked { app, request, trace, loaded: Arc::clone(&used.loaded), used, snapshot, card_digest, now, id });
    let command = asked.command();

    let (received, gate) = gate::receive(&asked, &command).await?;
    if received.reserved {
        return conclude(&asked, received, gate).await;
    }
    match asked.app.store.earlier(&command).await? {
        Earlier::OtherBody => Err(AuthenticateError::KeyReused),
        Earlier::InProgress => Err(AuthenticateError::InProgress),
        Earlier::Done(id) => again(&asked.app, id).await,
        Earlier::TakenOver(id) => {
            let mut asked = Arc::into_inner(asked).ok_or(AuthenticateError::InProgress)?;
            asked.id = id;
            let assessment = Assessment::NoAnswer { reason: NoAnswer::Interrupted };
            conclude(&Arc::new(asked), received, Gate::Closed(assessment)).await
        }
    }
}

/// The answer that was given before, read again.
async fn again(app: &App, id: AuthenticationId) -> Result<Authentication, AuthenticateError> {
    app.store.any_authentication(id).await?.ok_or(AuthenticateError::InProgress)
}

/// One request on its way.
struct Asked {
    app: Arc<App>,
    request: AuthenticationRequest,
    trace: Trace,
    /// The bundle that decides about this card: one from here to the answer.
    loaded: Arc<LoadedBundle>,
    used: InUse,
    snapshot: Arc<Snapshot>,
    card_digest: [u8; 32],
    now: Micros,
    id: AuthenticationId,
}

impl Asked {
    fn command(&self) -> Receive {
        let base = self.loaded.bundle.reference().to_base(self.request.money);
        Receive {
            merchant_id: self.request.merchant.id,
            key: self.request.idempotency_key.clone(),
            body_digest: self.request.body_digest,
            authentication_id: self.id,
            now: self.now,
            lease_until: self.now.plus_seconds(LEASE_SECONDS),
            card_digest: self.card_digest,
            amount_base_minor: base.map_or(0, |(amount, _)| amount),
            money: self.request.money,
            device_digest: self.trace.device_digest,
            ip_digest: self.trace.ip_digest,
            address_digest: self.trace.address_digest,
        }
    }

    /// The card's programme, where its cards can use this authentication.
    fn eligible(&self, card: &ReceivedCard) -> Option<&Programme> {
        let programme = self.loaded.bundle.reference().programme(&card.programme);
        programme.filter(|programme| programme.authentication_eligible)
    }

    fn facts(&self, card: &ReceivedCard, programme: &Programme, assessment: Assessment) -> Facts {
        let reference = self.loaded.bundle.reference();
        gather::facts(&self.request, &self.trace, card, programme, reference, self.now, assessment)
    }

    /// The record before anything is decided.
    fn record(&self, status: Status, reasons: Vec<String>) -> Authentication {
        let request = &self.request;
        let codes = result::codes(self.loaded.bundle.reference(), status, &reasons);
        Authentication {
            id: self.id,
            merchant_id: request.merchant.id,
            merchant_reference: request.reference.clone(),
            purpose: request.purpose,
            money: request.money,
            purchased_at: request.purchased_at,
            card_id: None,
            card_last_four: request.number.last_four().to_owned(),
            status,
            ending: Ending::Decided,
            reasons,
            codes: Some(codes),
            bundle_digest: self.loaded.bundle.digest().to_owned(),
            facts: None,
            verdict: None,
            vouch_id: None,
            return_url: request.return_url.as_ref().map(|url| url.as_str().to_owned()),
            device_digest: self.trace.device_digest.map(Vec::from),
            address_digest: self.trace.address_digest.map(Vec::from),
            created_at: self.now,
            finished_at: None,
        }
    }
}

/// Asks the company where the gate let it, decides, records.
async fn conclude(asked: &Arc<Asked>, received: Received, gate: Gate) -> Result<Authentication, AuthenticateError> {
    let Some(mut card) = received.card else {
        let record = asked.record(Status::NotEligible, vec![reason::CARD_UNKNOWN.to_owned()]);
        return record_unasked(asked, record).await;
    };
    // To the rules a contact that nothing can be sent to is none.
    card.contacts.retain(|(channel, _)| asked.app.reaches(*channel));
    let Some(programme) = asked.eligible(&card) else {
        let mut record = asked.record(Status::NotEligible, vec![reason::PROGRAMME_NOT_ELIGIBLE.to_owned()]);
        record.card_id = Some(card.id);
        return record_unasked(asked, record).await;
    };
    let (assessment, settlement) = gate.ask(asked).await;
    let mut facts = asked.facts(&card, programme, assessment);
    if let Some(decided) = decide(asked, &card, &facts, settlement.clone()).await? {
        return Ok(decided);
    }
    // Another approval used the vouch meanwhile. That is another fact, so the question is put once more.
    facts.vouched = false;
    decide(asked, &card, &facts, settlement).await?.ok_or(AuthenticateError::InProgress)
}

/// Records what is answered before facts, gate and company.
async fn record_unasked(asked: &Arc<Asked>, record: Authentication) -> Result<Authentication, AuthenticateError> {
    let nothing = Opening { settlement: None, challenge: None };
    open(asked, record, nothing).await?.ok_or(AuthenticateError::InProgress)
}

/// Decides once and records it; none when the vouch that an approval rests on is gone.
async fn decide(
    asked: &Arc<Asked>,
    card: &ReceivedCard,
    facts: &Facts,
    settlement: Option<Settlement>,
) -> Result<Option<Authentication>, AuthenticateError> {
    let verdict = policy::decide(&asked.loaded.bundle, facts);
    let status = Status::of_verdict(&verdict, &facts.enrolment);
    let reasons = match status {
        Status::NotEnrolled => vec![reason::NOT_ENROLLED.to_owned()],
        Status::Unavailable => vec![reason::NO_USABLE_METHOD.to_owned()],
        _ => verdict.reasons.clone(),
    };
    let mut record = asked.record(status, reasons);
    record.card_id = Some(card.id);
    record.vouch_id = card.vouch.filter(|_| facts.vouched);
    // Facts and verdict are plain data; writing them cannot fail.
    record.facts = serde_json::to_string(facts).ok();
    record.verdict = serde_json::to_string(&verdict).ok();
    let methods = verdict.methods.clone();
    let challenge =
        (status == Status::ChallengeRequired).then(|| new_challenge(asked, methods, asked.request.language));
    let opened = open(asked, record, Opening { settlement, challenge }).await?;
    if opened.is_some() {
        count(asked, facts, &verdict);
        show_shadow(asked, facts, verdict);
    }
    Ok(opened)
}

/// Counts a decision; a policy that erred is an alarm.
fn count(asked: &Asked, facts: &Facts, verdict: &Verdict) {
    let app = &asked.app;
    app.metrics.decision(verdict.outcome.as_str());
    let provider = facts.assessment.word();
    app.metrics.provider_result(provider);
    app.figures.decided(&asked.used, app.now(), verdict, provider);
    for error in &verdict.errors {
        tracing::error!(policy = error.policy, question = error.question, message = error.message, "a policy erred");
        app.metrics.evaluation_error(&error.policy);
    }
}

/// Puts a decision of the live bundle where the shadow finds it, once it is recorded; nobody waits for that.
fn show_shadow(asked: &Asked, facts: &Facts, verdict: Verdict) {
    let app = &asked.app;
    let shadow = asked.snapshot.shadowing(asked.id).filter(|_| asked.used.mode == BundleMode::Live);
    let Some(shadow) = shadow else { return };
    let waiting = Waiting { shadow: shadow.clone(), id: asked.id, facts: facts.clone(), verdict };
    if app.shadow.offer(waiting).is_err() {
        app.figures.add(shadow, app.now(), [(FigureKind::Shadow, "dropped".to_owned())]);
        app.metrics.bundles.shadowed("dropped");
    }
}

struct Opening {
    settlement: Option<Settlement>,
    challenge: Option<NewChallenge>,
}

fn new_challenge(asked: &Asked, methods: Vec<Method>, language: Option<Language>) -> NewChallenge {
    let settings = &asked.app.config.challenge;
    NewChallenge {
        id: ChallengeId::new(asked.now, asked.app.randomness.as_ref()),
        authentication_id: asked.id,
        token_digest: challenge_link::token_digest(&challenge_link::token(&asked.app, asked.id)),
        methods,
        language,
        first_visit_by: asked.now.plus_seconds(settings.first_visit_seconds),
        expires_at: asked.now.plus_seconds(settings.total_seconds),
        created_at: asked.now,
    }
}

/// Records the decided authentication, with all that goes with it, in one transaction; none when the vouch that it
/// rests on is gone.
async fn open(
    asked: &Arc<Asked>,
    mut record: Authentication,
    opening: Opening,
) -> Result<Option<Authentication>, AuthenticateError> {
    let app = &asked.app;
    record.finished_at = record.status.is_final().then(|| app.now());
    let entry = Entry {
        id: AuditId::new(asked.now, app.randomness.as_ref()),
        recorded_at: app.now(),
        actor: format!("merchant:{}", record.merchant_id),
        action: "authentication.create",
        subject: record.id.to_string(),
        result: record.status.as_str().to_owned(),
    };
    let written = app.store.open(record.clone(), entry, opening.challenge, opening.settlement).await;
    match written {
        Ok(recorded) => Ok(recorded.then_some(record)),
        // Whoever took the key over was faster: its answer stands.
        Err(StoreError::Duplicate { .. }) => again(app, record.id).await.map(Some),
        Err(error) => Err(error.into()),
    }
}
