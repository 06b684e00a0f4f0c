//! What differs between two bundles, file by file and rule by rule. Compares texts; what follows from them is proved elsewhere.

pub mod lines;

use std::collections::{BTreeMap, BTreeSet};

use super::bundle::Bundle;
use super::question::Question;
use super::rule::Rule;

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The new bundle has it and the old one has not.
    Added,
    /// The old bundle has it and the new one has not.
    Removed,
    /// Both have it, with another text.
    Changed,
}

/// One rule or file that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Changed {
    /// The rule's id, the invariant's id, or the file's path.
    pub id: String,
    /// How it differs.
    pub change: Change,
}

/// Everything that differs, each list sorted by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Rules, by their question.
    pub rules: BTreeMap<Question, Vec<Changed>>,
    /// Invariants.
    pub invariants: Vec<Changed>,
    /// Assumptions.
    pub assumptions: Vec<Changed>,
    /// Files of `reference/`, and the reasons.
    pub reference: Vec<Changed>,
}

impl Difference {
    /// Whether both judge other bundles alike: by the same invariants, assumptions and rules about staff.
    pub fn judges_alike(&self) -> bool {
        self.invariants.is_empty() && self.assumptions.is_empty() && !self.rules.contains_key(&Question::Staff)
    }

    /// What differs from `old` to `new`. A rule that only moved to another file is the same.
    pub fn between(old: &Bundle, new: &Bundle) -> Self {
        let rules = |bundle: &Bundle, question: Question| -> BTreeMap<String, String> {
            let of_question = bundle.rules().iter().filter(|rule| rule.question == question);
            of_question.map(|rule: &Rule| (rule.id.clone(), rule.text.clone())).collect()
        };
        let invariants = |bundle: &Bundle| -> BTreeMap<String, String> {
            bundle.invariants().iter().map(|one| (one.id.clone(), one.text.clone())).collect()
        };
        let assumptions = |bundle: &Bundle| -> BTreeMap<String, String> {
            bundle.assumptions().iter().map(|one| (one.id.clone(), one.text.clone())).collect()
        };
        let reference = |bundle: &Bundle| -> BTreeMap<String, String> {
            let files = bundle.source().files();
            let kept = files.filter(|(path, _)| path.starts_with("reference/") || *path == super::reason::FILE);
            kept.map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
        };
        let by_question = Question::ALL.iter().map(|question| {
            let found = changed(&rules(old, *question), &rules(new, *question));
            (*question, found)
        });
        Self {
            rules: by_question.filter(|(_, found)| !found.is_empty()).collect(),
            invariants: changed(&invariants(old), &invariants(new)),
            assumptions: changed(&assumptions(old), &assumptions(new)),
            reference: changed(&reference(old), &reference(new)),
        }
    }

    /// The questions about purchases whose rules differ; the group's rules answer two of them. Every question when
    /// assumptions differ, since each request is held against them.
    pub fn questions(&self) -> BTreeSet<Question> {
        if !self.assumptions.is_empty() {
            return Question::ALL.iter().copied().filter(|question| *question != Question::Staff).collect();
        }
        self.rules.keys().copied().filter(|question| *question != Question::Staff).collect()
    }

    /// The reference data that differ: the reasons, which only explain answers, are none.
    pub fn reference_data(&self) -> impl Iterator<Item = &Changed> {
        self.reference.iter().filter(|changed| changed.id != super::reason::FILE)
    }

    /// The old and the new text of everything that differs, in the same order: rules by question, invariants, assumptions,
    /// reference files. A text that is not there is empty.
    pub fn texts(&self, old: &Bundle, new: &Bundle) -> Vec<ChangedText> {
        let of = |kind: TextKind, changed: &[Changed]| {
            let text = |changed: &Changed| ChangedText {
                kind,
                changed: changed.clone(),
                old: text_of(old, kind, &changed.id),
                new: text_of(new, kind, &changed.id),
            };
            changed.iter().map(text).collect::<Vec<_>>()
        };
        let rules = self.rules.iter().flat_map(|(question, changed)| of(TextKind::Rule(*question), changed));
        let others = [
            of(TextKind::Invariant, &self.invariants),
            of(TextKind::Assumption, &self.assumptions),
            of(TextKind::Reference, &self.reference),
        ];
        rules.chain(others.into_iter().flatten()).collect()
    }

    /// Whether nothing differs that a decision could depend on.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.invariants.is_empty() && self.assumptions.is_empty() && self.reference.is_empty()
    }
}

/// What a text is that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// A rule of this question.
    Rule(Question),
    /// What proofs hold.
    Invariant,
    /// What proofs rest on.
    Assumption,
    /// A file of reference data, or the reasons.
    Reference,
}

/// Something that differs, with its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedText {
    /// What it is.
    pub kind: TextKind,
    /// What differs, and how.
    pub changed: Changed,
    /// As it was; empty where it is new.
    pub old: String,
    /// As it is; empty where it is gone.
    pub new: String,
}

fn text_of(bundle: &Bundle, kind: TextKind, id: &str) -> String {
    let text = match kind {
        TextKind::Rule(_) => bundle.rules().iter().find(|rule| rule.id == id).map(|rule| rule.text.as_str()),
        TextKind::Invariant => bundle.invariants().iter().find(|one| one.id == id).map(|one| one.text.as_str()),
        TextKind::Assumption => bundle.assumptions().iter().find(|one| one.id == id).map(|one| one.text.as_str()),
        TextKind::Reference => bundle.source().text(id),
    };
    text.unwrap_or_default().to_owned()
}

fn changed(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<Changed> {
    let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |id: &String| match (old.get(id), new.get(id)) {
        (None, Some(_)) => Some(Change::Added),
        (Some(_), None) => Some(Change::Removed),
        (Some(before), Some(after)) if before != after => Some(Change::Changed),
        _ => None,
    };
    ids.into_iter().filter_map(|id| change(id).map(|change| Changed { id: id.clone(), change })).collect()
}
