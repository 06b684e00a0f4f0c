//! Tokens of unguessable URLs. They are derived from what they stand for, so that an answer can be rendered
//! again without being stored; the database has only their digests.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::App;

/// How long a token is: 32 bytes in base64url.
const TOKEN_LENGTH: usize = 43;

/// The token of the page of this kind (`challenge`, `device`) for this record: 256 bits under a secret key.
pub(super) fn token(app: &App, page: &str, record: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(app.keys.mac("secret_url", &[page.as_bytes(), record.as_bytes()]))
}

/// The whole URL of that page.
pub(super) fn url(app: &App, page: &str, record: Uuid) -> String {
    let base = app.config.server.public_url.as_str().trim_end_matches('/');
    format!("{base}/{page}/{}", token(app, page, record))
}

/// The digest under which a token is stored; none when the text cannot be a token.
pub(super) fn digest(token: &str) -> Option<[u8; 32]> {
    let well_formed =
        token.len() == TOKEN_LENGTH && token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    well_formed.then(|| token_digest(token))
}

/// SHA-256 of a token: it has 256 unguessable bits, which need no slower hash.
pub(super) fn token_digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
