//! `sekisho policy new`: a file for a rule or an invariant, from a template. Never overwrites.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use miette::Severity;

use super::files::write_whole;
use super::report::show;
use super::which;
use crate::cli::{FAILED, Failure, Settings};
use crate::policy::Bundle;
use crate::policy::question::Question;
use crate::policy::template::Wanted;

/// What to write, and where.
#[derive(Debug, Args)]
pub(in crate::cli) struct NewArgs {
    /// The question: share, approve, challenge, offer, authenticate, staff
    #[arg(value_name = "QUESTION", value_parser = question)]
    question: Question,
    /// The rule's id, which names its file: small letters, digits and `-`
    #[arg(value_name = "ID", value_parser = id)]
    id: String,
    /// The rule permits
    #[arg(long, conflicts_with = "forbid")]
    permit: bool,
    /// The rule forbids, as it does when nothing is said
    #[arg(long)]
    forbid: bool,
    /// An invariant instead of a rule: what must hold of every request
    #[arg(long)]
    invariant: bool,
    /// The bundle's folder
    #[arg(long, value_name = "DIR", default_value = which::FOLDER)]
    dir: PathBuf,
}

fn question(text: &str) -> Result<Question, String> {
    Question::parse(text).ok_or_else(|| "expected share, approve, challenge, offer, authenticate or staff".to_owned())
}

fn id(text: &str) -> Result<String, String> {
    let sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fine = text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(sign) && text.len() <= 64;
    let expected = "expected a small letter, then small letters, digits and `-`, at most 64 in all";
    if fine { Ok(text.to_owned()) } else { Err(expected.to_owned()) }
}

pub(super) fn run(args: &NewArgs, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    if args.invariant && args.question == Question::Staff {
        return Err(Failure::failed(
            "staff rights have no invariants\nhint: state everything a role may do in staff/cases.yaml",
        ));
    }
    let source = which::folder(&args.dir, settings)?;
    let bundle = which::build(&args.dir.display().to_string(), source.clone(), settings)?;
    let wanted = Wanted { question: args.question, id: &args.id, permits: args.permit, invariant: args.invariant };
    let path = args.dir.join(wanted.file());
    if path.symlink_metadata().is_ok() {
        return Err(Failure::failed(format!("`{}` is there already\nhint: choose another id", path.display())));
    }
    let text = wanted.text(&bundle);
    let with = source.with(&wanted.file(), &text);
    if let Err(errors) = Bundle::build(with.clone()) {
        show(&errors.0, Severity::Error, &with, settings.colours, out)?;
        writeln!(out, "nothing was written")?;
        return Ok(FAILED);
    }
    write_whole(&path, text.as_bytes())?;
    writeln!(out, "wrote {}", path.display())?;
    let folder = args.dir.display();
    if args.invariant {
        writeln!(
            out,
            "  still to do: its title and its condition; `sekisho policy prove {folder}` says whether it holds"
        )?;
    } else {
        writeln!(out, "  still to do: title, reason, owner and condition, and a case that it decides")?;
        writeln!(out, "  `sekisho policy check {folder}` warns until there is one")?;
    }
    Ok(0)
}
