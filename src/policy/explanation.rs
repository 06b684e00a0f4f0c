//! Explanation: what every rule said about some facts, and which of its conditions stood in the way.
//!
//! Cedar itself evaluates each condition, one by one, on the request and the entities of the decision; nothing here
//! decides. Knows no language but through its table of fact names.

mod names;
mod split;
mod weigh;
mod words;

use serde::{Deserialize, Serialize};

use super::bundle::Bundle;
use super::decide::{Step, decide_witnessed, share_witnessed};
use super::index::Answer;
use super::question::Question;
use super::rule::Rule;
use super::yardstick::{Query, prepare};
use crate::domain::assessment::words as closed_words;
use crate::domain::consent::DataClass;
use crate::domain::facts::{Facts, Method};
use crate::domain::verdict::Verdict;

pub use weigh::{Condition, ConditionState, Part, ValueRead};
pub use words::Words;

/// How many failed conditions still make a near miss.
const NEAR_MISS_MAX: usize = 2;

/// One decision, question by question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The answer as [`decide`](super::decide()) gives it.
    pub verdict: Verdict,
    /// The questions that were asked on the way, in their order.
    pub questions: Vec<Answered>,
}

/// One question and what every rule said to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answered {
    /// The question.
    pub question: Question,
    /// The method, of `offer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The recipient, of `share`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The data class, of `share`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_class: Option<DataClass>,
    /// Whether the answer is yes.
    pub yes: bool,
    /// The reason codes of the rules that determine it, sorted.
    pub reasons: Vec<String>,
    /// The rules that determine it, sorted.
    pub policies: Vec<String>,
    /// Every rule of the question, those that matched first, then the nearest.
    pub rules: Vec<RuleSaid>,
}

closed_words! {
    /// How near a rule was.
    Standing {
        /// Its head and all its conditions hold.
        Matched = "matched",
        /// It could not be evaluated.
        Failed = "failed",
        /// Its head fits and few conditions stood in the way: one, or two where no rule of the question was nearer.
        NearMiss = "near_miss",
        /// Its head does not fit, or much stood in the way.
        Far = "far",
    }
}

/// What one rule said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleSaid {
    /// Its id.
    pub id: String,
    /// What it says in a few words.
    pub title: String,
    /// Its reason code.
    pub reason: String,
    /// Whether it forbids; otherwise it permits.
    pub forbids: bool,
    /// Its file inside the bundle.
    pub file: String,
    /// The line of its `@id`.
    pub line: Option<usize>,
    /// How near it was.
    pub standing: Standing,
    /// Whether it determines the answer.
    pub determines: bool,
    /// What went wrong, where it could not be evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its head, where that names somebody, and its conditions in the order in which they stand.
    pub conditions: Vec<Condition>,
}

impl RuleSaid {
    /// The conditions that stood in its way.
    pub fn failing(&self) -> impl Iterator<Item = &Condition> {
        self.conditions.iter().filter(|condition| condition.stood_in_the_way())
    }
}

