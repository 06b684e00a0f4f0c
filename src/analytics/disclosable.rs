//! Data that may leave: what a purchase states, cut down to the permitted data classes.
//!
//! Knows the values of a purchase and their normal forms. There is no place in it for a card number or a record of the issuer's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use unicode_normalization::UnicodeNormalization;

use crate::domain::card::mentions_card_number;
use crate::domain::cardholder::{Address, normal_address, normal_email, normal_name, normal_phone};
use crate::domain::clock::Micros;
use crate::domain::consent::DataClass;
use crate::domain::datum::{Datum, Mode};
use crate::domain::device::StatedDevice;
use crate::domain::facts::OsFamily;
use crate::domain::id::{AuthenticationId, MerchantId};
use crate::domain::money::Money;

/// What a purchase states, before any question of permission.
#[derive(Clone, Debug, Default)]
pub struct PurchaseData {
    /// The name as typed.
    pub name: Option<String>,
    /// The e-mail address as typed.
    pub email: Option<String>,
    /// The telephone number as typed.
    pub phone: Option<String>,
    /// The billing address as typed.
    pub billing: Option<Address>,
    /// The shipping address as typed.
    pub shipping: Option<Address>,
    /// What the browser states about itself.
    pub device: StatedDevice,
    /// The identifier by which the device is recognised here.
    pub device_id: Option<String>,
    /// The IP address.
    pub ip: Option<IpAddr>,
    /// ISO 3166-1 alpha-2 of the location, where known.
    pub country: Option<String>,
    /// JIS X 0401 prefecture code of the location, where known.
    pub prefecture: Option<String>,
    /// Amount and currency.
    pub money: Option<Money>,
    /// The merchant.
    pub merchant: Option<MerchantId>,
    /// The authentication, for the provider a transaction.
    pub authentication: Option<AuthenticationId>,
    /// The provider's own profiling session, where a deployment declares one.
    pub profiling_session: Option<String>,
}

impl PurchaseData {
    /// The data of the permitted classes. The others are dropped here and cannot be had back.
    pub fn restricted_to(self, permitted: &BTreeSet<DataClass>) -> Disclosable {
        let may = |class| permitted.contains(&class);
        let (identity, address, device) = (may(DataClass::Identity), may(DataClass::Address), may(DataClass::Device));
        let (location, transaction) = (may(DataClass::Location), may(DataClass::Transaction));
        // The region in which a telephone number is read is no disclosure: it only chooses how to normalise.
        let phone_country = self.billing.as_ref().map(|billing| billing.country.clone()).unwrap_or_default();
        Disclosable {
            phone_country,
            data: Self {
                name: self.name.filter(|_| identity),
                email: self.email.filter(|_| identity),
                phone: self.phone.filter(|_| identity),
                billing: self.billing.filter(|_| address),
                shipping: self.shipping.filter(|_| address),
                device: if device { self.device } else { StatedDevice::default() },
                device_id: self.device_id.filter(|_| device),
                profiling_session: self.profiling_session.filter(|_| device),
                ip: self.ip.filter(|_| location),
                country: self.country.filter(|_| location),
                prefecture: self.prefecture.filter(|_| location),
                money: self.money.filter(|_| transaction),
                merchant: self.merchant.filter(|_| transaction),
                authentication: self.authentication.filter(|_| transaction),
            },
        }
    }
}

/// Data of the permitted classes and nothing else.
#[derive(Clone, Debug)]
pub struct Disclosable {
    data: PurchaseData,
    phone_country: String,
}

impl Disclosable {
    /// The provider's own profiling session, where device data may be shared and there is one.
    pub fn profiling_session(&self) -> Option<&str> {
        self.data.profiling_session.as_deref()
    }

    /// The IP address; a mapped IPv4 address as IPv4.
    pub fn ip(&self) -> Option<IpAddr> {
        self.data.ip.map(|ip| ip.to_canonical())
    }

    /// Amount and currency.
    pub fn money(&self) -> Option<Money> {
        self.data.money
    }

    /// The datum as it was given; none when it was not, or may not be shared.
    pub fn given(&self, datum: Datum) -> Option<String> {
        let data = &self.data;
        let text = match datum {
            Datum::Name => data.name.clone(),
            Datum::Email => data.email.clone(),
            Datum::Phone => data.phone.clone(),
            Datum::OsFamily => {
                Some(data.device.os_family()).filter(|f| *f != OsFamily::Unknown).map(|f| f.as_str().to_owned())
            }
            Datum::Language => data.device.primary_language(),
            Datum::DeviceId => data.device_id.clone(),
            Datum::Ip => self.ip().map(|ip| ip.to_string()),
            Datum::LocationCountry => data.country.clone(),
            Datum::LocationPrefecture => data.prefecture.clone(),
            Datum::Amount => data.money.map(|money| major_units(money.amount_minor, money.exponent())),
            Datum::Currency => data.money.map(|money| money.currency.code().to_owned()),
            Datum::Merchant => data.merchant.map(|id| id.to_string()),
            Datum::Transaction => data.authentication.map(|id| id.to_string()),
            _ => self.address(datum).and_then(|address| address_part(address, datum)),
        };
        text.filter(|text| !text.trim().is_empty())
    }

