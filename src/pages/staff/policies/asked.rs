//! One question of a decision: the answer, the rules that matched, and the near misses with what stood in their way.

use askama::Template;

use crate::pages::pieces::Tone;
use crate::pages::staff::console::Console;
use crate::policy::explanation::{Answered, Condition, Part, RuleSaid, Standing, ValueRead};

/// So many near misses of one question are shown.
const NEAR_MISSES: usize = 6;

/// A question with what the rules said to it.
#[derive(Template)]
#[template(path = "policies_asked.html")]
pub(super) struct Asked {
    title: String,
    answer: String,
    tone: Tone,
    rules: Vec<Said>,
    nothing: String,
    others: String,
}

struct Said {
    id: String,
    title: String,
    standing: String,
    tone: Tone,
    effect: String,
    error: Option<String>,
    conditions: Vec<Weighed>,
}

struct Weighed {
    fits: bool,
    told: String,
    words: String,
    values: String,
    text: String,
}

impl Asked {
    pub(super) fn new(console: &Console<'_>, asked: &Answered) -> Self {
        let near = |rule: &&RuleSaid| rule.standing == Standing::NearMiss;
        let spoke = |rule: &&RuleSaid| matches!(rule.standing, Standing::Matched | Standing::Failed);
        let shown = asked.rules.iter().filter(spoke).chain(asked.rules.iter().filter(near).take(NEAR_MISSES));
        let rules: Vec<Said> = shown.map(|rule| said(console, rule)).collect();
        let others = i64::try_from(asked.rules.len() - rules.len()).unwrap_or(i64::MAX);
        let (key, tone) = if asked.yes { ("policies-yes", Tone::Good) } else { ("policies-no", Tone::Bad) };
        let method = asked.method.map(|method| console.text(&format!("policies-method-{}", method.as_str())));
        let title = console.text(&format!("policies-asked-{}", asked.question.as_str()));
        Self {
            title: method.map_or_else(|| title.clone(), |method| format!("{title}: {method}")),
            answer: console.text(key),
            tone,
            rules,
            nothing: console.text("policies-asked-nothing"),
            others: if others == 0 { String::new() } else { console.wording.with("policies-others", "count", others) },
        }
    }
}

fn said(console: &Console<'_>, rule: &RuleSaid) -> Said {
    let tone = match (rule.standing, rule.forbids) {
        (Standing::Matched, false) => Tone::Good,
        (Standing::Matched, true) | (Standing::Failed, _) => Tone::Bad,
        _ => Tone::Plain,
    };
    let near = rule.standing == Standing::NearMiss;
    let shown = rule.conditions.iter().filter(|condition| !near || condition.stood_in_the_way());
    let effect = if rule.forbids { "policies-forbids" } else { "policies-permits" };
    Said {
        id: rule.id.clone(),
        title: rule.title.clone(),
        standing: console.text(&format!("policies-standing-{}", rule.standing.as_str().replace('_', "-"))),
        tone,
        effect: console.text(effect),
        error: rule.error.clone(),
        conditions: shown.map(|condition| weighed(console, condition)).collect(),
    }
}

fn weighed(console: &Console<'_>, condition: &Condition) -> Weighed {
    let words = condition.words.of(console.language());
    let words = match condition.part {
        Part::Unless => console.wording.with("policies-unless", "words", words.to_owned()),
        Part::Head | Part::When => words.to_owned(),
    };
    let told = if condition.fits { "policies-fits" } else { "policies-fails" };
    let values = condition.values.iter().map(|value| read(console, value));
    Weighed {
        fits: condition.fits,
        told: console.text(told),
        words,
        values: values.collect::<Vec<_>>().join(&console.text("staff-list-separator")),
        text: condition.text.clone(),
    }
}

/// A fact with its value: `the amount = 4980`.
fn read(console: &Console<'_>, value: &ValueRead) -> String {
    format!("{} = {}", value.words.of(console.language()), value_text(console, value))
}

/// The value of a fact, as it is written for people.
pub(super) fn value_text(console: &Console<'_>, value: &ValueRead) -> String {
    match &value.value {
        None => console.text("policies-absent"),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Bool(true)) => console.text("policies-yes"),
        Some(serde_json::Value::Bool(false)) => console.text("policies-no"),
        Some(other) => other.to_string(),
    }
}
