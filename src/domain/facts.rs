//! Facts: everything a policy may see about an authentication.
//!
//! Complete, versioned and serialisable, so that a decision can be repeated from the record alone.
//! They hold no card number, name, address, e-mail address or telephone number.

mod record;

use std::collections::BTreeSet;
use std::net::IpAddr;

use iso_currency::Currency;
use serde::{Deserialize, Serialize};

use super::assessment::{Assessment, words};
use super::card::CardStatus;
use super::consent::ConsentState;

/// The version of this shape. A bundle names the version that it is written for.
pub const FACTS_VERSION: u16 = 2;
/// The oldest version that a bundle may be written for: the one before.
pub const FACTS_VERSION_OLDEST: u16 = FACTS_VERSION - 1;

/// Everything a policy may see about one authentication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// [`FACTS_VERSION`] of the program that gathered them.
    pub version: u16,
    /// When the request was received, in seconds since the Unix epoch.
    pub received_at_seconds: i64,
    /// The hour of day at the issuer (Japan time), 0 to 23.
    pub local_hour: u8,
    /// What the request is for.
    pub purpose: Purpose,
    /// The purchase.
    pub purchase: PurchaseFacts,
    /// Who asks.
    pub merchant: MerchantFacts,
    /// The card.
    pub card: CardFacts,
    /// The card's registration and what it can prove with.
    pub enrolment: EnrolmentFacts,
    /// The cardholder's consent to sharing.
    pub consent: ConsentState,
    /// How the goods are delivered.
    pub delivery: DeliveryFacts,
    /// What the merchant says; claims, not facts.
    pub claims: Claims,
    /// The buyer's device.
    pub device: DeviceFacts,
    /// What was typed, compared with the record.
    pub matches: MatchFacts,
    /// Where the buyer is.
    pub location: LocationFacts,
    /// How often and how much lately.
    pub velocity: VelocityFacts,
    /// What the merchant wishes about a challenge.
    pub challenge_wish: ChallengeWish,
    /// Whether a staff person confirmed with the cardholder, lately and for this merchant, a purchase of this amount.
    /// Since version 2; facts of version 1 have nobody's word.
    #[serde(default)]
    pub vouched: bool,
    /// The analysis company's answer, or why there is none.
    pub assessment: Assessment,
}

words! {
    /// What a request is for.
    Purpose {
        /// A payment.
        Payment = "payment",
        /// A card is added to an account; no payment.
        AddCard = "add_card",
        /// Another check without a payment.
        OtherNonPayment = "other_non_payment",
    }
}

/// The purchase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurchaseFacts {
    /// The amount in minor units of `currency`.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The amount in minor units of the bundle's base currency, rounded up; absent when the bundle has no rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_base_minor: Option<i64>,
    /// The day of the rate that was used, `YYYY-MM-DD`; absent with the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_date: Option<String>,
    /// The number of instalments; 1 is a single payment.
    pub instalments: u16,
    /// Whether it is a recurring payment.
    pub recurring: bool,
}

/// The merchant, as registered here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantFacts {
    /// The merchant's id (`mer_…`).
    pub id: String,
    /// ISO 18245 merchant category code, four digits.
    pub category_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The groups of the bundle that the category code belongs to.
    #[serde(default)]
    pub category_groups: BTreeSet<String>,
}

/// The card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that rules name")]
#[serde(deny_unknown_fields)]
pub struct CardFacts {
    /// The programme's id in the bundle.
    pub programme: String,
    /// Whether the programme's cards can be registered on the member site.
    pub registration_eligible: bool,
    /// Whether the programme's cards can use this authentication.
    pub authentication_eligible: bool,
    /// The issuer's word on the card.
    pub status: CardStatus,
    /// Whole days since the card was issued.
    pub age_days: i64,
    /// Whether the typed expiry is the card's.
    pub expiry_matches: bool,
    /// Whether the cardholder blocked it herself: a purchase with it was not hers. Since version 2.
    #[serde(default)]
    pub blocked: bool,
}

/// The card's registration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentFacts {
    /// How far the registration has come.
    pub state: EnrolmentState,
    /// The methods the card has, whatever their state.
    #[serde(default)]
    pub methods: BTreeSet<Method>,
    /// The methods that can be used now (not locked, deliverable).
    #[serde(default)]
    pub usable_methods: BTreeSet<Method>,
}

words! {
    /// How far a card's registration on the member site has come.
    EnrolmentState {
        /// Not registered.
        None = "none",
        /// Registered; the terms are not accepted yet.
        Registered = "registered",
        /// Registered, terms accepted.
        Complete = "complete",
    }
}

words! {
    /// A way to prove that one is the cardholder.
    Method {
        /// The member's password, under the personal message.
        Password = "password",
        /// A time-based one-time password (RFC 6238).
        Totp = "totp",
        /// A code sent to a verified contact.
        Code = "code",
        /// A passkey (Web Authentication Level 3), on pages that are not in a frame. Since version 2.
        Passkey = "passkey",
    }
}

/// How the goods are delivered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFacts {
    /// The kind of delivery the merchant states.
    pub kind: DeliveryKind,
    /// Whether the goods are digital.
    pub digital_goods: bool,
    /// ISO 3166-1 alpha-2 of the shipping address, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_country: Option<String>,
    /// Whether billing and shipping address are the same.
    pub billing_matches_shipping: Match,
    /// Whether an earlier passed authentication of this card had this shipping address.
    pub shipping_address_seen: Match,
}

