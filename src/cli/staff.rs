//! `sekisho staff`: adds, resets, disables and lists staff people, and the first sign-in without a browser.

use std::collections::BTreeSet;
use std::io::Write;

use clap::{Args, Subcommand};

use super::{Failure, ask, login};
use crate::app::App;
use crate::config::Config;
use crate::domain::staff::Role;
use crate::flow::arrival::Arrival;
use crate::flow::staff::account::{self, AccountError, Issued, NewStaff};
use crate::flow::staff::setup::{self, SetupError};
use crate::store::staff::StaffPerson;

#[derive(Debug, Subcommand)]
pub(super) enum StaffCommand {
    /// Add a staff person and make her setup code; the first one needs no login and must be an administrator
    Create(CreateArgs),
    /// Take password, one-time passwords and sessions from a person and make a new setup code
    Reset {
        /// Her sign-in name
        #[arg(long)]
        name: String,
    },
    /// Keep a person from signing in and end her sessions
    Disable {
        /// Her sign-in name
        #[arg(long)]
        name: String,
    },
    /// List staff people
    List,
    /// Sign in for the first time, on a server without a browser
    Setup,
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// The name she signs in with: 2 to 64 letters, digits and the signs . _ - @
    #[arg(long)]
    name: String,
    /// The name that colleagues read
    #[arg(long)]
    display_name: String,
    /// What she is there for: agent, supervisor, compliance, administrator, auditor; may be given several times
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
    roles: Vec<Role>,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "expected agent, supervisor, compliance, administrator or auditor".to_owned())
}

pub(super) async fn run(config: Config, command: StaffCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let app = super::open(config).await?;
    match command {
        StaffCommand::Create(args) => create(&app, args, out).await?,
        StaffCommand::Reset { name } => {
            let by = login::who(&app).await?;
            let issued = account::reset(&app, &by, &name).await.map_err(failure)?;
            tell(&app, &issued, out)?;
        }
        StaffCommand::Disable { name } => {
            let by = login::who(&app).await?;
            let now = account::disable(&app, &by, &name).await.map_err(failure)?;
            writeln!(out, "{}", if now { "disabled; her sessions are over" } else { "was disabled before" })?;
        }
        StaffCommand::List => {
            let by = login::who(&app).await?;
            for person in account::list(&app, &by).await.map_err(failure)? {
                line(&app, &person, out)?;
            }
        }
        StaffCommand::Setup => set_up(&app, out).await?,
    }
    Ok(0)
}

async fn create(app: &App, args: CreateArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let by = if app.store.has_no_staff().await? { None } else { Some(login::who(app).await?) };
    let roles: BTreeSet<Role> = args.roles.into_iter().collect();
    let new = NewStaff { name: args.name, display_name: args.display_name, roles };
    let issued = account::create(app, by.as_ref(), new).await.map_err(failure)?;
    tell(app, &issued, out)
}

fn tell(app: &App, issued: &Issued, out: &mut dyn Write) -> Result<(), Failure> {
    let url = app.config.server.public_url.as_str().trim_end_matches('/');
    writeln!(out, "staff       {}", issued.id)?;
    writeln!(out, "setup code  {}", issued.code.expose())?;
    writeln!(out, "until       {}\n", issued.expires_at.rfc3339())?;
    writeln!(out, "This is the only time the code is shown. It is entered on {url}/staff/setup, or after")?;
    writeln!(out, "`sekisho staff setup` where there is no browser.")?;
    Ok(())
}

fn line(app: &App, person: &StaffPerson, out: &mut dyn Write) -> Result<(), Failure> {
    let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
    let state = match (person.disabled_at, person.setup_until, person.locked_until) {
        (Some(at), ..) => format!("disabled {}", at.rfc3339()),
        (None, Some(until), _) if until <= app.now() => "setup code expired".to_owned(),
        (None, Some(until), _) => format!("not set up, until {}", until.rfc3339()),
        (None, None, Some(until)) if until > app.now() => format!("locked until {}", until.rfc3339()),
        (None, None, _) => "active".to_owned(),
    };
    writeln!(out, "{}  {}  {}  {}  {state}", person.id, person.name, person.display_name, roles.join(","))?;
    Ok(())
}

async fn set_up(app: &App, out: &mut dyn Write) -> Result<(), Failure> {
    let code = ask::for_secret("setup code")?;
    let password = ask::for_secret("new password")?;
    if *ask::for_secret("new password, again")? != *password {
        return Err(Failure::failed("the two passwords differ"));
    }
    let shown = setup::begin(app, &code, &password).await.map_err(unfinished)?;
    writeln!(out, "Enter this into your authenticator app:\n\n{}\n", *shown.url)?;
    let one_time_password = ask::for_text("one-time password", out)?;
    let set_up = setup::confirm(app, &code, &one_time_password, &Arrival::command_line()).await.map_err(unfinished)?;
    // The session that begins with it is the page's; here she signs in as always.
    let who = &set_up.begun.who;
    crate::flow::staff::session::end(app, who, who.session_id).await?;
    writeln!(out, "\nRecovery codes, each good once. This is the only time they are shown:\n")?;
    for code in &set_up.recovery_codes {
        writeln!(out, "  {code}")?;
    }
    writeln!(out, "\nYou are set up. Sign in with `sekisho login` and the next one-time password.")?;
    Ok(())
}

fn unfinished(error: SetupError) -> Failure {
    match error {
        SetupError::Code | SetupError::Password(_) | SetupError::OneTimePassword => Failure::failed(error.to_string()),
        other => other.into(),
    }
}

fn failure(error: AccountError) -> Failure {
    match error {
        AccountError::Store(error) => error.into(),
        AccountError::Rights(error) => login::denied(error),
        other => Failure::failed(other.to_string()),
    }
}
