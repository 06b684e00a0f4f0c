//! The service's secret keys, by purpose and id, and what is done with them.
//! Knows nothing of where digests and ciphertexts are stored, nor of HTTP.

mod authentication_value;
mod file;
mod mac;
mod person;
mod result;
mod ring;
mod staff;
mod unmatched;
mod webhook;

use std::fmt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

pub use self::authentication_value::AuthenticationValueSigner;
pub use self::person::{PersonKey, SealError, WrappedKey};
pub use self::result::ResultError;
pub use self::staff::SealedSecret;

use self::authentication_value::KeyedSigner;
use self::file::KeyFile;
use self::result::ResultKeys;
use self::ring::Ring;
use crate::domain::card::CardNumber;
use crate::domain::clock::Micros;
use crate::domain::id::{CardholderId, StaffId, UnmatchedId, WebhookEndpointId};
use crate::domain::randomness::Randomness;

/// Why the keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file cannot be read or written.
    #[error("cannot use the key file `{path}`: {source}\nhint: {hint}")]
    File {
        /// The file.
        path: String,
        /// What the operating system says.
        source: std::io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// Others than the owner may read the key file.
    #[error("the key file `{path}` can be read by others (mode {mode:04o})\nhint: chmod 600 '{path}'")]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The text is no set of keys.
    #[error(
        "the keys are not valid: {0}\nhint: restore the key file from a backup; data sealed with lost keys is lost"
    )]
    Invalid(String),
}

/// A keyed digest, and which key made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The id of the key.
    pub key_id: String,
    /// HMAC-SHA-256.
    pub bytes: [u8; 32],
}

/// Every key of the service. For each purpose the first one does new work, the others only read.
pub struct Keys {
    card_number: Ring,
    personal_data: Ring,
    blind_index: Ring,
    pepper: Ring,
    pseudonym: Ring,
    api_cursor: Ring,
    result: ResultKeys,
    authentication_value: Box<dyn AuthenticationValueSigner>,
}

impl Keys {
    /// Reads the key file, or makes one with fresh keys (mode 0600, folder included) when there is none.
    pub fn load_or_create(path: &Path, randomness: &dyn Randomness, now: Micros) -> Result<Self, KeyError> {
        Self::from_toml(&file::read_or_create(path, randomness, || KeyFile::generate(randomness, now))?)
    }

    /// Reads keys from the text of a key file.
    pub fn from_toml(text: &str) -> Result<Self, KeyError> {
        let file = KeyFile::parse(text)?;
        Ok(Self {
            result: ResultKeys::new(&Ring::read("result_signing", &file.result_signing)?),
            authentication_value: Box::new(KeyedSigner::new(Ring::read(
                "authentication_value",
                &file.authentication_value,
            )?)),
            card_number: Ring::read("card_number", &file.card_number)?,
            personal_data: Ring::read("personal_data", &file.personal_data)?,
            blind_index: Ring::read("blind_index", &file.blind_index)?,
            pepper: Ring::read("pepper", &file.pepper)?,
            pseudonym: Ring::read("pseudonym", &file.pseudonym)?,
            api_cursor: Ring::read("api_cursor", &file.api_cursor)?,
        })
    }

    /// Lets another signer make authentication values, such as one in the scheme's security module.
    #[must_use]
    pub fn with_authentication_value_signer(mut self, signer: Box<dyn AuthenticationValueSigner>) -> Self {
        self.authentication_value = signer;
        self
    }

    /// The digest under which a card number is stored.
    pub fn card_digest(&self, number: &CardNumber) -> Digest {
        let key = self.card_number.active();
        Digest { key_id: key.id.clone(), bytes: key.mac("card_number", &[number.digits().as_bytes()]) }
    }

    /// The digests under which a card number may be stored, one for each key, the active one first.
    pub fn card_digests_for_lookup(&self, number: &CardNumber) -> Vec<Digest> {
        let digest = |key: &ring::Key| Digest {
            key_id: key.id.clone(),
            bytes: key.mac("card_number", &[number.digits().as_bytes()]),
        };
        self.card_number.iter().map(digest).collect()
    }

    /// A keyed digest of a value in its normal form, for search and matching. Values of different
    /// classes (`email`, `phone`) never share a digest.
    pub fn blind_index(&self, class: &str, value: &str) -> [u8; 32] {
        self.blind_index.active().mac("blind_index", &[class.as_bytes(), value.as_bytes()])
    }

    /// The digests that [`Self::blind_index`] gave under each key, the active one first.
    pub fn blind_indexes_for_lookup(&self, class: &str, value: &str) -> Vec<[u8; 32]> {
        self.blind_index.iter().map(|key| key.mac("blind_index", &[class.as_bytes(), value.as_bytes()])).collect()
    }

    /// A fresh key for one person's data, and its wrapped form, which is what is stored.
    pub fn new_person_key(
        &self,
        cardholder: CardholderId,
        randomness: &dyn Randomness,
    ) -> Result<(PersonKey, WrappedKey), SealError> {
        let key = PersonKey::generate(cardholder, randomness);
        let wrapped = key.wrap(self.personal_data.active(), randomness)?;
        Ok((key, wrapped))
    }

