//! A program and the bundle before it: rules written for the version of facts before go on to decide.

use std::sync::Arc;

use sekisho::domain::assessment::{Answer, Assessment, Recommendation};
use sekisho::domain::card::CardStatus;
use sekisho::domain::facts::{FACTS_VERSION, Facts, Method};
use sekisho::domain::id::AuthenticationId;
use sekisho::domain::verdict::Outcome;
use sekisho::flow::explain::{ExplainError, recorded};
use sekisho::flow::replay::{Change, Listener, Progress, SAMPLE_WHOLE, Selection, replay};
use sekisho::policy::rehearsal::{least, most};
use sekisho::policy::{Bundle, BundleSource, case, decide};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::staff::agent;

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

/// What version 2 brought may be absent from a record of version 1 alone.
#[test]
fn a_record_without_what_its_version_has_is_unreadable_and_never_guessed() {
    for facts in [least(), most()] {
        let whole = serde_json::to_value(&facts).unwrap();
        assert_eq!(Facts::of_record(&whole.to_string()).unwrap(), facts);
        let (mut unvouched, mut unblocked) = (whole.clone(), whole);
        unvouched.as_object_mut().unwrap().remove("vouched").unwrap();
        unblocked["card"].as_object_mut().unwrap().remove("blocked").unwrap();
        for (mut record, name) in [(unvouched, "vouched"), (unblocked, "card.blocked")] {
            let error = Facts::of_record(&record.to_string()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("missing field `{name}`")), "{error}");
            record["version"] = 1.into();
            assert_eq!(Facts::of_record(&record.to_string()).unwrap().version, 1);
        }
    }
}

/// Takes what version 2 brought out of the facts of a stored decision.
async fn store_as_version(deployment: &Deployment, id: &str, version: u16) {
    let id: AuthenticationId = id.parse().unwrap();
    let stored = deployment.app.store.any_authentication(id).await.unwrap().unwrap();
    let mut facts: serde_json::Value = serde_json::from_str(stored.facts.as_deref().unwrap()).unwrap();
    facts.as_object_mut().unwrap().remove("vouched").unwrap();
    facts["card"].as_object_mut().unwrap().remove("blocked").unwrap();
    facts["version"] = version.into();
    let sql = "UPDATE authentications SET facts = $1 WHERE id = $2";
    deployment.tables.run(sql, vec![facts.to_string().into(), id.uuid().into()]).await.unwrap();
}

struct Quiet;

impl Listener for Quiet {
    fn page(&mut self, _: &[Change], _: &Progress) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_row_of_version_1_is_replayed_and_a_torn_one_of_version_2_is_counted_as_unreadable() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(deployment.buys(&card, &json!({})).await["id"].as_str().unwrap().to_owned());
        }
        store_as_version(deployment, &ids[0], 1).await;
        store_as_version(deployment, &ids[1], 2).await;
        let all = Selection { from: None, to: None, merchant: None, sample: SAMPLE_WHOLE, ask_all: true };
        let new = Arc::new(Bundle::build(BundleSource::shipped()).unwrap());
        let (mut progress, stop) = (Progress::default(), CancellationToken::new());
        assert!(replay(&deployment.app, new, &all, &mut progress, &mut Quiet, &stop).await.unwrap());
        assert_eq!(progress.tally.skipped, [("facts_unreadable".to_owned(), 1)].into());
        assert_eq!(progress.tally.replayed(), 2, "the row of version 1, and the one that nobody touched");
        let torn = recorded(&deployment.app, &agent(), ids[1].parse().unwrap()).await.unwrap_err();
        assert!(matches!(torn, ExplainError::Unreadable(_)), "{torn}");
        let old = recorded(&deployment.app, &agent(), ids[0].parse().unwrap()).await.unwrap();
        assert!(!old.facts.vouched && !old.facts.card.blocked && old.facts.version == 1);
    })
    .await;
}
