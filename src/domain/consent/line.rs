//! A person's line: her consent events and the disclosures about her, numbered without a gap and chained by hashes.
//!
//! Knows the form in which a row is hashed, so that a line can be checked from an export alone. Knows no database.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::chain::RowHash;
use super::coverage::Coverage;
use super::standing::Step;
use super::{Basis, Channel, ConsentAction, ConsentState, IdentityMethod, IdentityOutcome, Purpose};
use crate::domain::assessment::words;
use crate::domain::challenge::Language;
use crate::domain::clock::{Micros, rfc3339};
use crate::domain::id::{ApprovalId, AuthenticationId, CardId, CardholderId, ConsentEventId, DisclosureId, ReceiptId};

/// The version of the form in which rows are hashed.
pub const HASH_VERSION: i64 = 2;

/// What a person, or the issuer for her, said about sharing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentEvent {
    /// The version of its hash's form.
    pub hash_version: i64,
    /// Its id.
    pub id: ConsentEventId,
    /// About whom.
    pub cardholder_id: CardholderId,
    /// What it does.
    pub action: ConsentAction,
    /// About which cards, purpose and recipient.
    #[serde(default, skip_serializing_if = "Coverage::is_everything")]
    pub coverage: Coverage,
    /// Whether the person's identity is still to be checked.
    pub pending: bool,
    /// Where the person stood as a whole after it.
    pub state: ConsentState,
    /// How it came.
    pub channel: Channel,
    /// Who recorded it.
    pub actor: String,
    /// The call's or letter's reference.
    pub reference: Option<String>,
    /// How the person was identified, and what that came to.
    pub identity: Option<Identity>,
    /// The legal basis that a notice or a grant stands on.
    pub basis: Option<Basis>,
    /// The notice that was given.
    pub notice_version: Option<String>,
    /// The script that was read out.
    pub script_version: Option<String>,
    /// In which language.
    pub language: Option<Language>,
    /// When the notice was given.
    #[serde(with = "rfc3339::option")]
    pub informed_at: Option<Micros>,
    /// When the person said it; never later than it was recorded.
    #[serde(with = "rfc3339::option")]
    pub effective_from: Option<Micros>,
    /// When it was recorded, which is when it took effect.
    #[serde(with = "rfc3339")]
    pub recorded_at: Micros,
    /// The event that it puts right.
    pub corrects: Option<ConsentEventId>,
    /// The receipt that was given for it.
    pub receipt_id: Option<ReceiptId>,
    /// SHA-256 of what is kept as evidence elsewhere, hexadecimal.
    pub evidence_digest: Option<String>,
    /// The approval that it rests on.
    pub approval_id: Option<ApprovalId>,
}

/// How a person was identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The method.
    pub method: IdentityMethod,
    /// The outcome. The answers are never kept.
    pub outcome: IdentityOutcome,
}

words! {
    /// Whether a row of the ledger stands for a sending.
    DisclosureState {
        /// It may be sent, until its limit.
        Intended = "intended",
        /// It was refused when its place had been taken.
        NotSent = "not_sent",
    }
}

words! {
    /// How a disclosure ended.
    SettlementState {
        /// The recipient got it.
        Sent = "sent",
        /// It did not leave and will not.
        NotSent = "not_sent",
        /// It may have left; it counts as sent.
        Unknown = "unknown",
    }
}

/// One row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// The version of its hash's form.
    pub hash_version: i64,
    /// Its id.
    pub id: DisclosureId,
    /// About whom.
    pub cardholder_id: CardholderId,
    /// About which card of hers.
    pub card_id: Option<CardId>,
    /// For which authentication.
    pub authentication_id: AuthenticationId,
    /// To whom.
    pub recipient: String,
    /// Whether the recipient uses what it gets for others too.
    pub recipient_reuses: bool,
    /// What for.
    pub purpose: Purpose,
    /// Whether it stands for a sending.
    pub state: DisclosureState,
    /// The legal basis of the recipient.
    pub basis: String,
    /// The event relied on, or the last one of the person.
    pub consent_event_id: ConsentEventId,
    /// The names of the data items, sorted.
    pub items: Vec<String>,
    /// The policies that permitted.
    pub policies: Vec<String>,
    /// The bundle that was asked.
    pub bundle_digest: String,
    /// The version of the rules by which data was transformed.
    pub transform_version: String,
    /// The id of the pseudonym key.
    pub key_id: String,
    /// SHA-256 of the exact bytes, hexadecimal.
    pub body_digest: String,
    /// How long after the gate's first look it may still be sent, in milliseconds.
    pub limit_ms: i64,
    /// When it was recorded.
    #[serde(with = "rfc3339")]
    pub recorded_at: Micros,
}

/// A row of either kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEntry {
    /// A consent event.
    Event(Box<ConsentEvent>),
    /// A disclosure.
    Disclosure(Box<Disclosure>),
}

