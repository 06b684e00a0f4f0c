//! `sekisho policy history`, `show`, `export`: bundles as the database keeps them.

use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::life::short;
use super::{submit, which};
use crate::app::App;
use crate::cli::{Failure, login};
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::{BundleActivation, BundleApproval};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::policies::canary::percent;
use crate::flow::policies::standing;
use crate::flow::staff::names::Names;

/// How much to list.
#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryArgs {
    /// At most so many bundles and uses
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: u16,
}

/// Which bundle.
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// The digest, 8 digits or more, or `live`
    digest: String,
}

/// Which bundle, and where to.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// The digest, 8 digits or more, or `live`
    digest: String,
    /// A folder that is not there yet, or empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) async fn run(app: &App, args: &HistoryArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    login::require(app, Act::PolicyLook, &ActSubject::none()).await?;
    let (names, unreviewed) = (Names::read(app).await?, app.store.unreviewed_emergencies().await?);
    writeln!(out, "bundles, the newest first")?;
    for head in app.store.bundles(args.limit.into()).await? {
        let stands = words(&standing(app, &head).await?, &names);
        writeln!(out, "  {}  {}  {}", short(&head.digest), head.submitted_at.rfc3339(), names.of(&head.author))?;
        let mark = if unreviewed.contains(&head.digest) { ", NOT REVIEWED" } else { "" };
        writeln!(out, "    {}: {stands}{mark}", head.message)?;
    }
    writeln!(out, "in use, the latest first")?;
    for used in app.store.bundle_activations(args.limit.into()).await? {
        tell_of_use(&used, &names, out)?;
    }
    Ok(0)
}

/// Where a bundle stands, with the name of whoever refused it.
fn words(standing: &Standing, names: &Names) -> String {
    match standing {
        Standing::Refused { by } => Standing::Refused { by: names.of(by) }.words(),
        other => other.words(),
    }
}

fn tell_of_use(used: &BundleActivation, names: &Names, out: &mut dyn Write) -> io::Result<()> {
    let (mode, share) = (used.mode.as_str(), percent(used.share.into()));
    writeln!(
        out,
        "  {}  {mode:<6} {share}  {} by {}",
        short(&used.digest),
        used.started_at.rfc3339(),
        names.of(&used.started_by)
    )?;
    let Some(ended) = used.ended_at else { return Ok(()) };
    let by = names.of(used.ended_by.as_deref().unwrap_or_default());
    writeln!(out, "    until {} by {by}: {}", ended.rfc3339(), used.end_reason.as_deref().unwrap_or_default())
}

pub(super) async fn show(app: &App, args: &ShowArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let digest = which::digest_of(&app.store, &args.digest).await?;
    login::require(app, Act::PolicyLook, &ActSubject::of(&digest)).await?;
    let none = || Failure::failed(format!("the database has no bundle `{digest}`"));
    let head = app.store.bundle(&digest).await?.ok_or_else(none)?.head;
    let names = Names::read(app).await?;
    submit::describe(&head, out)?;
    writeln!(out, "author     {}, {}", names.of(&head.author), head.submitted_at.rfc3339())?;
    writeln!(out, "checked by {}, facts version {}", head.findings.program, head.facts_version)?;
    writeln!(out, "stands     {}", words(&standing(app, &head).await?, &names))?;
    app.store.bundle_approvals(&digest).await?.iter().try_for_each(|word| tell_of_word(word, &names, out))?;
    if let Some(review) = app.store.bundle_review(&digest).await? {
        writeln!(
            out,
            "  reviewed by {} at {}: {}",
            names.of(&review.person),
            review.reviewed_at.rfc3339(),
            review.note
        )?;
    }
    Ok(0)
}

fn tell_of_word(word: &BundleApproval, names: &Names, out: &mut dyn Write) -> io::Result<()> {
    let roles: Vec<&str> = word.roles.iter().map(|role| role.as_str()).collect();
    let decision = if word.emergency { "let through in an emergency" } else { word.decision.as_str() };
    let (person, roles, at) = (names.of(&word.person), roles.join(" and "), word.decided_at.rfc3339());
    let note = if word.note.is_empty() { String::new() } else { format!(": {}", word.note) };
    writeln!(out, "  {decision} by {person} as {roles} at {at}{note}")
}

pub(super) async fn export(app: &App, args: &ExportArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let digest = which::digest_of(&app.store, &args.digest).await?;
    login::require(app, Act::PolicyLook, &ActSubject::of(&digest)).await?;
    let none = || Failure::failed(format!("the database has no bundle `{digest}`"));
    let stored = app.store.bundle(&digest).await?.ok_or_else(none)?;
    let folder = &args.folder;
    std::fs::create_dir_all(folder)?;
    if std::fs::read_dir(folder)?.next().is_some() {
        return Err(Failure::failed(format!(
            "the folder `{}` is not empty\nhint: name one that is not there yet",
            folder.display()
        )));
    }
    for (path, text) in &stored.files {
        write_file(folder, path, text)?;
    }
    writeln!(out, "{} files of {} are in {}", stored.files.len(), short(&digest), folder.display())?;
    Ok(0)
}

/// Writes a file where its path says, and nowhere outside of the folder.
fn write_file(folder: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain {
        return Err(Failure::failed(format!("the bundle holds a path that leads out of it: `{path}`")));
    }
    let to = folder.join(path);
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent)?;
    }
    Ok(std::fs::write(to, text)?)
}
