//! Authentication values: 20 bytes that bind an authentication to its payment.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ring::Ring;

/// Makes authentication values. The service's own is [not the scheme's algorithm](KeyedSigner);
/// an issuer that has the scheme's puts it in its place.
pub trait AuthenticationValueSigner: Send + Sync + 'static {
    /// The 20 bytes for these parts, in order.
    fn sign(&self, parts: &[&[u8]]) -> [u8; 20];
}

/// The first 20 bytes of HMAC-SHA-256 over the parts. The card scheme's own algorithm is not
/// public: a network would not accept this value, the issuer's authorisation can check it.
pub(super) struct KeyedSigner(Ring);

impl KeyedSigner {
    pub(super) fn new(ring: Ring) -> Self {
        Self(ring)
    }
}

impl AuthenticationValueSigner for KeyedSigner {
    fn sign(&self, parts: &[&[u8]]) -> [u8; 20] {
        let mac = self.0.active().mac("authentication_value", parts);
        std::array::from_fn(|index| mac.get(index).copied().unwrap_or_default())
    }
}

/// Base64 (RFC 4648, section 4) with padding: 28 characters.
pub(super) fn encode(value: [u8; 20]) -> String {
    STANDARD.encode(value)
}
