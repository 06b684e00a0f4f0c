//! Who stands behind the actors of records: the names that colleagues read.

use std::collections::BTreeMap;

use super::answer::Refusal;
use super::signed::Signed;
use crate::domain::id::StaffId;

/// Names by actor.
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    pub(super) async fn read(signed: &Signed) -> Result<Self, Refusal> {
        let staff = signed.app().store.staff().await.map_err(|error| signed.refuse(error))?;
        Ok(Self(staff.into_iter().map(|person| (format!("staff:{}", person.id), person.display_name)).collect()))
    }

    /// The name of an actor; whoever is not one of the staff is called as in the record.
    pub(super) fn of(&self, actor: &str) -> String {
        self.0.get(actor).cloned().unwrap_or_else(|| actor.to_owned())
    }

    /// Everybody: actor and name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }
}

/// The staff person behind an actor.
pub(super) fn staff_id(actor: &str) -> Option<StaffId> {
    actor.strip_prefix("staff:")?.parse().ok()
}
