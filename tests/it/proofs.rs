//! Proofs: the shipped bundle is proved, and each of its claims fails on a bundle that breaks it, with a purchase that shows it.

use std::collections::BTreeMap;
use std::path::Path;

use sekisho::domain::facts::Facts;
use sekisho::domain::verdict::Outcome as Decided;
use sekisho::policy::prove::{Item, Outcome, Proof, Purchase, prove, prove_between, weakening};
use sekisho::policy::question::Question;
use sekisho::policy::yardstick::Query;
use sekisho::policy::{Bundle, BundleSource, decide, share};

use crate::support::solvers::cvc5;

fn build(source: BundleSource) -> Bundle {
    Bundle::build(source).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The shipped bundle with the files of `tests/bundles/broken-NAME` laid over it.
fn broken(name: &str) -> Bundle {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/bundles/broken-{name}"));
    let over = BundleSource::read(&folder).unwrap_or_else(|errors| panic!("{errors}"));
    let laid = over.files().fold(BundleSource::shipped(), |source, (path, text)| source.with(path, text));
    assert_ne!(laid, BundleSource::shipped());
    build(laid)
}

fn refuted(proof: &Proof) -> Vec<&str> {
    let refuted = proof.items.iter().filter(|item| matches!(item.outcome, Outcome::Refuted(_)));
    refuted.map(|item| item.id.as_str()).collect()
}

fn told(proof: &Proof) -> BTreeMap<&str, &Outcome> {
    proof.items.iter().map(|item| (item.id.as_str(), &item.outcome)).collect()
}

fn item<'a>(proof: &'a Proof, id: &str) -> &'a Item {
    proof.items.iter().find(|item| item.id == id).unwrap_or_else(|| panic!("{id}"))
}

fn purchase<'a>(proof: &'a Proof, id: &str) -> Option<&'a Purchase> {
    let Outcome::Refuted(refutation) = &item(proof, id).outcome else { panic!("{id} is not refuted") };
    let example = refutation.example.as_ref().unwrap_or_else(|| panic!("{id} has no counterexample"));
    assert!(example.confirmed, "Cedar's engine denies the counterexample of {id}: {}", example.request);
    assert_eq!(example.purchase.is_none(), !example.remarks.is_empty(), "{:?}", example.remarks);
    example.purchase.as_ref()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shipped_bundle_is_proved() {
    let bundle = build(BundleSource::shipped());
    let proof = prove(&bundle, &cvc5(&[])).await;
    assert_eq!(proof.unavailable, None, "the tests of proofs need cvc5");
    let open: Vec<_> = proof.items.iter().filter(|item| !item.outcome.holds()).collect();
    assert!(open.is_empty() && proof.passed(), "{open:#?}");
    let is_warning = |item: &&Item| matches!(item.outcome, Outcome::Warned(_));
    let warnings: Vec<_> = proof.items.iter().filter(is_warning).map(|item| item.id.as_str()).collect();
    assert_eq!(warnings, ["matters:no-analysis"], "the rule stands for its reason alone");
    assert!(!proof.passed_strictly());
    let rules = bundle.rules().iter().filter(|rule| rule.question != Question::Staff).count();
    let staff = bundle.rules().len() - rules;
    let items = bundle.invariants().len() + 1 + 3 * rules + bundle.assumptions().len() + 2 * staff;
    assert_eq!(proof.items.len(), items);
}

