//! Keyed digests over several parts, and their comparison.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// HMAC-SHA-256 (RFC 2104) over a purpose and parts, each with its length before it, so that
/// neither purposes nor neighbouring parts can be taken for one another.
pub(super) fn mac(secret: &[u8; 32], purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hmac = keyed(secret);
    for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
        hmac.update(&(part.len() as u64).to_be_bytes());
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

/// A key shorter than a block is padded with zeros (RFC 2104, section 2), which cannot fail.
fn keyed(secret: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0_u8; 64]);
    for (padded, byte) in block.iter_mut().zip(secret) {
        *padded = *byte;
    }
    Hmac::new((&*block).into())
}

/// Whether two digests are equal, in a time that does not tell where they differ.
pub(super) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_padded_key_gives_the_digest_of_the_standard() {
        let mut expected = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        expected.update(b"abc");
        let mut ours = keyed(&[7; 32]);
        ours.update(b"abc");
        assert_eq!(ours.finalize().into_bytes(), expected.finalize().into_bytes());
    }

    #[test]
    fn parts_and_purposes_cannot_be_shifted_into_one_another() {
        let cases: [(&str, &[&[u8]]); 6] = [
            ("a", &[b"bc", b"d"]),
            ("a", &[b"b", b"cd"]),
            ("a", &[b"bcd"]),
            ("ab", &[b"c", b"d"]),
            ("a", &[b"bc", b"d", b""]),
            ("", &[b"a", b"bc", b"d"]),
        ];
        let digests: std::collections::HashSet<_> = cases.iter().map(|(p, parts)| mac(&[1; 32], p, parts)).collect();
        assert_eq!(digests.len(), cases.len());
    }
}
