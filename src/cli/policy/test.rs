//! `sekisho policy test`: runs a bundle's cases, shows why one came out otherwise, and which rules they cover.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde_json::json;

use super::record;
use super::report::{Format, counted, named};
use super::which::{self, Broken, Unusable};
use crate::cli::{FAILED, Failure, Settings, USAGE};
use crate::domain::id::AuthenticationId;
use crate::policy::case::{self, Failure as CaseFailure, Report};
use crate::policy::explanation::{Answered, RuleSaid, Standing};

/// How many near misses are shown of one question.
const NEAR_MISSES_SHOWN: usize = 5;

/// Which cases of which bundle, or which decision to turn into one.
#[derive(Debug, Args)]
pub(in crate::cli) struct TestArgs {
    #[arg(value_name = "BUNDLE", default_value_t = which::usual(), help = which::NAMES)]
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
    /// Write this stored decision as a case into the bundle's folder instead; it expects what the folder's rules answer now.
    /// Needs `sekisho login`
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
    let (digest, report) = match test(&args, settings).await {
        Ok(tested) => tested,
        Err(Unusable::Bundle(broken)) if args.format != Format::Human => return refuse(&broken, args.format, out),
        Err(unusable) => return Err(unusable.into()),
    };
    let tested = Tested { name: &args.bundle, digest: &digest, report: &report, least: args.min_coverage };
    if let Some(text) = args.filter.as_ref().filter(|_| report.run == 0) {
        let title = which::titled(&args.bundle, &digest);
        let message = format!(
            "no case of {title} matches `{text}`\nhint: it must stand in a case's name, its file or an expected rule id"
        );
        return Err(Failure { code: USAGE, message });
    }
    match args.format {
        Format::Human => tested.tell(out)?,
        Format::Json => writeln!(out, "{:#}", tested.document())?,
        Format::Junit => writeln!(out, "{}", tested.junit()?)?,
    }
    Ok(if tested.passed() { 0 } else { FAILED })
}

/// Digest and results of the bundle that is meant.
async fn test(args: &TestArgs, settings: &Settings) -> Result<(String, Report), Unusable> {
    let source = which::source(&args.bundle, settings).await?;
    let bundle = which::build(&args.bundle, source.clone(), settings)?;
    let ran = case::run_some(&bundle, args.filter.as_deref());
    let report = ran.map_err(|errors| which::broken(&args.bundle, source, errors, settings))?;
    Ok((bundle.digest().to_owned(), report))
}

/// The bundle, or one of its cases, cannot be read: no case was run.
fn refuse(broken: &Broken, format: Format, out: &mut dyn Write) -> Result<u8, Failure> {
    if format == Format::Json {
        writeln!(out, "{:#}", json!({ "passed": false, "bundle": broken.name, "faults": broken.faults }))?;
        return Ok(broken.code);
    }
    let faults: Vec<String> = broken.faults.iter().map(ToString::to_string).collect();
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_description(faults.join("\n"));
    writeln!(out, "{}", suite(&broken.name, None, [TestCase::new("the bundle can be read", status)])?)?;
    Ok(broken.code)
}

/// What came of a bundle's cases.
struct Tested<'a> {
    name: &'a str,
    digest: &'a str,
    report: &'a Report,
    /// The least coverage that is wanted.
    least: Option<u8>,
}

impl Tested<'_> {
    fn passed(&self) -> bool {
        self.report.failures.is_empty() && self.uncovered().is_none()
    }

    /// What is said where the cases cover too little.
    fn uncovered(&self) -> Option<String> {
        let (least, covered) = (self.least?, self.report.coverage());
        let message = || format!("the cases cover {covered} percent of the rules: fewer than {least}");
        (covered < usize::from(least)).then(message)
    }

    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let report = self.report;
        for failure in &report.failures {
            write!(out, "{}", why(failure))?;
            writeln!(out)?;
        }
        let (rules, title) = (report.covered + report.uncovered.len(), which::titled(self.name, self.digest));
        writeln!(out, "{} of {title}, {} failed", counted(report.run, "case"), report.failures.len())?;
        writeln!(out, "{} of {rules} rules matched in a case, {} decided one", report.covered, report.decided.len())?;
        for rule in &report.matched {
            writeln!(out, "  never decided: {rule}")?;
        }
        for rule in &report.uncovered {
            writeln!(out, "  without a case: {rule}")?;
        }
        self.uncovered().map_or(Ok(()), |uncovered| writeln!(out, "{uncovered}"))
    }

    fn document(&self) -> serde_json::Value {
        let report = self.report;
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
            "passed": self.passed(),
            "bundle": self.name,
            "digest": self.digest,
            "cases": report.run,
            "failures": failures,
            "coverage": {
                "percent": report.coverage(), "decided": report.decided, "matched": report.matched,
                "never": report.uncovered,
            },
        })
    }

    fn junit(&self) -> Result<String, Failure> {
        let cases = self.report.ran.iter().map(|ran| {
            let failed =
                self.report.failures.iter().find(|failure| failure.file == ran.file && failure.name == ran.name);
            let mut case = TestCase::new(ran.name.as_str(), failed.map_or_else(TestCaseStatus::success, status));
            case.set_classname(ran.file.as_str());
            case
        });
        let coverage = self.least.map(|least| {
            let status = self.uncovered().map_or_else(TestCaseStatus::success, |uncovered| {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(uncovered);
                status
            });
            TestCase::new(format!("the cases cover {least} percent of the rules"), status)
        });
        suite(self.name, Some(self.digest), cases.chain(coverage))
    }
}

fn status(failure: &CaseFailure) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(failure.differences.join("; "));
    status.set_description(why(failure));
    status
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

fn suite(name: &str, digest: Option<&str>, cases: impl IntoIterator<Item = TestCase>) -> Result<String, Failure> {
    let mut suite = TestSuite::new("policy test");
    named(&mut suite, name, digest);
    suite.add_test_cases(cases);
    let mut report = quick_junit::Report::new("sekisho");
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}
