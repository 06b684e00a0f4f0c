//! The pictures of the page.

use super::parts::Key;
use super::tables;
use super::words::Words;
use crate::charts::bars::{self, Part};
use crate::charts::columns::{self, Series};
use crate::charts::flow::{self, Link, Node};
use crate::charts::{Picture, Tone};
use crate::domain::label::Label;
use crate::domain::money::grouped;
use crate::domain::replay::{Course, Matrix, Sum};
use crate::flow::replay::Report;

/// So many rules are drawn.
const RULES: usize = 10;

pub(super) fn tone(course: Course) -> Tone {
    match course {
        Course::Approve => Tone::Good,
        Course::Challenge => Tone::Effort,
        Course::NoMethod | Course::NotEligible => Tone::Blocked,
        Course::Reject => Tone::Bad,
        Course::Undetermined => Tone::Open,
    }
}

/// The courses that there are on one side.
fn present(sums: &Matrix, side: fn(&Matrix, Course) -> Sum) -> Vec<Course> {
    Course::ALL.iter().copied().filter(|course| side(sums, *course).count > 0).collect()
}

pub(super) fn flow(report: &Report, words: &Words) -> Picture {
    let sums = &report.tally.courses;
    let (left, right) = (present(sums, Matrix::before), present(sums, Matrix::after));
    let nodes = |courses: &[Course], side: fn(&Matrix, Course) -> Sum| -> Vec<Node> {
        let node = |course: &Course| Node {
            label: words.course(*course),
            figure: grouped(side(sums, *course).count),
            tone: tone(*course),
        };
        courses.iter().map(node).collect()
    };
    let place = |courses: &[Course], course| courses.iter().position(|one| *one == course);
    let link = |(from, to, sum): (Course, Course, Sum)| {
        let title = format!("{} → {}: {}", words.course(from), words.course(to), grouped(sum.count));
        Some(Link { from: place(&left, from)?, to: place(&right, to)?, value: sum.count, title })
    };
    let links: Vec<Link> = sums.cells().filter_map(link).collect();
    flow::flow(
        &words.text("replay-s-flow"),
        [&words.text("replay-before"), &words.text("replay-now")],
        &nodes(&left, Matrix::before),
        &nodes(&right, Matrix::after),
        &links,
    )
}

pub(super) fn courses_legend(report: &Report, words: &Words) -> Vec<Key> {
    let sums = &report.tally.courses;
    let is_there = |course: &&Course| sums.before(**course).count + sums.after(**course).count > 0;
    let key = |course: &Course| Key { class: tone(*course).class(), name: words.course(*course) };
    Course::ALL.iter().filter(is_there).map(key).collect()
}

/// Money of labelled fraud: what passes, what must be proved, what is turned back. Where nothing is labelled so, the money
/// of what goes another way.
pub(super) fn money(report: &Report, words: &Words) -> Picture {
    let Some(fraud) = report.tally.labels.get(&Label::Fraud) else { return changed_money(report, words) };
    let row = |key: &str, side: fn(&Matrix, Course) -> Sum| {
        let total: i64 = Course::ALL.iter().map(|course| side(fraud, *course).money).sum();
        let part = |course: &Course| {
            let sum = side(fraud, *course);
            Part::new(money_tone(*course), sum.money.unsigned_abs(), words.money(sum.money))
        };
        let label = format!("{}: {}", words.text(key), words.money(total));
        bars::Row { label, parts: Course::ALL.iter().map(part).collect() }
    };
    let rows = [row("replay-before", Matrix::before), row("replay-now", Matrix::after)];
    bars::stacked(&words.text("replay-s-money"), &rows)
}

/// For fraud the colours are the other way round: what passes is lost.
fn money_tone(course: Course) -> Tone {
    match course {
        Course::Approve => Tone::Bad,
        Course::Challenge => Tone::Effort,
        Course::NoMethod | Course::NotEligible | Course::Reject => Tone::Good,
        Course::Undetermined => Tone::Open,
    }
}

/// The directions in which decisions go, with their colours and their names.
fn directions(report: &Report) -> [(Tone, &'static str, Sum); 3] {
    let courses = &report.tally.courses;
    [
        (Tone::Effort, "replay-f-stricter", courses.stricter()),
        (Tone::Good, "replay-f-looser", courses.looser()),
        (Tone::Open, "replay-f-undetermined", courses.undetermined()),
    ]
}

fn changed_money(report: &Report, words: &Words) -> Picture {
    let row = |(tone, key, sum): (Tone, &str, Sum)| bars::Row {
        label: format!("{}: {}", words.text(key), words.money(sum.money)),
        parts: vec![Part::new(tone, sum.money.unsigned_abs(), words.money(sum.money))],
    };
    bars::stacked(&words.text("replay-s-money"), &directions(report).map(row))
}

pub(super) fn money_legend(report: &Report, words: &Words) -> Vec<Key> {
    let key = |tone: Tone, key: &str| Key { class: tone.class(), name: words.text(key) };
    if !report.tally.labels.contains_key(&Label::Fraud) {
        return directions(report).map(|(tone, name, _)| key(tone, name)).into();
    }
    vec![
        key(Tone::Bad, "replay-m-passes"),
        key(Tone::Effort, "replay-m-proof"),
        key(Tone::Good, "replay-m-stopped"),
        key(Tone::Open, "replay-c-undetermined"),
    ]
}

pub(super) fn rules(report: &Report, words: &Words) -> Picture {
    let row = |(id, cause): (&String, &crate::domain::replay::Cause)| {
        let part = |tone, sums: &Matrix| Part::new(tone, sums.total().count, grouped(sums.total().count));
        (id.clone(), part(Tone::Before, &cause.removed), part(Tone::After, &cause.added))
    };
    let rows: Vec<_> = tables::sorted_rules(report).into_iter().take(RULES).map(row).collect();
    bars::pairs(&words.text("replay-s-rules"), &rows)
}

pub(super) fn rules_legend(words: &Words) -> Vec<Key> {
    vec![
        Key { class: Tone::Before.class(), name: words.text("replay-rule-gone") },
        Key { class: Tone::After.class(), name: words.text("replay-rule-new") },
    ]
}

/// What does not pass without friction, by hour.
pub(super) fn hours(report: &Report, words: &Words) -> Picture {
    let hours: Vec<u8> = (0..24).collect();
    let stopped = |side: fn(&Matrix, Course) -> Sum| -> Vec<u64> {
        let of = |hour: &u8| {
            report.tally.hours.get(hour).map_or(0, |sums| {
                let all: u64 = Course::ALL.iter().map(|course| side(sums, *course).count).sum();
                all - side(sums, Course::Approve).count
            })
        };
        hours.iter().map(of).collect()
    };
    let series = [
        Series { tone: Tone::Before, values: stopped(Matrix::before) },
        Series { tone: Tone::After, values: stopped(Matrix::after) },
    ];
    let steps: Vec<String> = hours.iter().map(ToString::to_string).collect();
    columns::columns(&words.text("replay-s-hours"), &steps, &series, grouped::<u64>)
}

pub(super) fn hours_legend(words: &Words) -> Vec<Key> {
    vec![
        Key { class: Tone::Before.class(), name: words.text("replay-before") },
        Key { class: Tone::After.class(), name: words.text("replay-now") },
    ]
}
