//! `sekisho policy test --record`: writes a stored decision as a case into a bundle's folder.

use std::io::Write;
use std::path::Path;

use super::files::write_whole;
use crate::cli::{Failure, Settings, login, open};
use crate::domain::id::AuthenticationId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::explain;
use crate::policy::case::{self, Fixtures};
use crate::policy::{Bundle, BundleSource, decide};

pub(super) async fn run(
    id: AuthenticationId,
    folder: &Path,
    as_recorded: bool,
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    if !folder.is_dir() {
        let message =
            format!("`{}` is no folder\nhint: name the bundle's folder that the case is for", folder.display());
        return Err(Failure::failed(message));
    }
    let failed = |error: crate::policy::BundleErrors| Failure::failed(error.to_string());
    let bundle = BundleSource::read(folder).and_then(Bundle::build).map_err(failed)?;
    let fixtures = Fixtures::read(&bundle).map_err(failed)?;
    let app = open(settings.load()?).await?;
    let who = login::require(&app, Act::PolicyLook, &ActSubject::of(id)).await?;
    let recorded = explain::recorded(&app, &who, id).await.map_err(super::explain::failure)?;
    app.store.close().await;
    let verdict = if as_recorded { recorded.verdict } else { decide(&bundle, &recorded.facts) };
    let text = case::render(&format!("recorded: {id}"), &recorded.facts, &verdict, &fixtures);
    let name = format!("cases/recorded-{id}.yaml");
    let path = folder.join(&name);
    if path.exists() {
        return Err(Failure::failed(format!("`{}` is there already\nhint: remove it first", path.display())));
    }
    write_whole(&path, text.as_bytes())?;
    writeln!(out, "wrote {}", path.display())?;
    writeln!(
        out,
        "  give the case a name that says what it is about, then run `sekisho policy test {}`",
        folder.display()
    )?;
    Ok(0)
}
