//! What a member changes of one of her cards on her own pages: each change is one transaction with its audit entry and with
//! the messages that tell her of it.

mod contacts;
mod message;
mod one_time;
mod password;
mod purchases;

pub use self::contacts::Verified;
pub use self::one_time::{Application, Confirmed};
pub use self::password::PasswordChange;
pub use self::purchases::Disowned;

use super::sql::{self, Row};
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{CredentialId, EnrolmentId};

/// A credential, without its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialFact {
    /// Its id.
    pub id: CredentialId,
    /// What it is.
    pub kind: Method,
    /// Since when it has been what it is.
    pub changed_at: Micros,
    /// From when on it can be used in a challenge.
    pub usable_from: Micros,
}

impl Store {
    /// What a card is proved with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn credentials_of(&self, id: EnrolmentId) -> Result<Vec<CredentialFact>, StoreError> {
        const SQL: &str =
            "SELECT id, kind, changed_at, usable_from FROM credentials WHERE enrolment_id = $1 ORDER BY kind";
        let rows = sql::all(self.reader(), "credentials", SQL, [id.uuid().into()]).await?;
        let read = |row: &Row| {
            Ok(CredentialFact {
                id: CredentialId::from_uuid(row.get("id")?),
                kind: row.word("kind", Method::parse)?,
                changed_at: Micros(row.get("changed_at")?),
                usable_from: Micros(row.get("usable_from")?),
            })
        };
        rows.iter().map(read).collect()
    }
}
