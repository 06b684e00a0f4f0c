//! Cards, as the issuer's core system registers them and says what becomes of them.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Strict;
use super::caller::IssuerCaller;
use super::cardholders::ACTOR;
use super::check::{Check, Reference};
use super::problem::{Kind, Problem, ProblemResponse};
use crate::domain::card::{CardNumber, CardStatus, Expiry};
use crate::domain::clock::Micros;
use crate::flow::activation::{self, ActivationError};
use crate::flow::register::{CardEntry, register_card, renew_card, set_card_status};

/// A card.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutCardRequest {
    /// The holder's reference.
    pub cardholder_reference: String,
    /// The number: 12 to 19 digits.
    pub number: String,
    /// The last month of its validity, `YYYY-MM`.
    pub expiry: String,
    /// The programme's id in the bundle.
    pub programme: String,
    /// What the issuer says of it; `active` where it is left out.
    #[serde(default = "active")]
    pub status: CardStatus,
    /// The day on which it was issued, `YYYY-MM-DD`.
    pub issued_on: String,
}

fn active() -> CardStatus {
    CardStatus::Active
}

/// What the issuer says of a card.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutStatusRequest {
    /// The word.
    pub status: CardStatus,
}

/// The number and expiry of a renewed card.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutNumberRequest {
    /// The number, new or the same.
    pub number: String,
    /// The new expiry, `YYYY-MM`.
    pub expiry: String,
}

/// A card that was registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardResponse {
    /// Its id; it stays when the card is renewed.
    pub id: String,
    /// The issuer's own reference.
    pub reference: String,
    /// Whether it is new.
    pub created: bool,
}

/// A code by which the card's holder registers it on the member site, or chooses another password.
#[derive(Serialize, ToSchema)]
pub struct ActivationCodeResponse {
    /// The card's reference.
    pub card_reference: String,
    /// The code. It is answered this once and nowhere kept.
    pub activation_code: String,
    /// Until when it is good, RFC 3339.
    pub expires_at: String,
}

/// Registers a card, or replaces programme, status and date of issue of a known one.
#[utoipa::path(put, path = "/v1/cards/{reference}", tag = "issuer", security(("api_key" = [])),
    params(("reference" = String, Path, description = "the issuer's own reference, 1 to 64 characters")),
    request_body = PutCardRequest,
    responses((status = 200, body = CardResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn put(
    State(state): State<super::State>,
    _: IssuerCaller,
    Reference(reference): Reference,
    body: Strict<PutCardRequest>,
) -> Result<Json<CardResponse>, Problem> {
    let request = body.value;
    let mut check = Check::default();
    check.text("cardholder_reference", &request.cardholder_reference, 64);
    let number = check.result("number", CardNumber::parse(&request.number));
    let expiry = check.some("expiry", Expiry::parse(&request.expiry), "must be a month `YYYY-MM`");
    let issued_at = check.some("issued_on", day(&request.issued_on), "must be a date `YYYY-MM-DD`");
    check.problem()?;
    let (Some(number), Some(expiry), Some(issued_at)) = (number, expiry, issued_at) else {
        return Err(Problem::new(Kind::Internal));
    };
    let entry = CardEntry {
        reference: reference.clone(),
        cardholder_reference: request.cardholder_reference,
        number,
        expiry,
        programme: request.programme,
        status: request.status,
        issued_at,
    };
    let (id, created) = register_card(&state.app, ACTOR, entry).await?;
    Ok(Json(CardResponse { id: id.to_string(), reference, created }))
}

/// The start of a day in UTC.
fn day(text: &str) -> Option<Micros> {
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().into())
}

/// Says that a card is active, lost, stolen, closed or expired. A closed card stays closed.
#[utoipa::path(put, path = "/v1/cards/{reference}/status", tag = "issuer", security(("api_key" = [])),
    params(("reference" = String, Path, description = "the issuer's own reference")),
    request_body = PutStatusRequest,
    responses((status = 200, body = CardResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn put_status(
    State(state): State<super::State>,
    _: IssuerCaller,
    Reference(reference): Reference,
    body: Strict<PutStatusRequest>,
) -> Result<Json<CardResponse>, Problem> {
    let id = set_card_status(&state.app, ACTOR, &reference, body.value.status).await?;
    Ok(Json(CardResponse { id: id.to_string(), reference, created: false }))
}

/// Renews a card: a new expiry, with or without a new number. Consent, devices and enrolment follow.
#[utoipa::path(put, path = "/v1/cards/{reference}/number", tag = "issuer", security(("api_key" = [])),
    params(("reference" = String, Path, description = "the issuer's own reference")),
    request_body = PutNumberRequest,
    responses((status = 200, body = CardResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn put_number(
    State(state): State<super::State>,
    _: IssuerCaller,
    Reference(reference): Reference,
    body: Strict<PutNumberRequest>,
) -> Result<Json<CardResponse>, Problem> {
    let mut check = Check::default();
    let number = check.result("number", CardNumber::parse(&body.value.number));
    let expiry = check.some("expiry", Expiry::parse(&body.value.expiry), "must be a month `YYYY-MM`");
    check.problem()?;
    let (Some(number), Some(expiry)) = (number, expiry) else { return Err(Problem::new(Kind::Internal)) };
    let id = renew_card(&state.app, ACTOR, &reference, &number, expiry).await?;
    Ok(Json(CardResponse { id: id.to_string(), reference, created: false }))
}

/// Issues an activation code for a card, in the place of older ones. Send it to the card's holder alone.
#[utoipa::path(post, path = "/v1/cards/{reference}/activation-codes", tag = "issuer", security(("api_key" = [])),
    params(("reference" = String, Path, description = "the issuer's own reference")),
    responses((status = 201, body = ActivationCodeResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn issue_activation_code(
    State(state): State<super::State>,
    _: IssuerCaller,
    Reference(reference): Reference,
) -> Result<impl IntoResponse, Problem> {
    let issued = activation::issue(&state.app, ACTOR, &reference).await?;
    let answer = ActivationCodeResponse {
        card_reference: reference,
        activation_code: issued.code.to_string(),
        expires_at: issued.expires_at.timestamp().to_string(),
    };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(answer)))
}

impl From<ActivationError> for Problem {
    fn from(error: ActivationError) -> Self {
        match error {
            ActivationError::UnknownCard(_) => Self::new(Kind::NotFound),
            ActivationError::Closed(_) => Self::new(Kind::Conflict).detail(error.to_string()),
            ActivationError::Store(error) => error.into(),
        }
    }
}