impl Answered {
    /// What this rule said, where it belongs to the question.
    pub fn rule(&self, id: &str) -> Option<&RuleSaid> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

/// Explains the decision about these facts, which is made anew.
pub fn explain(bundle: &Bundle, facts: &Facts) -> Explanation {
    let mut asked: Vec<(Query, Answer)> = Vec::new();
    let verdict = decide_witnessed(bundle, facts, &mut |question, method, answer| {
        asked.push((Query::about_purchase(question, method), answer.clone()));
    });
    let questions = asked.into_iter().map(|(query, answer)| answered(bundle, facts, &query, &answer));
    Explanation { verdict, questions: questions.collect() }
}

/// Every fact about a purchase as the rules see it, in the order of the schema; none where it is absent.
pub fn facts_seen(bundle: &Bundle, facts: &Facts) -> Vec<ValueRead> {
    prepare(bundle, facts, &Query::Approve).map(|prepared| weigh::facts(&prepared)).unwrap_or_default()
}

/// Explains what may go to this recipient, data class by data class.
pub fn explain_sharing(bundle: &Bundle, facts: &Facts, recipient: &str) -> Vec<Answered> {
    let one = |class: &DataClass| {
        let mut asked = Answer::default();
        share_witnessed(bundle, facts, recipient, *class, &mut |_, _, answer| asked = answer.clone());
        answered(bundle, facts, &Query::Share(recipient.to_owned(), *class), &asked)
    };
    DataClass::ALL.iter().map(one).collect()
}

fn answered(bundle: &Bundle, facts: &Facts, query: &Query, answer: &Answer) -> Answered {
    let question = query.question();
    let step = Step::new(bundle, question, answer.clone(), &mut Vec::new());
    let group = matches!(question, Question::Approve | Question::Challenge);
    let belongs = |rule: &&Rule| rule.question == question || (group && rule.question == Question::Authenticate);
    let prepared = prepare(bundle, facts, query);
    let said = bundle.rules().iter().filter(belongs).map(|rule| {
        let conditions = prepared.as_ref().map(|prepared| weigh::conditions(rule, question, prepared));
        one_rule(rule, answer, step.policies.contains(&rule.id), conditions)
    });
    let mut rules: Vec<RuleSaid> = said.collect();
    sort_by_nearness(&mut rules);
    let (recipient, data_class) = match query {
        Query::Share(recipient, class) => (Some(recipient.clone()), Some(*class)),
        _ => (None, None),
    };
    let method = if let Query::Offer(method) = query { Some(*method) } else { None };
    let (reasons, policies) = (step.reasons.into_iter().collect(), step.policies.into_iter().collect());
    Answered { question, method, recipient, data_class, yes: step.yes, reasons, policies, rules }
}

fn one_rule(rule: &Rule, answer: &Answer, determines: bool, conditions: Option<Vec<Condition>>) -> RuleSaid {
    let error = answer.errors.get(&rule.id).cloned();
    // Where a forbid was satisfied, Cedar does not say which permits were.
    let fits = conditions.as_ref().is_some_and(|conditions| conditions.iter().all(|condition| condition.fits));
    let matched = fits || answer.permits.contains(&rule.id) || answer.forbids.contains(&rule.id);
    RuleSaid {
        id: rule.id.clone(),
        title: rule.title.clone(),
        reason: rule.reason.clone(),
        forbids: rule.forbids,
        file: rule.file.clone(),
        line: rule.line,
        standing: match (matched, &error) {
            (true, _) => Standing::Matched,
            (false, Some(_)) => Standing::Failed,
            (false, None) => Standing::Far,
        },
        determines,
        error,
        conditions: conditions.unwrap_or_default(),
    }
}

/// Whether a rule's head and all its conditions hold, whatever other rules say.
pub(super) fn holds(bundle: &Bundle, rule: &Rule, facts: &Facts, query: &Query) -> bool {
    let prepared = prepare(bundle, facts, query);
    prepared.is_some_and(|prepared| {
        weigh::conditions(rule, rule.question, &prepared).iter().all(|condition| condition.fits)
    })
}

/// Marks the near misses and puts the rules that matched first, then the failed, the near and the far ones.
fn sort_by_nearness(rules: &mut [RuleSaid]) {
    let distance = |rule: &RuleSaid| {
        let head = rule.failing().any(|condition| condition.part == Part::Head);
        if head { usize::MAX } else { rule.failing().count() }
    };
    let far = |rule: &&RuleSaid| rule.standing == Standing::Far;
    let nearest = rules.iter().filter(far).map(distance).min().unwrap_or(usize::MAX);
    for rule in rules.iter_mut() {
        let away = distance(rule);
        if rule.standing == Standing::Far && away == nearest && away <= NEAR_MISS_MAX {
            rule.standing = Standing::NearMiss;
        }
    }
    rules.sort_by_cached_key(|rule| (rule.standing, !rule.determines, distance(rule), rule.id.clone()));
}
