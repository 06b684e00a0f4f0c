//! `sekisho policy`: checks a bundle and runs its cases. Says what it finds; changes nothing.

mod activate;
mod decide;
mod history;
mod life;
mod rollback;
mod sign;
mod status;
mod submit;
mod which;

use std::io::{self, Write};

use clap::{Args, Subcommand};

use super::{Failure, Settings};
use crate::policy::case::{self, Report};
use crate::policy::question::Question;
use crate::policy::{Bundle, BundleErrors};

/// What to do with a bundle.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PolicyCommand {
    /// Check that the bundle is sound: files, ids, annotations, reasons, schema, lint
    Check(BundleArgs),
    /// Run the bundle's cases and show which rules they cover
    Test(BundleArgs),
    #[command(flatten)]
    Life(life::LifeCommand),
}

/// Which bundle.
#[derive(Debug, Args)]
pub(super) struct BundleArgs {
    #[arg(value_name = "BUNDLE", default_value = "shipped", help = which::NAMES)]
    bundle: String,
}

/// Runs a command. The exit code is 0 when all is well and 1 when the bundle or its cases fail.
pub(super) async fn run(command: PolicyCommand, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    let (args, test) = match command {
        PolicyCommand::Check(args) => (args, false),
        PolicyCommand::Test(args) => (args, true),
        PolicyCommand::Life(command) => return life::run(command, settings, out).await,
    };
    let source = which::source(&args.bundle, settings).await?;
    let found = Bundle::build(source).and_then(|bundle| {
        let report = if test { Some(case::run(&bundle)?) } else { None };
        Ok((bundle, report))
    });
    Ok(match found {
        Err(errors) => refuse(&errors, out)?,
        Ok((_, Some(report))) => tell(&report, out)?,
        Ok((bundle, None)) => describe(&bundle, out)?,
    })
}

fn refuse(errors: &BundleErrors, out: &mut dyn Write) -> io::Result<u8> {
    for fault in &errors.0 {
        writeln!(out, "error: {fault}")?;
    }
    let count = errors.0.len();
    writeln!(out, "\nthe bundle is refused: {count} {}", if count == 1 { "fault" } else { "faults" })?;
    Ok(1)
}

fn describe(bundle: &Bundle, out: &mut dyn Write) -> io::Result<u8> {
    writeln!(out, "the bundle is sound")?;
    writeln!(out, "  digest         {}", bundle.digest())?;
    writeln!(out, "  facts version  {}", bundle.facts_version())?;
    for question in Question::ALL {
        let rules = || bundle.rules().iter().filter(|rule| rule.question == *question);
        let forbids = rules().filter(|rule| rule.forbids).count();
        let permits = rules().count() - forbids;
        writeln!(out, "  {:<13}  {permits:>3} permit {forbids:>3} forbid", question.as_str())?;
    }
    writeln!(out, "  {:<13}  {:>3} claims that must hold of every request", "invariants", bundle.invariants().len())?;
    Ok(0)
}

fn tell(report: &Report, out: &mut dyn Write) -> io::Result<u8> {
    for failure in &report.failures {
        let line = failure.line.map(|line| format!(":{line}")).unwrap_or_default();
        writeln!(out, "failed: {}{line}: {}", failure.file, failure.name)?;
        for difference in &failure.differences {
            writeln!(out, "  {difference}")?;
        }
    }
    let rules = report.covered + report.uncovered.len();
    writeln!(out, "{} cases, {} failed", report.run, report.failures.len())?;
    writeln!(out, "{} of {rules} rules matched in a case", report.covered)?;
    for rule in &report.uncovered {
        writeln!(out, "  without a case: {rule}")?;
    }
    Ok(u8::from(!report.failures.is_empty()))
}
