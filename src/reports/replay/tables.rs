//! The figures of the page as tables: everything that is drawn can be read.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::parts::{Row, Table};
use super::words::{Words, percent};
use crate::domain::label::Label;
use crate::domain::money::grouped;
use crate::domain::replay::{Cause, Course, Matrix, Sum, ratio};
use crate::flow::replay::Report;

/// So many rows of a list are shown.
const SHOWN: usize = 20;

fn headings(words: &Words, keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| words.text(key)).collect()
}

/// From where to where, and what lies between for what is undetermined.
pub(super) fn courses(report: &Report, words: &Words) -> Vec<Table> {
    let row = |(from, to, sum): (Course, Course, Sum)| {
        let name = format!("{} → {}", words.course(from), words.course(to));
        Row::new(name, vec![grouped(sum.count), words.money(sum.money)])
    };
    let table = |caption: &str, sums: &Matrix| Table {
        caption: words.text(caption),
        folded: false,
        headings: headings(words, &["replay-h-way", "replay-h-count", "replay-h-money"]),
        rows: sums.cells().map(row).collect(),
    };
    let sums = [
        ("replay-t-courses", &report.tally.courses),
        ("replay-t-best", &report.tally.at_best),
        ("replay-t-worst", &report.tally.at_worst),
    ];
    sums.into_iter().filter(|(_, sums)| sums.total().count > 0).map(|(caption, sums)| table(caption, sums)).collect()
}

/// Fraud by where its label comes from, and what genuine buyers meet.
pub(super) fn frauds(report: &Report, words: &Words) -> Vec<Table> {
    let row = |(origin, sums): (&String, &Matrix)| {
        let passes = [sums.before(Course::Approve), sums.after(Course::Approve)];
        let mut cells = vec![grouped(sums.total().count)];
        cells.extend(passes.iter().map(|sum| grouped(sum.count)));
        cells.extend(passes.iter().map(|sum| words.money(sum.money)));
        Row::new(origin, cells)
    };
    let fraud = Table {
        caption: words.text("replay-t-frauds"),
        folded: false,
        headings: headings(
            words,
            &[
                "replay-h-origin",
                "replay-h-all",
                "replay-h-passed-before",
                "replay-h-passes-now",
                "replay-h-money-before",
                "replay-h-money-now",
            ],
        ),
        rows: report.tally.frauds.iter().map(row).collect(),
    };
    let genuine = report.tally.labels.get(&Label::Genuine).map(|sums| Table {
        caption: words.text("replay-t-genuine"),
        folded: false,
        headings: headings(words, &["replay-h-course", "replay-before", "replay-now"]),
        rows: course_rows(sums, words),
    });
    [fraud].into_iter().filter(|table| !table.rows.is_empty()).chain(genuine).collect()
}

fn course_rows(sums: &Matrix, words: &Words) -> Vec<Row> {
    let all = sums.total().count;
    let cell = |count: u64| format!("{} ({})", grouped(count), percent(ratio(count, all)));
    let row = |course: &Course| {
        let (before, now) = (sums.before(*course).count, sums.after(*course).count);
        (before + now > 0).then(|| Row::new(words.course(*course), vec![cell(before), cell(now)]))
    };
    Course::ALL.iter().filter_map(row).collect()
}

/// Rules, the one that changes most first.
pub(super) fn sorted_rules(report: &Report) -> Vec<(&String, &Cause)> {
    let mut rules: Vec<_> = report.tally.rules.iter().collect();
    rules.sort_by_key(|(id, cause)| (Reverse(cause.count()), (*id).clone()));
    rules
}

/// For each rule the ways that it makes decisions take, and those that it made them take.
pub(super) fn rules(report: &Report, words: &Words) -> Table {
    let ways = |(id, cause): (&String, &Cause)| -> Vec<Row> {
        let of = |key: &str, sums: &Matrix| -> Vec<Row> {
            let row = |(from, to, sum): (Course, Course, Sum)| Row {
                name: id.clone(),
                note: report.rule_titles.get(id).cloned().unwrap_or_default(),
                cells: vec![
                    words.text(key),
                    format!("{} → {}", words.course(from), words.course(to)),
                    grouped(sum.count),
                    words.money(sum.money),
                ],
            };
            sums.cells().map(row).collect()
        };
        [of("replay-rule-new", &cause.added), of("replay-rule-gone", &cause.removed)].concat()
    };
    Table {
        caption: words.text("replay-t-rules"),
        folded: false,
        headings: headings(
            words,
            &["replay-h-rule", "replay-h-change", "replay-h-way", "replay-h-count", "replay-h-money"],
        ),
        rows: sorted_rules(report).into_iter().take(SHOWN).flat_map(ways).collect(),
    }
}

pub(super) fn hours(report: &Report, words: &Words) -> Table {
    let rows = report.tally.hours.iter().map(|(hour, sums)| (format!("{hour:02}"), sums));
    Table { folded: true, ..places("replay-t-hours", "replay-h-hour", rows.collect(), words) }
}

pub(super) fn merchants(report: &Report, words: &Words) -> Table {
    let name = |id: &String| report.merchant_names.get(id).unwrap_or(id).clone();
    places("replay-t-merchants", "replay-h-merchant", most(&report.tally.merchants, name), words)
}

pub(super) fn programmes(report: &Report, words: &Words) -> Table {
    places("replay-t-programmes", "replay-h-programme", most(&report.tally.programmes, Clone::clone), words)
}

fn most(sums: &BTreeMap<String, Matrix>, name: impl Fn(&String) -> String) -> Vec<(String, &Matrix)> {
    let mut places: Vec<_> = sums.iter().map(|(id, sums)| (name(id), sums)).collect();
    places.sort_by_key(|(_, sums)| Reverse(sums.changed().count));
    places.truncate(SHOWN);
    places
}

fn places(caption: &str, heading: &str, places: Vec<(String, &Matrix)>, words: &Words) -> Table {
    let row = |(name, sums): (String, &Matrix)| {
        let directions = [sums.stricter(), sums.looser(), sums.undetermined()];
        let mut cells = vec![grouped(sums.total().count)];
        cells.extend(directions.iter().flat_map(|sum| [grouped(sum.count), words.money(sum.money)]));
        Row::new(name, cells)
    };
    Table {
        caption: words.text(caption),
        folded: false,
        headings: headings(
            words,
            &[
                heading,
                "replay-h-all",
                "replay-f-stricter",
                "replay-h-money",
                "replay-f-looser",
                "replay-h-money",
                "replay-f-undetermined",
                "replay-h-money",
            ],
        ),
        rows: places.into_iter().map(row).collect(),
    }
}
