//! Unguessable tokens in URLs and cookies. Only their digest is stored.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::randomness::Randomness;

/// 32 random bytes in base64url (RFC 4648, section 5): 43 characters. Does not show itself.
pub struct Token(Zeroizing<String>);

impl Token {
    /// A fresh token.
    pub fn generate(randomness: &dyn Randomness) -> Self {
        let bytes = Zeroizing::new(randomness.bytes::<32>());
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
    }

    /// The token in this text; None when it has not the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        let fits = text.len() == 43 && URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()) == Ok(32);
        fits.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The token itself, for the one who may have it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored: SHA-256. The token has 256 random bits, so nothing slower is needed.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
