//! The unguessable part of a challenge's URL: derived from the authentication's id under a secret key, so that an
//! answer can be rendered again without the token being stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::domain::id::AuthenticationId;

/// The token: 43 characters of base64url.
pub fn token(app: &App, id: AuthenticationId) -> String {
    URL_SAFE_NO_PAD.encode(app.keys.mac("challenge_token", &[id.uuid().as_bytes()]))
}

/// The digest of a token, as it is stored.
pub fn token_digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The challenge's URL.
pub fn url(app: &App, id: AuthenticationId) -> String {
    let base = app.config.server.public_url.as_str().trim_end_matches('/');
    format!("{base}/challenge/{}", token(app, id))
}