    /// The datum as it leaves where nothing disguises it: as given, but an e-mail address folded and a telephone number in
    /// E.164. None when it was not given, or no provider could read it.
    pub fn plain(&self, datum: Datum) -> Option<String> {
        let given = self.clean(datum)?;
        match datum {
            Datum::Email => deliverable(&given),
            Datum::Phone => normal_phone(&given, &self.phone_country),
            _ => Some(given),
        }
    }

    /// The datum as it was given, but for one that holds a card number, which nobody may get in any form.
    fn clean(&self, datum: Datum) -> Option<String> {
        let typed = !matches!(datum, Datum::Phone | Datum::DeviceId | Datum::Merchant | Datum::Transaction);
        self.given(datum).filter(|given| !(typed && mentions_card_number(given)))
    }

    /// The datum in the form that is the same however it was typed; none when it was not given or cannot be read.
    pub fn normal(&self, datum: Datum) -> Option<String> {
        let given = self.clean(datum)?;
        match datum {
            Datum::Name => normal_name(&given),
            Datum::Email => normal_email(&given),
            Datum::Phone => normal_phone(&given, &self.phone_country),
            Datum::BillingLine1 | Datum::ShippingLine1 => normal_address(self.address(datum)?),
            Datum::BillingPostalCode | Datum::ShippingPostalCode => postal_code(&given),
            _ if datum.class() == DataClass::Address => Some(folded(&given)),
            _ => Some(given),
        }
    }

    fn address(&self, datum: Datum) -> Option<&Address> {
        if datum.as_str().starts_with("billing") { self.data.billing.as_ref() } else { self.data.shipping.as_ref() }
    }
}

/// An e-mail address as typed, folded (NFKC), where it can be delivered to by RFC 5321. Old carrier addresses such as
/// `x..y@docomo.ne.jp` cannot, and providers refuse them.
fn deliverable(text: &str) -> Option<String> {
    let folded: String = text.trim().nfkc().collect();
    let (local, _) = folded.rsplit_once('@')?;
    let atoms =
        local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(|c| c.is_alphanumeric() || is_atext(c)));
    (atoms && normal_email(&folded).is_some()).then_some(folded)
}

/// The marks that an atom may hold (RFC 5322, 3.2.3).
fn is_atext(letter: char) -> bool {
    "!#$%&'*+-/=?^_`{|}~".contains(letter)
}

fn address_part(address: &Address, datum: Datum) -> Option<String> {
    match datum {
        Datum::BillingLine1 | Datum::ShippingLine1 => Some(address.line1.clone()),
        Datum::BillingLine2 | Datum::ShippingLine2 => address.line2.clone(),
        Datum::BillingCity | Datum::ShippingCity => address.city.clone(),
        Datum::BillingRegion | Datum::ShippingRegion => address.region.clone(),
        Datum::BillingPostalCode | Datum::ShippingPostalCode => Some(address.postal_code.clone()),
        Datum::BillingCountry | Datum::ShippingCountry => Some(address.country.to_ascii_uppercase()),
        _ => None,
    }
}

/// A time as it leaves: to the second, or to the minute where it is coarse; none where it is omitted.
pub(super) fn moment(at: Micros, mode: Mode) -> Option<String> {
    let timestamp = at.timestamp();
    match mode {
        Mode::Plain => Some(timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        Mode::Coarse => Some(timestamp.strftime("%Y-%m-%dT%H:%MZ").to_string()),
        Mode::ProviderHash | Mode::Keyed | Mode::Omit => None,
    }
}

fn postal_code(text: &str) -> Option<String> {
    let code: String = text.nfkc().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    (!code.is_empty()).then_some(code)
}

fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect()
}

/// An amount in the currency's major unit: `19.90` of 1990 with two digits.
pub(super) fn major_units(amount_minor: i64, exponent: u32) -> String {
    if exponent == 0 {
        return amount_minor.to_string();
    }
    let (scale, absolute) = (10_u64.pow(exponent), amount_minor.unsigned_abs());
    let sign = if amount_minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:0width$}", absolute / scale, absolute % scale, width = exponent as usize)
}
