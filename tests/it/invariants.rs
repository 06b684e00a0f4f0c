//! Invariants: the shipped rules keep them over generated facts, and a bundle whose invariants cannot be read is refused.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sekisho::domain::assessment::{Answer, Assessment, NoAnswer, NotAsked, Recommendation};
use sekisho::domain::consent::{ConsentState, DataClass};
use sekisho::domain::verdict::Outcome;
use sekisho::policy::invariant::{Claim, Invariant};
use sekisho::policy::question::Question;
use sekisho::policy::yardstick::{Query, Yardstick};
use sekisho::policy::{Bundle, BundleSource, decide, share};

use crate::facts::{CHOICES, facts};

fn shipped() -> Bundle {
    Bundle::build(BundleSource::shipped()).unwrap()
}

fn for_all_choices(cases: u32, property: impl Fn(&[u8])) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let run = |choices: Vec<u8>| {
        property(&choices);
        Ok(())
    };
    runner.run(&vec(any::<u8>(), CHOICES), run).unwrap();
}

/// The bundle with what must never be allowed forbidden by rules: where the invariants hold, that changes nothing.
fn with_claims_as_rules(bundle: &Bundle) -> Bundle {
    let never = |invariant: &&Invariant| invariant.claim == Claim::Never;
    let source = bundle.invariants().iter().filter(never).fold(bundle.source().clone(), |source, invariant| {
        let Invariant { id, question, text, .. } = invariant;
        let marks = format!("@id(\"must-{id}\")\n@reason(\"card_lost\")\n@owner(\"tests\")\n");
        let rule = text.replace(&format!("@id(\"{id}\")\n"), &marks);
        source.with(&format!("{}/must-{id}.cedar", question.as_str()), &rule)
    });
    Bundle::build(source).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn what_must_never_be_allowed_is_never_allowed() {
    let bundle = shipped();
    let guarded = with_claims_as_rules(&bundle);
    assert!(guarded.rules().len() >= bundle.rules().len() + 8, "the claims are rules now");
    let forbidden = std::cell::Cell::new(0);
    for_all_choices(1_500, |choices| {
        let facts = facts(choices, bundle.reference());
        let (ours, theirs) = (decide(&bundle, &facts), decide(&guarded, &facts));
        assert_eq!((ours.outcome, &ours.methods), (theirs.outcome, &theirs.methods), "{facts:?}");
        forbidden.set(forbidden.get() + u32::from(theirs.policies.iter().any(|id| id.starts_with("must-"))));
        for recipient in bundle.reference().recipients() {
            for class in DataClass::ALL {
                let allowed = |bundle| share(bundle, &facts, &recipient.id, *class).allowed;
                assert_eq!(allowed(&bundle), allowed(&guarded), "{class:?} to {}", recipient.id);
            }
        }
    });
    assert!(forbidden.get() > 20, "the claims matched only {} requests", forbidden.get());
}

#[test]
fn a_rule_that_breaks_an_invariant_is_found_by_the_same_comparison() {
    let lost = "@id(\"lost-but-dear\")\n@title(\"x\")\n@reason(\"card_lost\")\n@owner(\"tests\")\n\
         permit (principal, action == Action::\"approve\", resource);\n";
    let source = BundleSource::shipped().without("authenticate/lost-card").with("approve/lost-but-dear.cedar", lost);
    let (bundle, found) = (Bundle::build(source).unwrap(), std::cell::Cell::new(0));
    let guarded = with_claims_as_rules(&bundle);
    for_all_choices(1_500, |choices| {
        let facts = facts(choices, bundle.reference());
        found.set(found.get() + u32::from(decide(&bundle, &facts).outcome != decide(&guarded, &facts).outcome));
    });
    assert!(found.get() > 0, "nothing showed that lost cards pass");
}

#[test]
fn whatever_one_question_lets_pass_the_other_lets_pass_too() {
    let bundle = shipped();
    let yardstick = Yardstick::new(&bundle).unwrap();
    let ladder = bundle.invariants().iter().find(|invariant| invariant.id == "ladder").unwrap();
    assert_eq!((ladder.question, &ladder.claim), (Question::Approve, &Claim::Then(Question::Challenge)));
    for_all_choices(500, |choices| {
        let facts = facts(choices, bundle.reference());
        let permitted = |query| yardstick.whole(&yardstick.prepare(&facts, &query).unwrap()).permitted;
        assert!(!permitted(Query::Approve) || permitted(Query::Challenge));
    });
}

fn severity(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Approve => 0,
        Outcome::Challenge => 1,
        Outcome::Reject => 2,
    }
}

