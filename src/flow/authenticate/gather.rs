//! Facts from what was asked, what was found and what the bundle's reference data say. Pure.

use jiff::tz::TimeZone;

use super::request::{AuthenticationRequest, StatedLocation};
use super::trace::Trace;
use crate::domain::assessment::Assessment;
use crate::domain::cardholder::normal_address;
use crate::domain::clock::Micros;
use crate::domain::facts::{
    CardFacts, Count, DeliveryFacts, DeviceFacts, EnrolmentFacts, FACTS_VERSION, Facts, LocationFacts, LocationSource,
    Match, MatchFacts, MerchantFacts, Method, PurchaseFacts, VelocityFacts,
};
use crate::geo::Place;
use crate::policy::Reference;
use crate::policy::reference::Programme;
use crate::store::receive::{History, ReceivedCard};

/// The issuer's own time zone: the hour of day is taken in it.
const LOCAL_ZONE_SECONDS: i32 = 9 * 3_600;

/// Everything known before an analysis company is asked; `assessment` is what is known of its answer.
pub(super) fn facts(
    request: &AuthenticationRequest,
    trace: &Trace,
    card: &ReceivedCard,
    programme: &Programme,
    reference: &Reference,
    now: Micros,
    assessment: Assessment,
) -> Facts {
    Facts {
        version: FACTS_VERSION,
        received_at_seconds: now.unix_seconds(),
        local_hour: local_hour(now),
        purpose: request.purpose,
        purchase: purchase(request, reference),
        merchant: MerchantFacts {
            id: request.merchant.id.to_string(),
            category_code: request.merchant.category_code.clone(),
            country: request.merchant.country.clone(),
            category_groups: reference.category_groups(&request.merchant.category_code),
        },
        card: CardFacts {
            programme: card.programme.clone(),
            registration_eligible: programme.registration_eligible,
            authentication_eligible: programme.authentication_eligible,
            status: card.status,
            age_days: (now.0 - card.issued_at.0).max(0) / Micros::DAY,
            expiry_matches: card.expiry == request.expiry,
            blocked: card.blocked,
        },
        enrolment: enrolment(card, now),
        consent: card.consent,
        delivery: delivery(request, trace, card),
        claims: request.claims.clone(),
        device: device(trace, card),
        matches: matches(trace, card),
        location: location(&trace.place, request.location.as_ref()),
        velocity: velocity(&card.history, trace, now),
        challenge_wish: request.challenge_wish,
        vouched: card.vouch.is_some(),
        assessment,
    }
}

fn local_hour(now: Micros) -> u8 {
    let zone = jiff::tz::Offset::from_seconds(LOCAL_ZONE_SECONDS).map_or(TimeZone::UTC, TimeZone::fixed);
    u8::try_from(now.timestamp().to_zoned(zone).hour()).unwrap_or(0)
}

fn purchase(request: &AuthenticationRequest, reference: &Reference) -> PurchaseFacts {
    let base = reference.to_base(request.money);
    PurchaseFacts {
        amount_minor: request.money.amount_minor,
        currency: request.money.currency,
        amount_base_minor: base.map(|(amount, _)| amount),
        rate_date: base.map(|(_, date)| date.to_owned()),
        instalments: request.instalments,
        recurring: request.recurring,
    }
}

fn enrolment(card: &ReceivedCard, now: Micros) -> EnrolmentFacts {
    let complete = card.enrolment == crate::domain::facts::EnrolmentState::Complete;
    let reachable = card.contacts.iter().any(|(_, from)| *from <= now);
    let usable = |method: Method, until: &Option<Micros>| {
        complete && until.is_none_or(|until| until <= now) && (method != Method::Code || reachable)
    };
    EnrolmentFacts {
        state: card.enrolment,
        methods: card.methods.iter().map(|(method, _)| *method).collect(),
        usable_methods: card
            .methods
            .iter()
            .filter(|(method, until)| usable(*method, until))
            .map(|(method, _)| *method)
            .collect(),
    }
}

