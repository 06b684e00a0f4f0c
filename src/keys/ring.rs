//! The keys of one purpose: the first is active, the others are kept to read what they made.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::file::KeyEntry;
use super::{KeyError, mac};

/// One secret with its id.
pub(super) struct Key {
    /// The id: 1 to 8 lower-case letters and digits.
    pub(super) id: String,
    secret: Zeroizing<[u8; 32]>,
}

impl Key {
    /// The secret bytes.
    pub(super) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The keyed digest of the parts for a purpose.
    pub(super) fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        mac::mac(&self.secret, purpose, parts)
    }

    fn read(purpose: &str, entry: &KeyEntry) -> Result<Self, KeyError> {
        // An argon2 hash names its secret in at most eight bytes.
        let fits = (1..=8).contains(&entry.id.len());
        if !fits || !entry.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            let id = &entry.id;
            return Err(KeyError::Invalid(format!(
                "{purpose}: `{id}` is not an id of 1 to 8 lower-case letters and digits"
            )));
        }
        let mut secret = Zeroizing::new([0; 32]);
        let length = STANDARD.decode_slice(entry.key.as_bytes(), secret.as_mut_slice());
        if length != Ok(32) {
            return Err(KeyError::Invalid(format!("{purpose}: the key `{}` is not 32 bytes in base64", entry.id)));
        }
        Ok(Self { id: entry.id.clone(), secret })
    }
}

/// At least one key.
pub(super) struct Ring {
    active: Key,
    older: Vec<Key>,
}

impl Ring {
    /// Reads the keys of a purpose; an error when there is none, or two have one id.
    pub(super) fn read(purpose: &str, entries: &[KeyEntry]) -> Result<Self, KeyError> {
        let mut keys: Vec<Key> = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = Key::read(purpose, entry)?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(KeyError::Invalid(format!("{purpose}: two keys have the id `{}`", key.id)));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let active = keys.next().ok_or_else(|| KeyError::Invalid(format!("{purpose}: there is no key")))?;
        Ok(Self { active, older: keys.collect() })
    }

    /// The key for new work.
    pub(super) fn active(&self) -> &Key {
        &self.active
    }

    /// Every key, the active one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.active).chain(&self.older)
    }

    /// The key with this id.
    pub(super) fn get(&self, id: &str) -> Option<&Key> {
        self.iter().find(|key| key.id == id)
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|key| &key.id)).finish()
    }
}
