//! The panels of how the policies decided over time.

use super::panel::{Panel, share};
use super::titles::Titles;
use crate::charts::bars::{self, Part, Row};
use crate::charts::columns::{self, Series};
use crate::charts::{Picture, Tone};
use crate::domain::clock::Micros;
use crate::domain::money::grouped;
use crate::flow::policy_course::{Course, CourseRange, Plot};
use crate::pages::pieces::{Cell, Table};
use crate::pages::staff::console::Console;
use crate::texts::moment;

/// So many rules are drawn; the table holds all.
const RULES_DRAWN: usize = 8;

const OUTCOMES: [(&str, Tone); 3] = [("approve", Tone::Good), ("challenge", Tone::Effort), ("reject", Tone::Bad)];
const ENDS: [(&str, Tone); 6] = [
    ("passed", Tone::Good),
    ("failed", Tone::Bad),
    ("cancelled", Tone::Open),
    ("timed_out", Tone::Blocked),
    ("withdrawn", Tone::Before),
    ("undeliverable", Tone::Effort),
];

/// Outcomes, challenges, rules and the analysis company.
pub(super) fn panels(console: &Console<'_>, course: &Course, titles: &Titles<'_>) -> Vec<Panel> {
    vec![
        outcomes(console, course),
        challenges(console, course),
        rules(console, course, titles),
        provider(console, course),
    ]
}

fn outcomes(console: &Console<'_>, course: &Course) -> Panel {
    let (plot, total) = (&course.outcomes, course.outcomes.total());
    let mut panel = Panel::new(console, "policies-course-outcomes").figure(grouped(total), text(console, "decisions"));
    for (word, _) in OUTCOMES {
        panel = panel.figure(share(plot.of(word), total), console.text(&format!("policies-outcome-{word}")));
    }
    over_time(console, panel, course.range, plot, "policies-course-outcomes", "policies-outcome", &OUTCOMES)
}

fn challenges(console: &Console<'_>, course: &Course) -> Panel {
    let (plot, total) = (&course.challenges, course.challenges.total());
    let panel = Panel::new(console, "policies-course-challenges")
        .figure(share(plot.of("passed"), total), text(console, "passed"))
        .figure(grouped(total), text(console, "ended"));
    over_time(console, panel, course.range, plot, "policies-course-challenges", "policies-end", &ENDS)
}

/// Rules that could not be evaluated; nothing where none was.
pub(super) fn errors(console: &Console<'_>, course: &Course, titles: &Titles<'_>) -> Option<Panel> {
    let row = |(rule, count): &(String, u64)| {
        vec![Cell::Text(rule.clone()), titles.cell(rule), Cell::Amount(grouped(*count))]
    };
    let headings = ["rule", "title", "count"].map(|name| console.text(&format!("policies-h-{name}")));
    let table = Table {
        caption: console.text("policies-course-errors"),
        headings: headings.to_vec(),
        rows: course.errors.iter().map(row).collect(),
        empty: String::new(),
    };
    let total: u64 = course.errors.iter().map(|(_, count)| count).sum();
    let panel = Panel::new(console, "policies-course-errors")
        .named("errors")
        .figure(grouped(total), console.text("policies-errors"))
        .line(text(console, "errors-lead"))
        .add(&table);
    (!course.errors.is_empty()).then_some(panel)
}

fn text(console: &Console<'_>, name: &str) -> String {
    console.text(&format!("policies-course-{name}"))
}

