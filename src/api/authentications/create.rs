//! The request for an authentication: its shape on the wire, and the checks that make domain values of it.

use std::net::IpAddr;

use iso_currency::Currency;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::super::check::Check;
use super::super::problem::Problem;
use crate::domain::card::{CardNumber, Expiry};
use crate::domain::cardholder::Address;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::device::StatedDevice;
use crate::domain::facts::{ChallengeWish, Claims, DeliveryKind, Purpose};
use crate::domain::merchant::{Environment, Merchant, ReturnUrl};
use crate::domain::money::{AMOUNT_MINOR_MAX, Money};
use crate::flow::authenticate::AuthenticationRequest;
use crate::flow::authenticate::request::{StatedLocation, Typed};

/// Asks whether the buyer is the cardholder.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAuthenticationRequest {
    /// The merchant's own reference, 1 to 64 characters.
    pub merchant_reference: String,
    /// What the request is for.
    #[serde(default = "payment")]
    pub purpose: Purpose,
    /// The card.
    pub card: CardRequest,
    /// The purchase.
    pub purchase: PurchaseRequest,
    /// What the buyer typed, or the merchant has stored.
    #[serde(default)]
    pub cardholder: CardholderRequest,
    /// The buyer's device.
    #[serde(default)]
    pub device: DeviceRequest,
    /// Where the buyer is, by the merchant.
    #[serde(default)]
    pub location: Option<LocationRequest>,
    /// How the goods are delivered.
    #[serde(default)]
    pub delivery: DeliveryRequest,
    /// What the merchant says of the account and the purchase.
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// Wishes about a challenge.
    #[serde(default)]
    pub challenge: ChallengeRequest,
}

fn payment() -> Purpose {
    Purpose::Payment
}

/// The card as typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardRequest {
    /// The number: 12 to 19 digits.
    #[schema(example = "3528000000000007")]
    pub number: String,
    /// The last month of its validity, `YYYY-MM`.
    #[schema(example = "2029-11")]
    pub expiry: String,
}

impl std::fmt::Debug for CardRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardRequest(…)")
    }
}

/// The purchase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseRequest {
    /// The amount in the currency's minor unit, at most 10^12; more than 0 for a payment.
    #[schema(example = 12_800)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schema(example = "JPY")]
    pub currency: String,
    /// When the purchase was made, RFC 3339; the time of the request where it is left out.
    #[serde(default)]
    pub purchased_at: Option<String>,
    /// Instalments, 1 to 99.
    #[serde(default = "one")]
    pub instalments: u16,
    /// Whether it is a recurring payment.
    #[serde(default)]
    pub recurring: bool,
}

fn one() -> u16 {
    1
}

/// What the buyer typed. Compared with the record and then dropped.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CardholderRequest {
    /// The name, in any spelling.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The billing address.
    pub billing_address: Option<Address>,
    /// The shipping address.
    pub shipping_address: Option<Address>,
}

impl std::fmt::Debug for CardholderRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardholderRequest(…)")
    }
}

/// The buyer's device.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceRequest {
    /// The IP address.
    pub ip: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The `Accept-Language` header or a BCP 47 tag.
    pub language: Option<String>,
    /// The IANA time zone.
    pub time_zone: Option<String>,
    /// Width, height and colour depth: `1920x1080x24`.
    pub screen: Option<String>,
    /// The device session's id (`dev_…`), where our collection page was shown.
    pub session_id: Option<String>,
}

/// Where the buyer is, by the merchant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocationRequest {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// JIS X 0401 prefecture code, `01` to `47`.
    #[serde(default)]
    pub prefecture: Option<String>,
}

/// How the goods are delivered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeliveryRequest {
    /// The kind of delivery.
    pub kind: DeliveryKind,
    /// Whether the goods are digital.
    pub digital_goods: bool,
}

impl Default for DeliveryRequest {
    fn default() -> Self {
        Self { kind: DeliveryKind::NotStated, digital_goods: false }
    }
}

