//! From a request that the solver found back to facts that the program could have gathered: the reverse of
//! [`translate`](crate::policy). What the request does not say, or says in a way that no facts can, is as in an ordinary purchase.

use std::collections::BTreeSet;

use cedar_policy_symcc::Env;
use serde_json::Value;

use crate::domain::assessment::{Answer, Assessment, NoAnswer, NotAsked, Recommendation, Signal};
use crate::domain::card::CardStatus;
use crate::domain::consent::ConsentState;
use crate::domain::facts::{
    ChallengeWish, DeliveryKind, EnrolmentState, Facts, LocationSource, Match, Method, OsFamily, Purpose, RecognisedBy,
};
use crate::domain::money::AMOUNT_MINOR_MAX;
use crate::policy::reference::Reference;

/// A country where the solver made up a word: abroad, and in no region that rules are likely to name.
const SOMEWHERE: &str = "US";

/// The facts that come nearest to a request.
pub(super) fn of(env: &Env, ordinary: &Facts, reference: &Reference) -> Facts {
    let context = env.request.context().and_then(|context| context.to_json_value().ok()).unwrap_or_default();
    let seen = Seen { context: &context, reference };
    let mut facts = ordinary.clone();
    seen.purchase(&mut facts);
    seen.card(&mut facts);
    seen.circumstances(&mut facts);
    seen.place(&mut facts);
    seen.velocity(&mut facts);
    seen.assessment(&mut facts);
    seen.entities(env, &mut facts);
    facts
}

/// The same with one amount, in yen where there is a rate: what a person expects to see of a purchase.
pub(super) fn with_one_amount(facts: &Facts) -> Facts {
    let mut aligned = facts.clone();
    let fits = |amount: &i64| (0..=AMOUNT_MINOR_MAX).contains(amount);
    if let Some(amount) = facts.purchase.amount_base_minor.filter(fits) {
        aligned.purchase.amount_minor = amount;
        aligned.purchase.currency = iso_currency::Currency::JPY;
    }
    aligned
}

struct Seen<'a> {
    context: &'a Value,
    reference: &'a Reference,
}

