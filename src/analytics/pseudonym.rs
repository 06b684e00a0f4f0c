//! Pseudonyms: the form in which each datum leaves the house.
//!
//! A keyed token is HMAC-SHA-256 under a key of one recipient and one kind of field. The same value gives that recipient
//! the same token again and again; two recipients, or two services, cannot compare theirs. Knows nothing of any provider's
//! field names.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::disclosable::{Disclosable, major_units};
use crate::domain::datum::{Datum, Mode};

/// The version of the rules below; written into every disclosure that used them.
pub const PSEUDONYM_VERSION: &str = "1";

/// The mode of a datum where the configuration names no other.
fn default_for(datum: Datum) -> Mode {
    match datum {
        Datum::Ip => Mode::Coarse,
        Datum::BillingCountry
        | Datum::ShippingCountry
        | Datum::OsFamily
        | Datum::Language
        | Datum::LocationCountry
        | Datum::LocationPrefecture
        | Datum::Amount
        | Datum::Currency
        | Datum::Merchant
        | Datum::Transaction
        | Datum::ProviderRequest
        | Datum::Outcome
        | Datum::OutcomeTime => Mode::Plain,
        _ => Mode::Keyed,
    }
}

/// The rules and the key of one recipient.
pub struct Pseudonyms {
    key: Zeroizing<[u8; 32]>,
    key_id: String,
    modes: BTreeMap<Datum, Mode>,
}

impl Pseudonyms {
    /// The pseudonyms for one recipient: its key is derived from `secret`, `modes` replace the defaults.
    pub fn new(secret: &[u8; 32], key_id: &str, recipient: &str, modes: &BTreeMap<Datum, Mode>) -> Self {
        let key = Zeroizing::new(mac(secret, format!("sekisho pseudonym recipient {recipient}").as_bytes()));
        Self { key, key_id: key_id.to_owned(), modes: modes.clone() }
    }

    /// The id of the secret that the tokens come from.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The mode of a datum.
    pub fn mode(&self, datum: Datum) -> Mode {
        self.modes.get(&datum).copied().unwrap_or_else(|| default_for(datum))
    }

    /// The value that leaves; none when it is omitted, was not given or cannot be brought into the mode's form.
    pub fn value(&self, datum: Datum, data: &Disclosable) -> Option<String> {
        match self.mode(datum) {
            Mode::Omit => None,
            Mode::Plain => data.given(datum),
            Mode::ProviderHash => None,
            Mode::Keyed => data.normal(datum).map(|normal| self.token(datum, &normal)),
            Mode::Coarse => coarse(datum, data),
        }
    }

    /// The keyed token of a normal form: 64 hexadecimal digits.
    fn token(&self, datum: Datum, normal: &str) -> String {
        let key = Zeroizing::new(mac(&self.key, field(datum).as_bytes()));
        hex::encode(mac(&key, normal.as_bytes()))
    }
}

/// The kind of field whose key a datum uses: an address is the same address for billing and for shipping.
fn field(datum: Datum) -> &'static str {
    let word = datum.as_str();
    word.strip_prefix("billing_").or_else(|| word.strip_prefix("shipping_")).unwrap_or(word)
}

fn coarse(datum: Datum, data: &Disclosable) -> Option<String> {
    match datum {
        Datum::Ip => data.ip().map(network),
        Datum::Amount => data.money().map(|money| major_units(band(money.amount_minor), money.exponent())),
        _ => data.normal(datum).map(|code| code.chars().take(3).collect()),
    }
}

/// The first address of the /24 (IPv4) or /48 (IPv6).
fn network(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & (u32::MAX << 8)).to_string(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 80)).to_string(),
    }
}

/// The lower end of the band 1, 2, 5, 10, 20, 50 … that an amount lies in.
fn band(amount_minor: i64) -> i64 {
    let amount = amount_minor.max(0);
    let unit = 10_i64.pow(amount.checked_ilog10().unwrap_or(0));
    [5, 2, 1].into_iter().map(|step| step * unit).find(|floor| *floor <= amount).unwrap_or(0)
}

/// HMAC-SHA-256 (RFC 2104). A key of 32 bytes is filled up to the block of 64, as the RFC has it.
fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut block = Zeroizing::new([0; 64]);
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}
