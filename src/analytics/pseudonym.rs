//! Pseudonyms: the form in which each datum leaves the house.
//!
//! A keyed token is HMAC-SHA-256 under a key of one recipient and one kind of field. The same value gives that recipient
//! the same token again and again; two recipients, or two services, cannot compare theirs. Knows nothing of any provider's
//! field names; a provider's own way of hashing is given to it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::disclosable::{Disclosable, major_units};
use crate::domain::datum::{Datum, Mode};

/// The version of the rules below; written into every disclosure that used them.
pub const PSEUDONYM_VERSION: &str = "2";

/// How a provider publishes that a datum is to be normalised and hashed; none where it publishes nothing for it, or the
/// value has no such form.
pub type PublishedHash = fn(Datum, &Disclosable) -> Option<String>;

/// The rules and the keys of one recipient.
pub struct Pseudonyms {
    active: RecipientKey,
    older: Vec<RecipientKey>,
    modes: BTreeMap<Datum, Mode>,
}

/// What a secret comes to for one recipient.
struct RecipientKey {
    id: String,
    key: Zeroizing<[u8; 32]>,
}

impl RecipientKey {
    fn derive((id, secret): (&str, &[u8; 32]), recipient: &str) -> Self {
        let key = mac(secret, format!("sekisho pseudonym recipient {recipient}").as_bytes());
        Self { id: id.to_owned(), key: Zeroizing::new(key) }
    }

    /// The keyed token of a normal form: 64 hexadecimal digits.
    fn token(&self, datum: Datum, normal: &str) -> String {
        let key = Zeroizing::new(mac(&self.key, field(datum).as_bytes()));
        hex::encode(mac(&key, normal.as_bytes()))
    }
}

impl Pseudonyms {
    /// The pseudonyms for one recipient. New tokens come from the `active` secret; the `older` ones find tokens again that
    /// were made before they were replaced. A datum without a mode is omitted.
    pub fn new<'a>(
        active: (&str, &[u8; 32]),
        older: impl IntoIterator<Item = (&'a str, &'a [u8; 32])>,
        recipient: &str,
        modes: BTreeMap<Datum, Mode>,
    ) -> Self {
        let older = older.into_iter().map(|secret| RecipientKey::derive(secret, recipient)).collect();
        Self { active: RecipientKey::derive(active, recipient), older, modes }
    }

    /// The id of the secret that new tokens come from.
    pub fn key_id(&self) -> &str {
        &self.active.id
    }

    /// The mode of a datum.
    pub fn mode(&self, datum: Datum) -> Mode {
        self.modes.get(&datum).copied().unwrap_or(Mode::Omit)
    }

    /// The value that leaves; none when it is omitted, was not given or cannot be brought into the mode's form.
    pub fn value(&self, datum: Datum, data: &Disclosable, published: PublishedHash) -> Option<String> {
        match self.mode(datum) {
            Mode::Omit => None,
            Mode::Plain => data.plain(datum),
            Mode::ProviderHash => published(datum, data),
            Mode::Keyed => data.normal(datum).map(|normal| self.active.token(datum, &normal)),
            Mode::Coarse => coarse(datum, data),
        }
    }

    /// The token that a normal form was given under the key with this id. None when the key is not there any more.
    pub fn token_under(&self, key_id: &str, datum: Datum, normal: &str) -> Option<String> {
        let mut keys = std::iter::once(&self.active).chain(&self.older);
        keys.find(|key| key.id == key_id).map(|key| key.token(datum, normal))
    }

    /// Whether the key with this id is there.
    pub fn knows_key(&self, key_id: &str) -> bool {
        self.active.id == key_id || self.older.iter().any(|key| key.id == key_id)
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
