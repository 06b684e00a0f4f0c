//! Explanations: what each rule said about some facts, condition by condition, in both languages.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};
use sekisho::domain::assessment::{Answer, Assessment, NoAnswer, Recommendation};
use sekisho::domain::facts::{DeliveryKind, Facts, Match, Method};
use sekisho::domain::verdict::Outcome;
use sekisho::policy::explanation::{
    Answered, Condition, ConditionState, Explanation, Part, RuleSaid, Standing, explain_sharing,
};
use sekisho::policy::question::Question;
use sekisho::policy::rehearsal::most;
use sekisho::policy::{Bundle, BundleSource, decide, explain, share};

use crate::facts::{CHOICES, facts};

fn shipped() -> Bundle {
    Bundle::build(BundleSource::shipped()).unwrap()
}

/// An ordinary purchase of 4,980 yen on the card's own device, with a low risk.
fn ordinary() -> Facts {
    let mut facts = facts(&[0; CHOICES], shipped().reference());
    facts.local_hour = 11;
    (facts.purchase.amount_minor, facts.purchase.amount_base_minor) = (4_980, Some(4_980));
    facts.merchant.category_code = "5942".into();
    facts.merchant.category_groups.clear();
    facts.card.age_days = 420;
    facts.velocity.first_at_merchant = false;
    facts.delivery.kind = DeliveryKind::BillingAddress;
    facts.delivery.shipping_address_seen = Match::Yes;
    facts.device.known_to_card = true;
    facts.consent = sekisho::domain::consent::ConsentState::Permitted;
    facts.assessment = Assessment::Answered(Answer {
        risk: Some(1_200),
        recommendation: Recommendation::Pass,
        signals: Vec::new(),
        device_known: true,
        degraded: false,
    });
    facts
}

fn rule<'a>(explanation: &'a Explanation, question: Question, id: &str) -> &'a RuleSaid {
    let asked = explanation.questions.iter().find(|asked| asked.question == question).unwrap();
    asked.rule(id).unwrap()
}

fn near(asked: &Answered) -> Vec<&str> {
    let near = asked.rules.iter().filter(|rule| rule.standing == Standing::NearMiss);
    near.map(|rule| rule.id.as_str()).collect()
}

#[test]
fn an_approval_is_explained_by_what_matched_and_what_nearly_forbade_it() {
    let explanation = explain(&shipped(), &ordinary());
    let [approve] = explanation.questions.as_slice() else { panic!("{:?}", explanation.verdict) };
    assert!(approve.yes);
    assert_eq!(approve.policies, ["low-risk"]);
    let first = &approve.rules[0];
    assert_eq!((first.id.as_str(), first.standing, first.determines), ("low-risk", Standing::Matched, true));
    assert!(near(approve).contains(&"large-amount") && !near(approve).contains(&"quasi-cash"));
    let dear = &rule(&explanation, Question::Approve, "large-amount").conditions[0];
    assert_eq!((dear.part, dear.state, dear.fits), (Part::When, ConditionState::NotHeld, false));
    assert_eq!(dear.text, "context.purchase.amount_base_minor > 300000");
    assert_eq!(
        (dear.words.en.as_str(), dear.words.ja.as_str()),
        ("the amount is above 300,000 yen", "金額（円換算）が300,000円を超える")
    );
    assert_eq!(
        (dear.values[0].name.as_str(), dear.values[0].value.clone()),
        ("context.purchase.amount_base_minor", Some(4_980.into()))
    );
}

#[test]
fn a_step_up_is_explained_question_by_question() {
    let mut facts = ordinary();
    facts.device.known_to_card = false;
    (facts.purchase.amount_minor, facts.purchase.amount_base_minor) = (30_001, Some(30_001));
    facts.enrolment.state = sekisho::domain::facts::EnrolmentState::Complete;
    facts.enrolment.methods = [Method::Password, Method::Code].into();
    facts.enrolment.usable_methods = facts.enrolment.methods.clone();
    let explanation = explain(&shipped(), &facts);
    let asked: Vec<_> = explanation.questions.iter().map(|asked| (asked.question, asked.method, asked.yes)).collect();
    assert_eq!(
        asked,
        [
            (Question::Approve, None, false),
            (Question::Challenge, None, true),
            (Question::Offer, Some(Method::Code), true),
            (Question::Offer, Some(Method::Password), true),
        ]
    );
    let unknown = rule(&explanation, Question::Approve, "unknown-device");
    let texts: Vec<_> = unknown.conditions.iter().map(|one| (one.part, one.text.as_str(), one.state)).collect();
    assert_eq!(
        texts,
        [
            (Part::When, "!context.device.known_to_card", ConditionState::Held),
            (Part::When, "context.purchase.amount_base_minor > 30000", ConditionState::Held),
            (Part::Unless, "context.vouched", ConditionState::NotHeld),
        ]
    );
    assert!(unknown.conditions.iter().all(|condition| condition.fits));
}

