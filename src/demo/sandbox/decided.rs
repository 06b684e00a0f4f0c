//! A purchase decided by the live bundle as a real one is, with what its buyer then does in the challenge.

use std::collections::BTreeSet;

use super::analysis::assessment;
use super::chance::Chance;
use super::history::History;
use super::people::Person;
use super::purchase::{Buyer, Purchase};
use super::shops::Shop;
use crate::app::figures::Figures;
use crate::domain::assessment::{Assessment, NotAsked};
use crate::domain::authentication::{Authentication, Ending, Status};
use crate::domain::card::CardStatus;
use crate::domain::challenge::ChallengeState;
use crate::domain::consent::{ConsentState, DataClass};
use crate::domain::facts::{
    CardFacts, ChallengeWish, DeliveryFacts, DeviceFacts, EnrolmentFacts, FACTS_VERSION, Facts, LocationFacts,
    LocationSource, Match, MerchantFacts, PurchaseFacts, Purpose, RecognisedBy,
};
use crate::domain::label::Label;
use crate::domain::money::Money;
use crate::domain::policy_figure::FigureKind;
use crate::domain::reason;
use crate::domain::verdict::Verdict;
use crate::flow::result;
use crate::policy::{self, Bundle};
use crate::store::labels::Labelled;
use crate::store::sandbox::{Batch, PastChallenge};

/// The issuer's own time zone, as live facts have it.
const LOCAL_ZONE_HOURS: i64 = 9;
/// What the first visit and the whole challenge may take, seconds: the service's defaults.
const FIRST_VISIT_SECONDS: i64 = 30;
const TOTAL_SECONDS: i64 = 600;

/// What purchases are decided with.
pub(super) struct Desk<'a> {
    pub(super) seed: u64,
    pub(super) bundle: &'a Bundle,
    pub(super) shops: &'a [Shop],
    /// The recipients of the bundle's register that are asked.
    pub(super) recipients: &'a [String],
    /// How many of the decisions are labelled.
    pub(super) labelled: f64,
    /// Where decisions and the ends of challenges are counted.
    pub(super) figures: &'a Figures,
}

