//! The receipt of an objection: what was recorded, and what had been sent before.

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::challenge::Language;
use super::clock::Micros;
use super::consent::Channel;
use super::id::{ConsentEventId, DisclosureId, ReceiptId};

words! {
    /// For what an objection holds, as a receipt says it.
    ReceiptScope {
        /// For the person: all present and future cards.
        AllCards = "all_cards",
        /// For listed cards only.
        ListedCards = "listed_cards",
    }
}

/// What a cardholder is given about her objection. It holds no name, no address and no card number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// What she can name when she asks.
    pub id: ReceiptId,
    /// The event in her history.
    pub event_id: ConsentEventId,
    /// When it was recorded: from then on nothing more is sent.
    pub recorded_at: Micros,
    /// From when on she wanted it, where that is another time; it changes nothing about what was sent.
    pub effective_from: Micros,
    /// How it came.
    pub channel: Channel,
    /// For what it holds.
    pub scope: ReceiptScope,
    /// The recipient that it names; none: all of them.
    #[serde(default)]
    pub recipient: Option<String>,
    /// The language of the receipt.
    pub language: Language,
    /// What had been sent before, by recipient; empty: nothing.
    pub sent_before: Vec<SentBefore>,
    /// Sendings that had begun and whose end is not known: they may still have gone out.
    pub maybe_sent: Vec<DisclosureId>,
}

/// What one recipient had been sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentBefore {
    /// Its id in the bundle's register of recipients.
    pub recipient: String,
    /// How many times.
    pub count: u64,
    /// The last time.
    pub last_at: Micros,
}

/// What a cardholder is told when somebody objected in her name and was not identified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingNotice {
    /// The event in her history.
    pub event_id: ConsentEventId,
    /// When it was recorded: it protects from then on.
    pub recorded_at: Micros,
    /// How it came.
    pub channel: Channel,
    /// The language of the notice.
    pub language: Language,
}
