//! The engine: the index answers like Cedar itself, and what must hold of every decision holds.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sekisho::domain::assessment::{Assessment, NoAnswer, NotAsked};
use sekisho::domain::card::CardStatus;
use sekisho::domain::consent::{ConsentState, DataClass};
use sekisho::domain::facts::{Facts, Method};
use sekisho::domain::verdict::{EvaluationError, Outcome, Verdict};
use sekisho::policy::rehearsal::least;
use sekisho::policy::yardstick::{Query, Yardstick};
use sekisho::policy::{Bundle, BundleSource, decide, share};

use crate::facts::{CHOICES, MERCHANTS, facts};

fn shipped() -> Bundle {
    Bundle::build(BundleSource::shipped()).unwrap()
}

fn for_all_choices(cases: u32, property: impl Fn(&[u8])) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner
        .run(&vec(any::<u8>(), CHOICES), |choices| {
            property(&choices);
            Ok(())
        })
        .unwrap();
}

/// A rule named `id` in the folder of its question.
fn with_rule(source: BundleSource, question: &str, id: &str, rule: &str) -> BundleSource {
    let head = format!("@id(\"{id}\")\n@title(\"A rule\")\n@reason(\"card_lost\")\n@owner(\"tests\")\n");
    source.with(&format!("{question}/{id}.cedar"), &format!("{head}{rule}"))
}

/// Fails for a purchase in three instalments of at least two yen.
const FAILS: &str = "context.purchase.instalments == 3 && context.purchase.amount_minor * 9223372036854775807 > 0";

/// The shipped bundle with rules for every form of head, and some that fail.
fn every_form_of_head() -> BundleSource {
    let mut source = BundleSource::shipped();
    let principals = [
        "principal",
        "principal is Card",
        "principal in Programme::\"gold\"",
        "principal is Card in Programme::\"classic\"",
        "principal == Programme::\"gold\"",
    ];
    let resources = [
        "resource",
        "resource is Merchant",
        "resource == Merchant::\"mer_a\"",
        "resource in Merchant::\"mer_b\"",
        "resource in CategoryGroup::\"digital\"",
        "resource is Merchant in Country::\"JP\"",
        "resource in Region::\"asia\"",
        "resource in Category::\"5411\"",
    ];
    let conditions = ["context.purchase.instalments > 1", FAILS, "context.local_hour < 5"];
    for (question, action) in [
        ("approve", "action == Action::\"approve\""),
        ("challenge", "action == Action::\"challenge\""),
        ("authenticate", "action in Action::\"authenticate\""),
    ] {
        for (p, principal) in principals.iter().enumerate().filter(|(p, _)| *p < 4) {
            for (r, resource) in resources.iter().enumerate() {
                let effect = if (p + r) % 3 == 0 { "permit" } else { "forbid" };
                let condition = conditions[(p + r) % conditions.len()];
                let rule = format!("{effect} ({principal}, {action}, {resource}) when {{ {condition} }};");
                source = with_rule(source, question, &format!("{question}-{p}-{r}"), &rule);
            }
        }
    }
    let offer = format!("forbid (principal, action == Action::\"offer\", resource) when {{ {FAILS} }};");
    let share =
        "forbid (principal in Programme::\"gold\", action == Action::\"share\", resource == Recipient::\"tmx\");";
    with_rule(with_rule(source, "offer", "offer-fails", &offer), "share", "share-gold", share)
}

#[test]
fn the_index_answers_like_cedar_over_the_whole_set() {
    let bundle = Bundle::build(every_form_of_head()).unwrap_or_else(|errors| panic!("{errors}"));
    let yardstick = Yardstick::new(&bundle).unwrap();
    let queries = Query::all(&bundle);
    let asked = std::cell::Cell::new((0_u32, 0_u32, 0_u32, 0_u32));
    for_all_choices(1_000, |choices| {
        let facts = facts(choices, bundle.reference());
        for query in &queries {
            let prepared = yardstick.prepare(&facts, query).unwrap();
            let whole = yardstick.whole(&prepared);
            assert_eq!(yardstick.indexed(&prepared).unwrap(), whole, "{query:?}");
            let (all, yes, no, failed) = asked.get();
            let is = u32::from;
            let forbidden = is(!whole.permitted && !whole.determining.is_empty());
            asked.set((all + 1, yes + is(whole.permitted), no + forbidden, failed + is(!whole.errors.is_empty())));
        }
    });
    let (all, yes, no, failed) = asked.get();
    assert!(all >= 10_000, "{all} requests");
    assert!(yes > 500 && no > 500 && failed > 500, "one-sided: {yes} yes, {no} no, {failed} failed of {all}");
}