impl Desk<'_> {
    /// Decides a purchase, puts what is recorded of it into the batch, and the history on.
    pub(super) fn decide(&self, person: &Person, history: &mut History, purchase: &Purchase, into: &mut Batch) {
        let Some(shop) = self.shops.get(purchase.shop) else { return };
        let stream = [u64::from(person.number), purchase.at.0.unsigned_abs()];
        let mut chance = Chance::of(self.seed, "decided", stream);
        let mut facts = self.facts(person, history, purchase, shop);
        let permitted = person.consent == ConsentState::Permitted && self.may_share(&facts);
        facts.assessment = assessment(person, purchase, permitted, &mut chance);
        let verdict = policy::decide(self.bundle, &facts);
        self.figures.decided_then(purchase.at, &verdict, facts.assessment.word());
        let mut record = self.record(person, purchase, &facts, &verdict, shop);
        if record.status == Status::ChallengeRequired {
            let past = challenge(&mut record, purchase, &verdict, &mut chance);
            if past.visited_at.is_some() {
                history.challenged(person, past.created_at, past.state == ChallengeState::Failed);
            }
            let ended_at = record.finished_at.unwrap_or(purchase.at);
            self.figures.add_late(self.bundle.digest(), ended_at, FigureKind::Challenge, ended(past.state));
            into.challenges.push(past);
        }
        record.codes = Some(result::codes(self.bundle.reference(), record.status, &record.reasons));
        let finished_at = record.finished_at.unwrap_or(purchase.at);
        if record.status == Status::Approved {
            into.familiars.extend(history.passes(person, purchase, shop, finished_at));
        }
        if chance.is(self.labelled) {
            let label = if purchase.buyer.is_holder() { Label::Genuine } else { Label::Fraud };
            into.labels.push(Labelled { id: record.id, label, source: purchase.buyer.source().to_owned() });
        }
        into.authentications.push(record);
    }

    fn may_share(&self, facts: &Facts) -> bool {
        let any = |recipient: &String| {
            DataClass::ALL.iter().any(|class| policy::share(self.bundle, facts, recipient, *class).allowed)
        };
        self.recipients.iter().any(any)
    }

    fn facts(&self, person: &Person, history: &mut History, purchase: &Purchase, shop: &Shop) -> Facts {
        let reference = self.bundle.reference();
        let money = yen(purchase);
        let base = reference.to_base(money);
        let programme = reference.programme(person.programme);
        let seconds = purchase.at.unix_seconds();
        Facts {
            version: FACTS_VERSION,
            received_at_seconds: seconds,
            local_hour: u8::try_from((seconds / 3_600 + LOCAL_ZONE_HOURS).rem_euclid(24)).unwrap_or(0),
            purpose: Purpose::Payment,
            purchase: PurchaseFacts {
                amount_minor: money.amount_minor,
                currency: money.currency,
                amount_base_minor: base.map(|(amount, _)| amount),
                rate_date: base.map(|(_, date)| date.to_owned()),
                instalments: purchase.instalments,
                recurring: purchase.recurring,
            },
            merchant: MerchantFacts {
                id: shop.merchant.id.to_string(),
                category_code: shop.merchant.category_code.clone(),
                country: shop.merchant.country.clone(),
                category_groups: reference.category_groups(&shop.merchant.category_code),
            },
            card: CardFacts {
                programme: person.programme.to_owned(),
                registration_eligible: programme.is_some_and(|programme| programme.registration_eligible),
                authentication_eligible: programme.is_some_and(|programme| programme.authentication_eligible),
                status: CardStatus::Active,
                age_days: person.card_age_days,
                expiry_matches: purchase.expiry_matches,
                blocked: false,
            },
            enrolment: enrolment(person),
            consent: person.consent,
            delivery: delivery(history, purchase),
            claims: purchase.claims.clone(),
            device: device(history, purchase),
            matches: purchase.matches.clone(),
            location: LocationFacts {
                country: Some(purchase.network.country.to_owned()),
                prefecture: purchase.network.prefecture.clone(),
                source: LocationSource::IpDatabase,
            },
            velocity: history.request(person, purchase, shop, base.map_or(0, |(amount, _)| amount)),
            challenge_wish: ChallengeWish::NoPreference,
            vouched: false,
            assessment: Assessment::NotAsked { reason: NotAsked::ByPolicy },
        }
    }

    fn record(
        &self,
        person: &Person,
        purchase: &Purchase,
        facts: &Facts,
        verdict: &Verdict,
        shop: &Shop,
    ) -> Authentication {
        let status = Status::of_verdict(verdict, &facts.enrolment);
        let reasons = match status {
            Status::NotEnrolled => vec![reason::NOT_ENROLLED.to_owned()],
            Status::Unavailable => vec![reason::NO_USABLE_METHOD.to_owned()],
            _ => verdict.reasons.clone(),
        };
        Authentication {
            id: purchase.id,
            merchant_id: shop.merchant.id,
            merchant_reference: format!("order-{}", purchase.id.uuid().as_u128() & 0xffff_ffff),
            purpose: Purpose::Payment,
            money: yen(purchase),
            purchased_at: purchase.at,
            card_id: Some(person.card_id),
            card_last_four: super::settled::last_four(self.seed, person.number),
            status,
            ending: Ending::Decided,
            reasons,
            codes: None,
            bundle_digest: self.bundle.digest().to_owned(),
            // Facts and verdict are plain data; writing them cannot fail.
            facts: serde_json::to_string(facts).ok(),
            verdict: serde_json::to_string(verdict).ok(),
            vouch_id: None,
            return_url: None,
            device_digest: purchase.device.map(|device| device.digest.to_vec()),
            address_digest: purchase.shipping.address.map(Vec::from),
            created_at: purchase.at,
            finished_at: status.is_final().then(|| purchase.at.plus_millis(40)),
        }
    }
}

/// How the end of a challenge is counted.
fn ended(state: ChallengeState) -> &'static str {
    if state == ChallengeState::Expired { "timed_out" } else { state.as_str() }
}

fn yen(purchase: &Purchase) -> Money {
    Money { amount_minor: purchase.amount, currency: iso_currency::Currency::JPY }
}

