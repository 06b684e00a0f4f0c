//! What a consent event is about: which cards, which purpose, which recipient.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Purpose;
use crate::domain::id::CardId;

/// What an event is about. What is not named is meant as a whole: all present and future cards, every purpose, every
/// recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// These cards only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cards: Option<BTreeSet<CardId>>,
    /// This purpose only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// This recipient only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}

impl Coverage {
    /// Everything about the person.
    pub fn everything() -> Self {
        Self::default()
    }

    /// Whether nothing is left out.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether all that `other` is about is meant here too.
    pub fn includes(&self, other: &Self) -> bool {
        let cards = match (&self.cards, &other.cards) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(ours), Some(theirs)) => theirs.is_subset(ours),
        };
        let purpose = self.purpose.is_none() || self.purpose == other.purpose;
        let recipient = self.recipient.is_none() || self.recipient == other.recipient;
        cards && purpose && recipient
    }

    /// Whether one sending falls under it. A sending whose card is not known falls under every choice of cards.
    pub fn covers(&self, card: Option<CardId>, purpose: Purpose, recipient: Option<&str>) -> bool {
        let cards = self.cards.as_ref().is_none_or(|cards| card.is_none_or(|card| cards.contains(&card)));
        cards
            && self.purpose.is_none_or(|own| own == purpose)
            && self.recipient.as_deref().is_none_or(|own| recipient.is_some_and(|recipient| own == recipient))
    }

    /// The cards as one text, sorted and with commas between; none where all are meant.
    pub fn cards_text(&self) -> Option<String> {
        let cards = self.cards.as_ref()?;
        Some(cards.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    }

    /// Reads what [`Self::cards_text`] wrote.
    pub fn parse_cards(text: &str) -> Option<BTreeSet<CardId>> {
        text.split(',').map(|id| id.parse().ok()).collect()
    }
}
