//! The sums for who reads them at a terminal.

use std::io::{self, Write};

use crate::domain::label::Label;
use crate::domain::replay::{Course, Matrix, Sum};
use crate::flow::replay::Report;

/// So many lines of a list are shown.
const SHOWN: usize = 12;

/// Tells a report.
pub(super) fn tell(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let tally = &report.tally;
    let courses = &tally.courses;
    let (all, changed) = (courses.total(), courses.changed());
    if !report.finished {
        let reached = report.reached.map_or("nothing".to_owned(), crate::domain::clock::Micros::rfc3339);
        writeln!(out, "stopped before the end; these are the sums up to {reached}\n")?;
    }
    writeln!(out, "{} of {} decisions go elsewhere under {}…", changed.count, all.count, short(&report.bundle))?;
    let (stricter, looser) = (courses.stricter(), courses.looser());
    writeln!(out, "  stricter      {}", money(stricter, report))?;
    writeln!(out, "  looser        {}", money(looser, report))?;
    writeln!(out, "  undetermined  {}\n", money(courses.undetermined(), report))?;
    matrix(report, out)?;
    let [before, now] = tally.challenge_load();
    writeln!(out, "\nchallenge load  {:.2}% before, {:.2}% now", before * 100.0, now * 100.0)?;
    labels(report, out)?;
    rules(report, out)?;
    places("merchant", tally.merchants.iter().map(|(id, sums)| (named(report, id), sums)), report, out)?;
    places("programme", tally.programmes.iter().map(|(id, sums)| (id.clone(), sums)), report, out)?;
    places("hour", tally.hours.iter().map(|(hour, sums)| (format!("{hour:02}"), sums)), report, out)?;
    remarks(report, out)
}

fn matrix(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {:<14}{:<14}{:>10}  money ({}, minor units)", "before", "now", "decisions", report.currency)?;
    for (from, to, sum) in report.tally.courses.cells() {
        writeln!(out, "  {:<14}{:<14}{:>10}  {}", from.as_str(), to.as_str(), sum.count, sum.money)?;
    }
    for (name, sums) in [("at best", &report.tally.at_best), ("at worst", &report.tally.at_worst)] {
        for (from, to, sum) in sums.cells() {
            let words = (from.as_str(), to.as_str());
            writeln!(out, "  undetermined, {name}: {} to {}: {}", words.0, words.1, sum.count)?;
        }
    }
    Ok(())
}

fn labels(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Some(fraud) = report.tally.labels.get(&Label::Fraud) else {
        return writeln!(out, "no decision among them is labelled as fraud");
    };
    let (missed, missed_now) = (fraud.before(Course::Approve), fraud.after(Course::Approve));
    writeln!(out, "fraud that passes without friction")?;
    writeln!(out, "  before  {}", money(missed, report))?;
    writeln!(out, "  now     {}", money(missed_now, report))?;
    for (origin, sums) in &report.tally.frauds {
        let (before, now) = (sums.before(Course::Approve).count, sums.after(Course::Approve).count);
        writeln!(out, "  {origin}: {before} before, {now} now, of {}", sums.total().count)?;
    }
    if let Some([before, now]) = report.tally.false_challenges() {
        writeln!(out, "genuine purchases challenged  {:.2}% before, {:.2}% now", before * 100.0, now * 100.0)?;
    }
    Ok(())
}

fn rules(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: Vec<_> = report.tally.rules.iter().collect();
    rules.sort_by_key(|(id, cause)| (std::cmp::Reverse(cause.count()), (*id).clone()));
    if !rules.is_empty() {
        writeln!(out, "\n  {:<40}{:>10}  {}", "rule, where the way changes", "decisions", report.currency)?;
    }
    for (id, cause) in rules.into_iter().take(SHOWN) {
        writeln!(out, "  {id}")?;
        for (what, sums) in [("begins to decide", &cause.added), ("ceases to decide", &cause.removed)] {
            for (from, to, sum) in sums.cells() {
                let way = format!("{what}: {} to {}", from.as_str(), to.as_str());
                writeln!(out, "    {way:<38}{:>10}  {}", sum.count, sum.money)?;
            }
        }
    }
    Ok(())
}

/// For each direction the decisions, and their money behind them.
fn places<'a>(
    heading: &str,
    sums: impl Iterator<Item = (String, &'a Matrix)>,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut changed: Vec<(String, &Matrix)> = sums.filter(|(_, sums)| sums.changed().count > 0).collect();
    changed.sort_by_key(|(_, sums)| std::cmp::Reverse(sums.changed().count));
    if !changed.is_empty() {
        let [stricter, looser, open] = ["stricter", "looser", "undetermined"];
        let money = &report.currency;
        writeln!(
            out,
            "\n  {heading:<28}{:>9}{stricter:>10}{money:>13}{looser:>9}{money:>13}{open:>14}{money:>13}",
            "all"
        )?;
    }
    for (name, sums) in changed.into_iter().take(SHOWN) {
        write!(out, "  {name:<28}{:>9}", sums.total().count)?;
        for (sum, wide) in [(sums.stricter(), 10), (sums.looser(), 9), (sums.undetermined(), 14)] {
            write!(out, "{:>wide$}{:>13}", sum.count, sum.money)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn remarks(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let tally = &report.tally;
    writeln!(
        out,
        "\nvelocity and device facts are as recorded: what the new bundle would have made of earlier purchases"
    )?;
    writeln!(out, "does not change them")?;
    for (reason, count) in &tally.skipped {
        writeln!(out, "left out: {count} ({reason})")?;
    }
    for (count, text) in [
        (tally.unknown_bundle, "were decided by a bundle that is not known any more: all was asked again"),
        (tally.not_converted, "have no rate into the base currency: counted without money"),
        (tally.no_longer_asked, "would not be shared any more: decided without the company's answer"),
        (
            tally.newly_asked,
            "would be shared and were not: decided with a sample of what the company could have answered",
        ),
    ] {
        if count > 0 {
            writeln!(out, "{count} {text}")?;
        }
    }
    Ok(())
}

fn money(sum: Sum, report: &Report) -> String {
    format!("{} decisions, {} {}", sum.count, sum.money, report.currency)
}

fn named(report: &Report, id: &str) -> String {
    report.merchant_names.get(id).cloned().unwrap_or_else(|| id.to_owned())
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
