//! What a cardholder says about data sharing, as the issuer's own call-centre software records it: the same checks as on
//! every other way in.

mod words;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;

use self::words::{Action, ConsentEventListResponse, ConsentEventRequest, ConsentEventResponse};
use super::body::Strict;
use super::caller::{IdempotencyKey, IssuerCaller};
use super::cardholders::ACTOR;
use super::check::{Check, Reference};
use super::once::once;
use super::problem::{Kind, Problem, ProblemResponse};
use crate::app::App;
use crate::domain::consent::{Basis, ConsentAction};
use crate::domain::id::{CardholderId, ConsentEventId};
use crate::flow::consent::resume::{self, ResumeError};
use crate::flow::consent::{ConsentError, Statement, correct, find_receipt, object_as};

/// So many events are answered at most, the newest.
const LIST_MAX: i64 = 100;

/// Records what a cardholder said. An objection is answered when nothing about her leaves any more; a request to resume, or
/// an agreement, waits for a second person on the console.
#[utoipa::path(post, path = "/issuer/v1/cardholders/{cardholder}/consent-events", tag = "issuer",
    security(("api_key" = [])),
    params(("cardholder" = String, Path, description = "the issuer's own reference, or `holder_…`"),
           ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters")),
    request_body = ConsentEventRequest,
    responses((status = 200, body = ConsentEventResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn create(
    State(state): State<super::State>,
    _: IssuerCaller,
    key: IdempotencyKey,
    Reference(reference): Reference,
    body: Strict<ConsentEventRequest>,
) -> Result<Response, Problem> {
    let app = &state.app;
    let id = find(app, &reference).await?;
    let statement = statement(&body.value)?;
    let corrects = corrects(&body.value)?;
    let fresh = ConsentEventId::new(app.now(), app.randomness.as_ref()).uuid();
    let (action, asked) = (body.value.action, [id.uuid().into_bytes().to_vec(), body.canonical]);
    let asked: Vec<&[u8]> = asked.iter().map(Vec::as_slice).collect();
    once(app, "consent-events", key, &asked, fresh, async |subject| match action {
        Action::Object => object(app, id, ConsentAction::Object, statement, subject).await,
        Action::Withdraw => object(app, id, ConsentAction::Withdraw, statement, subject).await,
        Action::Correct => correction(app, id, corrects, statement).await,
        Action::ResumeRequest => request(app, id, Basis::Notice, statement).await,
        Action::GrantRequest => request(app, id, Basis::Consent, statement).await,
    })
    .await
}

/// A cardholder's events, the newest first.
#[utoipa::path(get, path = "/issuer/v1/cardholders/{cardholder}/consent-events", tag = "issuer",
    security(("api_key" = [])),
    params(("cardholder" = String, Path, description = "the issuer's own reference, or `holder_…`")),
    responses((status = 200, body = ConsentEventListResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn list(
    State(state): State<super::State>,
    _: IssuerCaller,
    Reference(reference): Reference,
) -> Result<Json<ConsentEventListResponse>, Problem> {
    let app = &state.app;
    let id = find(app, &reference).await?;
    let events = app.store.consent_events(id, LIST_MAX).await?;
    let state = app.store.consent_state(id).await?;
    let items = events.iter().map(ConsentEventResponse::of).collect();
    Ok(Json(ConsentEventListResponse { cardholder_id: id.to_string(), state, items }))
}

/// By the issuer's reference or by id; who was erased is not there any more.
async fn find(app: &App, reference: &str) -> Result<CardholderId, Problem> {
    let id = match reference.parse::<CardholderId>() {
        Ok(id) => app.store.cardholder_since(id).await?.map(|_| id),
        Err(_) => app.store.cardholder_key(reference).await?.map(|(id, ..)| id),
    };
    let id = id.ok_or_else(|| Problem::new(Kind::NotFound))?;
    if app.store.is_erased(id).await? { Err(Problem::new(Kind::NotFound)) } else { Ok(id) }
}

fn statement(request: &ConsentEventRequest) -> Result<Statement, Problem> {
    let mut check = Check::default();
    let coverage = request.coverage(&mut check);
    let at = request.effective_from.as_ref().and_then(|text| {
        check.some("effective_from", text.parse::<jiff::Timestamp>().ok(), "must be a time in RFC 3339")
    });
    let named = request.corrects.is_some();
    let corrects = matches!(request.action, Action::Correct);
    check.that(named == corrects, "corrects", "must be given with the action `correct`, and with no other");
    check.problem()?;
    Ok(Statement {
        coverage,
        channel: request.channel,
        reference: request.reference.clone(),
        identity: request.identity.value(),
        script_version: request.script_version.clone(),
        language: request.language,
        effective_from: at.map(Into::into),
        evidence_digest: request.evidence_digest.clone(),
    })
}

fn corrects(request: &ConsentEventRequest) -> Result<Option<ConsentEventId>, Problem> {
    let wrong = |_| Problem::new(Kind::InvalidField).error("corrects", "must be the id of an event, `consent_…`");
    request.corrects.as_ref().map(|text| text.parse()).transpose().map_err(wrong)
}

async fn object(
    app: &App,
    id: CardholderId,
    action: ConsentAction,
    statement: Statement,
    subject: Uuid,
) -> Result<ConsentEventResponse, Problem> {
    let event_id = ConsentEventId::from_uuid(subject);
    // An earlier try may have recorded it and not lived to answer.
    if let (Some(event), Some(receipt)) = (app.store.consent_event(event_id).await?, find_receipt(app, event_id).await?)
    {
        return Ok(ConsentEventResponse::of(&event).with_receipt(&receipt));
    }
    let objection = object_as(app, ACTOR, id, action, statement, event_id).await?;
    Ok(ConsentEventResponse::of(&objection.event).with_receipt(&objection.receipt))
}

async fn correction(
    app: &App,
    id: CardholderId,
    corrects: Option<ConsentEventId>,
    statement: Statement,
) -> Result<ConsentEventResponse, Problem> {
    let unknown = || Problem::new(Kind::InvalidField).error("corrects", "no such event of this cardholder");
    let corrects = corrects.ok_or_else(unknown)?;
    let known = app.store.consent_event(corrects).await?.filter(|event| event.cardholder_id == id);
    known.ok_or_else(unknown)?;
    let event = correct::correct(app, ACTOR, corrects, statement).await?;
    Ok(ConsentEventResponse::of(&event))
}

async fn request(
    app: &App,
    id: CardholderId,
    basis: Basis,
    statement: Statement,
) -> Result<ConsentEventResponse, Problem> {
    let channel = statement.channel;
    let approval = resume::request(app, ACTOR, id, basis, statement).await?;
    Ok(ConsentEventResponse::requested(&approval, channel, app.store.consent_state(id).await?))
}

impl From<ConsentError> for Problem {
    fn from(error: ConsentError) -> Self {
        let path = match &error {
            ConsentError::Store(_) => None,
            ConsentError::UnknownCardholder(_) => return Self::new(Kind::NotFound),
            ConsentError::TooManyScopes => return Self::new(Kind::Conflict).detail(error.to_string()),
            ConsentError::Checkpoint(_) => {
                tracing::error!(%error, "an objection is recorded, but the checkpoint is not written");
                return Self::new(Kind::Unavailable).retry_after(1);
            }
            ConsentError::UnknownCard(_) => Some("coverage.cards"),
            ConsentError::UnknownRecipient(_) => Some("coverage.recipient"),
            ConsentError::Purpose => Some("coverage.purpose"),
            ConsentError::FutureDated | ConsentError::BeforeRecord => Some("effective_from"),
            ConsentError::Reference(_) => Some("reference"),
            ConsentError::UnknownNotice(_) => Some("script_version"),
            ConsentError::Evidence => Some("evidence_digest"),
            ConsentError::UnknownEvent(_) | ConsentError::CorrectionOfCorrection(_) => Some("corrects"),
        };
        match (path, error) {
            (_, ConsentError::Store(error)) => error.into(),
            (path, error) => {
                let message = error.to_string();
                let first = message.lines().next().unwrap_or_default();
                Self::new(Kind::InvalidField).error(path.unwrap_or_default(), first)
            }
        }
    }
}

impl From<ResumeError> for Problem {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::Consent(error) => error.into(),
            ResumeError::Store(error) => error.into(),
            ResumeError::IdentityNotShown => Self::new(Kind::InvalidField)
                .error("identity.outcome", "must be `passed`: an objection stands until then"),
            ResumeError::NoNotice => Self::new(Kind::InvalidField).error("script_version", "must be given"),
            ResumeError::Waiting => Self::new(Kind::Conflict).detail("a request about this cardholder waits already"),
            error => Self::new(Kind::Conflict).detail(error.to_string()),
        }
    }
}
