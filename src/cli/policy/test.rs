//! `sekisho policy test`: runs a bundle's cases, shows why one came out otherwise, and which rules they cover.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use miette::Severity;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde_json::json;

use super::record;
use super::report::{Format, counted, show};
use super::which;
use crate::cli::{FAILED, Failure, Settings};
use crate::domain::id::AuthenticationId;
use crate::policy::case::{self, Failure as CaseFailure, Report};
use crate::policy::explanation::{Answered, RuleSaid, Standing};
use crate::policy::{Bundle, BundleErrors, BundleSource};

/// How many near misses are shown of one question.
const NEAR_MISSES_SHOWN: usize = 5;

/// Which cases of which bundle, or which decision to turn into one.
#[derive(Debug, Args)]
pub(in crate::cli) struct TestArgs {
    #[arg(value_name = "BUNDLE", default_value = "shipped", help = which::NAMES)]
    bundle: String,
    /// Only cases in whose name, file or expected rule ids this stands
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Fail when a smaller share of rules matches in some case, whether they decide it or not
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
    /// How to write the results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write this stored decision as a case into the bundle's folder instead; needs `sekisho login`
    #[arg(long, value_name = "AUTHENTICATION", conflicts_with_all = ["filter", "min_coverage", "format"])]
    record: Option<AuthenticationId>,
    /// Expect what was decided then, not what the bundle answers now
    #[arg(long, requires = "record")]
    as_recorded: bool,
}

pub(super) async fn run(args: TestArgs, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    if let Some(id) = args.record {
        return record::run(id, &PathBuf::from(&args.bundle), args.as_recorded, settings, out).await;
    }
    let source = which::source(&args.bundle, settings).await?;
    match test(source.clone(), args.filter.as_deref()) {
        Err(errors) => refuse(&errors, &source, &args, settings.colours, out),
        Ok(report) => {
            let covered = args.min_coverage.is_none_or(|least| report.coverage() >= usize::from(least));
            match args.format {
                Format::Human => tell(&report, args.min_coverage.filter(|_| !covered), out)?,
                Format::Json => writeln!(out, "{:#}", document(&report, covered))?,
                Format::Junit => writeln!(out, "{}", junit(&report)?)?,
            }
            Ok(if report.failures.is_empty() && covered { 0 } else { FAILED })
        }
    }
}

fn test(source: BundleSource, filter: Option<&str>) -> Result<Report, BundleErrors> {
    case::run_some(&Bundle::build(source)?, filter)
}

/// The bundle, or one of its cases, cannot be read: no case was run.
fn refuse(
    errors: &BundleErrors,
    source: &BundleSource,
    args: &TestArgs,
    colours: bool,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    match args.format {
        Format::Human => {
            show(&errors.0, Severity::Error, source, colours, out)?;
            writeln!(out, "no case was run: {}", counted(errors.0.len(), "fault"))?;
        }
        Format::Json => writeln!(out, "{:#}", json!({ "passed": false, "faults": errors.0 }))?,
        Format::Junit => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_description(errors.to_string());
            writeln!(out, "{}", suite([TestCase::new("the bundle can be read", status)])?)?;
        }
    }
    Ok(FAILED)
}

fn tell(report: &Report, least: Option<u8>, out: &mut dyn Write) -> io::Result<()> {
    for failure in &report.failures {
        write!(out, "{}", why(failure))?;
        writeln!(out)?;
    }
    let rules = report.covered + report.uncovered.len();
    writeln!(out, "{}, {} failed", counted(report.run, "case"), report.failures.len())?;
    writeln!(out, "{} of {rules} rules matched in a case, {} decided one", report.covered, report.decided.len())?;
    for rule in &report.matched {
        writeln!(out, "  never decided: {rule}")?;
    }
    for rule in &report.uncovered {
        writeln!(out, "  without a case: {rule}")?;
    }
    if let Some(least) = least {
        writeln!(out, "the cases cover {} percent of the rules: fewer than {least}", report.coverage())?;
    }
    Ok(())
}

/// What a failed case expected, what came, and what each rule said.
fn why(failure: &CaseFailure) -> String {
    let line = failure.line.map(|line| format!(":{line}")).unwrap_or_default();
    let head = format!("failed: {}{line}: {}\n", failure.file, failure.name);
    let differences = failure.differences.iter().map(|difference| format!("  {difference}\n"));
    let asked = failure.questions.iter().map(|asked| question(asked, &failure.expected));
    [head].into_iter().chain(differences).chain(asked).collect()
}

fn question(asked: &Answered, expected: &[String]) -> String {
    let of = asked.method.map(|method| format!(" {}", method.as_str()));
    let of = of.or_else(|| Some(format!(" {} to {}", asked.data_class?.as_str(), asked.recipient.as_deref()?)));
    let answer = if asked.yes { "yes" } else { "no" };
    let head = format!("  {}{}: {answer}\n", asked.question.as_str(), of.unwrap_or_default());
    let near = |rule: &&RuleSaid| rule.standing == Standing::NearMiss && !expected.contains(&rule.id);
    let shown = asked.rules.iter().filter(|rule| rule.standing <= Standing::Failed || expected.contains(&rule.id));
    let shown = shown.chain(asked.rules.iter().filter(near).take(NEAR_MISSES_SHOWN)).map(said);
    let more = asked.rules.iter().filter(near).count().saturating_sub(NEAR_MISSES_SHOWN);
    let more = (more > 0).then(|| format!("    and {more} more near misses\n"));
    [head].into_iter().chain(shown).chain(more).collect()
}

fn said(rule: &RuleSaid) -> String {
    let effect = if rule.forbids { "forbid" } else { "permit" };
    let standing = rule.standing.as_str().replace('_', " ");
    let error = rule.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    let failing = rule.failing().map(|condition| {
        let values: Vec<String> = condition.values.iter().map(ToString::to_string).collect();
        format!("      {} {}\n        {}\n", condition.part.as_str(), condition.text, values.join(", "))
    });
    let head = format!("    {standing}: {effect} {}{error}\n", rule.id);
    [head].into_iter().chain(failing).collect()
}

fn document(report: &Report, covered: bool) -> serde_json::Value {
    let failures: Vec<_> = report
        .failures
        .iter()
        .map(|failure| {
            json!({
                "file": failure.file, "line": failure.line, "name": failure.name,
                "differences": failure.differences, "questions": failure.questions,
            })
        })
        .collect();
    json!({
        "passed": report.failures.is_empty() && covered,
        "cases": report.run,
        "failures": failures,
        "coverage": {
            "percent": report.coverage(), "decided": report.decided, "matched": report.matched,
            "never": report.uncovered,
        },
    })
}

fn junit(report: &Report) -> Result<String, Failure> {
    suite(report.ran.iter().map(|ran| {
        let failed = report.failures.iter().find(|failure| failure.file == ran.file && failure.name == ran.name);
        let status = failed.map_or_else(TestCaseStatus::success, |failure| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(failure.differences.join("; "));
            status.set_description(why(failure));
            status
        });
        let mut case = TestCase::new(ran.name.as_str(), status);
        case.set_classname(ran.file.as_str());
        case
    }))
}

fn suite(cases: impl IntoIterator<Item = TestCase>) -> Result<String, Failure> {
    let mut suite = TestSuite::new("policy test");
    suite.add_test_cases(cases);
    let mut report = quick_junit::Report::new("sekisho");
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}
