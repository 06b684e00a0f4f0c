//! One question of a decision: the answer, the rules that matched, and the near misses with what stood in their way.

use askama::Template;

use super::titles::Titles;
use super::values::value_text;
use crate::pages::pieces::{Cell, Tone};
use crate::pages::staff::console::Console;
use crate::policy::explanation::{Answered, Condition, Part, RuleSaid, Standing, ValueRead};

/// So many rules that would have turned an answer are shown.
const TURNING: usize = 3;

/// A question with what the rules said to it.
#[derive(Template)]
#[template(path = "policies_asked.html")]
pub(super) struct Asked {
    title: String,
    answer: String,
    tone: Tone,
    rules: Vec<Said>,
    /// Rules that nearly matched and would have turned nothing: for those who want them.
    near: Vec<Said>,
    came_near: String,
    nothing: String,
    others: String,
}

struct Said {
    id: String,
    title: Cell,
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
    pub(super) fn new(console: &Console<'_>, titles: &Titles<'_>, asked: &Answered) -> Self {
        let spoke = |rule: &&RuleSaid| matches!(rule.standing, Standing::Matched | Standing::Failed);
        let turning = turning(asked);
        let is_turning = |rule: &RuleSaid| turning.iter().any(|other| other.id == rule.id);
        let shown = asked.rules.iter().filter(spoke).chain(turning.iter().copied());
        let rules: Vec<Said> = shown.map(|rule| said(console, titles, rule)).collect();
        let near = asked.rules.iter().filter(|rule| rule.standing == Standing::NearMiss && !is_turning(rule));
        let near: Vec<Said> = near.map(|rule| said(console, titles, rule)).collect();
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let others = asked.rules.len() - rules.len() - near.len();
        let (key, tone) = if asked.yes { ("policies-yes", Tone::Good) } else { ("policies-no", Tone::Bad) };
        let method = asked.method.map(|method| console.text(&format!("policies-method-{}", method.as_str())));
        let title = console.text(&format!("policies-asked-{}", asked.question.as_str()));
        let told = |key: &str, number: usize| match number {
            0 => String::new(),
            number => console.wording.with(key, "count", count(number)),
        };
        Self {
            title: method.map_or_else(|| title.clone(), |method| format!("{title} {method}")),
            answer: console.text(key),
            tone,
            came_near: told("policies-came-near", near.len()),
            others: told("policies-others", others),
            nothing: console.text("policies-asked-nothing"),
            rules,
            near,
        }
    }
}

/// The rules that would have turned a no into a yes: where nothing forbade it, the permits whose heads fit and that lacked
/// the fewest conditions.
fn turning(asked: &Answered) -> Vec<&RuleSaid> {
    let forbidden = asked.rules.iter().any(|rule| rule.forbids && rule.determines);
    if asked.yes || forbidden {
        return Vec::new();
    }
    let lacks = |rule: &RuleSaid| {
        let head = rule.failing().any(|condition| condition.part == Part::Head);
        (!head).then(|| rule.failing().count()).filter(|lacks| *lacks > 0)
    };
    let permits = asked.rules.iter().filter(|rule| !rule.forbids && !rule.determines);
    let mut permits: Vec<(usize, &RuleSaid)> = permits.filter_map(|rule| Some((lacks(rule)?, rule))).collect();
    permits.sort_by_key(|(lacks, _)| *lacks);
    permits.into_iter().take(TURNING).map(|(_, rule)| rule).collect()
}

fn said(console: &Console<'_>, titles: &Titles<'_>, rule: &RuleSaid) -> Said {
    let tone = match (rule.standing, rule.forbids) {
        (Standing::Matched, false) => Tone::Good,
        (Standing::Matched, true) | (Standing::Failed, _) => Tone::Bad,
        _ => Tone::Plain,
    };
    let matched = rule.standing == Standing::Matched;
    let shown = rule.conditions.iter().filter(|condition| matched || condition.stood_in_the_way());
    // A rule that is shown although it is far is the nearest that there was.
    let standing = if rule.standing == Standing::Far { Standing::NearMiss } else { rule.standing };
    let effect = if rule.forbids { "policies-forbids" } else { "policies-permits" };
    Said {
        id: rule.id.clone(),
        title: titles.of(&rule.reason, &rule.title),
        standing: console.text(&format!("policies-standing-{}", standing.as_str().replace('_', "-"))),
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