#[test]
fn whatever_may_be_approved_may_be_challenged() {
    let bundle = shipped();
    let yardstick = Yardstick::new(&bundle).unwrap();
    let permitted = |facts: &Facts, query| yardstick.whole(&yardstick.prepare(facts, &query).unwrap()).permitted;
    let approved = std::cell::Cell::new(0);
    for_all_choices(2_000, |choices| {
        let facts = facts(choices, bundle.reference());
        if permitted(&facts, Query::Approve) {
            approved.set(approved.get() + 1);
            assert!(permitted(&facts, Query::Challenge));
        }
    });
    assert!(approved.get() > 20, "only {} approved", approved.get());
}

fn severity(verdict: &Verdict) -> u8 {
    match verdict.outcome {
        Outcome::Approve => 0,
        Outcome::Challenge => 1,
        Outcome::Reject => 2,
    }
}

#[test]
fn being_opted_out_is_never_worse_than_the_providers_silence() {
    let bundle = shipped();
    for_all_choices(1_000, |choices| {
        let mut facts = facts(choices, bundle.reference());
        facts.consent = ConsentState::OptedOut;
        facts.assessment = Assessment::NotAsked { reason: NotAsked::OptedOut };
        let opted_out = decide(&bundle, &facts);
        for reason in NoAnswer::ALL {
            facts.consent = ConsentState::Permitted;
            facts.assessment = Assessment::NoAnswer { reason: *reason };
            let silent = decide(&bundle, &facts);
            assert!(severity(&opted_out) <= severity(&silent), "{reason:?}");
            if silent.outcome == opted_out.outcome {
                assert!(silent.methods.iter().all(|method| opted_out.methods.contains(method)));
            }
        }
    });
}

#[test]
fn somebodys_word_never_makes_worse_and_never_opens_what_is_closed() {
    let bundle = shipped();
    for_all_choices(1_000, |choices| {
        let mut facts = facts(choices, bundle.reference());
        facts.vouched = false;
        let without = decide(&bundle, &facts);
        facts.vouched = true;
        let with = decide(&bundle, &facts);
        assert!(severity(&with) <= severity(&without));
        let regions = |country: Option<&str>| bundle.reference().regions_of(country.unwrap_or("unknown"));
        let sanctioned = regions(facts.location.country.as_deref()).contains("sanctioned")
            || regions(Some(&facts.merchant.country)).contains("sanctioned");
        let above = facts.purchase.amount_base_minor.is_none_or(|amount| amount > 3_000_000);
        if facts.card.status != CardStatus::Active || sanctioned || above {
            assert_eq!(with.outcome, Outcome::Reject);
        }
    });
}

#[test]
fn nothing_is_shared_unless_consent_is_permitted_and_no_decision_fails() {
    let bundle = shipped();
    for_all_choices(300, |choices| {
        let facts = facts(choices, bundle.reference());
        assert_eq!(decide(&bundle, &facts).errors, []);
        for class in DataClass::ALL {
            let answer = share(&bundle, &facts, "tmx", *class);
            assert!(!answer.allowed || facts.consent == ConsentState::Permitted);
        }
    });
}

fn failing(question: &str) -> EvaluationError {
    EvaluationError {
        question: question.to_owned(),
        policy: "fails".to_owned(),
        message: "a calculation overflowed".to_owned(),
    }
}

/// A purchase that the shipped rules approve, in the three instalments that make [`FAILS`] fail.
fn ordinary() -> Facts {
    let mut facts = least();
    facts.merchant.id = MERCHANTS[0].into();
    facts.purchase.amount_minor = 900;
    facts.purchase.amount_base_minor = Some(900);
    facts.purchase.instalments = 3;
    facts.card.programme = "classic".into();
    facts.card.authentication_eligible = true;
    facts.card.expiry_matches = true;
    facts.card.age_days = 400;
    facts.device.known_to_card = true;
    facts.consent = ConsentState::Permitted;
    facts
}

#[test]
fn a_forbid_that_fails_makes_its_question_a_no_and_the_ladder_goes_on() {
    let approve = format!("forbid (principal, action == Action::\"approve\", resource) when {{ {FAILS} }};");
    let bundle = Bundle::build(with_rule(BundleSource::shipped(), "approve", "fails", &approve)).unwrap();
    let verdict = decide(&bundle, &ordinary());
    assert_eq!(verdict.outcome, Outcome::Challenge);
    assert_eq!(verdict.reasons, ["policy_error"]);
    assert_eq!(verdict.policies, ["fails"]);
    assert_eq!(verdict.errors, [failing("approve")]);

    let group = format!("forbid (principal, action in Action::\"authenticate\", resource) when {{ {FAILS} }};");
    let bundle = Bundle::build(with_rule(BundleSource::shipped(), "authenticate", "fails", &group)).unwrap();
    let verdict = decide(&bundle, &ordinary());
    assert_eq!(verdict.outcome, Outcome::Reject);
    assert_eq!(verdict.reasons, ["policy_error"]);
    assert_eq!(verdict.errors, [failing("approve"), failing("challenge")]);
}

