//! The envelope: what is to be sent, together with the clearance to send it.
//!
//! Knows bytes and what they are made of. Neither part of it leads back to an authentication.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::clock::Micros;
use crate::domain::consent::{Clearance, DataClass};
use crate::domain::datum::{Datum, Mode};

/// One datum in a request and the form it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Which datum.
    pub datum: Datum,
    /// In which form.
    pub mode: Mode,
}

/// A request to a provider, ready to be sent: the exact bytes, and what the ledger states about them.
pub struct Prepared {
    recipient: String,
    path: Cow<'static, str>,
    content_type: &'static str,
    body: Zeroizing<Vec<u8>>,
    items: Vec<Item>,
    unreadable: Vec<Datum>,
    transform_version: String,
    key_id: String,
    digest: [u8; 32],
}

/// What a connector states about the bytes it prepared.
pub(super) struct Contents {
    pub(super) recipient: String,
    pub(super) path: Cow<'static, str>,
    pub(super) content_type: &'static str,
    pub(super) items: Vec<Item>,
    pub(super) unreadable: Vec<Datum>,
    pub(super) transform_version: String,
    pub(super) key_id: String,
}

impl Prepared {
    /// Seals the bytes under their digest.
    pub(super) fn new(contents: Contents, body: Vec<u8>) -> Self {
        let Contents { recipient, path, content_type, items, unreadable, transform_version, key_id } = contents;
        let digest = Sha256::digest(&body).into();
        let body = Zeroizing::new(body);
        Self { recipient, path, content_type, body, items, unreadable, transform_version, key_id, digest }
    }

    /// The recipient's id.
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// The data that are sent, by name and form, in the order of the fields.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The classes of the data that are sent.
    pub fn classes(&self) -> BTreeSet<DataClass> {
        self.items.iter().map(|item| item.datum.class()).collect()
    }

    /// Data that were given and are left out because they cannot be brought into their form.
    pub fn unreadable(&self) -> &[Datum] {
        &self.unreadable
    }

    /// The versions of the rules that made the bytes.
    pub fn transform_version(&self) -> &str {
        &self.transform_version
    }

    /// The id of the secret that keyed tokens come from.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// SHA-256 of the exact bytes.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// How many bytes are sent.
    pub fn size(&self) -> usize {
        self.body.len()
    }
}

impl fmt::Debug for Prepared {
    /// Without the bytes: they hold personal data and a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("recipient", &self.recipient)
            .field("items", &self.items)
            .field("digest", &hex::encode(self.digest))
            .finish_non_exhaustive()
    }
}

/// A request that may be sent, once.
#[derive(Debug)]
pub struct Envelope {
    clearance: Clearance,
    prepared: Prepared,
}

/// A clearance for one recipient was put to a request for another.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the clearance is for `{cleared}`, the request for `{prepared}`")]
pub struct WrongRecipient {
    cleared: String,
    prepared: String,
}

/// What is in an envelope, and until when it may leave.
pub(super) struct Opened {
    pub(super) path: Cow<'static, str>,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) unreadable: Vec<Datum>,
    pub(super) send_until_boot_nanos: u64,
    pub(super) send_until: Micros,
}

impl Envelope {
    /// Puts a request under a clearance, which is spent by it.
    pub fn seal(clearance: Clearance, prepared: Prepared) -> Result<Self, WrongRecipient> {
        if clearance.recipient() == prepared.recipient {
            Ok(Self { clearance, prepared })
        } else {
            Err(WrongRecipient { cleared: clearance.recipient().to_owned(), prepared: prepared.recipient })
        }
    }

    /// What is needed to send it.
    pub(super) fn open(mut self) -> Opened {
        Opened {
            path: self.prepared.path,
            content_type: self.prepared.content_type,
            body: std::mem::take(&mut *self.prepared.body),
            unreadable: self.prepared.unreadable,
            send_until_boot_nanos: self.clearance.send_until_boot_nanos(),
            send_until: self.clearance.send_until(),
        }
    }
}
