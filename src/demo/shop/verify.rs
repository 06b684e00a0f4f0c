//! The signed result, verified as a merchant would: signature, issuer, audience, and that it is about this purchase.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use crate::flow::result::ResultClaims;

/// What the result must be about.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) merchant_id: &'a str,
    pub(super) authentication_id: &'a str,
    pub(super) reference: &'a str,
    pub(super) amount_minor: i64,
    pub(super) currency: &'a str,
    pub(super) card_last_four: &'a str,
}

/// Why a result is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum VerifyError {
    /// It is not signed by a key of the service, or is for somebody else.
    #[error("the result is not signed by the service for this merchant")]
    Signature,
    /// It is about another purchase.
    #[error("the result is about another purchase")]
    OtherPurchase,
}

/// The claims of a result that is genuine and about this purchase. `keys` is the service's key set.
pub(super) fn verify(result: &str, keys: &[u8], expected: &Expected<'_>) -> Result<ResultClaims, VerifyError> {
    let claims = signed_claims(result, keys, expected).ok_or(VerifyError::Signature)?;
    let same = claims.sub == expected.authentication_id
        && claims.merchant_reference == expected.reference
        && claims.amount_minor == expected.amount_minor
        && claims.currency == expected.currency
        && claims.card_last_four == expected.card_last_four;
    if same { Ok(claims) } else { Err(VerifyError::OtherPurchase) }
}

fn signed_claims(result: &str, keys: &[u8], expected: &Expected<'_>) -> Option<ResultClaims> {
    let keys: JwkSet = serde_json::from_slice(keys).ok()?;
    let header = jsonwebtoken::decode_header(result).ok()?;
    if header.typ.as_deref() != Some("sekisho-result+jwt") {
        return None;
    }
    let key = DecodingKey::from_jwk(keys.find(header.kid.as_deref()?)?).ok()?;
    // A result is a statement about the past: it has no expiry.
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.set_required_spec_claims(&["iss", "aud", "sub"]);
    validation.set_audience(&[expected.merchant_id]);
    validation.set_issuer(&[expected.issuer]);
    jsonwebtoken::decode(result, &key, &validation).ok().map(|decoded| decoded.claims)
}
