//! Proofs: the shipped bundle is proved, and each of its claims fails on a bundle that breaks it, with a purchase that shows it.

use std::collections::BTreeMap;
use std::path::Path;

use sekisho::domain::facts::Facts;
use sekisho::domain::verdict::Outcome as Decided;
use sekisho::policy::invariant::Claim;
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

fn warned(proof: &Proof) -> Vec<&str> {
    let warned = proof.items.iter().filter(|item| matches!(item.outcome, Outcome::Warned(_)));
    warned.map(|item| item.id.as_str()).collect()
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
    assert!(proof.passed_strictly(), "{:#?}", warned(&proof));
    let rules = bundle.rules().iter().filter(|rule| rule.question != Question::Staff).count();
    let staff = bundle.rules().len() - rules;
    let items = bundle.invariants().len() + 1 + 4 + 3 * rules + bundle.assumptions().len() + 2 * staff;
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
        let purchase = purchase(&proof, id).unwrap_or_else(|| panic!("{id}"));
        assert_eq!(purchase.instead.is_some(), matches!(invariant.claim, Claim::Instead(_)), "{id}");
        shows(&bundle, purchase);
    }
}

/// A counterexample is a purchase that the whole decision lets pass, few facts away from an ordinary one.
fn shows(bundle: &Bundle, purchase: &Purchase) {
    let Purchase { facts, differs, asked, verdict, instead } = purchase;
    // A recipient's terms may be such that the ordinary purchase itself shows it.
    assert!(!differs.is_empty() || matches!(asked, Query::Share(..)));
    assert!(differs.len() <= 9, "{differs:#?}");
    assert_eq!(decide(bundle, facts), *verdict);
    match asked {
        Query::Approve => assert_eq!(verdict.outcome, Decided::Approve),
        Query::Challenge => assert_ne!(verdict.outcome, Decided::Reject),
        Query::Offer(method) => {
            assert!(verdict.outcome != Decided::Challenge || verdict.methods.contains(method), "{verdict:?}");
        }
        Query::Share(recipient, class) => assert!(share(bundle, facts, recipient, *class).allowed),
    }
    if let Some((facts, second)) = instead.as_deref() {
        assert_eq!(decide(bundle, facts), *second);
        // What may be offered shows only where a proof is wanted.
        if !matches!(asked, Query::Offer(_)) {
            assert_ne!(verdict.outcome, second.outcome);
        }
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
    let why = |proof: &Proof, id: &str| match &item(proof, id).outcome {
        Outcome::Warned(why) => why.split(':').next().unwrap().to_owned(),
        other => panic!("{id}: {other:?}"),
    };
    let shadowed = prove(&broken("shadowed"), &cvc5(&["dear"])).await;
    assert_eq!(warned(&shadowed), ["matters:dear"]);
    assert_eq!(why(&shadowed, "matters:dear"), "it is shadowed");
    let redundant = prove(&broken("redundant"), &cvc5(&["very-low", "dearer", "hard-ceiling", "low-risk"])).await;
    assert_eq!(warned(&redundant), ["matters:dearer", "matters:very-low"]);
    assert_eq!(why(&redundant, "matters:very-low"), "it is redundant");
    assert_eq!(why(&redundant, "matters:dearer"), "it never decides and explains nothing");
    for proof in [shadowed, redundant] {
        assert!(proof.passed() && !proof.passed_strictly());
    }
}

#[test]
fn every_broken_bundle_is_named_after_an_invariant_or_told_beside_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundles");
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let shipped = build(BundleSource::shipped());
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(broken) = name.strip_prefix("broken-") else { continue };
        let of_invariant = shipped.invariants().iter().any(|invariant| invariant.id == broken);
        assert!(of_invariant || readme.contains(&format!("`{name}`")), "{name}");
    }
}

fn invariant(id: &str, marks: &str, policy: &str) -> (String, String) {
    (format!("invariants/{id}.cedar"), format!("@id(\"{id}\")\n@title(\"x\")\n{marks}{policy}\n"))
}

fn with(source: BundleSource, (path, text): &(String, String)) -> BundleSource {
    source.with(path, text)
}

