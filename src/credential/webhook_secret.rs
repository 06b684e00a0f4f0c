//! Secrets of webhooks, and what is signed with them (Standard Webhooks, version 1).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::randomness::Randomness;

const PREFIX: &str = "whsec_";
/// Bytes of a secret; the scheme wants 24 to 64.
const LENGTH: usize = 32;

/// A secret that a merchant shares with us. Does not show itself.
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

impl WebhookSecret {
    /// A fresh secret.
    pub fn generate(randomness: &dyn Randomness) -> Self {
        Self(Zeroizing::new(randomness.bytes::<LENGTH>().to_vec()))
    }

    /// The secret with these bytes.
    pub fn of(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as the merchant is given it: `whsec_` and base64.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(&*self.0)))
    }

    /// The signature of a message: `v1,` and the base64 of HMAC-SHA-256 over id, time (Unix seconds) and body.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let mut hmac = self.keyed();
        hmac.update(format!("{id}.{seconds}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(hmac.finalize().into_bytes()))
    }

    /// A key no longer than a block is padded with zeros (RFC 2104, section 2), which cannot fail; ours are 32 bytes.
    fn keyed(&self) -> Hmac<Sha256> {
        let mut block = Zeroizing::new([0_u8; 64]);
        for (padded, byte) in block.iter_mut().zip(self.0.iter()) {
            *padded = *byte;
        }
        Hmac::new((&*block).into())
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_signature_is_the_one_of_the_scheme() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let secret = WebhookSecret::of(Zeroizing::new(key));
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(&*secret.expose(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
    }
}