/// What else a broken bundle breaks beside the claim that it is named after: the same claim, said once more.
fn also_broken(name: &str) -> &'static [&'static str] {
    match name {
        "ladder" => &["always:ladder"],
        "vouched-not-lost" => &["lost-or-stolen"],
        _ => &[],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_shipped_invariant_fails_on_a_bundle_that_breaks_it_and_no_other_does() {
    let shipped = build(BundleSource::shipped());
    for invariant in shipped.invariants() {
        let id = invariant.id.as_str();
        let bundle = broken(id);
        let of_question = |question: Question| match question {
            Question::Share | Question::Offer => question,
            _ => Question::Authenticate,
        };
        let near =
            shipped.invariants().iter().filter(|other| of_question(other.question) == of_question(invariant.question));
        let mut only: Vec<&str> = near.map(|other| other.id.as_str()).collect();
        only.push("always:ladder");
        let proof = prove(&bundle, &cvc5(&only)).await;
        let mut expected = vec![id];
        expected.extend(also_broken(id));
        let mut found = refuted(&proof);
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{:#?}", told(&proof));
        assert!(!proof.passed());
        match purchase(&proof, id) {
            Some(purchase) => shows(&bundle, purchase),
            None => assert_eq!(id, "share-sensitive-abroad", "the shipped recipients take nothing sensitive plainly"),
        }
    }
}

/// A counterexample is a purchase that the whole decision lets pass, few facts away from an ordinary one.
fn shows(bundle: &Bundle, purchase: &Purchase) {
    let Purchase { facts, differs, asked, verdict } = purchase;
    assert!(!differs.is_empty() && differs.len() <= 9, "{differs:#?}");
    assert_eq!(decide(bundle, facts), *verdict);
    match asked {
        Query::Approve => assert_eq!(verdict.outcome, Decided::Approve),
        Query::Challenge => assert_ne!(verdict.outcome, Decided::Reject),
        Query::Offer(method) => {
            assert!(verdict.outcome != Decided::Challenge || verdict.methods.contains(method), "{verdict:?}");
        }
        Query::Share(recipient, class) => assert!(share(bundle, facts, recipient, *class).allowed),
    }
    let case = purchase.case("a counterexample", bundle).unwrap();
    assert!(case.contains("- name: \"a counterexample\""), "{case}");
}

fn changed(facts: &Facts, change: impl Fn(&mut Facts)) -> Facts {
    let mut changed = facts.clone();
    change(&mut changed);
    changed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counterexample_says_what_matters_and_nothing_else() {
    let bundle = broken("approve-below-ceiling");
    let proof = prove(&bundle, &cvc5(&["approve-below-ceiling"])).await;
    let purchase = purchase(&proof, "approve-below-ceiling").unwrap();
    let amount = purchase.facts.purchase.amount_base_minor.unwrap();
    assert!((3_000_001..=5_000_000).contains(&amount), "{amount}");
    assert!(purchase.facts.vouched);
    let paths: Vec<&str> = purchase.differs.iter().filter_map(|differs| differs.split(':').next()).collect();
    assert!(paths.contains(&"purchase.amount_base_minor") && paths.contains(&"vouched"), "{paths:?}");
    assert!(paths.len() <= 3, "{paths:?}");
    let below = changed(&purchase.facts, |facts| facts.purchase.amount_base_minor = Some(2_999_999));
    assert_eq!(decide(&bundle, &below).outcome, Decided::Approve);
    assert!(purchase.sentence().contains("card active"), "{}", purchase.sentence());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_can_fail_and_one_that_cannot_match_are_found() {
    let bundle = broken("never-errors");
    let proof = prove(&bundle, &cvc5(&["never-errors"])).await;
    assert_eq!(refuted(&proof), ["never-errors:long-held"]);
    let facts = &purchase(&proof, "never-errors:long-held").unwrap().facts;
    assert!(facts.card.age_days > i64::from(u32::MAX), "{}", facts.card.age_days);
    assert!(decide(&bundle, facts).errors.iter().any(|error| error.policy == "long-held"));

    let proof = prove(&broken("can-match"), &cvc5(&["can-match"])).await;
    assert_eq!(refuted(&proof), ["can-match:midnight"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_changes_nothing_is_a_warning_and_fails_strictly() {
    let permit = |id: &str, condition: &str| {
        format!(
            "@id(\"{id}\")\n@title(\"x\")\n@reason(\"risk_low\")\n@owner(\"tests\")\n\
             permit (principal, action == Action::\"approve\", resource)\nwhen {{ {condition} }};\n"
        )
    };
    let lower =
        "context.assessment.status == \"answered\" && context.assessment has risk && context.assessment.risk < 9";
    let source = BundleSource::shipped()
        .with("approve/dear.cedar", &permit("dear", "context.purchase.amount_base_minor > 3000000"))
        .with("approve/very-low.cedar", &permit("very-low", lower));
    let proof = prove(&build(source), &cvc5(&["dear", "very-low", "no-analysis"])).await;
    let why = |id: &str| match &item(&proof, id).outcome {
        Outcome::Warned(why) => why.split(':').next().unwrap().to_owned(),
        other => panic!("{id}: {other:?}"),
    };
    assert_eq!(why("matters:dear"), "it is shadowed");
    assert_eq!(why("matters:very-low"), "it is redundant");
    assert_eq!(why("matters:no-analysis"), "it never decides");
    assert!(proof.passed() && !proof.passed_strictly());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invariant_about_no_request_at_all_is_refuted() {
    let empty = "@id(\"empty\")\n@title(\"x\")\nforbid (principal, action == Action::\"approve\", resource)\n\
                 when { context.local_hour > 23 };\n";
    let proof = prove(&build(BundleSource::shipped().with("invariants/empty.cedar", empty)), &cvc5(&["empty"])).await;
    let Outcome::Refuted(refutation) = &item(&proof, "empty").outcome else { panic!("{proof:?}") };
    assert!(refutation.why.starts_with("it speaks of no request that can be"), "{}", refutation.why);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_drops_an_invariant_is_still_judged_by_the_live_one() {
    let live = build(BundleSource::shipped());
    let source = broken("blocked-card-stays-blocked").source().clone();
    let new = build(source.without("invariants/blocked-card-stays-blocked"));
    let only = cvc5(&["blocked-card-stays-blocked"]);
    let alone = prove(&new, &only).await;
    let Outcome::NotProved(why) = &item(&alone, "blocked-card-stays-blocked").outcome else { panic!("{alone:?}") };
    assert_eq!(why, "there is no such invariant, rule or claim");
    let judged = prove_between(&live, &new, &only).await;
    assert_eq!(refuted(&judged), ["live:blocked-card-stays-blocked"]);
    assert_eq!(weakening(&live, &new), ["the invariant `blocked-card-stays-blocked` is removed"]);
    // Nothing is proved twice where both say the same.
    assert!(
        !prove_between(&live, &live, &cvc5(&["ladder"])).await.items.iter().any(|item| item.id.starts_with("live:"))
    );
}