/// What the merchant says of the account and the purchase; claims, not facts.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimsRequest {
    /// Days since the account was opened.
    pub account_age_days: Option<i64>,
    /// Days since its password was changed.
    pub password_age_days: Option<i64>,
    /// Its purchases in the last six months.
    pub purchases_six_months: Option<i64>,
    /// Whether it is its first purchase.
    pub first_purchase: Option<bool>,
    /// Whether there was suspicious activity on it.
    pub suspicious_activity: Option<bool>,
    /// Whether the same goods were ordered before.
    pub reorder: Option<bool>,
}

/// Wishes about a challenge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChallengeRequest {
    /// What is wished.
    pub wish: ChallengeWish,
    /// Where the buyer returns to: one of the registered URLs, exactly.
    pub return_url: Option<String>,
    /// The language of the pages; the browser's where it is left out.
    pub language: Option<Language>,
}

impl Default for ChallengeRequest {
    fn default() -> Self {
        Self { wish: ChallengeWish::NoPreference, return_url: None, language: None }
    }
}

/// Makes domain values of a request, or says everything that is wrong with it.
pub(super) fn parse(
    request: CreateAuthenticationRequest,
    merchant: &Merchant,
    environment: Environment,
    idempotency_key: String,
    body_digest: [u8; 32],
    now: Micros,
) -> Result<AuthenticationRequest, Problem> {
    let mut check = Check::default();
    check.text("merchant_reference", &request.merchant_reference, 64);
    let number = check.result("card.number", CardNumber::parse(&request.card.number));
    let expiry = expiry(&mut check, &request.card.expiry, now);
    let money = money(&mut check, &request.purchase, request.purpose);
    let purchased_at = purchased_at(&mut check, request.purchase.purchased_at.as_deref(), now);
    check.that((1..=99).contains(&request.purchase.instalments), "purchase.instalments", "must be from 1 to 99");
    typed(&mut check, &request.cardholder);
    let device_session =
        request.device.session_id.as_ref().and_then(|id| check.result("device.session_id", id.parse()));
    let ip = request
        .device
        .ip
        .as_deref()
        .and_then(|ip| check.some("device.ip", ip.parse::<IpAddr>().ok(), "must be an IPv4 or IPv6 address"));
    let device = device(&mut check, request.device);
    location(&mut check, request.location.as_ref());
    let claims = claims(&mut check, &request.claims);
    let return_url = return_url(&mut check, request.challenge.return_url.as_deref(), merchant, environment);
    check.problem()?;
    let (Some(number), Some(expiry), Some(money), Some(purchased_at)) = (number, expiry, money, purchased_at) else {
        return Err(Problem::new(super::super::problem::Kind::Internal));
    };
    Ok(AuthenticationRequest {
        merchant: merchant.clone(),
        idempotency_key,
        body_digest,
        reference: request.merchant_reference,
        purpose: request.purpose,
        number,
        expiry,
        money,
        purchased_at,
        instalments: request.purchase.instalments,
        recurring: request.purchase.recurring,
        typed: Typed {
            name: request.cardholder.name,
            email: request.cardholder.email,
            phone: request.cardholder.phone,
            billing: request.cardholder.billing_address,
            shipping: request.cardholder.shipping_address,
        },
        device,
        ip,
        device_session,
        location: request.location.map(|at| StatedLocation { country: at.country, prefecture: at.prefecture }),
        delivery: request.delivery.kind,
        digital_goods: request.delivery.digital_goods,
        claims,
        challenge_wish: request.challenge.wish,
        return_url,
        language: request.challenge.language,
    })
}

fn expiry(check: &mut Check, text: &str, now: Micros) -> Option<Expiry> {
    let expiry = check.some("card.expiry", Expiry::parse(text), "must be a month `YYYY-MM`")?;
    check.that(!expiry.is_past(now), "card.expiry", "is in the past");
    Some(expiry)
}

