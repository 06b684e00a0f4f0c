//! What the demo's people and cards are to be, as the file says.

use serde::{Deserialize, Serialize};

use crate::domain::card::{CardNumber, CardNumberError, CardStatus, Expiry};
use crate::domain::cardholder::{Address, CardholderRecord};

const FILE: &str = include_str!("../seed.toml");

/// Everybody.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct People {
    #[serde(rename = "cardholder")]
    pub(in crate::demo) cardholders: Vec<CardholderPlan>,
}

/// One person with her cards.
#[derive(Clone, Deserialize)]
pub(in crate::demo) struct CardholderPlan {
    pub(in crate::demo) reference: String,
    /// Whether data about her may be shared.
    pub(in crate::demo) sharing: Sharing,
    /// Her record.
    #[serde(flatten)]
    pub(in crate::demo) record: CardholderRecord,
    #[serde(rename = "card")]
    pub(in crate::demo) cards: Vec<CardPlan>,
}

/// Whether data about a person may be shared.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::demo) enum Sharing {
    Permitted,
    OptedOut,
    Unknown,
}

/// One card.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct CardPlan {
    pub(in crate::demo) reference: String,
    number: String,
    expiry: String,
    pub(in crate::demo) programme: String,
    #[serde(default = "active")]
    pub(in crate::demo) status: CardStatus,
    pub(in crate::demo) issued_days_ago: i64,
    pub(in crate::demo) enrolment: Option<EnrolmentPlan>,
    /// What happened to it before the visitor comes.
    pub(in crate::demo) history: Option<History>,
    /// The device that the shop proposes for it.
    #[serde(default)]
    pub(in crate::demo) device: Device,
    /// The name that is typed, where it is not the holder's.
    pub(in crate::demo) typed_name: Option<String>,
    /// Where the goods go, where it is not the holder's address.
    pub(in crate::demo) new_address: Option<Address>,
    pub(in crate::demo) shows: Shows,
}

fn active() -> CardStatus {
    CardStatus::Active
}

/// A card's registration on the member site.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct EnrolmentPlan {
    pub(in crate::demo) password: String,
    pub(in crate::demo) personal_message: String,
    #[serde(default)]
    pub(in crate::demo) provisional: bool,
    #[serde(default = "yes")]
    pub(in crate::demo) terms_accepted: bool,
    /// Whether she has one-time passwords.
    #[serde(default)]
    pub(in crate::demo) one_time_password: bool,
    /// Where codes go by short message.
    pub(in crate::demo) telephone_for_codes: Option<String>,
}

fn yes() -> bool {
    true
}

/// What happened to a card before the visitor comes.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::demo) enum History {
    /// Many requests within the hour.
    Frequent,
    /// A purchase from its holder's own device.
    Familiar,
}

/// Which device buys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::demo) enum Device {
    /// The visitor's browser, seen by the service's own page.
    #[default]
    Browser,
    /// The cardholder's own telephone, as the shop states it.
    Own,
}

/// What a card is there to show.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct Shows {
    pub(in crate::demo) ja: String,
    pub(in crate::demo) en: String,
}

impl People {
    /// Reads the file that is compiled in.
    pub(in crate::demo) fn read() -> Result<Self, toml::de::Error> {
        toml::from_str(FILE)
    }

    /// Every card with its holder, in the order of the file.
    pub(in crate::demo) fn cards(&self) -> impl Iterator<Item = (&CardholderPlan, &CardPlan)> {
        self.cardholders.iter().flat_map(|holder| holder.cards.iter().map(move |card| (holder, card)))
    }

    /// The card with this reference.
    pub(in crate::demo) fn card(&self, reference: &str) -> Option<(&CardholderPlan, &CardPlan)> {
        self.cards().find(|(_, card)| card.reference == reference)
    }
}

impl CardholderPlan {
    /// The name in kanji.
    pub(in crate::demo) fn name(&self) -> &str {
        self.record.name_kanji.as_deref().unwrap_or_default()
    }

    /// The name in Latin letters.
    pub(in crate::demo) fn name_latin(&self) -> &str {
        self.record.name_latin.as_deref().unwrap_or_default()
    }
}

impl CardPlan {
    /// The number as printed.
    pub(in crate::demo) fn digits(&self) -> &str {
        &self.number
    }

    /// The number in groups of four, as on the card.
    pub(in crate::demo) fn grouped(&self) -> String {
        let digits: Vec<char> = self.number.chars().collect();
        let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join(" ")
    }

    /// The last four digits.
    pub(in crate::demo) fn last_four(&self) -> &str {
        self.number.get(self.number.len().saturating_sub(4)..).unwrap_or_default()
    }

    /// The expiry, `YYYY-MM`.
    pub(in crate::demo) fn expiry_text(&self) -> &str {
        &self.expiry
    }

    pub(super) fn number(&self) -> Result<CardNumber, CardNumberError> {
        CardNumber::parse(&self.number)
    }

    pub(super) fn expiry(&self) -> Result<Expiry, String> {
        Expiry::parse(&self.expiry).ok_or_else(|| format!("`{}` is not a month", self.expiry))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::cardholder::{normal_email, normal_phone};

    #[test]
    fn the_people_of_the_demo_are_many_and_every_datum_is_valid_in_form() {
        let people = People::read().unwrap();
        assert!(people.cardholders.len() >= 20);
        let numbers: BTreeSet<&str> = people.cards().map(|(_, card)| card.digits()).collect();
        assert_eq!(numbers.len(), people.cards().count());
        for (holder, card) in people.cards() {
            assert_eq!(card.number().map(|_| ()), Ok(()), "{}", card.reference);
            assert!(card.expiry().is_ok(), "{}", card.reference);
            assert!(normal_email(holder.record.email.as_deref().unwrap()).is_some(), "{}", holder.reference);
            assert!(normal_phone(holder.record.phone.as_deref().unwrap(), "JP").is_some(), "{}", holder.reference);
        }
    }
}
