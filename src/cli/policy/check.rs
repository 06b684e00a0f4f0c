//! `sekisho policy check`: whether a bundle is sound, and what should be looked at. Changes nothing.

use std::io::{self, Write};

use clap::Args;
use miette::Severity;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::json;

use super::report::{Format, counted, named, place, show};
use super::which::{self, Broken, Unusable};
use crate::cli::{FAILED, Failure, Settings};
use crate::policy::question::Question;
use crate::policy::scrutiny::{Scrutiny, scrutinise};
use crate::policy::{Bundle, BundleSource, Fault};

/// What to check, and how strictly.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    #[arg(value_name = "BUNDLE", default_value_t = which::usual(), help = which::NAMES)]
    bundle: String,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
    /// How to write what was found
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What was found.
struct Found {
    name: String,
    source: BundleSource,
    digest: Option<String>,
    code: u8,
    bundle: Option<Bundle>,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

pub(super) async fn run(args: CheckArgs, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    let found = match which::source(&args.bundle, settings).await {
        Ok(source) => look(args.bundle, source),
        Err(Unusable::Bundle(broken)) if args.format != Format::Human => unread(*broken),
        Err(unusable) => return Err(unusable.into()),
    };
    let fails = !found.faults.is_empty() || (args.strict && !found.warnings.is_empty());
    match args.format {
        Format::Human => tell(&found, fails, settings.colours, out)?,
        Format::Json => writeln!(out, "{:#}", document(&found, fails))?,
        Format::Junit => writeln!(out, "{}", junit(&found, args.strict)?)?,
    }
    Ok(if fails { found.code } else { 0 })
}

fn look(name: String, source: BundleSource) -> Found {
    let digest = Some(source.digest());
    match Bundle::build(source.clone()) {
        Err(errors) => {
            Found { name, source, digest, code: FAILED, bundle: None, faults: errors.0, warnings: Vec::new() }
        }
        Ok(bundle) => {
            let Scrutiny { faults, warnings, .. } = scrutinise(&bundle);
            Found { name, source, digest, code: FAILED, bundle: Some(bundle), faults, warnings }
        }
    }
}

/// A bundle that could not be read.
fn unread(broken: Broken) -> Found {
    let Broken { name, source, faults, code, .. } = broken;
    Found { name, source, digest: None, code, bundle: None, faults, warnings: Vec::new() }
}

fn tell(found: &Found, fails: bool, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    show(&found.faults, Severity::Error, &found.source, colours, out)?;
    show(&found.warnings, Severity::Warning, &found.source, colours, out)?;
    if fails {
        let (faults, warnings) = (counted(found.faults.len(), "fault"), counted(found.warnings.len(), "warning"));
        let title = which::titled(&found.name, found.digest.as_deref().unwrap_or_default());
        return writeln!(out, "the bundle {title} is refused: {faults}, {warnings}");
    }
    found.bundle.as_ref().map_or(Ok(()), |bundle| describe(&found.name, bundle, found.warnings.len(), out))
}

fn describe(name: &str, bundle: &Bundle, warnings: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "the bundle {} is sound", which::titled(name, bundle.digest()))?;
    if warnings > 0 {
        writeln!(out, "  {}", counted(warnings, "warning"))?;
    }
    writeln!(out, "  digest         {}", bundle.digest())?;
    writeln!(out, "  facts version  {}", bundle.facts_version())?;
    for question in Question::ALL {
        let (permits, forbids) = counts(bundle, *question);
        writeln!(out, "  {:<13}  {permits:>3} permit {forbids:>3} forbid", question.as_str())?;
    }
    writeln!(out, "  {:<13}  {:>3} claims that must hold of every request", "invariants", bundle.invariants().len())
}

/// How many rules of a question permit, and how many forbid.
fn counts(bundle: &Bundle, question: Question) -> (usize, usize) {
    let rules = || bundle.rules().iter().filter(|rule| rule.question == question);
    let forbids = rules().filter(|rule| rule.forbids).count();
    (rules().count() - forbids, forbids)
}

fn document(found: &Found, fails: bool) -> serde_json::Value {
    let rules = |bundle: &Bundle| -> serde_json::Map<String, serde_json::Value> {
        let of = |question: &Question| {
            let (permit, forbid) = counts(bundle, *question);
            (question.as_str().to_owned(), json!({ "permit": permit, "forbid": forbid }))
        };
        Question::ALL.iter().map(of).collect()
    };
    json!({
        "passed": !fails,
        "bundle": found.name,
        "digest": found.digest,
        "facts_version": found.bundle.as_ref().map(Bundle::facts_version),
        "rules": found.bundle.as_ref().map(rules),
        "invariants": found.bundle.as_ref().map(|bundle| bundle.invariants().len()),
        "faults": found.faults,
        "warnings": found.warnings,
    })
}

/// A test case for each file in which something was found, or one for the bundle.
fn junit(found: &Found, strict: bool) -> Result<String, Failure> {
    let mut suite = TestSuite::new("policy check");
    named(&mut suite, &found.name, found.digest.as_deref());
    for (fault, fails) in
        found.faults.iter().map(|fault| (fault, true)).chain(found.warnings.iter().map(|fault| (fault, strict)))
    {
        let mut status =
            if fails { TestCaseStatus::non_success(NonSuccessKind::Failure) } else { TestCaseStatus::success() };
        status.set_message(fault.message.as_str());
        status.set_description(fault.to_string());
        let mut case = TestCase::new(format!("{}: {}", place(fault), fault.message), status);
        case.set_classname(fault.file.as_str());
        if !fails {
            case.set_system_out(fault.to_string());
        }
        suite.add_test_case(case);
    }
    if found.faults.is_empty() {
        suite.add_test_case(TestCase::new("the bundle is sound", TestCaseStatus::success()));
    }
    let mut report = Report::new("sekisho");
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}