/// Over whole decisions: with all else equal, whoever opted out is judged as while the company is silent, or milder.
#[test]
fn being_opted_out_is_never_judged_more_strictly_than_silence_and_silence_alone_never_rejects() {
    let bundle = shipped();
    let rejected = std::cell::Cell::new((0, 0));
    for_all_choices(2_000, |choices| {
        let mut facts = facts(choices, bundle.reference());
        facts.consent = ConsentState::OptedOut;
        facts.assessment = Assessment::NotAsked { reason: NotAsked::OptedOut };
        let opted_out = decide(&bundle, &facts);
        facts.consent = ConsentState::Permitted;
        let best = Answer {
            risk: Some(0),
            recommendation: Recommendation::Pass,
            signals: Vec::new(),
            device_known: true,
            degraded: false,
        };
        facts.assessment = Assessment::Answered(best);
        let answered = decide(&bundle, &facts);
        for reason in NoAnswer::ALL {
            facts.assessment = Assessment::NoAnswer { reason: *reason };
            let silent = decide(&bundle, &facts);
            assert!(severity(opted_out.outcome) <= severity(silent.outcome), "{reason:?}: {facts:?}");
            let methods = silent.methods.iter().all(|method| opted_out.methods.contains(method));
            assert!(methods || opted_out.outcome == Outcome::Approve, "{reason:?}: {facts:?}");
            if silent.outcome == Outcome::Reject {
                assert_eq!(answered.outcome, Outcome::Reject, "{reason:?} alone rejects: {facts:?}");
            }
            let (all, no) = rejected.get();
            rejected.set((all + 1, no + u32::from(silent.outcome == Outcome::Reject)));
        }
    });
    let (all, no) = rejected.get();
    assert!(no > 500 && all - no > 500, "one-sided: {no} of {all} rejected");
}

#[test]
fn the_shipped_invariants_are_read_and_stand_in_the_digest() {
    let bundle = shipped();
    let ids: Vec<&str> = bundle.invariants().iter().map(|invariant| invariant.id.as_str()).collect();
    for id in ["approve-below-ceiling", "ladder", "lost-or-stolen", "opted-out-approve", "share-only-permitted"] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    let weaker = BundleSource::shipped().without("invariants/ladder");
    assert_ne!(Bundle::build(weaker).unwrap().digest(), bundle.digest());
}

#[test]
fn an_invariant_that_cannot_be_read_refuses_the_bundle() {
    let head = "@id(\"x\")\n@title(\"t\")\n";
    let forbid = "forbid (principal, action == Action::\"approve\", resource)";
    let permit = "permit (principal, action == Action::\"approve\", resource)";
    let instead = |facts: &str| format!("{head}@instead(\"{facts}\")\n{permit};");
    for (text, message) in [
        ("forbid (".to_owned(), "unexpected end of input"),
        (format!("{head}{forbid};{forbid};"), "not exactly one invariant"),
        (format!("@id(\"y\")\n@title(\"t\")\n{forbid};"), "does not fit the file's name"),
        (format!("@id(\"x\")\n{forbid};"), "`@title` is missing"),
        (format!("{head}@reason(\"card_lost\")\n{forbid};"), "unknown annotation `@reason`"),
        (format!("{head}forbid (principal, action, resource);"), "is about no question"),
        (
            format!(
                "{head}{};",
                forbid.replace("== Action::\"approve\"", "in [Action::\"approve\", Action::\"challenge\"]")
            ),
            "about several",
        ),
        (format!("{head}{permit};"), "claims nothing"),
        (format!("{head}@then(\"challenge\")\n{forbid};"), "claims nothing, or two things"),
        (format!("{head}@then(\"later\")\n{permit};"), "`@then` names no question"),
        (format!("{head}@instead(\"consent = refused\")\n{permit};"), "`@instead` cannot be read"),
        (instead("consent = opted_out | refused"), "`@instead` cannot be read at `consent = opted_out | refused`"),
        (instead("consent = opted_out, consent = pending"), "`@instead` replaces `consent` twice"),
        (instead("assessment.reason = timeout, assessment = absent"), "`@instead` replaces `assessment` twice"),
        (instead("assessment.degradd = false"), "the fact `assessment.degradd` cannot be `false`"),
        (instead("vouched.at = true"), "the fact `vouched.at` cannot be `true`"),
        (instead("assessment.degraded = []"), "the fact `assessment.degraded` cannot be `[]`"),
        (instead("assessment.signals = true"), "the fact `assessment.signals` cannot be `true`"),
        (instead("assessment.recommendation = absent"), "the fact `assessment.recommendation` cannot be `absent`"),
        (instead("enrolment.methods = totp"), "the fact `enrolment.methods` cannot be `totp`"),
        (instead("assessment.risk = true"), "the fact `assessment.risk` cannot be `true`"),
        (format!("{head}{forbid} when {{ context.card.status == \"stollen\" }};"), "stollen"),
        (format!("{head}{forbid} when {{ context.card.colour == \"red\" }};"), "colour"),
        (format!("{head}{forbid} when {{ resource in Country::\"XX\" }};"), "there is no `Country::\"XX\"`"),
    ] {
        let refused = Bundle::build(BundleSource::shipped().with("invariants/x.cedar", &text)).unwrap_err();
        let told = refused.to_string();
        assert!(told.contains(message) && told.contains("invariants/x.cedar"), "{text}: {told}");
    }
}

#[test]
fn an_invariant_names_one_question_and_may_put_several_values_in() {
    let list = "@id(\"x\")\n@title(\"t\")\nforbid (principal, action in [Action::\"challenge\"], resource) when { context.vouched };";
    let bundle = Bundle::build(BundleSource::shipped().with("invariants/x.cedar", list)).unwrap();
    let of = |id: &str| bundle.invariants().iter().find(|invariant| invariant.id == id).unwrap();
    assert_eq!(of("x").question, Question::Challenge);
    let Claim::Instead(facts) = &of("silence-challenge").claim else { panic!("{:?}", of("silence-challenge")) };
    let reasons = &facts.iter().find(|(path, _)| path == "assessment.reason").unwrap().1;
    let all: Vec<&str> = NoAnswer::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(*reasons, all, "every kind of silence");
}
