//! What a replay found, for people who decide about a change of the rules: first what changes, then how and where.

mod parts;
mod pictures;
mod tables;
mod words;

use askama::Template;

use self::parts::{Figure, Section};
use self::words::{Words, percent};
use super::{ReportError, style};
use crate::domain::challenge::Language;
use crate::domain::label::Label;
use crate::domain::money::grouped;
use crate::domain::replay::{Course, ratio};
use crate::flow::replay::Report;

#[derive(Template)]
#[template(path = "replay.html")]
struct Page<'a> {
    language: &'static str,
    style: &'static str,
    style_hash: String,
    kind: String,
    title: String,
    lead: String,
    further: Vec<String>,
    partial: String,
    figures: Vec<Figure>,
    sections: Vec<Section>,
    remarks_title: String,
    remarks: Vec<String>,
    made: String,
    digest: &'a str,
}

/// The page.
///
/// # Errors
/// [`ReportError`].
pub fn page(report: &Report, language: Language) -> Result<String, ReportError> {
    let words = Words::new(language, &report.currency);
    let courses = &report.tally.courses;
    let [changed, all] = [courses.changed().count, courses.total().count];
    let lead = words.all(
        "replay-lead",
        &[
            ("all", &grouped(all)),
            ("changed", &grouped(changed)),
            ("share", &percent(ratio(changed, all))),
            ("stricter", &grouped(courses.stricter().count)),
            ("looser", &grouped(courses.looser().count)),
        ],
    );
    let nothing = || words.all("replay-lead-nothing", &[("all", &grouped(all))]);
    let page = Page {
        language: language.as_str(),
        style: style::sheet(),
        style_hash: style::hash(),
        kind: words.text("replay-kind"),
        title: words.text("replay-title"),
        lead: if changed == 0 { nothing() } else { lead },
        further: further(report, &words),
        partial: partial(report, &words),
        figures: figures(report, &words),
        sections: sections(report, &words),
        remarks_title: words.text("replay-remarks"),
        remarks: remarks(report, &words),
        made: words.all("replay-made", &[("at", &words.moment(report.made_at))]),
        digest: &report.bundle,
    };
    page.render()
}

fn further(report: &Report, words: &Words) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(fraud) = report.tally.labels.get(&Label::Fraud) {
        let (before, now) = (fraud.before(Course::Approve), fraud.after(Course::Approve));
        sentences.push(
            words.all("replay-lead-fraud", &[("before", &words.money(before.money)), ("now", &words.money(now.money))]),
        );
    }
    if let Some([before, now]) = report.tally.false_challenges() {
        sentences.push(words.all("replay-lead-genuine", &[("before", &percent(before)), ("now", &percent(now))]));
    }
    sentences
}

fn partial(report: &Report, words: &Words) -> String {
    match report.reached {
        _ if report.finished => String::new(),
        None => words.text("replay-partial-nothing"),
        Some(at) => words.all("replay-partial", &[("at", &words.moment(at))]),
    }
}

fn figures(report: &Report, words: &Words) -> Vec<Figure> {
    let courses = &report.tally.courses;
    let figure = |key: &str, sum: crate::domain::replay::Sum| Figure {
        name: words.text(key),
        value: grouped(sum.count),
        note: words.money(sum.money),
    };
    let [before, now] = report.tally.challenge_load();
    vec![
        figure("replay-f-all", courses.total()),
        figure("replay-f-stricter", courses.stricter()),
        figure("replay-f-looser", courses.looser()),
        figure("replay-f-undetermined", courses.undetermined()),
        Figure {
            name: words.text("replay-f-load"),
            value: percent(now),
            note: words.all("replay-f-load-before", &[("before", &percent(before))]),
        },
    ]
}

fn sections(report: &Report, words: &Words) -> Vec<Section> {
    let mut sections = vec![
        Section {
            title: words.text("replay-s-flow"),
            explanation: words.text("replay-s-flow-text"),
            has_picture: report.tally.replayed() > 0,
            picture: pictures::flow(report, words),
            legend: pictures::courses_legend(report, words),
            tables: tables::courses(report, words),
        },
        Section {
            title: words.text("replay-s-money"),
            explanation: words.text(if report.tally.labels.contains_key(&Label::Fraud) {
                "replay-s-money-text"
            } else {
                "replay-s-money-none"
            }),
            has_picture: report.tally.labels.contains_key(&Label::Fraud) || report.tally.courses.changed().count > 0,
            picture: pictures::money(report, words),
            legend: pictures::money_legend(report, words),
            tables: tables::frauds(report, words),
        },
    ];
    if !report.tally.rules.is_empty() {
        sections.push(Section {
            title: words.text("replay-s-rules"),
            explanation: words.text("replay-s-rules-text"),
            has_picture: true,
            picture: pictures::rules(report, words),
            legend: pictures::rules_legend(words),
            tables: vec![tables::rules(report, words)],
        });
    }
    sections.push(Section {
        title: words.text("replay-s-hours"),
        explanation: words.text("replay-s-hours-text"),
        has_picture: report.tally.replayed() > 0,
        picture: pictures::hours(report, words),
        legend: pictures::hours_legend(words),
        tables: vec![tables::hours(report, words)],
    });
    sections.push(Section {
        title: words.text("replay-s-places"),
        explanation: String::new(),
        has_picture: false,
        picture: crate::charts::Picture::default(),
        legend: Vec::new(),
        tables: vec![tables::merchants(report, words), tables::programmes(report, words)],
    });
    sections
}

fn remarks(report: &Report, words: &Words) -> Vec<String> {
    let tally = &report.tally;
    let mut remarks = vec![words.text("replay-r-velocity"), words.text("replay-r-nobody")];
    let counted = [
        ("replay-r-unknown-bundle", tally.unknown_bundle),
        ("replay-r-not-converted", tally.not_converted),
        ("replay-r-no-longer-asked", tally.no_longer_asked),
        ("replay-r-newly-asked", tally.newly_asked),
    ];
    for (key, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
        remarks.push(words.all(key, &[("count", &grouped(count))]));
    }
    for (reason, count) in &tally.skipped {
        let reason = words.text(&format!("replay-skip-{}", reason.replace('_', "-")));
        remarks.push(words.all("replay-r-skipped", &[("count", &grouped(*count)), ("reason", &reason)]));
    }
    if tally.skipped.is_empty() {
        remarks.push(words.text("replay-r-none-skipped"));
    }
    remarks
}