/// Columns over time with their table; nothing is drawn where nothing was counted.
fn over_time(
    console: &Console<'_>,
    panel: Panel,
    range: CourseRange,
    plot: &Plot,
    title: &str,
    prefix: &str,
    words: &[(&'static str, Tone)],
) -> Panel {
    let shown: Vec<&(&str, Tone)> = words.iter().filter(|(word, _)| plot.of(word) > 0).collect();
    if shown.is_empty() {
        return panel.line(text(console, "nothing"));
    }
    let name = |word: &str| console.text(&format!("{prefix}-{}", word.replace('_', "-")));
    let values = |word: &str| plot.series.get(word).cloned().unwrap_or_default();
    let series: Vec<Series> = shown.iter().map(|(word, tone)| Series { tone: *tone, values: values(word) }).collect();
    let steps: Vec<Micros> =
        (0..plot.steps.count).map(|step| Micros(plot.steps.from.0 + step * plot.steps.length)).collect();
    let marks: Vec<String> = steps.iter().enumerate().map(|(step, at)| mark(range, step, *at)).collect();
    let picture = columns::stacked(&console.text(title), &marks, &series, grouped);
    let legend = shown.iter().map(|(word, tone)| (*tone, name(word))).collect();
    let mut headings = vec![text(console, "from")];
    headings.extend(shown.iter().map(|(word, _)| name(word)));
    let row = |(at, from): (usize, &Micros)| {
        let count = |word: &str| plot.series.get(word).and_then(|counts| counts.get(at)).copied().unwrap_or(0);
        let counts = shown.iter().map(|(word, _)| Cell::Amount(grouped(count(word))));
        std::iter::once(Cell::Figure(moment::stamp(*from).chars().take(16).collect())).chain(counts).collect()
    };
    let rows = steps.iter().enumerate().rev().map(row).collect();
    panel.picture(picture, legend).table(Table { caption: console.text(title), headings, rows, empty: String::new() })
}

/// The name of a step below its column, where it has one: every fourth hour of a day, where the day begins in a week, every
/// fourth day of a month.
fn mark(range: CourseRange, step: usize, at: Micros) -> String {
    let stamp = moment::stamp(at);
    let part = |from: usize, long: usize| stamp.chars().skip(from).take(long).collect::<String>();
    let (hour, rest) = (part(11, 2).parse::<u8>().unwrap_or_default(), part(13, 6));
    match range {
        CourseRange::Day if hour.is_multiple_of(4) && rest == ":00:00" => part(11, 5),
        CourseRange::Week if hour == 0 && rest == ":00:00" => part(5, 5),
        CourseRange::Month if step % 4 == 2 => part(5, 5),
        _ => String::new(),
    }
}

fn rules(console: &Console<'_>, course: &Course, titles: &Titles<'_>) -> Panel {
    let panel = Panel::new(console, "policies-course-rules");
    let total = course.outcomes.total();
    let picture = ranked(console, "policies-course-rules", &course.rules, str::to_owned);
    let row = |(rule, count): &(String, u64)| {
        let path = format!("/staff/policies/decisions?rule={}", encoded(rule));
        vec![
            Cell::Link { path, text: rule.clone() },
            titles.cell(rule),
            Cell::Amount(grouped(*count)),
            Cell::Amount(share(*count, total)),
        ]
    };
    let headings = ["rule", "title", "count", "share"].map(|name| console.text(&format!("policies-h-{name}")));
    let table = Table {
        caption: console.text("policies-course-rules"),
        headings: headings.to_vec(),
        rows: course.rules.iter().map(row).collect(),
        empty: String::new(),
    };
    if course.rules.is_empty() {
        return panel.line(text(console, "nothing"));
    }
    panel.picture(picture, Vec::new()).table(table)
}

fn provider(console: &Console<'_>, course: &Course) -> Panel {
    let panel = Panel::new(console, "policies-course-provider");
    let name = |word: &str| {
        let key = format!("supervisor-provider-{}", word.replace('_', "-"));
        let told = console.text(&key);
        // Words that only the analysis company's connector knows are shown as they are.
        if told == key { word.to_owned() } else { told }
    };
    let total: u64 = course.provider.iter().map(|(_, count)| count).sum();
    if total == 0 {
        return panel.line(text(console, "nothing"));
    }
    let answered = course.provider.iter().find(|(word, _)| word == "answered").map_or(0, |(_, count)| *count);
    let row = |(word, count): &(String, u64)| {
        vec![Cell::Text(name(word)), Cell::Amount(grouped(*count)), Cell::Amount(share(*count, total))]
    };
    let headings = ["state", "count", "share"].map(|name| console.text(&format!("policies-h-{name}")));
    let table = Table {
        caption: console.text("policies-course-provider"),
        headings: headings.to_vec(),
        rows: course.provider.iter().map(row).collect(),
        empty: String::new(),
    };
    let picture = ranked(console, "policies-course-provider", &course.provider, name);
    panel.figure(share(answered, total), text(console, "answered")).picture(picture, Vec::new()).table(table)
}

/// A bar for each word with its count, the longest first.
fn ranked(console: &Console<'_>, title: &str, counts: &[(String, u64)], name: impl Fn(&str) -> String) -> Picture {
    let row = |(word, count): &(String, u64)| Row {
        label: format!("{}  {}", name(word), grouped(*count)),
        parts: vec![Part::new(Tone::After, *count, grouped(*count))],
    };
    let rows: Vec<Row> = counts.iter().take(RULES_DRAWN).map(row).collect();
    bars::stacked(&console.text(title), &rows)
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_below_a_chart_stands_there_once() {
        // 2026-11-22 12:00 in Japan.
        let end = Micros(1_795_316_400_000_000);
        let of = |range, length: i64, count: i64| -> Vec<String> {
            let at = |step: i64| Micros(end.0 - (count - step) * length);
            let steps = (0..count).map(|step| mark(range, usize::try_from(step).unwrap(), at(step)));
            steps.filter(|name| !name.is_empty()).collect()
        };
        let hours = ["12:00", "16:00", "20:00", "00:00", "04:00", "08:00"];
        assert_eq!(of(CourseRange::Day, Micros::HOUR / 2, 48), hours);
        assert_eq!(of(CourseRange::Day, Micros::HOUR, 24), hours);
        let days = ["11-16", "11-17", "11-18", "11-19", "11-20", "11-21", "11-22"];
        assert_eq!(of(CourseRange::Week, 3 * Micros::HOUR, 56), days);
        assert_eq!(of(CourseRange::Month, Micros::DAY, 30).len(), 7);
    }
}