fn delivery(request: &AuthenticationRequest, trace: &Trace, card: &ReceivedCard) -> DeliveryFacts {
    let normal = |address: &Option<_>| address.as_ref().and_then(normal_address);
    let same = match (normal(&request.typed.billing), normal(&request.typed.shipping)) {
        (Some(billing), Some(shipping)) => yes_or_no(billing == shipping),
        _ => Match::NotGiven,
    };
    let seen = trace.address_digest.map_or(Match::NotGiven, |_| yes_or_no(card.history.familiar.address));
    DeliveryFacts {
        kind: request.delivery,
        digital_goods: request.digital_goods,
        shipping_country: request.typed.shipping.as_ref().map(|address| address.country.clone()),
        billing_matches_shipping: same,
        shipping_address_seen: seen,
    }
}

fn device(trace: &Trace, card: &ReceivedCard) -> DeviceFacts {
    DeviceFacts {
        recognised_by: trace.recognised_by,
        known_to_card: card.history.familiar.device,
        first_party_session: trace.first_party,
        os_family: trace.device.os_family(),
        language: trace.device.primary_language(),
        time_zone_matches_ip: trace.time_zone_matches_ip,
        ip: trace.ip,
    }
}

fn matches(trace: &Trace, card: &ReceivedCard) -> MatchFacts {
    let record = &card.record;
    let one = |typed: Option<[u8; 32]>, recorded: Option<&Vec<u8>>| match (typed, recorded) {
        (Some(typed), Some(recorded)) => yes_or_no(typed.as_slice() == recorded.as_slice()),
        _ => Match::NotGiven,
    };
    let name = match trace.name_digests {
        Some(digests) if !record.names.is_empty() => {
            yes_or_no(record.names.iter().any(|known| digests.iter().any(|typed| typed.as_slice() == known.as_slice())))
        }
        _ => Match::NotGiven,
    };
    MatchFacts {
        email: one(trace.email_digest, record.email.as_ref()),
        phone: one(trace.phone_digest, record.phone.as_ref()),
        name,
        billing_address: one(trace.billing_digest, record.address.as_ref()),
    }
}

fn location(place: &Place, stated: Option<&StatedLocation>) -> LocationFacts {
    if let Some(country) = &place.country {
        let prefecture = place.prefecture.clone();
        return LocationFacts { country: Some(country.clone()), prefecture, source: LocationSource::IpDatabase };
    }
    stated.map_or(LocationFacts { country: None, prefecture: None, source: LocationSource::Unknown }, |stated| {
        LocationFacts {
            country: Some(stated.country.clone()),
            prefecture: stated.prefecture.clone(),
            source: LocationSource::Merchant,
        }
    })
}

fn velocity(history: &History, trace: &Trace, now: Micros) -> VelocityFacts {
    let [requests_1h, requests_24h, requests_30d] = history.requests;
    let [sum_1h, sum_24h, sum_30d] = history.sums;
    let count = |count, sum_base_minor| Count { count, sum_base_minor };
    VelocityFacts {
        card_1h: count(requests_1h, sum_1h),
        card_24h: count(requests_24h, sum_24h),
        card_30d: count(requests_30d, sum_30d),
        cards_per_device_24h: trace.device_digest.map_or(0, |_| history.others_on_device + 1),
        cards_per_ip_24h: trace.ip_digest.map_or(0, |_| history.others_on_ip + 1),
        failed_challenges_24h: history.failed_challenges,
        challenge_pages_24h: history.challenge_pages,
        first_at_merchant: !history.familiar.merchant,
        seconds_since_last: history.last_at.map(|last| (now.0 - last.0).max(0) / Micros::SECOND),
    }
}

fn yes_or_no(same: bool) -> Match {
    if same { Match::Yes } else { Match::No }
}
