//! Rehearsal: the least and the most that facts can hold, asked once before a bundle is used.
//!
//! Requests are not held against the schema one by one: these two are, and every rule is evaluated on them.

mod words;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use iso_currency::Currency;

use super::assumption::{FILE, PREFIX};
use super::bundle::Bundle;
use super::decide::{broken_assumptions, decide, share, validate_requests};
use super::fault::{BundleErrors, Fault, line_with};
use crate::domain::assessment::{Answer, Assessment, NotAsked, RISK_MAX, Recommendation, Signal};
use crate::domain::card::CardStatus;
use crate::domain::consent::{ConsentState, DataClass};
use crate::domain::facts::{
    CardFacts, ChallengeWish, Claims, Count, DeliveryFacts, DeliveryKind, DeviceFacts, EnrolmentFacts, EnrolmentState,
    FACTS_VERSION, Facts, LocationFacts, LocationSource, Match, MatchFacts, MerchantFacts, Method, OsFamily,
    PurchaseFacts, Purpose, RecognisedBy, VelocityFacts,
};
use crate::domain::money::AMOUNT_MINOR_MAX;

/// Makes every request for the least and the most facts, holds it against the schema and evaluates every question.
pub(super) fn rehearse(bundle: &Bundle) -> Result<(), BundleErrors> {
    let mut faults = Vec::new();
    for facts in [least(), most()] {
        if let Err(error) = validate_requests(bundle, &facts) {
            let fault = Fault::new(super::schema::FILE, format!("facts do not fit the schema: {error}"));
            faults.push(fault.hint("the program and its schema disagree: this is not the bundle's fault"));
        }
        let shared = bundle.reference().recipients().flat_map(|recipient| {
            DataClass::ALL.iter().flat_map(|class| share(bundle, &facts, &recipient.id, *class).errors)
        });
        for error in decide(bundle, &facts).errors.into_iter().chain(shared) {
            if let Some(broken) = error.policy.strip_prefix(PREFIX) {
                faults.push(not_assumable(bundle, broken));
                continue;
            }
            let rule = bundle.rules().iter().find(|rule| rule.id == error.policy);
            let fault = match rule {
                Some(rule) => rule.fault(format!("cannot be evaluated: {}", error.message)),
                None => Fault::new("rules", error.message),
            };
            faults.push(fault.hint("bound its calculation: amounts reach 10^12 minor units and more in yen"));
        }
    }
    for facts in words::every_word() {
        let broken = broken_assumptions(bundle, &facts).unwrap_or_default();
        faults.extend(broken.iter().filter_map(|(id, _)| id.strip_prefix(PREFIX)).map(|id| not_assumable(bundle, id)));
    }
    BundleErrors::check(faults)
}

fn not_assumable(bundle: &Bundle, id: &str) -> Fault {
    let line = bundle.source().text(FILE).and_then(|text| line_with(text, &format!("@id(\"{id}\")")));
    let fault = Fault::new(FILE, format!("assumption `{id}`: does not hold of facts that the program gathers"));
    fault.line(line).hint("say less: every request is held against it, and one that breaks it is never approved")
}

/// The least that facts can hold: nothing optional is stated, numbers are at their lower bounds.
pub fn least() -> Facts {
    Facts {
        version: FACTS_VERSION,
        received_at_seconds: 0,
        local_hour: 0,
        purpose: Purpose::OtherNonPayment,
        purchase: PurchaseFacts {
            amount_minor: 0,
            currency: Currency::JPY,
            amount_base_minor: None,
            rate_date: None,
            instalments: 1,
            recurring: false,
        },
        merchant: MerchantFacts {
            id: String::new(),
            category_code: "0000".to_owned(),
            country: "ZZ".to_owned(),
            category_groups: BTreeSet::new(),
        },
        card: card("", CardStatus::Active, 0, false),
        enrolment: EnrolmentFacts {
            state: EnrolmentState::None,
            methods: BTreeSet::new(),
            usable_methods: BTreeSet::new(),
        },
        consent: ConsentState::Unknown,
        delivery: delivery(DeliveryKind::NotStated, false, None, Match::NotGiven),
        claims: Claims::default(),
        device: DeviceFacts {
            recognised_by: RecognisedBy::Nothing,
            known_to_card: false,
            first_party_session: false,
            os_family: OsFamily::Unknown,
            language: None,
            time_zone_matches_ip: Match::NotGiven,
            ip: None,
        },
        matches: matches(Match::NotGiven),
        location: LocationFacts { country: None, prefecture: None, source: LocationSource::Unknown },
        velocity: velocity(0, 1, None),
        challenge_wish: ChallengeWish::NoPreference,
        vouched: false,
        assessment: Assessment::NotAsked { reason: NotAsked::ConsentUnknown },
    }
}

