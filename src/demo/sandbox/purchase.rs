//! One purchase before anything is decided: who buys what from whom, with which device, and what of it is true.

use std::net::IpAddr;

use super::people::Device;
use crate::domain::clock::Micros;
use crate::domain::facts::{Claims, DeliveryKind, Match, MatchFacts};
use crate::domain::id::AuthenticationId;

/// Who buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Buyer {
    /// The cardholder.
    Holder,
    /// Somebody with a stolen number.
    StolenNumber,
    /// Somebody in her account at a merchant.
    Takeover,
    /// Somebody who tries many numbers.
    CardTesting,
    /// Somebody with numbers from a merchant whose data were taken.
    CompromisedMerchant,
}

impl Buyer {
    /// Where the label says that it is known from.
    pub(super) fn source(self) -> &'static str {
        match self {
            Self::Holder => "sandbox",
            Self::StolenNumber => "sandbox:stolen_number",
            Self::Takeover => "sandbox:takeover",
            Self::CardTesting => "sandbox:card_testing",
            Self::CompromisedMerchant => "sandbox:compromised_merchant",
        }
    }

    pub(super) fn is_holder(self) -> bool {
        self == Self::Holder
    }
}

/// Where the goods go.
#[derive(Clone, Debug)]
pub(super) struct Shipping {
    pub(super) kind: DeliveryKind,
    pub(super) digital: bool,
    pub(super) country: Option<&'static str>,
    /// The address; none where nothing is shipped.
    pub(super) address: Option<[u8; 32]>,
    pub(super) same_as_billing: Match,
}

/// Where the buyer is, by her network.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) ip: IpAddr,
    pub(super) digest: [u8; 32],
    pub(super) country: &'static str,
    pub(super) prefecture: Option<String>,
    /// Whether the device's time zone is one of its country.
    pub(super) time_zone: Match,
}

/// One purchase.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own about a purchase")]
pub(super) struct Purchase {
    pub(super) id: AuthenticationId,
    pub(super) at: Micros,
    /// The person's place in the list.
    pub(super) person: usize,
    /// The merchant's.
    pub(super) shop: usize,
    pub(super) amount: i64,
    pub(super) instalments: u16,
    pub(super) recurring: bool,
    pub(super) buyer: Buyer,
    /// Whether somebody else takes care to leave few traces.
    pub(super) quiet: bool,
    /// The device; none where nothing was stated about it.
    pub(super) device: Option<Device>,
    pub(super) first_party: bool,
    pub(super) network: Network,
    pub(super) shipping: Shipping,
    pub(super) claims: Claims,
    pub(super) matches: MatchFacts,
    pub(super) expiry_matches: bool,
    /// Distinct cards on the device and on the address in a day, this one included.
    pub(super) cards_around: [i64; 2],
}

/// What was typed is what is recorded.
pub(super) fn all_match() -> MatchFacts {
    MatchFacts { email: Match::Yes, phone: Match::Yes, name: Match::Yes, billing_address: Match::Yes }
}
