//! `sekisho policy status`: what is in use, what came of it, and whether every process decides by the same.

use std::io::{self, Write};

use clap::{Args, ValueEnum};

use super::life::short;
use crate::app::App;
use crate::cli::{FAILED, Failure, login};
use crate::domain::policy_figure::FigureKind;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::policies::canary::percent;
use crate::flow::policies::status::{Process, Status, Used, status};

/// How to say it.
#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArgs {
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

/// The exit code is 1 when a process does not follow.
pub(super) async fn run(app: &App, args: &StatusArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    login::require(app, Act::PolicyLook, &ActSubject::none()).await?;
    let status = status(app).await?;
    match args.format {
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&status)?)?,
        Format::Human => tell(&status, out)?,
    }
    Ok(if status.instances.iter().any(|process| ["degraded", "behind"].contains(&process.state)) { FAILED } else { 0 })
}

fn tell(status: &Status, out: &mut dyn Write) -> io::Result<()> {
    for digest in &status.unreviewed_emergencies {
        writeln!(out, "NOT REVIEWED: {} was let through in an emergency", short(digest))?;
    }
    status.bundles.iter().try_for_each(|used| tell_of_bundle(used, out))?;
    writeln!(out, "processes")?;
    if status.instances.is_empty() {
        writeln!(out, "  none has been there lately")?;
    }
    status.instances.iter().try_for_each(|process| tell_of_process(process, out))
}

fn tell_of_bundle(used: &Used, out: &mut dyn Write) -> io::Result<()> {
    let share = match used.mode {
        "live" => String::new(),
        "canary" => format!(", {} of the cards", percent(used.share.into())),
        _ => format!(", {} of the decisions", percent(used.share.into())),
    };
    writeln!(out, "{:<7} {}  {}", used.mode, short(&used.digest), used.message)?;
    writeln!(out, "        since {} by {}{share}", used.since.rfc3339(), used.by_name)?;
    if let Some(until) = &used.until {
        writeln!(out, "        until {until}")?;
    }
    for kind in [FigureKind::Outcome, FigureKind::Challenge, FigureKind::Shadow, FigureKind::Error] {
        let words = used.counted.iter().filter(|count| count.kind == kind);
        let words: Vec<String> = words.map(|count| format!("{} {}", count.word, count.count)).collect();
        if !words.is_empty() {
            writeln!(out, "        {:<9} {}", kind.as_str(), words.join(", "))?;
        }
    }
    Ok(())
}

fn tell_of_process(process: &Process, out: &mut dyn Write) -> io::Result<()> {
    let beside = |name: &str, digest: &Option<String>| {
        digest.as_ref().map(|digest| format!(", {name} {}", short(digest))).unwrap_or_default()
    };
    let (canary, shadow) = (beside("canary", &process.canary), beside("shadow", &process.shadow));
    let (state, live) = (process.state, short(&process.live));
    writeln!(out, "  {:<9} {}  live {live}{canary}{shadow}", state, process.instance)?;
    writeln!(
        out,
        "            {}, loaded {}, seen {}",
        process.program,
        process.loaded_at.rfc3339(),
        process.seen_at.rfc3339()
    )?;
    process.error.iter().try_for_each(|error| writeln!(out, "            {}", error.replace('\n', "\n            ")))
}
