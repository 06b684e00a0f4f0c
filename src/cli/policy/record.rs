//! `sekisho policy test --record`: writes a stored decision as a case into a bundle's folder.

use std::io::Write;
use std::path::Path;

use super::files::write_whole;
use super::which;
use crate::cli::{Failure, Settings, USAGE, login, open};
use crate::domain::id::AuthenticationId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::explain;
use crate::policy::case::{self, Fixtures};
use crate::policy::decide;

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
        return Err(Failure { code: USAGE, message });
    }
    let (named, source) = (folder.display().to_string(), which::folder(folder, settings)?);
    let bundle = which::build(&named, source.clone(), settings)?;
    let fixtures = Fixtures::read(&bundle).map_err(|errors| which::broken(&named, source, errors, settings))?;
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
    let expects = if as_recorded { "what was decided then" } else { "what the folder's rules answer now" };
    writeln!(out, "  it expects {expects}")?;
    writeln!(
        out,
        "  give the case a name that says what it is about, then run `sekisho policy test {}`",
        folder.display()
    )?;
    Ok(0)
}