    /// The person's key from its wrapped form. An error when it is another person's, or was tampered with.
    pub fn unwrap_person_key(&self, cardholder: CardholderId, wrapped: &WrappedKey) -> Result<PersonKey, SealError> {
        let key = self.personal_data.get(&wrapped.key_id).ok_or(SealError::UnknownKey)?;
        PersonKey::unwrap(cardholder, key, &wrapped.bytes)
    }

    /// Wraps a person's key anew when it was wrapped by an older key. None when it is up to date.
    pub fn rewrap_person_key(
        &self,
        cardholder: CardholderId,
        wrapped: &WrappedKey,
        randomness: &dyn Randomness,
    ) -> Result<Option<WrappedKey>, SealError> {
        let active = self.personal_data.active();
        if wrapped.key_id == active.id {
            return Ok(None);
        }
        self.unwrap_person_key(cardholder, wrapped)?.wrap(active, randomness).map(Some)
    }

    /// Signs claims as a compact JWS (RFC 7515) with Ed25519 (RFC 8037). The same claims give the same text.
    pub fn sign_result<T: Serialize>(&self, claims: &T) -> Result<String, ResultError> {
        self.result.sign(claims)
    }

    /// The claims of a result that one of our keys signed. Times in the claims are not looked at.
    pub fn verify_result<T: DeserializeOwned + Clone>(&self, token: &str) -> Result<T, ResultError> {
        self.result.verify(token)
    }

    /// The public halves of the result keys as a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        self.result.jwks()
    }

    /// The authentication value over these parts: 20 bytes in base64, 28 characters.
    pub fn authentication_value(&self, parts: &[&[u8]]) -> String {
        authentication_value::encode(self.authentication_value.sign(parts))
    }

    /// Seals a staff person's secret of one-time passwords. It opens for nobody else's row.
    pub fn seal_staff_secret(
        &self,
        staff: StaffId,
        secret: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<SealedSecret, SealError> {
        staff::seal(self.personal_data.active(), staff, secret, randomness)
    }

    /// Opens what [`Self::seal_staff_secret`] sealed for this person.
    pub fn open_staff_secret(&self, staff: StaffId, sealed: &SealedSecret) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let key = self.personal_data.get(&sealed.key_id).ok_or(SealError::UnknownKey)?;
        staff::open(key, staff, &sealed.bytes)
    }

    /// Seals what a caller said who was not found. It opens for no other row.
    pub fn seal_unmatched(
        &self,
        id: UnmatchedId,
        details: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<SealedSecret, SealError> {
        unmatched::seal(self.personal_data.active(), id, details, randomness)
    }

    /// Opens what [`Self::seal_unmatched`] sealed for this row.
    pub fn open_unmatched(&self, id: UnmatchedId, sealed: &SealedSecret) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let key = self.personal_data.get(&sealed.key_id).ok_or(SealError::UnknownKey)?;
        unmatched::open(key, id, &sealed.bytes)
    }

    /// Seals the secret of a merchant's webhooks. It opens for no other endpoint.
    pub fn seal_webhook_secret(
        &self,
        id: WebhookEndpointId,
        secret: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<SealedSecret, SealError> {
        webhook::seal(self.personal_data.active(), id, secret, randomness)
    }

    /// Opens what [`Self::seal_webhook_secret`] sealed for this endpoint.
    pub fn open_webhook_secret(
        &self,
        id: WebhookEndpointId,
        sealed: &SealedSecret,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let key = self.personal_data.get(&sealed.key_id).ok_or(SealError::UnknownKey)?;
        webhook::open(key, id, &sealed.bytes)
    }

    /// The secret that goes into new password hashes, and its id.
    pub fn pepper(&self) -> (&str, &[u8]) {
        let key = self.pepper.active();
        (&key.id, key.secret())
    }

    /// The secret with this id that went into older password hashes.
    pub fn pepper_by_id(&self, id: &str) -> Option<&[u8]> {
        self.pepper.get(id).map(|key| key.secret().as_slice())
    }

    /// The secret for the names under which providers know a person from now on, and its id.
    pub fn pseudonym_secret(&self) -> (&str, &[u8; 32]) {
        let key = self.pseudonym.active();
        (&key.id, key.secret())
    }

    /// The secrets for such names that were given before, with their ids; the active one is not among them.
    pub fn older_pseudonym_secrets(&self) -> impl Iterator<Item = (&str, &[u8; 32])> {
        self.pseudonym.iter().skip(1).map(|key| (key.id.as_str(), key.secret()))
    }

    /// A short-lived proof that these parts came from us: page cursors, form tokens.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.api_cursor.active().mac(purpose, parts)
    }

    /// What [`Self::mac`] gives under each key, the active one first.
    pub fn macs(&self, purpose: &str, parts: &[&[u8]]) -> Vec<[u8; 32]> {
        self.api_cursor.iter().map(|key| key.mac(purpose, parts)).collect()
    }

    /// Whether [`Self::mac`] gave this for the purpose and parts, under any key; compared in constant time.
    pub fn verify_mac(&self, purpose: &str, parts: &[&[u8]], given: &[u8]) -> bool {
        self.api_cursor.iter().any(|key| mac::equal(&key.mac(purpose, parts), given))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("card_number", &self.card_number)
            .field("personal_data", &self.personal_data)
            .finish_non_exhaustive()
    }
}