words! {
    /// How goods reach the buyer.
    DeliveryKind {
        /// To the billing address.
        BillingAddress = "billing_address",
        /// To another address on file at the merchant.
        AddressOnFile = "address_on_file",
        /// To a new address.
        NewAddress = "new_address",
        /// Picked up in a store.
        StorePickup = "store_pickup",
        /// By electronic delivery.
        Electronic = "electronic",
        /// A ticket or a booking; nothing is shipped.
        Ticket = "ticket",
        /// Not stated.
        NotStated = "not_stated",
    }
}

words! {
    /// The result of comparing a stated datum with a record.
    Match {
        /// It is the same.
        Yes = "yes",
        /// It is another.
        No = "no",
        /// It was not given, or there is no record to compare with.
        NotGiven = "not_given",
    }
}

/// What the merchant says about the buyer's account and the purchase. Claims: a rule may add doubt
/// because of them and should not take doubt away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Days since the buyer's account at the merchant was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_age_days: Option<i64>,
    /// Days since the account's password was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_age_days: Option<i64>,
    /// Purchases by the account in the last six months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchases_six_months: Option<i64>,
    /// Whether the merchant calls it the account's first purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_purchase: Option<bool>,
    /// Whether the merchant saw suspicious activity on the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicious_activity: Option<bool>,
    /// Whether the buyer ordered the same goods before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder: Option<bool>,
}

/// The buyer's device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceFacts {
    /// How the device was recognised.
    pub recognised_by: RecognisedBy,
    /// Whether an earlier passed authentication of this card came from it.
    pub known_to_card: bool,
    /// Whether our own collection page was opened for this purchase.
    pub first_party_session: bool,
    /// The family of its operating system.
    pub os_family: OsFamily,
    /// Primary BCP 47 language tag (`ja`), where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether the stated time zone is one of the IP address's country.
    pub time_zone_matches_ip: Match,
    /// The IP address, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
}

words! {
    /// How a device was recognised.
    RecognisedBy {
        /// By the random id in the cookie of our device page.
        Cookie = "cookie",
        /// By a keyed digest of what the browser states about itself.
        Attributes = "attributes",
        /// Too little was stated.
        Nothing = "nothing",
    }
}

words! {
    /// The family of an operating system.
    OsFamily {
        /// Android.
        Android = "android",
        /// iOS and iPadOS.
        Ios = "ios",
        /// Windows.
        Windows = "windows",
        /// macOS.
        Macos = "macos",
        /// Linux and `ChromeOS`.
        Linux = "linux",
        /// Something else.
        Other = "other",
        /// Not stated.
        Unknown = "unknown",
    }
}

/// What was typed at the merchant, compared with the cardholder's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchFacts {
    /// The e-mail address.
    pub email: Match,
    /// The telephone number.
    pub phone: Match,
    /// The name, in any of the record's spellings.
    pub name: Match,
    /// The billing address, by postal code and block digits.
    pub billing_address: Match,
}

/// Where the buyer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocationFacts {
    /// ISO 3166-1 alpha-2, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// JIS X 0401 prefecture code, `01` to `47`, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefecture: Option<String>,
    /// Where the statement comes from.
    pub source: LocationSource,
}

words! {
    /// Where a location comes from.
    LocationSource {
        /// From the IP address, by the configured database.
        IpDatabase = "ip_database",
        /// From the merchant.
        Merchant = "merchant",
        /// It is not known.
        Unknown = "unknown",
    }
}

/// How often and how much lately, this request included. Windows count whole hour buckets: the current one
/// and as many before it as the window has hours, so that a window is never shorter than it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VelocityFacts {
    /// The card in the last hour.
    pub card_1h: Count,
    /// The card in the last 24 hours.
    pub card_24h: Count,
    /// The card in the last 30 days.
    pub card_30d: Count,
    /// Distinct cards on this device in 24 hours, at most 100; 0 when the device is not recognised.
    pub cards_per_device_24h: i64,
    /// Distinct cards on this IP address in 24 hours, at most 100; 0 when none is given.
    pub cards_per_ip_24h: i64,
    /// Failed challenges of the card in 24 hours.
    pub failed_challenges_24h: i64,
    /// Challenge pages of the card opened in 24 hours.
    pub challenge_pages_24h: i64,
    /// Whether no earlier purchase of this card at this merchant was approved.
    pub first_at_merchant: bool,
    /// Seconds since the card's last request; absent for the first in 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_since_last: Option<i64>,
}

/// How often, and how much in minor units of the base currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// How many requests.
    pub count: i64,
    /// Their sum, minor units of the base currency; saturates.
    pub sum_base_minor: i64,
}

words! {
    /// What a merchant wishes about a challenge (EMV 3DS challenge indicator, simplified).
    ChallengeWish {
        /// Nothing.
        NoPreference = "no_preference",
        /// No challenge, if possible.
        NoChallenge = "no_challenge",
        /// A challenge, if possible.
        Challenge = "challenge",
        /// A challenge, since a rule demands one.
        ChallengeMandated = "challenge_mandated",
    }
}
