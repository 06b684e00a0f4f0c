//! Staff people as rows. Which of them may do what is not known here.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Value};

use super::audit::{self, Entry};
use super::sql::{self, Row};
use super::{Store, StoreError};
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::id::StaffId;
use crate::domain::staff::Role;

pub mod sessions;
pub mod setup;
pub mod sign_in;

/// Sealed bytes and the id of the key that sealed them.
pub type Sealed = (String, Vec<u8>);

/// One staff person.
#[derive(Clone, Debug)]
pub struct StaffPerson {
    /// Who.
    pub id: StaffId,
    /// The name she signs in with, in its normal form.
    pub name: String,
    /// The name that colleagues read.
    pub display_name: String,
    /// What she is there for.
    pub roles: BTreeSet<Role>,
    /// The language of her pages, where she chose one.
    pub language: Option<Language>,
    /// Whether she still has to sign in for the first time, and until when her setup code is good.
    pub setup_until: Option<Micros>,
    /// Until when guesses are refused.
    pub locked_until: Option<Micros>,
    /// Since when she may not sign in any more.
    pub disabled_at: Option<Micros>,
    /// Since when she is on the list.
    pub created_at: Micros,
}

pub(super) const COLUMNS: &str = "staff.id, staff.name, staff.display_name, staff.roles, staff.language, \
                                  staff.setup_expires_at, staff.locked_until, staff.disabled_at, \
                                  staff.created_at AS staff_created_at";

pub(super) fn person(row: &Row) -> Result<StaffPerson, StoreError> {
    let micros = |column: &str| Ok::<_, StoreError>(row.get::<Option<i64>>(column)?.map(Micros));
    let roles: String = row.get("roles")?;
    let roles = roles.split_whitespace().map(Role::parse).collect::<Option<BTreeSet<Role>>>();
    let language: Option<String> = row.get("language")?;
    Ok(StaffPerson {
        id: StaffId::from_uuid(row.get("id")?),
        name: row.get("name")?,
        display_name: row.get("display_name")?,
        roles: roles.ok_or_else(|| row.corrupt("roles"))?,
        language: language.as_deref().and_then(Language::parse),
        setup_until: micros("setup_expires_at")?,
        locked_until: micros("locked_until")?,
        disabled_at: micros("disabled_at")?,
        created_at: Micros(row.get("staff_created_at")?),
    })
}

/// The digest of a setup code, and until when it is good.
#[derive(Clone, Copy, Debug)]
pub struct SetupCode {
    /// SHA-256 of the code.
    pub digest: [u8; 32],
    /// Until when.
    pub expires_at: Micros,
}

impl Store {
    /// Adds a staff person who still has to set herself up. When `only_first` and there is somebody already, nothing is
    /// added and the answer is `false`.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when the name is taken.
    pub async fn add_staff(
        &self,
        person: StaffPerson,
        code: SetupCode,
        only_first: bool,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        let added = self.write(move |transaction| {
            Box::pin(async move {
                if only_first && !claim_first(transaction).await? {
                    return Err(StoreError::GivenUp);
                }
                const SQL: &str = "INSERT INTO staff (id, name, display_name, roles, setup_digest, setup_expires_at, \
                                   created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
                let values: [Value; 7] = [
                    person.id.uuid().into(),
                    person.name.into(),
                    person.display_name.into(),
                    words(&person.roles).into(),
                    code.digest.to_vec().into(),
                    code.expires_at.0.into(),
                    person.created_at.0.into(),
                ];
                sql::execute(transaction, SQL, values).await?;
                audit::append(transaction, &entry).await
            })
        });
        match added.await {
            Ok(()) => Ok(true),
            Err(StoreError::GivenUp) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether there is no staff person at all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_no_staff(&self) -> Result<bool, StoreError> {
        Ok(sql::first(self.reader(), "staff", "SELECT id FROM staff LIMIT 1", []).await?.is_none())
    }

    /// All staff, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn staff(&self) -> Result<Vec<StaffPerson>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM staff ORDER BY name");
        sql::all(self.reader(), "staff", &sql, []).await?.iter().map(person).collect()
    }

    /// The person with this sign-in name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn staff_by_name(&self, name: &str) -> Result<Option<StaffPerson>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM staff WHERE name = $1");
        sql::first(self.reader(), "staff", &sql, [name.into()]).await?.as_ref().map(person).transpose()
    }

    /// Sets the language of a person's pages.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_staff_language(&self, id: StaffId, language: Language) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE staff SET language = $2 WHERE id = $1";
                sql::execute(transaction, SQL, [id.uuid().into(), language.as_str().into()]).await.map(|_| ())
            })
        })
        .await
    }

    /// Takes everything from a person that she signs in with, ends her sessions and gives her a new setup code. A
    /// disabled person may sign in again after it. Answers whether there is such a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reset_staff(
        &self,
        id: StaffId,
        code: SetupCode,
        now: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE staff SET password = NULL, totp_key_id = NULL, totp_secret = NULL, \
                                   setup_digest = $2, setup_expires_at = $3, failures = 0, locked_until = NULL, \
                                   disabled_at = NULL WHERE id = $1";
                const FORGET: [&str; 2] = [
                    "DELETE FROM staff_recovery_codes WHERE staff_id = $1",
                    "DELETE FROM staff_used_steps WHERE staff_id = $1",
                ];
                let values: [Value; 3] = [id.uuid().into(), code.digest.to_vec().into(), code.expires_at.0.into()];
                if sql::execute(transaction, SQL, values).await? == 0 {
                    return Ok(false);
                }
                for statement in FORGET {
                    sql::execute(transaction, statement, [id.uuid().into()]).await?;
                }
                sessions::end_all(transaction, id, now).await?;
                audit::append(transaction, &entry).await.map(|()| true)
            })
        })
        .await
    }

    /// Keeps a person from signing in and ends her sessions. Answers whether there was such a person, not yet disabled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disable_staff(&self, id: StaffId, now: Micros, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE staff SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL";
                if sql::execute(transaction, SQL, [id.uuid().into(), now.0.into()]).await? == 0 {
                    return Ok(false);
                }
                sessions::end_all(transaction, id, now).await?;
                audit::append(transaction, &entry).await.map(|()| true)
            })
        })
        .await
    }
}

/// Takes the one place of the first staff person; a unique key holds it, so that two cannot take it at once.
async fn claim_first(transaction: &impl ConnectionTrait) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO deployment (name, value) SELECT 'first_staff', 'taken' \
                       WHERE NOT EXISTS (SELECT 1 FROM staff) ON CONFLICT DO NOTHING";
    Ok(sql::execute(transaction, SQL, []).await? == 1)
}

pub(super) fn words(roles: &BTreeSet<Role>) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ")
}