/// An assumption about amounts beside the shipped ones.
fn assuming(source: &BundleSource, claim: &str) -> BundleSource {
    let text = source.text("assumptions.cedar").unwrap();
    let head = "@id(\"more\")\n@title(\"x\")\nforbid (principal, action in [Action::\"authenticate\", \
                Action::\"offer\"], resource)";
    source.clone().with("assumptions.cedar", &format!("{text}\n{head} unless {{ {claim} }};"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_of_the_live_bundle_leans_on_no_assumption_that_is_not_enforced_any_more() {
    let marks = "@reason(\"amount_large\")\n@owner(\"tests\")\n";
    let rule =
        "forbid (principal, action == Action::\"approve\", resource) when { context.purchase.amount_minor == 4712 };";
    let ruled =
        BundleSource::shipped().with("approve/odd.cedar", &format!("@id(\"odd\")\n@title(\"x\")\n{marks}{rule}\n"));
    let claim = "forbid (principal, action == Action::\"approve\", resource) when { [4711, 4712].contains(context.purchase.amount_minor) };";
    let judge = with(assuming(&ruled, "context.purchase.amount_minor != 4711"), &invariant("no-odd", "", claim));
    let (live, new) = (build(judge), build(ruled));
    let only = cvc5(&["no-odd"]);
    assert!(prove(&live, &only).await.passed());
    assert_eq!(refuted(&prove_between(&live, &new, &only).await), ["live:no-odd"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_that_is_replaced_is_found_behind_has_with_a_path() {
    // Without a risk nobody is challenged: silence alone rejects.
    let text =
        BundleSource::shipped().text("challenge/any-card.cedar").unwrap().trim_end().trim_end_matches(';').to_owned();
    for condition in ["context has assessment.risk", "context.assessment has risk"] {
        let rule = format!("{text}\nwhen {{ {condition} || context.assessment.status == \"not_asked\" }};\n");
        let bundle = build(BundleSource::shipped().with("challenge/any-card.cedar", &rule));
        let proof = prove(&bundle, &cvc5(&["silence-challenge"])).await;
        assert_eq!(refuted(&proof), ["silence-challenge"], "{condition}: {:?}", told(&proof));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reason_of_silence_is_put_in() {
    let text = BundleSource::shipped();
    let rule =
        broken("silence-challenge").source().text("challenge/silence.cedar").unwrap().replace("timeout", "quota");
    let proof = prove(&build(text.with("challenge/silence.cedar", &rule)), &cvc5(&["silence-challenge"])).await;
    assert_eq!(refuted(&proof), ["silence-challenge"]);
    let found = purchase(&proof, "silence-challenge").unwrap().instead.as_deref().unwrap();
    assert_eq!((found.0.assessment.reason(), found.1.outcome), ("quota", Decided::Reject));
}

/// A forbid that cannot be evaluated of very old cards.
fn failing() -> BundleSource {
    let rule = "@id(\"old\")\n@title(\"x\")\n@reason(\"amount_large\")\n@owner(\"tests\")\n\
                forbid (principal, action == Action::\"approve\", resource)\n\
                when { context.card.age_days * 2000000000 > 8000000000000000000 };\n";
    BundleSource::shipped().with("approve/old.cedar", rule)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_is_shown_only_where_the_engine_that_decides_says_the_same() {
    let claim =
        "forbid (principal, action == Action::\"approve\", resource) when { context.card.age_days > 4700000000 };";
    let bundle = build(with(failing(), &invariant("no-old", "", claim)));
    let proof = prove(&bundle, &cvc5(&["no-old"])).await;
    // Cedar skips a forbid that fails; the engine says no.
    assert_eq!(refuted(&proof), ["no-old"]);
    assert!(purchase(&proof, "no-old").is_none());
}

#[test]
fn what_invariants_read_of_the_reference_data_weakens() {
    let shipped = BundleSource::shipped();
    let live = build(shipped.clone());
    let edited = |source: &BundleSource, file: &str, from: &str, to: &str| {
        let text = source.text(file).unwrap();
        assert!(text.contains(from), "{file} has no `{from}`");
        source.clone().with(file, &text.replacen(from, to, 1))
    };
    let classes = shipped.text("reference/data_classes.toml").unwrap().replace("sensitive = true", "sensitive = false");
    let source = shipped.clone().with("reference/data_classes.toml", &classes);
    let recipients = "reference/recipients.toml";
    let source = edited(&source, recipients, "basis = \"notice\"", "basis = \"consent\"");
    let source = edited(&source, recipients, "country = \"US\"", "country = \"JP\"");
    let source = edited(&source, recipients, "identity = \"keyed\"", "identity = \"provider_hash\"");
    let source = edited(&source, recipients, "id = \"minfraud\"", "id = \"another\"");
    let told = weakening(&live, &build(source));
    for line in [
        "the data class `identity` is no longer sensitive",
        "the data class `address` is no longer sensitive",
        "the recipient `tmx` has the basis `consent`, before `notice`",
        "the recipient `tmx` is in `JP`, before in `US`",
        "the recipient `tmx` gets `identity` as `provider_hash`, before as `keyed`",
        "the recipient `another` is added",
    ] {
        assert!(told.iter().any(|found| found == line), "{line}: {told:#?}");
    }
    // What gets stronger needs nobody.
    let stronger = edited(&shipped, recipients, "address = \"keyed\"", "address = \"omit\"");
    assert_eq!(weakening(&live, &build(stronger)), Vec::<String>::new());
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
