//! `sekisho policy submit`: a bundle is kept, with what check, cases and proofs say of it.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::life::{failure, short};
use super::which;
use crate::cli::{FAILED, Failure, Settings, login};
use crate::domain::bundle::{BundleHead, Finding, FindingState};
use crate::flow::policies::submit::{Submission, submit};
use crate::flow::staff::names::Names;
use crate::policy::prove::Options;

/// What to submit.
#[derive(Debug, Args)]
pub(in crate::cli) struct SubmitArgs {
    #[arg(value_name = "BUNDLE", help = which::NAMES)]
    bundle: String,
    /// What changes, and what for
    #[arg(long, value_name = "TEXT")]
    message: String,
    /// The detached signature that `sekisho policy sign` wrote
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// The solver that proves
    #[arg(long, env = "CVC5", value_name = "PATH", default_value = "cvc5")]
    solver: PathBuf,
}

pub(super) async fn run(args: SubmitArgs, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    let source = which::source(&args.bundle, settings).await?;
    let unreadable = |error: io::Error| Failure::failed(format!("the signature cannot be read: {error}"));
    let signature = args.signature.map(std::fs::read_to_string).transpose().map_err(unreadable)?;
    let app = Box::pin(crate::cli::open(settings.load()?)).await?;
    let who = login::who(&app).await?;
    let proofs = Options { solver: args.solver, ..Options::default() };
    let submission = Submission { source, message: args.message, signature, proofs };
    let submitted = submit(&app, &who, submission).await;
    let names = Names::read(&app).await;
    app.store.clone().close().await;
    let submitted = submitted.map_err(failure)?;
    let head = &submitted.head;
    if !submitted.new {
        let (by, at) = (names?.of(&head.author), head.submitted_at.rfc3339());
        let judged =
            if submitted.judged { "it was judged anew, and is to be approved anew" } else { "nothing changed" };
        writeln!(out, "{} was submitted before, by {by} at {at}; {judged}", short(&head.digest))?;
    }
    describe(head, out)?;
    if head.findings.passed() {
        writeln!(out, "next: somebody else runs `sekisho policy approve {}`", short(&head.digest))?;
        return Ok(0);
    }
    writeln!(out, "it is kept, and cannot be approved: mend it and submit it again")?;
    Ok(FAILED)
}

/// What a bundle takes away first, then what its checks said.
pub(super) fn describe(head: &BundleHead, out: &mut dyn Write) -> io::Result<()> {
    if !head.weakens.is_empty() {
        writeln!(out, "it takes away from the bundle that was live; two people of different roles must approve it:")?;
        head.weakens.iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    }
    writeln!(out, "digest     {}", head.digest)?;
    writeln!(out, "message    {}", head.message)?;
    let findings = &head.findings;
    for (name, found) in [("check", &findings.check), ("test", &findings.test), ("proof", &findings.proof)] {
        finding(name, found, out)?;
    }
    if let Some(signature) = &head.signature {
        writeln!(out, "signed by  {}", signature.key)?;
    }
    Ok(())
}

fn finding(name: &str, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let state = match finding.state {
        FindingState::Passed => "passed",
        FindingState::Failed => "FAILED",
        FindingState::NotProved => "NOT PROVED",
    };
    writeln!(out, "{name:<9}  {state}: {}", finding.summary)?;
    finding.details.iter().try_for_each(|line| writeln!(out, "             {line}"))
}