fn money(check: &mut Check, purchase: &PurchaseRequest, purpose: Purpose) -> Option<Money> {
    let least = i64::from(purpose == Purpose::Payment);
    let fine = (least..=AMOUNT_MINOR_MAX).contains(&purchase.amount_minor);
    check.that(fine, "purchase.amount_minor", &format!("must be from {least} to {AMOUNT_MINOR_MAX}"));
    let currency = Currency::from_code(&purchase.currency);
    let currency = check.some("purchase.currency", currency, "must be an ISO 4217 code such as `JPY`")?;
    Some(Money { amount_minor: purchase.amount_minor, currency })
}

/// A purchase was made lately: a month ago at most, a day ahead for clocks that are wrong.
fn purchased_at(check: &mut Check, text: Option<&str>, now: Micros) -> Option<Micros> {
    let Some(text) = text else { return Some(now) };
    let path = "purchase.purchased_at";
    let at: Micros = check.some(path, text.parse::<jiff::Timestamp>().ok(), "must be a time in RFC 3339")?.into();
    let fine = (now.0 - 31 * Micros::DAY..=now.0 + Micros::DAY).contains(&at.0);
    check.that(fine, path, "must lie in the last 31 days");
    Some(at)
}

fn typed(check: &mut Check, cardholder: &CardholderRequest) {
    check.optional_text("cardholder.name", cardholder.name.as_ref(), 100);
    check.optional_text("cardholder.email", cardholder.email.as_ref(), 254);
    check.optional_text("cardholder.phone", cardholder.phone.as_ref(), 40);
    for (path, address) in [
        ("cardholder.billing_address", &cardholder.billing_address),
        ("cardholder.shipping_address", &cardholder.shipping_address),
    ] {
        if let Some(address) = address {
            super::super::check::address(check, path, address);
        }
    }
}

fn device(check: &mut Check, device: DeviceRequest) -> StatedDevice {
    check.optional_text("device.user_agent", device.user_agent.as_ref(), 1_024);
    check.optional_text("device.language", device.language.as_ref(), 200);
    check.optional_text("device.time_zone", device.time_zone.as_ref(), 64);
    check.optional_text("device.screen", device.screen.as_ref(), 32);
    StatedDevice {
        user_agent: device.user_agent,
        language: device.language,
        time_zone: device.time_zone,
        screen: device.screen,
    }
}

fn location(check: &mut Check, location: Option<&LocationRequest>) {
    let Some(location) = location else { return };
    check.country("location.country", &location.country);
    if let Some(prefecture) = &location.prefecture {
        let code = prefecture.parse::<u8>().ok().filter(|_| prefecture.len() == 2);
        let fine = code.is_some_and(|code| (1..=47).contains(&code)) && location.country == "JP";
        check.that(fine, "location.prefecture", "must be a JIS X 0401 code `01` to `47`, with the country `JP`");
    }
}

fn claims(check: &mut Check, claims: &ClaimsRequest) -> Claims {
    for (path, value) in [
        ("claims.account_age_days", claims.account_age_days),
        ("claims.password_age_days", claims.password_age_days),
        ("claims.purchases_six_months", claims.purchases_six_months),
    ] {
        check.that(value.is_none_or(|value| (0..=100_000).contains(&value)), path, "must be from 0 to 100000");
    }
    Claims {
        account_age_days: claims.account_age_days,
        password_age_days: claims.password_age_days,
        purchases_six_months: claims.purchases_six_months,
        first_purchase: claims.first_purchase,
        suspicious_activity: claims.suspicious_activity,
        reorder: claims.reorder,
    }
}

fn return_url(
    check: &mut Check,
    text: Option<&str>,
    merchant: &Merchant,
    environment: Environment,
) -> Option<ReturnUrl> {
    let path = "challenge.return_url";
    let url = check.result(path, ReturnUrl::parse(text?, environment))?;
    check.that(merchant.return_urls.contains(&url), path, "is not one of the merchant's registered return URLs");
    Some(url)
}

/// What an idempotency key's request is compared by: a keyed digest, since the body holds a card number.
pub(super) fn body_digest(app: &crate::app::App, canonical: &[u8]) -> [u8; 32] {
    app.keys.mac("idempotency", &[&Sha256::digest(canonical)])
}