#[test]
fn what_cedar_never_reached_is_no_reason_for_a_miss() {
    let mut facts = ordinary();
    facts.assessment = Assessment::NoAnswer { reason: NoAnswer::Timeout };
    let explanation = explain(&shipped(), &facts);
    let low = rule(&explanation, Question::Approve, "low-risk");
    let states: Vec<_> = low.conditions.iter().map(|condition| condition.state).collect();
    assert_eq!(states, [ConditionState::NotHeld, ConditionState::NotHeld, ConditionState::NotReached]);
    assert_eq!(low.failing().count(), 2);
    let risk = &low.conditions[1];
    assert_eq!(risk.words.en, "the risk is stated");
    assert_eq!((risk.values[0].name.as_str(), &risk.values[0].value), ("context.assessment.risk", &None));
}

#[test]
fn a_head_that_does_not_fit_makes_a_rule_far_and_shows_what_stands_above() {
    let mut facts = ordinary();
    facts.merchant.category_code = "6051".to_owned();
    facts.merchant.category_groups = ["quasi_cash".to_owned()].into();
    let explanation = explain(&shipped(), &facts);
    let cash = rule(&explanation, Question::Approve, "quasi-cash");
    assert_eq!((cash.standing, cash.conditions.len()), (Standing::Matched, 1));
    assert_eq!(cash.conditions[0].words.en, "the merchant belongs to the category group \"quasi_cash\"");
    assert_eq!(cash.conditions[0].values[0].value, Some(serde_json::json!(["quasi_cash"])));
    assert_eq!(rule(&explanation, Question::Approve, "gambling").standing, Standing::Far);
}

#[test]
fn sharing_is_explained_class_by_class() {
    let mut facts = ordinary();
    facts.consent = sekisho::domain::consent::ConsentState::OptedOut;
    let asked = explain_sharing(&shipped(), &facts, "tmx");
    assert_eq!(asked.len(), 5);
    for one in &asked {
        assert!(!one.yes && one.recipient.as_deref() == Some("tmx"));
        assert_eq!(one.reasons, ["no_rule_permits"]);
        let permitted = one.rule("permitted").unwrap();
        assert_eq!(permitted.standing, Standing::NearMiss);
        assert_eq!(permitted.conditions[0].values[0].value, Some("opted_out".into()));
    }
}

/// The explanation is of the very decision, and no condition that Cedar weighed contradicts it.
#[test]
fn what_is_explained_is_what_was_decided() {
    let bundle = shipped();
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let run = |choices: Vec<u8>| {
        let facts = facts(&choices, bundle.reference());
        let explanation = explain(&bundle, &facts);
        assert_eq!(explanation.verdict, decide(&bundle, &facts));
        let first = &explanation.questions[0];
        assert_eq!(first.yes, explanation.verdict.outcome == Outcome::Approve);
        let shared = explain_sharing(&bundle, &facts, "minfraud");
        for one in &shared {
            assert_eq!(one.yes, share(&bundle, &facts, "minfraud", one.data_class.unwrap()).allowed);
        }
        for rule in explanation.questions.iter().chain(&shared).flat_map(|asked| &asked.rules) {
            let fits = rule.conditions.iter().all(|condition| condition.fits);
            assert_eq!(fits, rule.standing == Standing::Matched, "{rule:?}");
            let failed = rule.conditions.iter().any(|condition| condition.state == ConditionState::Failed);
            assert!(!failed, "{rule:?}");
        }
        Ok(())
    };
    runner.run(&vec(any::<u8>(), CHOICES), run).unwrap();
}

#[test]
fn every_condition_of_the_shipped_rules_has_words_in_both_languages() {
    let bundle = shipped();
    let mut facts = most();
    let mut said: Vec<Condition> = Vec::new();
    // Challenged, so that every question is asked; then every recipient.
    facts.card = ordinary().card;
    facts.velocity = ordinary().velocity;
    facts.purchase = ordinary().purchase;
    facts.vouched = false;
    facts.assessment = ordinary().assessment;
    let explanation = explain(&bundle, &facts);
    assert_eq!(explanation.verdict.outcome, Outcome::Challenge);
    let shared = bundle.reference().recipients().flat_map(|recipient| explain_sharing(&bundle, &facts, &recipient.id));
    for asked in explanation.questions.into_iter().chain(shared) {
        said.extend(asked.rules.into_iter().flat_map(|rule| rule.conditions));
    }
    assert!(said.len() > 150, "{}", said.len());
    for condition in said {
        assert!(condition.words.en != condition.text && condition.words.ja != condition.text, "{}", condition.text);
        assert!(!condition.words.en.contains("context.") && !condition.words.ja.is_ascii(), "{:?}", condition.words);
    }
}