#[test]
fn a_permit_that_fails_changes_nothing_but_is_reported() {
    let permit = format!("permit (principal, action == Action::\"approve\", resource) when {{ {FAILS} }};");
    let bundle = Bundle::build(with_rule(BundleSource::shipped(), "approve", "fails", &permit)).unwrap();
    let verdict = decide(&bundle, &ordinary());
    assert_eq!(verdict.outcome, Outcome::Approve);
    assert_eq!(verdict.policies, ["known-device"]);
    assert_eq!(verdict.errors, [failing("approve")]);
}

#[test]
fn a_method_whose_forbid_fails_is_not_offered() {
    let rule = format!(
        "forbid (principal, action == Action::\"offer\", resource == Method::\"password\") when {{ {FAILS} }};"
    );
    let bundle = Bundle::build(with_rule(BundleSource::shipped(), "offer", "fails", &rule)).unwrap();
    let mut facts = ordinary();
    facts.device.known_to_card = false;
    facts.enrolment.state = sekisho::domain::facts::EnrolmentState::Complete;
    facts.enrolment.methods = [Method::Password, Method::Code].into();
    facts.enrolment.usable_methods = facts.enrolment.methods.clone();
    let verdict = decide(&bundle, &facts);
    assert_eq!((verdict.outcome, verdict.methods.as_slice()), (Outcome::Challenge, [Method::Code].as_slice()));
    assert_eq!(verdict.errors, [failing("offer")]);
}

#[test]
fn data_is_not_shared_when_a_forbid_fails() {
    let rule = "forbid (principal, action == Action::\"share\", resource) when { context.data_class == \"device\" && \
                context.purpose == \"payment\" && resource.retention_days * 9223372036854775807 > 0 };";
    // The rehearsal would refuse the rule; only facts that it does not reach make this one fail.
    let rule = rule.replace("context.purpose == \"payment\"", "context.purpose == \"add_card\"");
    let bundle = Bundle::build(with_rule(BundleSource::shipped(), "share", "fails", &rule)).unwrap();
    let mut facts = ordinary();
    facts.purpose = sekisho::domain::facts::Purpose::AddCard;
    let answer = share(&bundle, &facts, "tmx", DataClass::Device);
    assert!(!answer.allowed);
    assert_eq!(answer.errors, [failing("share")]);
    assert!(share(&bundle, &facts, "tmx", DataClass::Location).allowed);
}

#[test]
fn sensitive_data_and_long_retention_are_held_back_by_the_register() {
    let register = BundleSource::shipped().text("reference/recipients.toml").unwrap().to_owned();
    let plain = ["keyed", "provider_hash"].iter().fold(register.clone(), |register, mode| {
        register.replace(&format!("identity = \"{mode}\""), "identity = \"plain\"")
    });
    let bundle = Bundle::build(BundleSource::shipped().with("reference/recipients.toml", &plain)).unwrap();
    let answer = share(&bundle, &ordinary(), "tmx", DataClass::Identity);
    assert_eq!((answer.allowed, answer.policies), (false, vec!["sensitive-abroad".to_owned()]));
    assert!(share(&bundle, &ordinary(), "minfraud", DataClass::Identity).allowed, "its basis is consent");
    let hashed = register.replace("identity = \"keyed\"", "identity = \"provider_hash\"");
    let bundle = Bundle::build(BundleSource::shipped().with("reference/recipients.toml", &hashed)).unwrap();
    let answer = share(&bundle, &ordinary(), "tmx", DataClass::Identity);
    assert_eq!((answer.allowed, answer.policies), (false, vec!["sensitive-abroad".to_owned()]));
    assert!(share(&bundle, &ordinary(), "minfraud", DataClass::Identity).allowed, "its basis is consent");

    let long = register.replace("retention_days = 365", "retention_days = 3650");
    let bundle = Bundle::build(BundleSource::shipped().with("reference/recipients.toml", &long)).unwrap();
    let answer = share(&bundle, &ordinary(), "tmx", DataClass::Device);
    assert_eq!((answer.allowed, answer.policies), (false, vec!["long-retention".to_owned()]));
}

#[test]
fn threads_decide_alike() {
    let bundle = shipped();
    let facts = ordinary();
    let expected = decide(&bundle, &facts);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..40).map(|_| scope.spawn(|| decide(&bundle, &facts))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}