/// One row of a line with its place and, for a disclosure, how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineRow {
    /// Its number.
    pub sequence: i64,
    /// The hash of the row before.
    pub previous_hash: RowHash,
    /// Its own hash.
    pub hash: RowHash,
    /// What it says.
    pub entry: LineEntry,
    /// How the disclosure ended; none while it is open, and for an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<LineSettlement>,
}

/// How a disclosure ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineSettlement {
    /// Whether it left.
    pub state: SettlementState,
    /// The provider's request id.
    pub provider_request_id: Option<String>,
    /// When that was known.
    #[serde(with = "rfc3339")]
    pub settled_at: Micros,
}

/// A place in a person's line.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its number, from 1.
    pub sequence: i64,
    /// The hash of the row before; 32 zero bytes before the first.
    pub previous_hash: Vec<u8>,
}

impl ConsentEvent {
    /// What of it changes where the person stands.
    pub fn step(&self) -> Step<'_> {
        Step { event: self.id, action: self.action, pending: self.pending, basis: self.basis, coverage: &self.coverage }
    }

    /// When the person said it.
    pub fn said_at(&self) -> Micros {
        self.effective_from.unwrap_or(self.recorded_at)
    }

    /// Its hash in this place.
    pub fn hash(&self, place: &Place) -> [u8; 32] {
        let mut chain = Chain::at(place, if self.hash_version == 1 { "event" } else { "event 2" });
        chain
            .add(&self.id.to_string())
            .add(&self.cardholder_id.to_string())
            .add(self.action.as_str())
            .add(self.state.as_str())
            .add(self.channel.as_str())
            .add(&self.actor)
            .add(self.reference.as_deref().unwrap_or_default())
            .add(self.basis.map(Basis::as_str).unwrap_or_default())
            .add(self.notice_version.as_deref().unwrap_or_default())
            .add(&micros(self.informed_at))
            .add(&micros(Some(self.recorded_at)));
        if self.hash_version > 1 {
            self.add_second_version(&mut chain);
        }
        chain.end()
    }

    fn add_second_version(&self, chain: &mut Chain) {
        chain
            .add(&self.coverage.cards_text().unwrap_or_default())
            .add(self.coverage.purpose.map(Purpose::as_str).unwrap_or_default())
            .add(self.coverage.recipient.as_deref().unwrap_or_default())
            .add(if self.pending { "pending" } else { "" })
            .add(self.identity.map(|identity| identity.method.as_str()).unwrap_or_default())
            .add(self.identity.map(|identity| identity.outcome.as_str()).unwrap_or_default())
            .add(self.script_version.as_deref().unwrap_or_default())
            .add(self.language.map(Language::as_str).unwrap_or_default())
            .add(&micros(self.effective_from))
            .add(&self.corrects.map(|id| id.to_string()).unwrap_or_default())
            .add(&self.receipt_id.map(|id| id.to_string()).unwrap_or_default())
            .add(self.evidence_digest.as_deref().unwrap_or_default())
            .add(&self.approval_id.map(|id| id.to_string()).unwrap_or_default());
    }
}

impl Disclosure {
    /// Its hash in this place.
    pub fn hash(&self, place: &Place) -> [u8; 32] {
        let mut chain = Chain::at(place, if self.hash_version == 1 { "disclosure" } else { "disclosure 2" });
        chain
            .add(&self.id.to_string())
            .add(&self.cardholder_id.to_string())
            .add(&self.authentication_id.to_string())
            .add(&self.recipient)
            .add(self.purpose.as_str())
            .add(self.state.as_str())
            .add(&self.basis)
            .add(&self.consent_event_id.to_string())
            .add(&self.items.join(","))
            .add(&self.policies.join(","))
            .add(&self.bundle_digest)
            .add(&self.transform_version)
            .add(&self.key_id)
            .add(&self.body_digest)
            .add(&self.limit_ms.to_string())
            .add(&micros(Some(self.recorded_at)));
        if self.hash_version > 1 {
            chain.add(&self.card_id.map(|id| id.to_string()).unwrap_or_default());
            chain.add(if self.recipient_reuses { "reuses" } else { "" });
        }
        chain.end()
    }
}

impl LineEntry {
    /// About whom it is.
    pub fn cardholder_id(&self) -> CardholderId {
        match self {
            Self::Event(event) => event.cardholder_id,
            Self::Disclosure(disclosure) => disclosure.cardholder_id,
        }
    }

    /// Its hash in this place.
    pub fn hash(&self, place: &Place) -> [u8; 32] {
        match self {
            Self::Event(event) => event.hash(place),
            Self::Disclosure(disclosure) => disclosure.hash(place),
        }
    }
}

fn micros(at: Option<Micros>) -> String {
    at.map(|at| at.0.to_string()).unwrap_or_default()
}

/// SHA-256 over the row before, the sequence, and every field behind its length (8 bytes, big endian).
struct Chain(Sha256);

impl Chain {
    fn at(place: &Place, kind: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(&place.previous_hash);
        hasher.update(place.sequence.to_be_bytes());
        let mut chain = Self(hasher);
        chain.add(kind);
        chain
    }

    fn add(&mut self, field: &str) -> &mut Self {
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field.as_bytes());
        self
    }

    fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
