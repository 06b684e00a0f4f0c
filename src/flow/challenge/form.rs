//! Tokens of the challenge's forms: a nonce of our own making, for one challenge and one purpose.
//! They need no cookie and no row; what was answered with a nonce is the store's knowledge.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::app::App;
use crate::domain::facts::Method;
use crate::domain::id::ChallengeId;
use crate::store::challenges::Challenge;

/// What a form is for: a token for one is no token for another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// From one page of ours to the next.
    GoOn,
    /// A proof by this method: a token for one is none for another.
    Answer(Method),
    /// Another way, or a code.
    Choose,
    /// Giving up.
    Cancel,
}

impl Form {
    fn name(self) -> &'static [u8] {
        match self {
            Self::GoOn => b"go_on",
            Self::Answer(Method::Password) => b"answer",
            Self::Answer(Method::Totp) => b"answer:totp",
            Self::Answer(Method::Code) => b"answer:code",
            Self::Answer(Method::Passkey) => b"answer:passkey",
            Self::Choose => b"choose",
            Self::Cancel => b"cancel",
        }
    }
}

/// A fresh token: 16 random bytes and their keyed digest, in base64url.
pub(super) fn issue(app: &App, form: Form, challenge: ChallengeId) -> String {
    let nonce = app.randomness.bytes::<16>();
    let mac = app.keys.mac("form", &[form.name(), challenge.uuid().as_bytes(), &nonce]);
    URL_SAFE_NO_PAD.encode([nonce.as_slice(), &mac].concat())
}

/// The nonce of a token that was issued for this form of this challenge.
pub(super) fn verify(app: &App, form: Form, challenge: ChallengeId, token: &str) -> Option<[u8; 16]> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (nonce, mac) = bytes.split_first_chunk::<16>()?;
    app.keys.verify_mac("form", &[form.name(), challenge.uuid().as_bytes(), nonce], mac).then_some(*nonce)
}

/// The method that an answer's token was issued for, among those that were offered, and its nonce.
pub(super) fn verify_answer(app: &App, challenge: &Challenge, token: &str) -> Option<(Method, [u8; 16])> {
    challenge
        .methods
        .iter()
        .find_map(|method| Some((*method, verify(app, Form::Answer(*method), challenge.id, token)?)))
}
