//! `sekisho policy compare`: where a new bundle is stricter or looser than an old one, over every possible request.
//! With `--fail-if-looser` a gate: what is looser, or cannot be decided, fails.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::prove::{example_document, example_lines};
use super::report::Format;
use super::which;
use crate::cli::{FAILED, Failure, OURS, Settings, USAGE};
use crate::policy::compare::{Compared, Comparison, Side, compare};
use crate::policy::difference::{Change, Changed};
use crate::policy::prove::Options;
use crate::policy::question::Question;

/// Which bundles to compare, and what must not get looser.
#[derive(Debug, Args)]
pub(in crate::cli) struct CompareArgs {
    #[arg(value_name = "OLD", help = which::NAMES)]
    old: String,
    #[arg(value_name = "NEW", help = which::NAMES)]
    new: String,
    /// Fail when this question (share, approve, challenge, offer) is answered yes where it was answered no
    #[arg(long, value_name = "QUESTION", value_parser = question)]
    fail_if_looser: Vec<Question>,
    /// How to write the results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The solver cvc5; without it the one on PATH
    #[arg(long, env = "CVC5", value_name = "PATH", default_value = "cvc5")]
    solver: PathBuf,
}

fn question(text: &str) -> Result<Question, String> {
    let of_facts = |question: &Question| !matches!(question, Question::Staff | Question::Authenticate);
    Question::parse(text).filter(of_facts).ok_or_else(|| "one of share, approve, challenge, offer".to_owned())
}

pub(super) async fn run(args: CompareArgs, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    if args.format == Format::Junit {
        return Err(Failure { code: USAGE, message: "a comparison has no JUnit form\nhint: use json".to_owned() });
    }
    let (old, new) = (which::bundle(&args.old, settings).await?, which::bundle(&args.new, settings).await?);
    let options = Options { solver: args.solver.clone(), ..Options::default() };
    let comparison = compare(&old, &new, &options).await;
    let looser: Vec<Question> =
        args.fail_if_looser.iter().copied().filter(|question| !comparison.is_surely_not_looser(*question)).collect();
    match args.format {
        Format::Json => {
            let mut document = document(&comparison, &looser);
            if let Some(fields) = document.as_object_mut() {
                for (side, name, bundle) in [("old", &args.old, &old), ("new", &args.new, &new)] {
                    fields.insert(side.to_owned(), json!({ "bundle": name, "digest": bundle.digest() }));
                }
            }
            writeln!(out, "{document:#}")?;
        }
        Format::Human | Format::Junit => {
            let (old, new) = (which::titled(&args.old, old.digest()), which::titled(&args.new, new.digest()));
            writeln!(out, "the old bundle is {old}, the new one {new}")?;
            tell(&comparison, &looser, out)?;
        }
    }
    match comparison.unavailable {
        Some(why) => Err(Failure { code: OURS, message: format!("nothing is compared: {why}") }),
        None => Ok(if looser.is_empty() { 0 } else { FAILED }),
    }
}

fn tell(comparison: &Comparison, looser: &[Question], out: &mut dyn Write) -> io::Result<()> {
    for weakened in &comparison.weakening {
        writeln!(out, "needs two approvers: {weakened}")?;
    }
    for compared in &comparison.questions {
        writeln!(out, "{}: {}", compared.about, compared.word())?;
        side(&compared.stricter, "no longer allowed", out)?;
        side(&compared.looser, "allowed now", out)?;
    }
    let difference = &comparison.difference;
    for (question, rules) in &difference.rules {
        changes(&format!("rule of {}", question.as_str()), rules, out)?;
    }
    changes("invariant", &difference.invariants, out)?;
    changes("assumption", &difference.assumptions, out)?;
    changes("file", &difference.reference, out)?;
    if !difference.reference.is_empty() {
        writeln!(out, "what follows from other reference data is not compared: replay shows it")?;
    }
    for question in looser {
        writeln!(out, "failed: `{}` is looser, or could not be decided", question.as_str())?;
    }
    Ok(())
}

fn side(side: &Side, what: &str, out: &mut dyn Write) -> io::Result<()> {
    match side {
        Side::No => Ok(()),
        Side::Undecided(why) => writeln!(out, "  {what}: not decided: {why}"),
        Side::Yes(None) => writeln!(out, "  {what}: some request"),
        Side::Yes(Some(example)) => {
            writeln!(out, "  {what}:")?;
            example_lines(example).into_iter().try_for_each(|line| writeln!(out, "    {line}"))
        }
    }
}

fn changes(what: &str, changed: &[Changed], out: &mut dyn Write) -> io::Result<()> {
    changed.iter().try_for_each(|one| {
        let how = match one.change {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        };
        writeln!(out, "{how}: {what} `{}`", one.id)
    })
}

fn document(comparison: &Comparison, looser: &[Question]) -> Value {
    let side = |side: &Side| match side {
        Side::No => json!({ "differs": false }),
        Side::Yes(example) => json!({ "differs": true, "example": example.as_deref().map(example_document) }),
        Side::Undecided(why) => json!({ "differs": null, "why": why }),
    };
    let question = |compared: &Compared| {
        json!({
            "question": compared.question.as_str(), "about": compared.about, "is": compared.word(),
            "stricter": side(&compared.stricter), "looser": side(&compared.looser),
        })
    };
    json!({
        "passed": looser.is_empty() && comparison.unavailable.is_none(),
        "unavailable": comparison.unavailable,
        "questions": comparison.questions.iter().map(question).collect::<Vec<_>>(),
        "difference": comparison.difference,
        "weakening": comparison.weakening,
    })
}
