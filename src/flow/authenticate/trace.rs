//! What a request leaves to recognise it by: keyed digests of device, address and typed data.
//!
//! From here on the typed data are needed only for a disclosure; everything else works on the digests.

use std::net::IpAddr;

use jiff::tz::TimeZone;

use super::request::AuthenticationRequest;
use crate::app::App;
use crate::domain::cardholder::{normal_address, normal_email, normal_name, normal_phone};
use crate::domain::clock::Micros;
use crate::domain::device::StatedDevice;
use crate::domain::facts::{Match, RecognisedBy};
use crate::geo::Place;
use crate::store::device_sessions::DeviceSession;

/// The classes of a name's digests: one for each spelling of the record.
pub const NAME_CLASSES: [&str; 3] = ["name_kanji", "name_kana", "name_latin"];

/// Keyed digests and what is known of the device.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) device: StatedDevice,
    pub(super) device_digest: Option<[u8; 32]>,
    pub(super) recognised_by: RecognisedBy,
    pub(super) first_party: bool,
    pub(super) ip: Option<IpAddr>,
    pub(super) ip_digest: Option<[u8; 32]>,
    pub(super) place: Place,
    pub(super) time_zone_matches_ip: Match,
    pub(super) address_digest: Option<[u8; 32]>,
    pub(super) name_digests: Option<[[u8; 32]; 3]>,
    pub(super) email_digest: Option<[u8; 32]>,
    pub(super) phone_digest: Option<[u8; 32]>,
    pub(super) billing_digest: Option<[u8; 32]>,
}

impl Trace {
    pub(super) fn of(app: &App, request: &AuthenticationRequest, session: Option<&DeviceSession>, now: Micros) -> Self {
        let index = |class: &str, value: &str| app.keys.blind_index(class, value);
        let typed = &request.typed;
        let country = typed.billing.as_ref().map_or("JP", |address| address.country.as_str());
        let address = |address: &Option<_>| address.as_ref().and_then(normal_address);
        let device = merged(&request.device, session.map(|session| &session.stated));
        let (device_digest, recognised_by) = recognise(app, &device, session);
        let ip = request.ip.map(|ip| ip.to_canonical());
        let place = ip.zip(app.geo.as_ref()).map(|(ip, geo)| geo.place(ip)).unwrap_or_default();
        let time_zone_matches_ip = compare_zones(device.time_zone.as_deref(), place.time_zone.as_deref(), now);
        Self {
            device,
            device_digest,
            recognised_by,
            first_party: session.is_some_and(|session| session.opened_at.is_some()),
            ip,
            ip_digest: ip.map(|ip| index("ip", &ip.to_string())),
            place,
            time_zone_matches_ip,
            address_digest: address(&typed.shipping).map(|normal| index("address", &normal)),
            name_digests: typed
                .name
                .as_deref()
                .and_then(normal_name)
                .map(|name| NAME_CLASSES.map(|class| index(class, &name))),
            email_digest: typed.email.as_deref().and_then(normal_email).map(|email| index("email", &email)),
            phone_digest: typed
                .phone
                .as_deref()
                .and_then(|phone| normal_phone(phone, country))
                .map(|phone| index("phone", &phone)),
            billing_digest: address(&typed.billing).map(|normal| index("address", &normal)),
        }
    }
}

/// What our own page saw goes before what the merchant says.
fn merged(stated: &StatedDevice, seen: Option<&StatedDevice>) -> StatedDevice {
    let Some(seen) = seen else { return stated.clone() };
    let first = |seen: &Option<String>, stated: &Option<String>| seen.clone().or_else(|| stated.clone());
    StatedDevice {
        user_agent: first(&seen.user_agent, &stated.user_agent),
        language: first(&seen.language, &stated.language),
        time_zone: first(&seen.time_zone, &stated.time_zone),
        screen: first(&seen.screen, &stated.screen),
    }
}

fn recognise(app: &App, device: &StatedDevice, session: Option<&DeviceSession>) -> (Option<[u8; 32]>, RecognisedBy) {
    if let Some(cookie) = session.and_then(|session| session.cookie_digest.as_ref()) {
        return (Some(app.keys.blind_index("device_cookie", &hex::encode(cookie))), RecognisedBy::Cookie);
    }
    match device.attributes() {
        Some(attributes) => (Some(app.keys.blind_index("device_attributes", &attributes)), RecognisedBy::Attributes),
        None => (None, RecognisedBy::Nothing),
    }
}

/// Whether two zones have the same offset from UTC now.
fn compare_zones(stated: Option<&str>, by_ip: Option<&str>, now: Micros) -> Match {
    let offset = |name: &str| TimeZone::get(name).ok().map(|zone| zone.to_offset(now.timestamp()));
    match (stated.and_then(offset), by_ip.and_then(offset)) {
        (Some(stated), Some(by_ip)) if stated == by_ip => Match::Yes,
        (Some(_), Some(_)) => Match::No,
        _ => Match::NotGiven,
    }
}
