//! A program and the bundle before it: rules written for the version of facts before go on to decide.

use sekisho::domain::assessment::{Answer, Assessment, Recommendation};
use sekisho::domain::card::CardStatus;
use sekisho::domain::facts::{FACTS_VERSION, Facts, Method};
use sekisho::domain::verdict::Outcome;
use sekisho::policy::rehearsal::{least, most};
use sekisho::policy::{Bundle, BundleSource, case, decide};

const SCHEMA_1: &str = include_str!("../../src/policy/schema/v1.cedarschema");

/// What is about the new facts alone.
const NEW: [&str; 7] = [
    "approve/vouched.cedar",
    "authenticate/blocked-card.cedar",
    "cases/member.yaml",
    "cases/vouched.yaml",
    "invariants/blocked-card-stays-blocked.cedar",
    "invariants/vouched-not-lost.cedar",
    "offer/passkey.cedar",
];

/// The shipped bundle as it would be for version 1: its schema, and rules that know nothing new.
pub(crate) fn version_1() -> BundleSource {
    let shipped = BundleSource::shipped();
    let manifest = shipped.text("bundle.toml").unwrap().replace("facts_version = 2", "facts_version = 1");
    let mut source = shipped.clone();
    for path in NEW {
        source = source.without(path);
    }
    for (path, text) in shipped.files().filter(|(path, _)| !NEW.contains(path)) {
        if text.contains("context.vouched") && path != "README.md" {
            source = source.with(path, &text.replace("context.vouched", "false"));
        }
    }
    source.with("bundle.toml", &manifest).with("schema.cedarschema", SCHEMA_1)
}

#[test]
fn a_bundle_for_the_version_before_is_sound_and_its_cases_come_out_as_stated() {
    let bundle = Bundle::build(version_1()).unwrap();
    assert_eq!((bundle.facts_version(), FACTS_VERSION), (1, 2));
    let report = case::run(&bundle).unwrap();
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    assert!(report.run > 90, "{}", report.run);
}

#[test]
fn rules_of_the_version_before_do_not_see_the_new_fact() {
    let (before, present) = (Bundle::build(version_1()).unwrap(), Bundle::build(BundleSource::shipped()).unwrap());
    let mut facts = Facts { vouched: true, ..least() };
    facts.purpose = sekisho::domain::facts::Purpose::Payment;
    facts.purchase.amount_base_minor = Some(0);
    (facts.card.authentication_eligible, facts.card.expiry_matches) = (true, true);
    facts.assessment = Assessment::Answered(Answer {
        risk: Some(9_900),
        recommendation: Recommendation::Reject,
        signals: Vec::new(),
        device_known: true,
        degraded: false,
    });
    assert_eq!(decide(&present, &facts).outcome, Outcome::Approve);
    let decided = decide(&before, &facts);
    assert_eq!((decided.outcome, decided.errors), (Outcome::Reject, Vec::new()));
}

#[test]
fn for_rules_of_the_version_before_a_blocked_card_is_a_stolen_one_and_passkeys_are_not_there() {
    let before = Bundle::build(version_1()).unwrap();
    let mut facts = least();
    facts.card.blocked = true;
    let decided = decide(&before, &facts);
    assert_eq!(decided.outcome, Outcome::Reject);
    assert!(decided.policies.contains(&"stolen-card".to_owned()), "{:?}", decided.policies);

    let mut facts = most();
    (facts.card.blocked, facts.card.status) = (false, CardStatus::Active);
    facts.enrolment.usable_methods = [Method::Passkey].into();
    assert!(!decide(&before, &facts).methods.contains(&Method::Passkey));
}

#[test]
fn each_version_is_held_against_its_own_schema() {
    let mixed = BundleSource::shipped().with("schema.cedarschema", SCHEMA_1);
    let refused = Bundle::build(mixed).unwrap_err().to_string();
    assert!(refused.contains("schema.cedarschema:1: the schema was edited"), "{refused}");
    let rule = "@id(\"extra\")\n@title(\"A rule\")\n@reason(\"card_lost\")\n@owner(\"tests\")\n\
                forbid (principal, action == Action::\"approve\", resource) when { context.vouched };";
    let refused = Bundle::build(version_1().with("approve/extra.cedar", rule)).unwrap_err().to_string();
    assert!(refused.contains("approve/extra.cedar"), "{refused}");
}

#[test]
fn facts_recorded_by_the_version_before_can_be_read() {
    for facts in [least(), most()] {
        let mut recorded = serde_json::to_value(&facts).unwrap();
        recorded.as_object_mut().unwrap().remove("vouched").unwrap();
        recorded["card"].as_object_mut().unwrap().remove("blocked").unwrap();
        recorded["version"] = 1.into();
        let read: Facts = serde_json::from_value(recorded).unwrap();
        let mut expected = Facts { version: 1, vouched: false, ..facts };
        expected.card.blocked = false;
        assert_eq!(read, expected);
    }
}
