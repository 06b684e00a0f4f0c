//! Asking only the rules that differ changes nothing: held against whole decisions, over made-up facts and many edits.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sekisho::domain::assessment::{Assessment, NotAsked};
use sekisho::domain::facts::Facts;
use sekisho::domain::replay::Course;
use sekisho::domain::verdict::Verdict;
use sekisho::policy::replay::{NotReplayable, Redecided, Replay, Sharing};
use sekisho::policy::{Bundle, BundleSource, decide};

use crate::facts::{CHOICES, facts};
use crate::support::made_up::edited;

fn shipped() -> Arc<Bundle> {
    Arc::new(Bundle::build(BundleSource::shipped()).unwrap())
}

/// One rule changed, added or taken away; each in another question or another way.
fn edits() -> Vec<(&'static str, Bundle)> {
    let head = |id: &str| format!("@id(\"{id}\")\n@title(\"A rule\")\n@reason(\"card_lost\")\n@owner(\"tests\")\n");
    let added = |name: &'static str, file: &str, id: &str, rule: &str| {
        let source = BundleSource::shipped().with(file, &format!("{}{rule}", head(id)));
        (name, Bundle::build(source).unwrap_or_else(|errors| panic!("{name}: {errors}")))
    };
    let removed = |name: &'static str, file: &str| {
        (name, Bundle::build(BundleSource::shipped().without(file)).unwrap_or_else(|errors| panic!("{name}: {errors}")))
    };
    let two = BundleSource::shipped();
    let night = two.text("approve/night.cedar").unwrap().replace("night_purchase", "device_unknown");
    let ceiling = two.text("approve/large-amount.cedar").unwrap().replace("300000", "20000");
    let two = two.with("approve/night.cedar", &night).with("approve/large-amount.cedar", &ceiling);
    let moved = BundleSource::shipped();
    let text = moved.text("approve/unknown-device.cedar").unwrap();
    // Whoever is rejected is told why.
    let text = text.replace("\"approve\"", "\"challenge\"").replace("\"device_unknown\"", "\"card_lost\"");
    let moved = moved.without("approve/unknown-device.cedar").with("challenge/unknown-device.cedar", &text);
    vec![
        ("two rules at once", Bundle::build(two).unwrap()),
        ("a rule moved to another folder", Bundle::build(moved).unwrap()),
        added(
            "a rule that errs for some amounts",
            "approve/overflows.cedar",
            "overflows",
            "forbid (principal, action == Action::\"approve\", resource) when { context.purchase.instalments == 3 && \
             context.purchase.amount_minor * 9223372036854775807 > 0 };",
        ),
        ("a lower ceiling", edited("approve/large-amount.cedar", "300000", "20000")),
        ("a higher ceiling", edited("approve/large-amount.cedar", "300000", "900000")),
        ("a forbid that became narrower", edited("approve/unknown-device.cedar", "30000", "90000")),
        ("a permit that became wider", edited("approve/low-risk.cedar", "risk < 4000", "risk < 6000")),
        ("a permit that became narrower", edited("approve/known-device.cedar", "50000", "1000")),
        ("another reason", edited("approve/night.cedar", "night_purchase", "device_unknown")),
        ("a rule of merchants", edited("approve/gift-cards.cedar", "10000", "500")),
        ("a hard reject", edited("authenticate/card-testing.cedar", ">= 10", ">= 2")),
        (
            "a method",
            edited("offer/sent-code.cedar", "context.enrolment.state == \"complete\"", "!context.device.known_to_card"),
        ),
        removed("a forbid less", "approve/other-identity.cedar"),
        removed("a permit less", "approve/recurring-payment.cedar"),
        removed("a reject less", "authenticate/stolen-card.cedar"),
        removed("a method less", "offer/one-time-password.cedar"),
        added(
            "a challenge forbidden",
            "challenge/no-change.cedar",
            "no-change",
            "forbid (principal, action == Action::\"challenge\", resource) when { context.purchase.instalments > 1 };",
        ),
        added(
            "a rule of one merchant",
            "approve/one-shop.cedar",
            "one-shop",
            "forbid (principal, action == Action::\"approve\", resource == Merchant::\"mer_b\");",
        ),
        added(
            "a rule of one programme",
            "authenticate/gold.cedar",
            "gold",
            "forbid (principal in Programme::\"gold\", action in Action::\"authenticate\", resource) when { context.vouched };",
        ),
    ]
}

fn recorded(old: &Bundle, choices: &[u8]) -> (Facts, Verdict) {
    let facts = facts(choices, old.reference());
    let verdict = decide(old, &facts);
    (facts, verdict)
}

