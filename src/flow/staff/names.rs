//! Who stands behind the actors of records: the names that colleagues read.

use std::collections::BTreeMap;

use crate::app::App;
use crate::domain::id::StaffId;
use crate::store::StoreError;

/// Names of the staff, by actor.
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Reads everybody's name, those who left among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(app: &App) -> Result<Self, StoreError> {
        let staff = app.store.staff().await?;
        Ok(Self(staff.into_iter().map(|person| (format!("staff:{}", person.id), person.display_name)).collect()))
    }

    /// The name of an actor; whoever is not one of the staff is called as in the record.
    pub fn of(&self, actor: &str) -> String {
        self.0.get(actor).cloned().unwrap_or_else(|| actor.to_owned())
    }

    /// Everybody: actor and name.
    pub fn all(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }
}

/// The staff person behind an actor.
pub fn staff_id(actor: &str) -> Option<StaffId> {
    actor.strip_prefix("staff:")?.parse().ok()
}
