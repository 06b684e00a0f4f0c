//! A rule, an invariant or a file in its old and its new form, line by line: beside one another where there is room.

use askama::Template;

use crate::pages::pieces::Tone;
use crate::pages::staff::console::Console;
use crate::policy::difference::lines::{Line, lines};
use crate::policy::difference::{Change, ChangedText, TextKind};

/// So many lines that are the same stand around each that is not.
const AROUND: usize = 3;

/// Something that differs.
#[derive(Template)]
#[template(path = "policies_changed.html")]
pub(super) struct Changed {
    id: String,
    change: String,
    tone: Tone,
    about: String,
    /// Heading and lines: before, after.
    versions: [(String, Vec<Written>); 2],
}

/// What a line of one version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Same,
    Gone,
    Come,
    /// Lines that are the same are left out here.
    Left,
    /// The other version has a line here.
    Filler,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    kind: Kind,
    text: String,
}

impl Changed {
    pub(super) fn new(console: &Console<'_>, text: &ChangedText) -> Self {
        let (key, tone) = match text.changed.change {
            Change::Added => ("policies-added", Tone::Good),
            Change::Removed => ("policies-removed", Tone::Bad),
            Change::Changed => ("policies-changed", Tone::Plain),
        };
        let about = match text.kind {
            TextKind::Rule(question) => console.text(&format!("policies-question-{}", question.as_str())),
            TextKind::Invariant => console.text("policies-kind-invariant"),
            TextKind::Assumption => console.text("policies-kind-assumption"),
            TextKind::Reference => console.text("policies-kind-reference"),
        };
        let [old, new] = sides(&text.old, &text.new);
        Self {
            id: text.changed.id.clone(),
            change: console.text(key),
            tone,
            about,
            versions: [(console.text("policies-before"), old), (console.text("policies-after"), new)],
        }
    }
}

/// Both versions, so that what is the same stands on the same height; nothing of a version that is not there.
fn sides(old: &str, new: &str) -> [Vec<Written>; 2] {
    let rows = paired(&lines(old, new));
    let differs = |row: &(Written, Written)| row.0.kind != Kind::Same;
    let near = |at: usize| {
        let around = rows.iter().skip(at.saturating_sub(AROUND)).take(AROUND + 1 + at.min(AROUND));
        around.into_iter().any(differs)
    };
    let (mut before, mut after): (Vec<Written>, Vec<Written>) = (Vec::new(), Vec::new());
    for (at, (one, other)) in rows.iter().enumerate() {
        if near(at) {
            before.push(one.clone());
            after.push(other.clone());
        } else if before.last().is_none_or(|last| last.kind != Kind::Left) {
            before.push(written(Kind::Left, ""));
            after.push(written(Kind::Left, ""));
        }
    }
    [if old.is_empty() { Vec::new() } else { before }, if new.is_empty() { Vec::new() } else { after }]
}

fn written(kind: Kind, text: &str) -> Written {
    Written { kind, text: text.to_owned() }
}

/// Rows of both versions: what went stands beside what came in its place.
fn paired(lines: &[Line<'_>]) -> Vec<(Written, Written)> {
    let (mut rows, mut gone, mut come) = (Vec::new(), Vec::new(), Vec::new());
    let settle = |rows: &mut Vec<(Written, Written)>, gone: &mut Vec<Written>, come: &mut Vec<Written>| {
        let tall = gone.len().max(come.len());
        gone.resize(tall, written(Kind::Filler, ""));
        come.resize(tall, written(Kind::Filler, ""));
        rows.extend(gone.drain(..).zip(come.drain(..)));
    };
    for line in lines {
        match line {
            Line::Gone(text) => gone.push(written(Kind::Gone, text)),
            Line::Come(text) => come.push(written(Kind::Come, text)),
            Line::Same(text) => {
                settle(&mut rows, &mut gone, &mut come);
                rows.push((written(Kind::Same, text), written(Kind::Same, text)));
            }
        }
    }
    settle(&mut rows, &mut gone, &mut come);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_stands_on_the_same_height_and_long_stretches_are_left_out() {
        let same: String = "line\n".repeat(20);
        let [old, new] = sides(&format!("a\n{same}"), &format!("b\nc\n{same}"));
        let kinds = |side: &[Written]| side.iter().map(|line| line.kind).collect::<Vec<_>>();
        let rest = [Kind::Same, Kind::Same, Kind::Same, Kind::Left];
        assert_eq!(kinds(&old), [&[Kind::Gone, Kind::Filler], &rest[..]].concat());
        assert_eq!(kinds(&new), [&[Kind::Come, Kind::Come], &rest[..]].concat());
    }

    #[test]
    fn a_version_that_is_not_there_has_no_lines() {
        let [old, new] = sides("", "permit (principal, action, resource);");
        assert!(old.is_empty() && new.len() == 1);
    }
}
