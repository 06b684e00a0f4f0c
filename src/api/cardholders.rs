//! Cardholders, as the issuer's core system registers them.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Strict;
use super::caller::IssuerCaller;
use super::check::{self, Check, Reference};
use super::problem::{Kind, Problem, ProblemResponse};
use crate::domain::cardholder::{Address, CardholderRecord};
use crate::domain::consent::Basis;
use crate::flow::register::{CardholderEntry, RegisterError, SharingBasis, register_cardholder};

/// Who registers, in the audit log.
pub(super) const ACTOR: &str = "issuer";

/// A cardholder's record. All that is left out is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutCardholderRequest {
    /// The name in kanji.
    #[serde(default)]
    pub name_kanji: Option<String>,
    /// The name in kana.
    #[serde(default)]
    pub name_kana: Option<String>,
    /// The name in Latin letters.
    #[serde(default)]
    pub name_latin: Option<String>,
    /// The birth date, `YYYY-MM-DD`.
    #[serde(default)]
    pub birth_date: Option<String>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// The telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// The address.
    #[serde(default)]
    pub address: Option<Address>,
    /// On what sharing with an analysis company stands; nothing is shared without. Never overwrites what the person
    /// said herself.
    #[serde(default)]
    pub sharing: Option<SharingRequest>,
}

/// The basis of sharing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharingRequest {
    /// The legal basis.
    pub basis: Basis,
    /// The version of the notice that was given.
    pub notice_version: String,
    /// When it was given, RFC 3339.
    pub informed_at: String,
}

/// A cardholder that was registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardholderResponse {
    /// Her id.
    pub id: String,
    /// The issuer's own reference.
    pub reference: String,
    /// Whether she is new.
    pub created: bool,
}

/// Registers a cardholder or replaces her record.
#[utoipa::path(put, path = "/v1/cardholders/{reference}", tag = "issuer", security(("api_key" = [])),
    params(("reference" = String, Path, description = "the issuer's own reference, 1 to 64 characters")),
    request_body = PutCardholderRequest,
    responses((status = 200, body = CardholderResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn put(
    State(state): State<super::State>,
    _: IssuerCaller,
    Reference(reference): Reference,
    body: Strict<PutCardholderRequest>,
) -> Result<Json<CardholderResponse>, Problem> {
    let entry = parse(reference.clone(), body.value, state.app.now())?;
    let (id, created) = register_cardholder(&state.app, ACTOR, entry).await?;
    Ok(Json(CardholderResponse { id: id.to_string(), reference, created }))
}

fn parse(
    reference: String,
    request: PutCardholderRequest,
    now: crate::domain::clock::Micros,
) -> Result<CardholderEntry, Problem> {
    let mut check = Check::default();
    let record = CardholderRecord {
        name_kanji: request.name_kanji,
        name_kana: request.name_kana,
        name_latin: request.name_latin,
        birth_date: request.birth_date,
        email: request.email,
        phone: request.phone,
        address: request.address,
    };
    record_is_fine(&mut check, &record);
    let sharing = request.sharing.and_then(|sharing| {
        check.text("sharing.notice_version", &sharing.notice_version, 64);
        let at = sharing.informed_at.parse::<jiff::Timestamp>().ok();
        let at = check.some("sharing.informed_at", at, "must be a time in RFC 3339")?;
        check.that(at.as_microsecond() <= now.0, "sharing.informed_at", "must not lie in the future");
        Some(SharingBasis { basis: sharing.basis, notice_version: sharing.notice_version, informed_at: at.into() })
    });
    check.problem()?;
    Ok(CardholderEntry { reference, record, sharing })
}

fn record_is_fine(check: &mut Check, record: &CardholderRecord) {
    for (field, message) in record.mistakes() {
        check.wrong(field, message);
    }
    if let Some(address) = &record.address {
        check::address(check, "address", address);
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::UnknownCard(_) => Self::new(Kind::NotFound),
            RegisterError::UnknownCardholder(_) => {
                Self::new(Kind::InvalidField).error("cardholder_reference", "no cardholder has this reference")
            }
            RegisterError::UnknownProgramme(_) => {
                Self::new(Kind::InvalidField).error("programme", "the bundle has no such programme")
            }
            RegisterError::OtherCardholder(_) | RegisterError::OtherNumber(_) | RegisterError::Closed(_) => {
                Self::new(Kind::Conflict).detail(error.to_string())
            }
            RegisterError::Seal(error) => {
                tracing::error!(%error, "a record cannot be sealed");
                Self::new(Kind::Internal)
            }
            RegisterError::Store(error) => error.into(),
        }
    }
}
