//! API keys: `sk_test_…` for merchants, `ik_test_…` for the issuer's core system. Only their digest is stored.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::merchant::Environment;
use crate::domain::randomness::Randomness;

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHolder {
    /// A merchant.
    Merchant,
    /// The issuer's core system.
    Issuer,
}

impl KeyHolder {
    const ALL: [Self; 2] = [Self::Merchant, Self::Issuer];

    fn prefix(self) -> &'static str {
        match self {
            Self::Merchant => "sk",
            Self::Issuer => "ik",
        }
    }
}

/// An API key: prefix, 32 random bytes and a 4-byte checksum, both hexadecimal. Does not show itself.
pub struct ApiKey {
    /// Whose key it is.
    pub holder: KeyHolder,
    /// The environment it is for.
    pub environment: Environment,
    text: Zeroizing<String>,
}

/// Why a text is no API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// It does not begin with a known prefix, or has another length or other characters.
    #[error("an API key begins with `sk_test_`, `sk_live_`, `ik_test_` or `ik_live_`, then 72 hexadecimal digits")]
    Form,
    /// The checksum does not fit: mistyped or cut and pasted wrongly.
    #[error("the API key is mistyped: its checksum does not fit")]
    Checksum,
}

const CHECKSUM_DIGITS: usize = 8;
const DIGITS: usize = 64 + CHECKSUM_DIGITS;

impl ApiKey {
    /// A fresh key.
    pub fn generate(holder: KeyHolder, environment: Environment, randomness: &dyn Randomness) -> Self {
        let secret = Zeroizing::new(randomness.bytes::<32>());
        let body = format!("{}{}", prefix(holder, environment), hex::encode(secret.as_slice()));
        let text = format!("{body}{}", checksum(&body));
        Self { holder, environment, text: Zeroizing::new(text) }
    }

    /// The key in this text. Its checksum is looked at; whether it is known is the database's affair.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let mut kinds =
            KeyHolder::ALL.into_iter().flat_map(|holder| Environment::ALL.iter().map(move |of| (holder, *of)));
        let (holder, environment, digits) = kinds
            .find_map(|(holder, of)| text.strip_prefix(&prefix(holder, of)).map(|digits| (holder, of, digits)))
            .ok_or(ApiKeyError::Form)?;
        if digits.len() != DIGITS || !digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(ApiKeyError::Form);
        }
        let (body, sum) = text.split_at(text.len() - CHECKSUM_DIGITS);
        if checksum(body) != sum {
            return Err(ApiKeyError::Checksum);
        }
        Ok(Self { holder, environment, text: Zeroizing::new(text.to_owned()) })
    }

    /// The key itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is stored: SHA-256. The key has 256 random bits, so nothing slower is needed.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}…)", prefix(self.holder, self.environment))
    }
}

fn prefix(holder: KeyHolder, environment: Environment) -> String {
    format!("{}_{}_", holder.prefix(), environment.as_str())
}

/// Finds slips of the pen and lets scanners for leaked secrets be sure; it protects nothing.
fn checksum(body: &str) -> String {
    let mut digits = hex::encode(Sha256::digest(body.as_bytes()));
    digits.truncate(CHECKSUM_DIGITS);
    digits
}