/// The most that facts can hold: everything optional is stated, numbers are at their upper bounds.
pub fn most() -> Facts {
    let methods: BTreeSet<Method> = Method::ALL.iter().copied().collect();
    Facts {
        version: FACTS_VERSION,
        received_at_seconds: i64::from(u32::MAX),
        local_hour: 23,
        purpose: Purpose::Payment,
        purchase: PurchaseFacts {
            amount_minor: AMOUNT_MINOR_MAX,
            currency: Currency::KWD,
            amount_base_minor: Some(i64::MAX),
            rate_date: Some("2026-11-20".to_owned()),
            instalments: u16::MAX,
            recurring: true,
        },
        merchant: MerchantFacts {
            id: "mer_ffffffffffffffffffffffffffffffff".to_owned(),
            category_code: "9999".to_owned(),
            country: "JP".to_owned(),
            category_groups: ["everyday", "travel"].map(str::to_owned).into(),
        },
        card: card("classic", CardStatus::Stolen, i64::from(u32::MAX), true),
        enrolment: EnrolmentFacts {
            state: EnrolmentState::Complete,
            methods: methods.clone(),
            usable_methods: methods,
        },
        consent: ConsentState::Permitted,
        delivery: delivery(DeliveryKind::NewAddress, true, Some("JP".to_owned()), Match::Yes),
        claims: Claims {
            account_age_days: Some(i64::from(u32::MAX)),
            password_age_days: Some(i64::from(u32::MAX)),
            purchases_six_months: Some(i64::from(u32::MAX)),
            first_purchase: Some(true),
            suspicious_activity: Some(true),
            reorder: Some(true),
        },
        device: DeviceFacts {
            recognised_by: RecognisedBy::Cookie,
            known_to_card: true,
            first_party_session: true,
            os_family: OsFamily::Android,
            language: Some("ja".to_owned()),
            time_zone_matches_ip: Match::Yes,
            ip: Some(IpAddr::V6(Ipv6Addr::from_bits(u128::MAX))),
        },
        matches: matches(Match::Yes),
        location: LocationFacts {
            country: Some("JP".to_owned()),
            prefecture: Some("47".to_owned()),
            source: LocationSource::IpDatabase,
        },
        velocity: velocity(i64::from(u32::MAX), i64::from(u32::MAX), Some(i64::from(u32::MAX))),
        challenge_wish: ChallengeWish::ChallengeMandated,
        vouched: true,
        assessment: Assessment::Answered(Answer {
            risk: Some(RISK_MAX),
            recommendation: Recommendation::Reject,
            signals: Signal::ALL.to_vec(),
            device_known: true,
            degraded: true,
        }),
    }
}

fn card(programme: &str, status: CardStatus, age_days: i64, eligible: bool) -> CardFacts {
    CardFacts {
        programme: programme.to_owned(),
        registration_eligible: eligible,
        authentication_eligible: eligible,
        status,
        age_days,
        expiry_matches: eligible,
        blocked: eligible,
    }
}

fn delivery(kind: DeliveryKind, digital_goods: bool, shipping_country: Option<String>, seen: Match) -> DeliveryFacts {
    DeliveryFacts { kind, digital_goods, shipping_country, billing_matches_shipping: seen, shipping_address_seen: seen }
}

fn matches(answer: Match) -> MatchFacts {
    MatchFacts { email: answer, phone: answer, name: answer, billing_address: answer }
}

fn velocity(number: i64, with_this_one: i64, seconds_since_last: Option<i64>) -> VelocityFacts {
    let count = Count { count: with_this_one, sum_base_minor: if number == 0 { 0 } else { i64::MAX } };
    VelocityFacts {
        card_1h: count,
        card_24h: count,
        card_30d: count,
        cards_per_device_24h: number.min(100),
        cards_per_ip_24h: number.min(100),
        failed_challenges_24h: number,
        challenge_pages_24h: number,
        first_at_merchant: number == 0,
        seconds_since_last,
    }
}
