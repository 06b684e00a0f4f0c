//! A staff person who has signed in, and ids read from the tables.

use sekisho::domain::id::{CardId, CardholderId, StaffId, StaffSessionId};
use sekisho::domain::staff::{Role, SignedIn};
use uuid::Uuid;

use super::deployment::{Deployment, TestCard};

/// An agent.
pub(crate) fn agent() -> SignedIn {
    SignedIn {
        staff_id: StaffId::from_uuid(Uuid::from_u128(7)),
        name: "sato".to_owned(),
        display_name: "佐藤".to_owned(),
        roles: [Role::Agent].into(),
        session_id: StaffSessionId::from_uuid(Uuid::from_u128(8)),
        reauthenticated: true,
    }
}

impl Deployment {
    /// The ids of a card and its holder.
    pub(crate) async fn ids(&self, card: &TestCard) -> (CardId, CardholderId) {
        let found = self.app.store.card(&card.reference).await.unwrap().unwrap();
        (found.id, found.cardholder_id)
    }

    /// Audit entries as `actor action subject result`, oldest first, of one action.
    pub(crate) async fn audited(&self, action: &str) -> Vec<String> {
        let sql = "SELECT actor || ' ' || subject || ' ' || result AS entry FROM audit_entries \
                   WHERE action = $1 ORDER BY recorded_at, id";
        self.tables.column(sql, vec![action.into()]).await
    }
}