fn enrolment(person: &Person) -> EnrolmentFacts {
    let complete = person.enrolment == crate::domain::facts::EnrolmentState::Complete;
    let usable = if complete { person.methods.clone() } else { BTreeSet::new() };
    EnrolmentFacts { state: person.enrolment, methods: person.methods.clone(), usable_methods: usable }
}

fn delivery(history: &History, purchase: &Purchase) -> DeliveryFacts {
    let shipping = &purchase.shipping;
    let seen = |address: &[u8; 32]| if history.knows("address", address) { Match::Yes } else { Match::No };
    DeliveryFacts {
        kind: shipping.kind,
        digital_goods: shipping.digital,
        shipping_country: shipping.country.map(str::to_owned),
        billing_matches_shipping: shipping.same_as_billing,
        shipping_address_seen: shipping.address.as_ref().map_or(Match::NotGiven, seen),
    }
}

fn device(history: &History, purchase: &Purchase) -> DeviceFacts {
    let device = purchase.device.as_ref();
    DeviceFacts {
        recognised_by: device.map_or(RecognisedBy::Nothing, |device| {
            if device.keeps_cookie && purchase.first_party { RecognisedBy::Cookie } else { RecognisedBy::Attributes }
        }),
        known_to_card: device.is_some_and(|device| history.knows("device", &device.digest)),
        first_party_session: device.is_some() && purchase.first_party,
        os_family: device.map_or(crate::domain::facts::OsFamily::Unknown, |device| device.os),
        language: device.map(|_| "ja".to_owned()),
        time_zone_matches_ip: device.map_or(Match::NotGiven, |_| purchase.network.time_zone),
        ip: Some(purchase.network.ip),
    }
}

/// What the buyer makes of the challenge: cardholders mostly pass it, others mostly do not.
fn challenge(
    record: &mut Authentication,
    purchase: &Purchase,
    verdict: &Verdict,
    chance: &mut Chance,
) -> PastChallenge {
    let [passed, failed, cancelled] = match purchase.buyer {
        Buyer::Holder => [0.93, 0.015, 0.025],
        Buyer::Takeover => [0.12, 0.48, 0.2],
        _ => [0.02, 0.38, 0.3],
    };
    let drawn = chance.between(0.0, 1.0);
    let (state, status, ending, code) = if drawn < passed {
        (ChallengeState::Passed, Status::Approved, Ending::Challenge, reason::CHALLENGE_PASSED)
    } else if drawn < passed + failed {
        (ChallengeState::Failed, Status::Rejected, Ending::Challenge, reason::CHALLENGE_FAILED)
    } else if drawn < passed + failed + cancelled {
        (ChallengeState::Cancelled, Status::Rejected, Ending::Cancelled, reason::CHALLENGE_CANCELLED)
    } else {
        (ChallengeState::Expired, Status::Rejected, Ending::TimedOut, reason::CHALLENGE_TIMED_OUT)
    };
    let at = purchase.at;
    let visited_at = (state != ChallengeState::Expired).then(|| at.plus_seconds(chance.whole(2, 20)));
    let seconds = if state == ChallengeState::Expired { FIRST_VISIT_SECONDS } else { chance.whole(25, 240) };
    record.status = status;
    record.ending = ending;
    record.reasons = vec![code.to_owned()];
    record.finished_at = Some(at.plus_seconds(seconds));
    PastChallenge {
        id: chance.id(at),
        authentication_id: record.id,
        token_digest: chance.bytes(),
        state,
        methods: verdict.methods.clone(),
        attempts: match state {
            ChallengeState::Passed => chance.whole(1, 2),
            ChallengeState::Failed => 3,
            _ => 0,
        },
        visited_at,
        first_visit_by: at.plus_seconds(FIRST_VISIT_SECONDS),
        expires_at: at.plus_seconds(TOTAL_SECONDS),
        created_at: at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Micros;

    #[test]
    fn a_local_hour_is_japans() {
        let midnight = Micros(1_763_996_400 * Micros::SECOND);
        assert_eq!((midnight.unix_seconds() / 3_600 + LOCAL_ZONE_HOURS).rem_euclid(24), 0);
    }
}
