//! Facts for tests, made from a list of choices so that a generator can shrink them.

use std::collections::BTreeSet;

use sekisho::domain::assessment::{Answer, Assessment, NoAnswer, NotAsked, Recommendation, Signal};
use sekisho::domain::card::CardStatus;
use sekisho::domain::consent::ConsentState;
use sekisho::domain::facts::{
    ChallengeWish, Count, DeliveryKind, EnrolmentState, Facts, LocationSource, Match, Method, OsFamily, Purpose,
    RecognisedBy,
};
use sekisho::policy::Reference;
use sekisho::policy::rehearsal::least;

/// How many choices one set of facts takes.
pub(crate) const CHOICES: usize = 64;

pub(crate) const MERCHANTS: [&str; 4] = ["mer_a", "mer_b", "mer_c", "mer_d"];

struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn number(&mut self) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0))
    }

    fn of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.number() % values.len()].clone()
    }

    fn yes(&mut self) -> bool {
        self.number().is_multiple_of(2)
    }

    /// Mostly the first value, so that not every purchase is hopeless.
    fn mostly<T: Clone>(&mut self, usual: T, values: &[T]) -> T {
        let number = self.number();
        if number < 240 { usual } else { values[number % values.len()].clone() }
    }

    fn some<T: Clone + Ord>(&mut self, values: &[T]) -> BTreeSet<T> {
        let bits = self.number();
        values.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).map(|(_, value)| value.clone()).collect()
    }
}

/// The facts of these choices.
pub(crate) fn facts(choices: &[u8], reference: &Reference) -> Facts {
    let mut c = Choices(choices.iter());
    let mut facts = least();
    facts.local_hour = c.of(&[0, 2, 5, 11, 23]);
    facts.purpose = c.mostly(Purpose::Payment, Purpose::ALL);
    let amount = c.of(&[0, 900, 5_000, 9_999, 10_001, 30_000, 30_001, 50_000, 50_001, 300_000, 300_001, 3_000_001]);
    facts.purchase.amount_minor = amount;
    facts.purchase.amount_base_minor = c.mostly(Some(amount), &[None]);
    facts.purchase.instalments = c.of(&[1, 3, 24]);
    facts.purchase.recurring = c.number() > 220;
    facts.merchant.id = c.of(&MERCHANTS).to_owned();
    facts.merchant.category_code = c.of(&["5411", "5818", "6051", "7995", "5732", "5942", "3050"]).to_owned();
    facts.merchant.category_groups = reference.category_groups(&facts.merchant.category_code);
    facts.merchant.country = c.mostly("JP", &["US", "IR", "ZZ"]).to_owned();
    let programme = c.of(&["classic", "gold", "prepaid_gift", "unheard_of"]);
    facts.card.programme = programme.to_owned();
    facts.card.registration_eligible = programme != "prepaid_gift";
    facts.card.authentication_eligible = c.mostly(true, &[false]);
    facts.card.status = c.mostly(CardStatus::Active, &CardStatus::ALL);
    facts.card.age_days = c.of(&[0, 6, 7, 900]);
    facts.card.expiry_matches = c.mostly(true, &[false]);
    facts.enrolment.state = c.of(EnrolmentState::ALL);
    facts.enrolment.methods = c.some(Method::ALL);
    facts.enrolment.usable_methods = facts.enrolment.methods.intersection(&c.some(Method::ALL)).copied().collect();
    facts.consent = c.of(ConsentState::ALL);
    facts.delivery.kind = c.of(DeliveryKind::ALL);
    facts.delivery.digital_goods = c.number() > 200;
    facts.delivery.shipping_country = c.of(&[None, Some("JP".to_owned()), Some("US".to_owned())]);
    facts.delivery.shipping_address_seen = c.of(Match::ALL);
    facts.claims.account_age_days = c.of(&[None, Some(0), Some(900)]);
    facts.claims.password_age_days = c.of(&[None, Some(0), Some(900)]);
    facts.claims.suspicious_activity = c.mostly(None, &[Some(true), Some(false)]);
    facts.device.recognised_by = c.of(RecognisedBy::ALL);
    facts.device.known_to_card = c.number() < 180;
    facts.device.os_family = c.of(OsFamily::ALL);
    facts.device.time_zone_matches_ip = c.mostly(Match::Yes, Match::ALL);
    facts.matches.name = c.mostly(Match::Yes, Match::ALL);
    facts.matches.email = c.mostly(Match::Yes, Match::ALL);
    facts.matches.phone = c.mostly(Match::Yes, Match::ALL);
    facts.matches.billing_address = c.mostly(Match::Yes, Match::ALL);
    facts.location.country = c.mostly(Some("JP".to_owned()), &[None, Some("TH".to_owned()), Some("KP".to_owned())]);
    facts.location.source = c.of(LocationSource::ALL);
    velocity(&mut facts, &mut c);
    facts.challenge_wish = c.mostly(ChallengeWish::NoPreference, ChallengeWish::ALL);
    facts.assessment = assessment(&mut c);
    facts.vouched = c.number() > 200;
    facts
}

fn velocity(facts: &mut Facts, c: &mut Choices<'_>) {
    let velocity = &mut facts.velocity;
    velocity.card_1h = Count { count: c.mostly(1, &[6, 31]), sum_base_minor: 900 };
    velocity.card_24h = Count { count: 3, sum_base_minor: c.mostly(900, &[500_001]) };
    velocity.cards_per_device_24h = c.mostly(1, &[3, 10]);
    velocity.cards_per_ip_24h = c.mostly(1, &[10]);
    velocity.failed_challenges_24h = c.mostly(0, &[1, 5]);
    velocity.challenge_pages_24h = c.mostly(0, &[4, 10]);
    velocity.first_at_merchant = c.yes();
    velocity.seconds_since_last = c.of(&[None, Some(5), Some(86_400)]);
}

fn assessment(c: &mut Choices<'_>) -> Assessment {
    let answer = Answer {
        risk: c.of(&[Some(0), Some(1_200), Some(3_999), Some(4_000), Some(9_500), None]),
        recommendation: c.mostly(Recommendation::Pass, Recommendation::ALL),
        signals: if c.yes() { Vec::new() } else { c.some(Signal::ALL).into_iter().collect() },
        device_known: c.yes(),
        degraded: c.number() > 200,
    };
    match c.number() % 4 {
        0 => Assessment::NotAsked { reason: c.of(NotAsked::ALL) },
        1 => Assessment::NoAnswer { reason: c.of(NoAnswer::ALL) },
        _ => Assessment::Answered(answer),
    }
}
