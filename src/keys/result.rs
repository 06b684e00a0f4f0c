//! Signed results: compact JWS with Ed25519, and the public keys that verify them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::ring::Ring;

/// The `typ` of a signed result (RFC 7515, section 4.1.9): no other token of ours carries it.
const TYPE: &str = "sekisho-result+jwt";

/// Why a result cannot be signed or is not believed.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// The claims have no form in JSON.
    #[error("the claims cannot be written: {0}")]
    Claims(#[from] serde_json::Error),
    /// No key of ours signed it, or it is no result.
    #[error("not a result signed by this service")]
    NotOurs,
}

/// A signing key with everything that does not depend on the claims prepared.
struct Prepared {
    id: String,
    signing: SigningKey,
    /// The header, encoded, with the dot after it.
    header: String,
    /// The public key, base64url.
    public: String,
    verifying: DecodingKey,
}

/// The keys for results, the active one first.
pub(super) struct ResultKeys {
    active: Prepared,
    older: Vec<Prepared>,
}

impl ResultKeys {
    pub(super) fn new(ring: &Ring) -> Self {
        let older = ring.iter().skip(1).map(|key| Prepared::new(&key.id, key.secret())).collect();
        Self { active: Prepared::new(&ring.active().id, ring.active().secret()), older }
    }

    fn iter(&self) -> impl Iterator<Item = &Prepared> {
        std::iter::once(&self.active).chain(&self.older)
    }

    pub(super) fn sign<T: Serialize>(&self, claims: &T) -> Result<String, ResultError> {
        let claims = serde_json::to_vec(claims)?;
        let mut token = String::with_capacity(self.active.header.len() + claims.len() * 4 / 3 + 92);
        token.push_str(&self.active.header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.active.signing.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.to_bytes(), &mut token);
        Ok(token)
    }

    pub(super) fn verify<T: DeserializeOwned + Clone>(&self, token: &str) -> Result<T, ResultError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| ResultError::NotOurs)?;
        let key = self.iter().find(|key| header.kid.as_deref() == Some(&key.id)).ok_or(ResultError::NotOurs)?;
        if header.typ.as_deref() != Some(TYPE) {
            return Err(ResultError::NotOurs);
        }
        let decoded = jsonwebtoken::decode(token, &key.verifying, &signature_only());
        decoded.map(|decoded| decoded.claims).map_err(|_| ResultError::NotOurs)
    }

    pub(super) fn jwks(&self) -> serde_json::Value {
        let keys: Vec<_> = self
            .iter()
            .map(|key| json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.id, "x": key.public}))
            .collect();
        json!({ "keys": keys })
    }
}

impl Prepared {
    fn new(id: &str, secret: &[u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(secret);
        let header = json!({"alg": "EdDSA", "kid": id, "typ": TYPE}).to_string();
        let public = signing.verifying_key().to_bytes();
        Self {
            id: id.to_owned(),
            header: URL_SAFE_NO_PAD.encode(header) + ".",
            public: URL_SAFE_NO_PAD.encode(public),
            verifying: DecodingKey::from_ed_der(&public),
            signing,
        }
    }
}

/// A result is a statement about the past: it has no expiry of its own.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}
