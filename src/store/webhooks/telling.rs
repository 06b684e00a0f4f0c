//! The messages about a final authentication: one for each live endpoint of its merchant's, put into the outbox by one
//! statement within the transaction that makes the status final.

use sea_orm::{ConnectionTrait, DatabaseBackend, Value};
use uuid::Uuid;

use crate::domain::clock::Micros;
use crate::domain::id::{AuthenticationId, MerchantId};
use crate::domain::outbox::OutboxKind;
use crate::domain::webhook::ENDPOINTS_MAX;
use crate::store::audit::Entry;
use crate::store::{StoreError, sql};

/// Who is told of what.
pub(in crate::store) struct Telling {
    merchant_id: MerchantId,
    authentication_id: AuthenticationId,
    entry_id: Uuid,
    at: Micros,
}

impl Telling {
    /// About this authentication, whose end this entry notes.
    pub(in crate::store) fn of(merchant_id: MerchantId, authentication_id: AuthenticationId, entry: &Entry) -> Self {
        Self { merchant_id, authentication_id, entry_id: entry.id.uuid(), at: entry.recorded_at }
    }

    /// The statement, its first parameter being `$first`.
    pub(in crate::store) fn sql(backend: DatabaseBackend, first: usize) -> String {
        let cast = if backend == DatabaseBackend::Postgres { ["::uuid", "::text", "::bigint"] } else { [""; 3] };
        let [uuid, text, bigint] = cast;
        let [merchant, kind, subject, at] = [first, first + 1, first + 2, first + 3];
        let ids: Vec<String> = (0..ENDPOINTS_MAX)
            .map(|place| format!("SELECT {} AS place, ${}{uuid} AS id", place + 1, first + 4 + place))
            .collect();
        format!(
            "INSERT INTO outbox (id, kind, lane, subject, body, state, due_at, created_at) \
             SELECT i.id, ${kind}{text}, e.lane, ${subject}{text}, '{{}}', 'waiting', ${at}{bigint}, ${at}{bigint} \
             FROM (SELECT lane, row_number() OVER (ORDER BY id) AS place FROM webhook_endpoints \
             WHERE merchant_id = ${merchant} AND disabled_at IS NULL) e JOIN ({}) i ON i.place = e.place",
            ids.join(" UNION ALL ")
        )
    }

    /// The statement's parameters.
    pub(in crate::store) fn values(&self) -> impl Iterator<Item = Value> + use<> {
        let fixed: [Value; 4] = [
            self.merchant_id.uuid().into(),
            OutboxKind::Webhook.as_str().into(),
            self.authentication_id.to_string().into(),
            self.at.0.into(),
        ];
        fixed.into_iter().chain(self.ids().map(Value::from))
    }

    /// The ids follow on from that of the audit entry: as unique as it is, and the same whoever counts.
    fn ids(&self) -> impl Iterator<Item = Uuid> + use<> {
        let first = self.entry_id.as_u128();
        (0..ENDPOINTS_MAX as u128).map(move |place| Uuid::from_u128(first ^ place))
    }

    /// Puts the messages in.
    pub(in crate::store) async fn tell(&self, transaction: &impl ConnectionTrait) -> Result<(), StoreError> {
        let statement = Self::sql(transaction.get_database_backend(), 1);
        sql::execute(transaction, &statement, self.values()).await.map(|_| ())
    }
}
