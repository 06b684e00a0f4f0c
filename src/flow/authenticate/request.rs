//! A merchant's request, read and checked.

use std::net::IpAddr;

use crate::domain::card::{CardNumber, Expiry};
use crate::domain::cardholder::Address;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::device::StatedDevice;
use crate::domain::facts::{ChallengeWish, Claims, DeliveryKind, Purpose};
use crate::domain::id::DeviceSessionId;
use crate::domain::merchant::{Merchant, ReturnUrl};
use crate::domain::money::Money;

/// What a merchant asks.
#[derive(Debug)]
pub struct AuthenticationRequest {
    /// Who asks.
    pub merchant: Merchant,
    /// The value of `Idempotency-Key`.
    pub idempotency_key: String,
    /// SHA-256 of the canonical body.
    pub body_digest: [u8; 32],
    /// The merchant's own reference.
    pub reference: String,
    /// What for.
    pub purpose: Purpose,
    /// The card number, to be digested and forgotten.
    pub number: CardNumber,
    /// The expiry as typed.
    pub expiry: Expiry,
    /// The amount.
    pub money: Money,
    /// When the purchase was made.
    pub purchased_at: Micros,
    /// Instalments; 1 is a single payment.
    pub instalments: u16,
    /// Whether it is a recurring payment.
    pub recurring: bool,
    /// What the buyer typed.
    pub typed: Typed,
    /// What the browser states, by the merchant.
    pub device: StatedDevice,
    /// The buyer's address on the network, by the merchant.
    pub ip: Option<IpAddr>,
    /// Our own collection.
    pub device_session: Option<DeviceSessionId>,
    /// Where the merchant says the buyer is.
    pub location: Option<StatedLocation>,
    /// The kind of delivery.
    pub delivery: DeliveryKind,
    /// Whether the goods are digital.
    pub digital_goods: bool,
    /// What the merchant says of the account and the purchase.
    pub claims: Claims,
    /// What the merchant wishes about a challenge.
    pub challenge_wish: ChallengeWish,
    /// Where the buyer returns to.
    pub return_url: Option<ReturnUrl>,
    /// The language of the pages.
    pub language: Option<Language>,
}

/// Data about the buyer as typed at, or stored with, the merchant: matched, perhaps disclosed, then dropped.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The billing address.
    pub billing: Option<Address>,
    /// The shipping address.
    pub shipping: Option<Address>,
}

/// Where a merchant says the buyer is.
#[derive(Clone, Debug)]
pub struct StatedLocation {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// JIS X 0401 prefecture code.
    pub prefecture: Option<String>,
}
