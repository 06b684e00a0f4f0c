//! `sekisho policy fmt`: rules in one form. Comments stay; what a rule means stays, which the formatter checks itself.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use miette::Severity;

use super::files::write_whole;
use super::report::{counted, show};
use super::which;
use crate::cli::{FAILED, Failure, Settings};
use crate::policy::Fault;
use crate::policy::format::formatted;

/// Which folder, and whether to write.
#[derive(Debug, Args)]
pub(in crate::cli) struct FmtArgs {
    /// The bundle's folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Write nothing; list what is not in form and fail
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &FmtArgs, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    let source = which::folder(&args.dir, settings)?;
    let (mut changed, mut faults): (Vec<(&str, String)>, Vec<Fault>) = (Vec::new(), Vec::new());
    for (file, text) in source.rule_files() {
        match formatted(file, text) {
            Ok(new) if new == text => {}
            Ok(new) => changed.push((file, new)),
            Err(fault) => faults.push(fault),
        }
    }
    show(&faults, Severity::Error, &source, settings.colours, out)?;
    let (done, verb) = if args.check { (false, "not in form") } else { (true, "formatted") };
    for (file, text) in &changed {
        if done {
            write_whole(&args.dir.join(file), text.as_bytes())?;
        }
        writeln!(out, "{verb}: {file}")?;
    }
    let fails = !faults.is_empty() || (args.check && !changed.is_empty());
    if !faults.is_empty() {
        writeln!(out, "{} cannot be read and stayed as it was", counted(faults.len(), "file"))?;
    }
    Ok(if fails { FAILED } else { 0 })
}