#[test]
fn the_shortcut_answers_as_the_whole_ladder_does_whatever_rule_is_edited() {
    let old = shipped();
    let edits = edits();
    let ways: Vec<Replay> = edits.iter().map(|(_, new)| Replay::between(Some(&old), new, false).unwrap()).collect();
    let counts = std::cell::RefCell::new(vec![(0_u32, 0_u32); edits.len()]);
    let config = Config { cases: 1_500, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let property = |choices: Vec<u8>| {
        let (facts, before) = recorded(&old, &choices);
        for (at, ((name, new), way)) in edits.iter().zip(&ways).enumerate() {
            let whole = decide(new, &facts);
            let replayed = way.decide(new, &[], &mut facts.clone(), &before).unwrap();
            assert_eq!(replayed.sharing, Sharing::Same, "{name}");
            match replayed.answer {
                Redecided::Stands => {
                    counts.borrow_mut()[at].0 += 1;
                    let standing = Verdict { bundle_digest: new.digest().to_owned(), ..before.clone() };
                    assert_eq!(standing, whole, "{name}: what was recorded does not stand");
                }
                Redecided::Decided(verdict) => {
                    counts.borrow_mut()[at].1 += 1;
                    assert_eq!(verdict, whole, "{name}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        Ok(())
    };
    runner.run(&vec(any::<u8>(), CHOICES), property).unwrap();
    let counts = counts.into_inner();
    let spared: u32 = counts.iter().map(|(stands, _)| stands).sum();
    let asked: u32 = counts.iter().map(|(_, asked)| asked).sum();
    assert!(spared > asked && asked > 1_000, "one-sided: {spared} spared, {asked} asked");
    for ((name, _), (stands, _)) in edits.iter().zip(&counts) {
        assert!(*stands > 0, "{name}: nothing is spared");
    }
}

#[test]
fn everything_is_asked_again_when_it_is_wanted_or_when_more_than_rules_differs() {
    let old = shipped();
    let source = BundleSource::shipped();
    let rates = source.text("reference/currencies.toml").unwrap().replace("numerator = 1", "numerator = 2");
    let other_rates = Bundle::build(source.with("reference/currencies.toml", &rates)).unwrap();
    for (new, ask_all) in [(&*old, true), (&other_rates, false)] {
        let way = Replay::between(Some(&old), new, ask_all).unwrap();
        let (facts, before) = recorded(&old, &[7; CHOICES]);
        let replayed = way.decide(new, &[], &mut facts.clone(), &before).unwrap();
        assert!(!matches!(replayed.answer, Redecided::Stands), "{replayed:?}");
    }
    let same = Replay::between(Some(&old), &old, false).unwrap();
    let (mut facts, before) = recorded(&old, &[7; CHOICES]);
    assert_eq!(same.decide(&old, &[], &mut facts, &before).unwrap().answer, Redecided::Stands);
}

#[test]
fn an_answer_that_was_given_while_a_rule_failed_is_asked_again() {
    let old = shipped();
    let same = Replay::between(Some(&old), &old, false).unwrap();
    let (mut facts, mut before) = recorded(&old, &[7; CHOICES]);
    before.errors.push(sekisho::domain::verdict::EvaluationError {
        question: "approve".to_owned(),
        policy: "night".to_owned(),
        message: "a fact is absent".to_owned(),
    });
    let replayed = same.decide(&old, &[], &mut facts, &before).unwrap();
    assert!(matches!(replayed.answer, Redecided::Decided(_)), "{replayed:?}");
}

#[test]
fn facts_of_another_version_are_read_or_left_out_and_never_guessed() {
    let old = shipped();
    let way = Replay::between(Some(&old), &old, true).unwrap();
    let (facts, before) = recorded(&old, &[7; CHOICES]);
    let at = |version| way.decide(&old, &[], &mut Facts { version, ..facts.clone() }, &before);
    assert!(at(1).is_ok());
    assert_eq!(at(0).unwrap_err(), NotReplayable::TooOld);
    assert_eq!(at(9).unwrap_err(), NotReplayable::TooNew);
}

/// A person who permits sharing, and a purchase that the company's word decides.
fn shared(old: &Bundle, assessment: Assessment) -> (Facts, Verdict) {
    let mut facts = sekisho::policy::rehearsal::least();
    facts.purpose = sekisho::domain::facts::Purpose::Payment;
    "classic".clone_into(&mut facts.card.programme);
    facts.card.authentication_eligible = true;
    facts.card.expiry_matches = true;
    facts.card.age_days = 400;
    "mer_a".clone_into(&mut facts.merchant.id);
    "JP".clone_into(&mut facts.merchant.country);
    facts.purchase.amount_minor = 8_000;
    facts.purchase.amount_base_minor = Some(8_000);
    facts.consent = sekisho::domain::consent::ConsentState::Permitted;
    facts.device.recognised_by = sekisho::domain::facts::RecognisedBy::Cookie;
    facts.enrolment.state = sekisho::domain::facts::EnrolmentState::Complete;
    facts.enrolment.methods = [sekisho::domain::facts::Method::Password].into();
    facts.enrolment.usable_methods = facts.enrolment.methods.clone();
    facts.assessment = assessment;
    let verdict = decide(old, &facts);
    (facts, verdict)
}

/// The shipped bundle, but nothing is shared of a purchase.
fn unshared() -> Bundle {
    edited(
        "share/permitted.cedar",
        "context.consent == \"permitted\"",
        "context.consent == \"permitted\" && context.purpose == \"add_card\"",
    )
}

/// A good answer of the company.
fn passed() -> Assessment {
    Assessment::Answered(sekisho::domain::assessment::Answer {
        risk: Some(100),
        recommendation: sekisho::domain::assessment::Recommendation::Pass,
        signals: Vec::new(),
        device_known: true,
        degraded: false,
    })
}

#[test]
fn another_configuration_is_not_the_new_bundles_doing() {
    let old = shipped();
    let source = BundleSource::shipped();
    let names = format!("{}\n# Nothing else.\n", source.text("reference/countries.toml").unwrap());
    let other_reference = Bundle::build(source.with("reference/countries.toml", &names)).unwrap();
    // Today's company is one that no bundle lets have anything; then it was another one.
    let today = ["nobody".to_owned()];
    for assessment in [passed(), Assessment::NotAsked { reason: NotAsked::ByPolicy }] {
        let (facts, before) = shared(&old, assessment);
        for (new, ask_all) in [(&*old, false), (&*old, true), (&other_reference, false)] {
            for recipients in [&today[..], &["tmx".to_owned()]] {
                let way = Replay::between(Some(&old), new, ask_all).unwrap();
                let mut again = facts.clone();
                let replayed = way.decide(new, recipients, &mut again, &before).unwrap();
                assert_eq!(replayed.sharing, Sharing::Same, "{recipients:?}");
                assert_eq!(again.assessment, facts.assessment);
                match replayed.answer {
                    Redecided::Stands => assert!(!ask_all),
                    Redecided::Decided(verdict) => assert_eq!(verdict, decide(new, &again)),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    // What the new bundle does is still seen, with everything asked again too.
    let new = unshared();
    let (mut facts, before) = shared(&old, passed());
    let way = Replay::between(Some(&old), &new, true).unwrap();
    assert_eq!(way.decide(&new, &["tmx".to_owned()], &mut facts, &before).unwrap().sharing, Sharing::NoLonger);
}

#[test]
fn sums_in_a_currency_that_nobody_can_tell_are_left_out() {
    let new = shipped();
    let (facts, before) = shared(&new, passed());
    let other = Arc::new(edited("reference/currencies.toml", "base = \"JPY\"", "base = \"XXX\""));
    assert_eq!(Replay::between(Some(&other), &new, false).err(), Some(NotReplayable::OtherBaseCurrency));
    let unknown = Replay::between(None, &new, false).unwrap();
    let of = |change: &dyn Fn(&mut Facts)| {
        let mut facts = facts.clone();
        change(&mut facts);
        unknown.decide(&new, &[], &mut facts, &before).map(|replayed| replayed.answer)
    };
    assert!(matches!(of(&|_| ()), Ok(Redecided::Decided(_))));
    let wrong = of(&|facts| facts.purchase.amount_base_minor = Some(50));
    assert_eq!(wrong.unwrap_err(), NotReplayable::OtherBaseCurrency);
    let foreign = of(&|facts| facts.purchase.currency = iso_currency::Currency::USD);
    assert_eq!(foreign.unwrap_err(), NotReplayable::BaseCurrencyUnknown);
}

#[test]
fn what_would_not_be_shared_is_decided_without_the_companys_answer() {
    let old = shipped();
    let new = unshared();
    let (mut facts, before) = shared(&old, passed());
    assert_eq!(Course::of(&before), Course::Approve);
    let way = Replay::between(Some(&old), &new, false).unwrap();
    let replayed = way.decide(&new, &["tmx".to_owned()], &mut facts, &before).unwrap();
    assert_eq!(replayed.sharing, Sharing::NoLonger);
    assert_eq!(facts.assessment, Assessment::NotAsked { reason: NotAsked::ByPolicy });
    assert_eq!(replayed.answer, Redecided::Decided(decide(&new, &facts)));
}

#[test]
fn what_would_be_shared_and_was_not_is_undetermined_between_the_best_and_the_worst_answer() {
    let new = shipped();
    let old = Arc::new(unshared());
    let (mut facts, before) = shared(&old, Assessment::NotAsked { reason: NotAsked::ByPolicy });
    let way = Replay::between(Some(&old), &new, false).unwrap();
    let replayed = way.decide(&new, &["tmx".to_owned()], &mut facts.clone(), &before).unwrap();
    assert_eq!(replayed.sharing, Sharing::Newly);
    let Redecided::Undetermined { best, worst } = replayed.answer else { panic!("{replayed:?}") };
    assert_eq!([Course::of(&best), Course::of(&worst)], [Course::Approve, Course::Reject]);

    // Whoever objected was not asked for a reason of her own: no bundle changes that.
    facts.assessment = Assessment::NotAsked { reason: NotAsked::OptedOut };
    let replayed = way.decide(&new, &["tmx".to_owned()], &mut facts, &before).unwrap();
    assert_eq!(replayed.sharing, Sharing::Same);
}
