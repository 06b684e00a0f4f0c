//! Assumptions: true of all facts that the program makes, enforced on every request, and refused where they cannot hold.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sekisho::domain::consent::{ConsentState, DataClass};
use sekisho::domain::facts::Facts;
use sekisho::domain::verdict::Outcome;
use sekisho::policy::question::Question;
use sekisho::policy::rehearsal::{least, most};
use sekisho::policy::{Bundle, BundleSource, decide, share};

use crate::facts::{CHOICES, facts};

const FILE: &str = "assumptions.cedar";

fn with_assumption(text: &str) -> BundleSource {
    let shipped = BundleSource::shipped();
    let all = format!("{}\n{text}", shipped.text(FILE).unwrap());
    shipped.with(FILE, &all)
}

fn broken(bundle: &Bundle, facts: &Facts) -> Vec<String> {
    let errors = decide(bundle, facts).errors.into_iter();
    errors.map(|error| error.policy).filter(|policy| policy.starts_with("assumption:")).collect()
}

#[test]
fn whatever_facts_are_gathered_keep_every_assumption() {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap();
    assert!(bundle.assumptions().len() >= 15);
    for question in [Question::Approve, Question::Challenge, Question::Offer, Question::Share] {
        assert!(bundle.assumptions().iter().any(|assumption| assumption.is_about(question)), "{question:?}");
    }
    let config = Config { cases: 1_500, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let keeps = |facts: &Facts| {
        assert_eq!(broken(&bundle, facts), Vec::<String>::new(), "{facts:?}");
        for recipient in bundle.reference().recipients() {
            for class in DataClass::ALL {
                assert_eq!(share(&bundle, facts, &recipient.id, *class).errors, []);
            }
        }
    };
    let property = |choices: Vec<u8>| {
        keeps(&facts(&choices, bundle.reference()));
        Ok(())
    };
    runner.run(&vec(any::<u8>(), CHOICES), property).unwrap();
    keeps(&least());
    keeps(&most());
}

#[test]
fn a_request_that_breaks_an_assumption_is_never_approved_and_the_error_names_it() {
    let text = "@id(\"no-4711\")\n@title(\"x\")\nforbid (principal, action in [Action::\"authenticate\", \
                Action::\"offer\"], resource) unless { context.purchase.amount_minor != 4711 };";
    let bundle = Bundle::build(with_assumption(text)).unwrap_or_else(|errors| panic!("{errors}"));
    let mut facts = facts(&[0; CHOICES], bundle.reference());
    facts.vouched = true;
    assert_eq!(decide(&bundle, &facts).outcome, Outcome::Approve, "the purchase passes as it is");
    facts.purchase.amount_minor = 4_711;
    let verdict = decide(&bundle, &facts);
    assert_eq!(verdict.outcome, Outcome::Reject);
    assert_eq!(verdict.reasons, ["policy_error"]);
    assert_eq!(verdict.policies, ["assumption:no-4711"]);
    let asked: Vec<_> = verdict.errors.iter().map(|error| (error.question.as_str(), error.policy.as_str())).collect();
    assert_eq!(asked, [("approve", "assumption:no-4711"), ("challenge", "assumption:no-4711")]);
    assert!(verdict.errors.iter().all(|error| error.message == "the request breaks an assumption"));
}

#[test]
fn nothing_is_shared_under_a_broken_assumption_even_one_that_cannot_be_evaluated() {
    let head = "@id(\"odd\")\n@title(\"x\")\nforbid (principal, action == Action::\"share\", resource) unless";
    for claim in [
        "{ context.consent != \"permitted\" || context.data_class != \"device\" }",
        "{ if context.consent == \"permitted\" && context.data_class == \"device\" then resource.retention_days + \
         9223372036854775807 > 0 else true }",
    ] {
        let source = with_assumption(&format!("{head} {claim};"));
        let Err(errors) = Bundle::build(source) else { panic!("`most` shares device data: {claim}") };
        assert!(errors.to_string().contains("assumption `odd`: does not hold"), "{errors}");
    }
    let pending = format!("{head} {{ context.consent != \"pending\" }};");
    let bundle = Bundle::build(with_assumption(&pending)).unwrap();
    let mut facts = facts(&[0; CHOICES], bundle.reference());
    facts.consent = ConsentState::Pending;
    let recipient = bundle.reference().recipients().next().unwrap().id.clone();
    let answer = share(&bundle, &facts, &recipient, DataClass::Device);
    assert_eq!((answer.allowed, answer.policies.as_slice()), (false, ["assumption:odd".to_owned()].as_slice()));
    assert_eq!(answer.errors.len(), 1);
}

#[test]
fn an_assumption_that_real_facts_break_refuses_the_bundle() {
    for claim in [
        "context.purchase.amount_minor <= 1000000",
        "context.card.status != \"lost\"",
        "context.delivery.kind != \"ticket\"",
        "context.assessment.reason != \"quota\"",
        "context.claims.reorder != \"no\"",
    ] {
        let text = format!(
            "@id(\"too-much\")\n@title(\"x\")\nforbid (principal, action in [Action::\"authenticate\", \
             Action::\"offer\"], resource) unless {{ {claim} }};"
        );
        let errors = Bundle::build(with_assumption(&text)).unwrap_err().to_string();
        assert!(errors.contains("assumption `too-much`: does not hold of facts that the program gathers"), "{errors}");
        assert!(errors.starts_with("assumptions.cedar:"), "{errors}");
    }
}

#[test]
fn an_assumption_that_cannot_be_read_refuses_the_bundle() {
    let named = "@id(\"x\")\n@title(\"t\")\n";
    let head = "forbid (principal, action, resource)";
    let purchases = "forbid (principal, action in [Action::\"authenticate\", Action::\"offer\"], resource)";
    let claim = "unless { context.consent != \"\" }";
    for (text, message) in [
        ("forbid (".to_owned(), "unexpected end of input"),
        (format!("{head} {claim};"), "has no `@id`"),
        (format!("@id(\"x\")\n{head} {claim};"), "`@title` is missing"),
        (format!("{named}@reason(\"card_lost\")\n{head} {claim};"), "unknown annotation `@reason`"),
        (format!("{named}{head};"), "is no `forbid … unless { … }`"),
        (format!("{named}{head} when {{ context.consent == \"\" }};"), "is no `forbid … unless { … }`"),
        (format!("{named}permit (principal, action, resource) {claim};"), "is no `forbid … unless { … }`"),
        (format!("{named}forbid (principal, action == Action::\"approve\", resource) {claim};"), "names neither"),
        (format!("{named}forbid (principal in Programme::\"gold\", action, resource) {claim};"), "names neither"),
        (format!("{named}{head} unless {{ context.colour == \"red\" }};"), "colour"),
        (format!("{named}{head} unless {{ context.consent == \"permited\" }};"), "permited"),
        (format!("{named}{head} {claim};\n{named}{head} {claim};"), "stands twice"),
        (
            format!("{named}{purchases} unless {{ !(resource in Method::\"password\") }};"),
            "assumption `x`: reads `resource`, which is another in each question",
        ),
        (
            format!("{named}{purchases} unless {{ context.vouched || {{ r: [resource] }}.r.contains(resource) }};"),
            "assumption `x`: reads `resource`",
        ),
        (format!("{named}{purchases} unless {{ action == Action::\"approve\" }};"), "assumption `x`: reads `action`"),
    ] {
        let told = Bundle::build(with_assumption(&text)).unwrap_err().to_string();
        assert!(told.contains(message) && told.contains(FILE), "{text}: {told}");
    }
}

#[test]
fn assumptions_stand_in_the_digest_and_a_bundle_may_do_without() {
    let without = Bundle::build(BundleSource::shipped().without(FILE)).unwrap();
    assert_eq!(without.assumptions().len(), 0);
    let shipped = Bundle::build(BundleSource::shipped()).unwrap();
    assert_ne!(without.digest(), shipped.digest());
    let weakened = sekisho::policy::prove::weakening(&shipped, &without);
    assert!(weakened.contains(&"the assumption `amount` is removed".to_owned()), "{weakened:?}");
    assert_eq!(sekisho::policy::prove::weakening(&shipped, &shipped), Vec::<String>::new());
}
