//! `sekisho login` and `sekisho logout`: a staff person's session on the command line, kept in a file of her own.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

use clap::Args;
use zeroize::Zeroizing;

use super::{FAILED, Failure, ask};
use crate::app::App;
use crate::config::Config;
use crate::credential::token::Token;
use crate::domain::staff::{Act, ActSubject, SignedIn};
use crate::flow::arrival::Arrival;
use crate::flow::staff::rights::{self, RightsError};
use crate::flow::staff::session;
use crate::flow::staff::sign_in::{SignInError, Statement, reauthenticate, sign_in};

/// Holds a session's token instead of the file.
const VARIABLE: &str = "SEKISHO_SESSION";

/// How to sign in.
#[derive(Debug, Args)]
pub(super) struct LoginArgs {
    /// The sign-in name; asked for when it is not given
    #[arg(long)]
    name: Option<String>,
    /// A file that holds the password; asked for when it is not given
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The one-time password or a recovery code; asked for when it is not given
    #[arg(long)]
    code: Option<String>,
}

pub(super) async fn login(config: Config, args: LoginArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let app = super::open(config).await?;
    if app.store.has_no_staff().await? {
        return Err(Failure::failed(
            "there are no staff people yet\nhint: run `sekisho staff create --name NAME --display-name NAME --role administrator`",
        ));
    }
    let name = args.name.map_or_else(|| ask::for_text("sign-in name", out), Ok)?;
    let password = match args.password_file {
        Some(path) => ask::from_file(&path)?,
        None => ask::for_secret("password")?,
    };
    let code = args.code.map_or_else(|| ask::for_text("one-time password", out), Ok)?;
    let statement = Statement { name, password, code: Zeroizing::new(code) };
    let begun = sign_in(&app, statement, &Arrival::command_line()).await.map_err(|error| match error {
        SignInError::Refused => Failure { code: FAILED, message: error.to_string() },
        other => other.into(),
    })?;
    let path = keep(&begun.token)?;
    let hours = app.config.staff.absolute_seconds / 3_600;
    writeln!(out, "signed in as {}, for at most {hours} hours; the session is in {}", begun.who.name, path.display())?;
    Ok(0)
}

pub(super) async fn logout(config: Config, out: &mut dyn Write) -> Result<u8, Failure> {
    let app = super::open(config).await?;
    if let Some(token) = token()
        && let Some(session) = session::find(&app, &token).await?
    {
        session::end(&app, &session.who, session.who.session_id).await?;
    }
    match fs::remove_file(file()?) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    writeln!(out, "signed out")?;
    Ok(0)
}

/// Who is signed in on this command line.
pub(super) async fn who(app: &App) -> Result<SignedIn, Failure> {
    let found = match token() {
        Some(token) => session::find(app, &token).await?,
        None => None,
    };
    let nobody = || Failure::failed("nobody is signed in, or the session is over\nhint: run `sekisho login`");
    found.map(|session| session.who).ok_or_else(nobody)
}

/// Who is signed in, with a one-time password that is young enough for a sensitive act: `code`, or one that is asked for
/// where somebody sits at a terminal.
pub(super) async fn fresh(app: &App, code: Option<String>, out: &mut dyn Write) -> Result<SignedIn, Failure> {
    let who = who(app).await?;
    // A token of the environment cannot be renewed where it stands.
    let asked = code.is_some() || io::stdin().is_terminal();
    if who.reauthenticated || !asked || std::env::var_os(VARIABLE).is_some_and(|token| !token.is_empty()) {
        return Ok(who);
    }
    let code = code.map_or_else(|| ask::for_text("one-time password", out), Ok)?;
    let begun = reauthenticate(app, &who, &code).await.map_err(|error| match error {
        SignInError::Refused => Failure { code: FAILED, message: error.to_string() },
        other => other.into(),
    })?;
    keep(&begun.token)?;
    Ok(begun.who)
}

/// Who is signed in, when she may do this.
pub(super) async fn require(app: &App, act: Act, subject: &ActSubject) -> Result<SignedIn, Failure> {
    let who = who(app).await?;
    rights::require(app, &who, act, subject).await.map_err(denied)?;
    Ok(who)
}

/// What a refusal means on the command line.
pub(super) fn denied(error: RightsError) -> Failure {
    match error {
        RightsError::Store(error) => error.into(),
        RightsError::ReauthenticationNeeded => Failure::failed(
            "this needs a one-time password given within the last minutes\nhint: run `sekisho login` again",
        ),
        error @ RightsError::Denied { .. } => Failure::failed(error.to_string()),
    }
}

fn token() -> Option<Zeroizing<String>> {
    if let Some(token) = std::env::var(VARIABLE).ok().filter(|token| !token.is_empty()) {
        return Some(Zeroizing::new(token));
    }
    let text = fs::read_to_string(file().ok()?).ok().map(Zeroizing::new)?;
    Some(Zeroizing::new(text.trim().to_owned()))
}

/// The session's file in the user's folder for state (XDG Base Directory Specification).
fn file() -> Result<PathBuf, Failure> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = named("XDG_STATE_HOME").or_else(|| named("HOME").map(|home| home.join(".local/state")));
    let nowhere = || Failure::failed("there is no folder for the session\nhint: set XDG_STATE_HOME or HOME");
    Ok(state.ok_or_else(nowhere)?.join("sekisho/session"))
}

/// Keeps the token where only this user can read it.
fn keep(token: &Token) -> Result<PathBuf, Failure> {
    let path = file()?;
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    // A file that was there before keeps its mode unless told.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    writeln!(file, "{}", token.expose())?;
    Ok(path)
}
