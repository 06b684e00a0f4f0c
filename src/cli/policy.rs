//! `sekisho policy`: writes, checks, tests and explains bundles of rules, and leads a change through its life. A verb per file.

mod activate;
mod check;
mod compare;
mod decide;
mod explain;
mod files;
mod fmt;
mod history;
mod life;
mod new;
mod prove;
mod record;
mod replay;
mod report;
mod rollback;
mod sign;
mod status;
mod submit;
mod test;
mod which;

use std::io::Write;

use clap::Subcommand;

use super::{Failure, Settings};

/// What to do with a bundle.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Write a file for a new rule or invariant from a template
    New(new::NewArgs),
    /// Bring rules into one form
    Fmt(fmt::FmtArgs),
    /// Check that the bundle is sound: files, ids, annotations, reasons, schema, reference data, lint, cases
    Check(check::CheckArgs),
    /// Run the bundle's cases, show why one fails and which rules they cover
    Test(test::TestArgs),
    /// Explain one stored decision: facts, rules that matched, conditions that stood in the way; needs `sekisho login`
    Explain(explain::ExplainArgs),
    /// Prove what must hold of every possible request; needs the solver cvc5
    Prove(prove::ProveArgs),
    /// Show where a new bundle is stricter or looser than an old one; needs the solver cvc5
    Compare(compare::CompareArgs),
    /// Decide recorded purchases once more under another bundle, and show what changes
    Replay(Box<replay::ReplayArgs>),
    #[command(flatten)]
    Life(life::LifeCommand),
}

/// Runs a command. The exit code is 0 when all is well and 1 when the bundle or its cases fail.
pub(super) async fn run(command: PolicyCommand, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    match command {
        PolicyCommand::New(args) => new::run(&args, settings, out),
        PolicyCommand::Fmt(args) => fmt::run(&args, settings, out),
        PolicyCommand::Check(args) => check::run(args, settings, out).await,
        PolicyCommand::Test(args) => test::run(args, settings, out).await,
        PolicyCommand::Explain(args) => explain::run(args, settings, out).await,
        PolicyCommand::Prove(args) => prove::run(args, settings, out).await,
        PolicyCommand::Compare(args) => compare::run(args, settings, out).await,
        PolicyCommand::Replay(args) => replay::run(*args, settings, out).await,
        PolicyCommand::Life(command) => Box::pin(life::run(command, settings, out)).await,
    }
}
