//! Signatures over bundles (Ed25519, RFC 8032): over the digest, by keys whose public halves stand in the settings.
//!
//! Knows neither bundles nor files, only digests and texts.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::DecodePublicKey;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::domain::bundle::BundleSignature;
use crate::domain::randomness::Randomness;

/// What stands before the digest in the bytes that are signed: no other signature is one over a bundle.
const CONTEXT: &str = "sekisho-bundle-v1\n";

/// Why a signature, or a key, is not good.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SignatureError {
    /// There must be one.
    #[error(
        "the bundle `{0}` is not signed, and the settings ask for a signature\nhint: `sekisho policy sign DIR --key FILE`, then submit it with `--signature`; for a bundle that an earlier release shipped, name its digest in `policies.unsigned_digests`"
    )]
    Missing(String),
    /// It was not made over this bundle by a key of the settings.
    #[error("the signature is not one over the bundle `{0}` by a key of `policies.signing_keys`")]
    Wrong(String),
    /// It is none.
    #[error("the signature cannot be read: expected the base64 of 64 bytes, as `sekisho policy sign` writes it")]
    Unreadable,
    /// No key is there to verify it by.
    #[error("there is no key to verify the signature by\nhint: set `policies.signing_keys`")]
    NoKeys,
    /// A public key of the settings is none.
    #[error(
        "the key `{0}` in `policies.signing_keys` cannot be read\nhint: `public_key` is the base64 of 32 bytes, as `sekisho policy keygen` writes it, or PEM"
    )]
    PublicKey(String),
    /// A secret key is none.
    #[error("the key file cannot be read\nhint: `sekisho policy keygen FILE` makes one")]
    SecretKey,
}

/// The keys that bundles are signed by, each with its name, and the digests that need no signature.
#[derive(Clone, Debug, Default)]
pub struct SigningKeys {
    keys: Vec<(String, VerifyingKey)>,
    unsigned: BTreeSet<String>,
}

impl SigningKeys {
    /// The keys with these names: base64 of 32 bytes, or PEM (RFC 8410).
    ///
    /// # Errors
    /// [`SignatureError::PublicKey`].
    pub fn parse<'a>(keys: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, SignatureError> {
        let one = |(name, text): (&str, &str)| {
            let key = public_key(text.trim()).ok_or_else(|| SignatureError::PublicKey(name.to_owned()))?;
            Ok((name.to_owned(), key))
        };
        keys.into_iter().map(one).collect::<Result<_, _>>().map(|keys| Self { keys, unsigned: BTreeSet::new() })
    }

    /// The same, with bundles that need no signature: the operator vouches for these digests in the settings.
    #[must_use]
    pub fn but_for(self, digests: impl IntoIterator<Item = String>) -> Self {
        Self { unsigned: digests.into_iter().collect(), ..self }
    }

    /// Whether bundles need no signature.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Reads a signature and answers it with the name of the key that made it.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, digest: &str, text: &str) -> Result<BundleSignature, SignatureError> {
        if self.keys.is_empty() {
            return Err(SignatureError::NoKeys);
        }
        let bytes = STANDARD.decode(text.trim()).map_err(|_| SignatureError::Unreadable)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| SignatureError::Unreadable)?;
        let made_by = |key: &VerifyingKey| key.verify_strict(&message(digest), &signature).is_ok();
        let found = self.keys.iter().find(|(_, key)| made_by(key));
        let (name, _) = found.ok_or_else(|| SignatureError::Wrong(digest.to_owned()))?;
        Ok(BundleSignature { key: name.clone(), bytes })
    }

    /// Whether a bundle may be used: with keys in the settings only by a signature of one of them.
    ///
    /// # Errors
    /// [`SignatureError::Missing`], [`SignatureError::Wrong`].
    pub fn check(&self, digest: &str, signature: Option<&BundleSignature>) -> Result<(), SignatureError> {
        if self.keys.is_empty() || self.unsigned.contains(digest) {
            return Ok(());
        }
        let signature = signature.ok_or_else(|| SignatureError::Missing(digest.to_owned()))?;
        self.verify(digest, &STANDARD.encode(&signature.bytes)).map(|_| ())
    }
}

/// A new key: what its file holds, and its public half for the settings.
pub fn generate(randomness: &dyn Randomness) -> (Zeroizing<String>, String) {
    let secret = Zeroizing::new(randomness.bytes::<32>());
    let key = SigningKey::from_bytes(&secret);
    (Zeroizing::new(STANDARD.encode(*secret)), STANDARD.encode(key.verifying_key().as_bytes()))
}

/// Signs a digest with a key as its file holds it.
///
/// # Errors
/// [`SignatureError::SecretKey`].
pub fn sign(key: &str, digest: &str) -> Result<String, SignatureError> {
    let bytes = Zeroizing::new(STANDARD.decode(key.trim()).map_err(|_| SignatureError::SecretKey)?);
    let secret = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| SignatureError::SecretKey)?);
    Ok(STANDARD.encode(SigningKey::from_bytes(&secret).sign(&message(digest)).to_bytes()))
}

fn message(digest: &str) -> Vec<u8> {
    format!("{CONTEXT}{digest}").into_bytes()
}

fn public_key(text: &str) -> Option<VerifyingKey> {
    if text.starts_with("-----BEGIN PUBLIC KEY-----") {
        let base64: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        return VerifyingKey::from_public_key_der(&STANDARD.decode(base64).ok()?).ok();
    }
    let bytes = STANDARD.decode(text).ok()?;
    VerifyingKey::from_bytes(&<[u8; 32]>::try_from(bytes.as_slice()).ok()?).ok()
}