impl Seen<'_> {
    fn at(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(self.context, |value, name| value.get(name))
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_str()
    }

    fn long(&self, path: &str, into: &mut i64) {
        self.at(path).and_then(Value::as_i64).inspect(|value| *into = *value);
    }

    fn flag(&self, path: &str, into: &mut bool) {
        self.at(path).and_then(Value::as_bool).inspect(|value| *into = *value);
    }

    fn word<T>(&self, path: &str, parse: impl Fn(&str) -> Option<T>, into: &mut T) {
        if let Some(value) = self.text(path).and_then(parse) {
            *into = value;
        }
    }

    fn words<T: Ord>(&self, path: &str, parse: impl Fn(&str) -> Option<T>) -> BTreeSet<T> {
        let words = self.at(path).and_then(Value::as_array).into_iter().flatten();
        words.filter_map(Value::as_str).filter_map(parse).collect()
    }

    fn claimed(&self, path: &str, stated: &str) -> Option<i64> {
        self.at(stated)?.as_bool().filter(|stated| *stated)?;
        self.at(path)?.as_i64()
    }

    fn yes_no(&self, path: &str) -> Option<bool> {
        match self.text(path)? {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }

    fn purchase(&self, facts: &mut Facts) {
        let purchase = &mut facts.purchase;
        self.long("purchase.amount_minor", &mut purchase.amount_minor);
        if let Some(currency) = self.text("purchase.currency").and_then(iso_currency::Currency::from_code) {
            purchase.currency = currency;
        }
        let converted = self.at("purchase.converted").and_then(Value::as_bool);
        let base = self.at("purchase.amount_base_minor").and_then(Value::as_i64);
        match converted {
            Some(true) => purchase.amount_base_minor = base,
            Some(false) => (purchase.amount_base_minor, purchase.rate_date) = (None, None),
            None => {}
        }
        let instalments = self.at("purchase.instalments").and_then(Value::as_u64);
        if let Some(number) = instalments.and_then(|number| u16::try_from(number).ok()) {
            purchase.instalments = number;
        }
        self.flag("purchase.recurring", &mut purchase.recurring);
    }

    fn card(&self, facts: &mut Facts) {
        let card = &mut facts.card;
        self.flag("card.registration_eligible", &mut card.registration_eligible);
        self.flag("card.authentication_eligible", &mut card.authentication_eligible);
        self.flag("authentication_eligible", &mut card.authentication_eligible);
        self.word("card.status", CardStatus::parse, &mut card.status);
        self.long("card.age_days", &mut card.age_days);
        self.flag("card.expiry_matches", &mut card.expiry_matches);
        self.flag("card.blocked", &mut card.blocked);
        self.word("enrolment.state", EnrolmentState::parse, &mut facts.enrolment.state);
        if self.at("enrolment").is_some() {
            facts.enrolment.methods = self.words("enrolment.methods", Method::parse);
            facts.enrolment.usable_methods = self.words("enrolment.usable_methods", Method::parse);
        }
    }

    fn circumstances(&self, facts: &mut Facts) {
        self.long("received_at_seconds", &mut facts.received_at_seconds);
        if let Some(hour) = self.at("local_hour").and_then(Value::as_u64).and_then(|hour| u8::try_from(hour).ok()) {
            facts.local_hour = hour;
        }
        self.word("purpose", Purpose::parse, &mut facts.purpose);
        self.word("consent", ConsentState::parse, &mut facts.consent);
        self.word("challenge_wish", ChallengeWish::parse, &mut facts.challenge_wish);
        self.flag("vouched", &mut facts.vouched);
        if self.at("claims").is_some() {
            let claims = &mut facts.claims;
            claims.account_age_days = self.claimed("claims.account_age_days", "claims.account_age_stated");
            claims.password_age_days = self.claimed("claims.password_age_days", "claims.password_age_stated");
            claims.purchases_six_months = self.claimed("claims.purchases_six_months", "claims.purchases_stated");
            claims.first_purchase = self.yes_no("claims.first_purchase");
            claims.suspicious_activity = self.yes_no("claims.suspicious_activity");
            claims.reorder = self.yes_no("claims.reorder");
        }
        let matches = &mut facts.matches;
        self.word("matches.email", Match::parse, &mut matches.email);
        self.word("matches.phone", Match::parse, &mut matches.phone);
        self.word("matches.name", Match::parse, &mut matches.name);
        self.word("matches.billing_address", Match::parse, &mut matches.billing_address);
    }

    fn place(&self, facts: &mut Facts) {
        let delivery = &mut facts.delivery;
        self.word("delivery.kind", DeliveryKind::parse, &mut delivery.kind);
        self.flag("delivery.digital_goods", &mut delivery.digital_goods);
        self.word("delivery.billing_matches_shipping", Match::parse, &mut delivery.billing_matches_shipping);
        self.word("delivery.shipping_address_seen", Match::parse, &mut delivery.shipping_address_seen);
        if let Some(country) = self.text("delivery.shipping_country") {
            delivery.shipping_country = (country != "not_given").then(|| real(country));
        }
        let device = &mut facts.device;
        self.word("device.recognised_by", RecognisedBy::parse, &mut device.recognised_by);
        self.flag("device.known_to_card", &mut device.known_to_card);
        self.flag("device.first_party_session", &mut device.first_party_session);
        self.word("device.os_family", OsFamily::parse, &mut device.os_family);
        self.word("device.time_zone_matches_ip", Match::parse, &mut device.time_zone_matches_ip);
        if let Some(language) = self.text("device.language") {
            device.language = (language != "not_given").then(|| language.to_owned());
        }
        if self.at("device.ip_given").and_then(Value::as_bool) == Some(false) {
            device.ip = None;
        }
        if let Some(country) = self.text("location.country") {
            facts.location.country = (country != "unknown").then(|| self.located(country));
        }
        if self.text("location.prefecture") == Some("unknown") {
            facts.location.prefecture = None;
        }
        self.word("location.source", LocationSource::parse, &mut facts.location.source);
    }

    /// A country that lies in the regions that the request states, or the one that it names.
    fn located(&self, country: &str) -> String {
        let regions = self.words("location.regions", |region| Some(region.to_owned()));
        let countries = self.reference.countries();
        let inside = regions.iter().find_map(|region| countries.of_region(region).next());
        if regions.is_subset(countries.regions_of(country)) {
            real(country)
        } else {
            inside.unwrap_or(SOMEWHERE).to_owned()
        }
    }

    fn velocity(&self, facts: &mut Facts) {
        let velocity = &mut facts.velocity;
        for (window, count) in
            [("1h", &mut velocity.card_1h), ("24h", &mut velocity.card_24h), ("30d", &mut velocity.card_30d)]
        {
            self.long(&format!("velocity.card_{window}_count"), &mut count.count);
            self.long(&format!("velocity.card_{window}_sum"), &mut count.sum_base_minor);
        }
        self.long("velocity.cards_per_device_24h", &mut velocity.cards_per_device_24h);
        self.long("velocity.cards_per_ip_24h", &mut velocity.cards_per_ip_24h);
        self.long("velocity.failed_challenges_24h", &mut velocity.failed_challenges_24h);
        self.long("velocity.challenge_pages_24h", &mut velocity.challenge_pages_24h);
        self.flag("velocity.first_at_merchant", &mut velocity.first_at_merchant);
        let mut since = velocity.seconds_since_last.unwrap_or_default();
        self.long("velocity.seconds_since_last", &mut since);
        velocity.seconds_since_last = Some(since);
    }

    fn assessment(&self, facts: &mut Facts) {
        let Some(status) = self.text("assessment.status") else { return };
        let reason = self.text("assessment.reason").unwrap_or_default();
        let ordinarily = |assessment: Option<Assessment>| assessment.unwrap_or_else(|| facts.assessment.clone());
        facts.assessment = match status {
            "not_asked" => ordinarily(NotAsked::parse(reason).map(|reason| Assessment::NotAsked { reason })),
            "no_answer" => ordinarily(NoAnswer::parse(reason).map(|reason| Assessment::NoAnswer { reason })),
            _ => Assessment::Answered(self.answer()),
        };
    }

    fn answer(&self) -> Answer {
        let flag = |path: &str| self.at(path).and_then(Value::as_bool).unwrap_or_default();
        let recommendation = self.text("assessment.recommendation").and_then(Recommendation::parse);
        Answer {
            risk: self.at("assessment.risk").and_then(Value::as_i64),
            recommendation: recommendation.unwrap_or(Recommendation::None),
            signals: self.words("assessment.signals", Signal::parse).into_iter().collect(),
            device_known: flag("assessment.device_known"),
            degraded: flag("assessment.degraded"),
        }
    }

    fn entities(&self, env: &Env, facts: &mut Facts) {
        let ancestors = |uid: Option<&cedar_policy::EntityUid>, kind: &str| -> BTreeSet<String> {
            let found = uid.and_then(|uid| env.entities.ancestors(uid)).into_iter().flatten();
            let of_kind = found.filter(|entity| entity.type_name().to_string() == kind);
            of_kind.map(|entity| entity.id().unescaped().to_owned()).collect()
        };
        if let Some(programme) = ancestors(env.request.principal(), "Programme").into_iter().next() {
            facts.card.programme = programme;
        }
        let merchant = env.request.resource().filter(|uid| uid.type_name().to_string() == "Merchant");
        if merchant.is_none() {
            return;
        }
        facts.merchant.category_groups = ancestors(merchant, "CategoryGroup");
        facts.merchant.category_code = self.category(&facts.merchant.category_groups, &facts.merchant.category_code);
        let country = ancestors(merchant, "Country").into_iter().next();
        let regions = ancestors(merchant, "Region");
        let inside = regions.iter().find_map(|region| self.reference.countries().of_region(region).next());
        if let Some(country) = country.or_else(|| inside.map(str::to_owned)) {
            facts.merchant.country = country;
        }
    }

    /// A category code of exactly these groups; the ordinary one where there is none.
    fn category(&self, groups: &BTreeSet<String>, ordinary: &str) -> String {
        let fits = |code: &String| self.reference.category_groups(code) == *groups;
        let all = std::iter::once(ordinary.to_owned()).chain((0..10_000).map(|code| format!("{code:04}")));
        all.into_iter().find(fits).unwrap_or_else(|| ordinary.to_owned())
    }
}

fn real(country: &str) -> String {
    let code = country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase());
    if code { country.to_owned() } else { SOMEWHERE.to_owned() }
}
