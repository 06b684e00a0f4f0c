//! One person's key: seals her data, and is itself sealed by a key-encryption key.
//! Without the wrapped key nothing of hers can be read: destroying it erases her.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::ring::Key;
use crate::domain::id::CardholderId;
use crate::domain::randomness::Randomness;

/// The form of what is sealed: one byte of version, 24 of nonce, then ciphertext and tag.
const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 24;

/// Why something cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is wrapped by a key that is not in the key file.
    #[error("sealed with a key that is not in the key file")]
    UnknownKey,
    /// It is cut off, or of another version.
    #[error("not in a known sealed form")]
    Form,
    /// Sealed by another key, for another place, or changed since.
    #[error("does not open: another key, another place, or changed since it was sealed")]
    Authentication,
    /// Too long for the cipher.
    #[error("too long to be sealed")]
    TooLong,
}

/// A person's key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// The id of the key-encryption key.
    pub key_id: String,
    /// The sealed key.
    pub bytes: Vec<u8>,
}

/// A key for the data of one person. Wiped when dropped.
pub struct PersonKey {
    cardholder: CardholderId,
    secret: Zeroizing<[u8; 32]>,
}

impl PersonKey {
    pub(super) fn generate(cardholder: CardholderId, randomness: &dyn Randomness) -> Self {
        Self { cardholder, secret: Zeroizing::new(randomness.bytes()) }
    }

    pub(super) fn wrap(&self, by: &Key, randomness: &dyn Randomness) -> Result<WrappedKey, SealError> {
        let place = place_of_key(self.cardholder, &by.id);
        let bytes = seal(by.secret(), &place, self.secret.as_slice(), randomness)?;
        Ok(WrappedKey { key_id: by.id.clone(), bytes })
    }

    pub(super) fn unwrap(cardholder: CardholderId, by: &Key, sealed: &[u8]) -> Result<Self, SealError> {
        let opened = open(by.secret(), &place_of_key(cardholder, &by.id), sealed)?;
        let secret = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| SealError::Form)?;
        Ok(Self { cardholder, secret: Zeroizing::new(secret) })
    }

    /// Seals a value for one column of one row, with XChaCha20-Poly1305 under this person's key.
    /// It opens nowhere else.
    pub fn seal(
        &self,
        table: &str,
        column: &str,
        row: Uuid,
        plaintext: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<Vec<u8>, SealError> {
        seal(&self.secret, &self.place(table, column, row), plaintext, randomness)
    }

    /// Opens what was sealed for this column of this row.
    pub fn open(&self, table: &str, column: &str, row: Uuid, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open(&self.secret, &self.place(table, column, row), sealed)
    }

    /// The person's id stands for the key's: it stays when the key is wrapped anew.
    fn place(&self, table: &str, column: &str, row: Uuid) -> Vec<u8> {
        associated_data(&[table.as_bytes(), column.as_bytes(), row.as_bytes(), self.cardholder.uuid().as_bytes()])
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonKey({})", self.cardholder)
    }
}

fn place_of_key(cardholder: CardholderId, key_id: &str) -> Vec<u8> {
    associated_data(&[b"person_key", cardholder.uuid().as_bytes(), key_id.as_bytes()])
}

pub(super) fn associated_data(parts: &[&[u8]]) -> Vec<u8> {
    let mut data = vec![VERSION];
    for part in parts {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}

pub(super) fn seal(
    secret: &[u8; 32],
    aad: &[u8],
    msg: &[u8],
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, SealError> {
    let nonce = randomness.bytes::<NONCE_LENGTH>();
    let cipher = XChaCha20Poly1305::new(secret.into());
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg, aad }).map_err(|_| SealError::TooLong)?;
    Ok([&[VERSION], nonce.as_slice(), &sealed].concat())
}

pub(super) fn open(secret: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, msg) = match sealed.split_first() {
        Some((&VERSION, rest)) => rest.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError::Form)?,
        _ => return Err(SealError::Form),
    };
    let cipher = XChaCha20Poly1305::new(secret.into());
    let opened = cipher.decrypt(&XNonce::from(*nonce), Payload { msg, aad });
    opened.map(Zeroizing::new).map_err(|_| SealError::Authentication)
}
