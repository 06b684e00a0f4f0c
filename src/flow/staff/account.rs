//! Staff people are added, reset and disabled, by somebody who may.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::rights::{self, RightsError};
use crate::app::App;
use crate::credential::token::Token;
use crate::domain::clock::Micros;
use crate::domain::id::StaffId;
use crate::domain::staff::{Act, ActSubject, Role, SignedIn};
use crate::flow::register::note;
use crate::store::StoreError;
use crate::store::staff::{SetupCode, StaffPerson};

/// Who adds the first staff person: whoever may run commands on the server.
const OPERATOR: &str = "operator";
const NAME_LENGTH: std::ops::RangeInclusive<usize> = 2..=64;

/// A staff person about to be added.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// The sign-in name.
    pub name: String,
    /// The name that colleagues read.
    pub display_name: String,
    /// What she is there for.
    pub roles: BTreeSet<Role>,
}

/// A setup code, shown once.
#[derive(Debug)]
pub struct Issued {
    /// For whom.
    pub id: StaffId,
    /// The code.
    pub code: Token,
    /// Until when it is good.
    pub expires_at: Micros,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The sign-in name cannot be one.
    #[error("`{0}` cannot be a sign-in name\nhint: 2 to 64 letters, digits and the signs . _ - @")]
    Name(String),
    /// The display name is empty, too long, or holds control characters.
    #[error("the display name must have 1 to 64 characters without control characters")]
    DisplayName,
    /// There are no roles.
    #[error("a staff person has at least one role\nhint: agent, supervisor, compliance, administrator, auditor")]
    NoRole,
    /// The name is taken.
    #[error("there is somebody with the sign-in name `{0}` already\nhint: `sekisho staff list` shows everyone")]
    Taken(String),
    /// Nobody is signed in, and somebody is there who could be.
    #[error("there are staff people already\nhint: run `sekisho login` first")]
    NotFirst,
    /// The first person could not add others.
    #[error("the first staff person must be an administrator\nhint: add `--role administrator`")]
    FirstAdministrator,
    /// There is no such person.
    #[error("nobody has the sign-in name `{0}`\nhint: `sekisho staff list` shows everyone")]
    Unknown(String),
    /// Whoever disables herself may leave nobody behind who could undo it.
    #[error("nobody disables herself\nhint: ask another administrator")]
    Oneself,
    /// She may not.
    #[error(transparent)]
    Rights(#[from] RightsError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds a staff person. Without somebody who is signed in only the first one can be added, an administrator.
///
/// # Errors
/// [`AccountError`].
pub async fn create(app: &App, by: Option<&SignedIn>, new: NewStaff) -> Result<Issued, AccountError> {
    let person = checked(app, new)?;
    match by {
        Some(who) => rights::require(app, who, Act::StaffManage, &ActSubject::of(person.id)).await?,
        None if !app.store.has_no_staff().await? => return Err(AccountError::NotFirst),
        None if !person.roles.contains(&Role::Administrator) => return Err(AccountError::FirstAdministrator),
        None => {}
    }
    let issued = issue(app, person.id);
    let actor = by.map_or_else(|| OPERATOR.to_owned(), SignedIn::actor);
    let mut entry = note(app, &actor, "staff.create", person.id.to_string());
    entry.result = person.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ");
    let name = person.name.clone();
    let code = SetupCode { digest: issued.code.digest(), expires_at: issued.expires_at };
    match app.store.add_staff(person, code, by.is_none(), entry).await {
        Ok(true) => Ok(issued),
        Ok(false) => Err(AccountError::NotFirst),
        Err(StoreError::Duplicate { .. }) => Err(AccountError::Taken(name)),
        Err(error) => Err(error.into()),
    }
}

/// Takes password, one-time passwords, recovery codes and sessions from a person and gives her a new setup code. Who was
/// disabled may sign in again with it.
///
/// # Errors
/// [`AccountError`].
pub async fn reset(app: &App, by: &SignedIn, name: &str) -> Result<Issued, AccountError> {
    let person = find(app, name).await?;
    rights::require(app, by, Act::StaffManage, &ActSubject::of(person.id)).await?;
    let issued = issue(app, person.id);
    let code = SetupCode { digest: issued.code.digest(), expires_at: issued.expires_at };
    let entry = note(app, &by.actor(), "staff.reset", person.id.to_string());
    if app.store.reset_staff(person.id, code, app.now(), entry).await? {
        Ok(issued)
    } else {
        Err(AccountError::Unknown(name.to_owned()))
    }
}

/// Keeps a person from signing in and ends her sessions. Answers `false` when she was disabled before.
///
/// # Errors
/// [`AccountError`].
pub async fn disable(app: &App, by: &SignedIn, name: &str) -> Result<bool, AccountError> {
    let person = find(app, name).await?;
    rights::require(app, by, Act::StaffManage, &ActSubject::of(person.id)).await?;
    if person.id == by.staff_id {
        return Err(AccountError::Oneself);
    }
    let entry = note(app, &by.actor(), "staff.disable", person.id.to_string());
    Ok(app.store.disable_staff(person.id, app.now(), entry).await?)
}

/// Everyone, by name.
///
/// # Errors
/// [`AccountError`].
pub async fn list(app: &App, by: &SignedIn) -> Result<Vec<StaffPerson>, AccountError> {
    rights::require(app, by, Act::StaffLook, &ActSubject::none()).await?;
    Ok(app.store.staff().await?)
}

async fn find(app: &App, name: &str) -> Result<StaffPerson, AccountError> {
    let found = app.store.staff_by_name(&normal_name(name)).await?;
    found.ok_or_else(|| AccountError::Unknown(name.to_owned()))
}

fn issue(app: &App, id: StaffId) -> Issued {
    let code = Token::generate(app.randomness.as_ref());
    Issued { id, code, expires_at: app.now().plus_seconds(app.config.staff.setup_code_seconds) }
}

/// The one form of a sign-in name: NFKC, lower case, without spaces around it.
pub(super) fn normal_name(name: &str) -> String {
    name.nfkc().collect::<String>().trim().to_lowercase()
}

fn checked(app: &App, new: NewStaff) -> Result<StaffPerson, AccountError> {
    let name = normal_name(&new.name);
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    if !NAME_LENGTH.contains(&name.chars().count()) || !name.chars().all(fits) {
        return Err(AccountError::Name(new.name));
    }
    let display_name = new.display_name.trim().to_owned();
    if !(1..=64).contains(&display_name.chars().count()) || display_name.chars().any(char::is_control) {
        return Err(AccountError::DisplayName);
    }
    if new.roles.is_empty() {
        return Err(AccountError::NoRole);
    }
    Ok(StaffPerson {
        id: StaffId::new(app.now(), app.randomness.as_ref()),
        name,
        display_name,
        roles: new.roles,
        language: None,
        setup_until: None,
        locked_until: None,
        disabled_at: None,
        created_at: app.now(),
    })
}
