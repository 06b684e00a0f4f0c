//! Consent events as rows.

use sea_orm::Value;

use super::super::sql::{self, Row, nullable, nullable_bytes};
use super::super::{Store, StoreError, Transaction};
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::{ConsentEvent, Identity, Place};
use crate::domain::consent::standing::Standing;
use crate::domain::consent::{Basis, Channel, ConsentAction, ConsentState, IdentityMethod, IdentityOutcome, Purpose};
use crate::domain::id::{ApprovalId, CardholderId, ConsentEventId, ReceiptId};

/// The columns of an event, as [`read`] wants them.
pub(super) const COLUMNS: &str = "id, cardholder_id, sequence, previous_hash, hash, hash_version, action, state, channel, \
     actor, reference, basis, notice_version, informed_at, recorded_at, cards, purpose, recipient, effective_from, pending, \
     identity_method, identity_outcome, script_version, language, corrects, receipt_id, evidence_digest, approval_id";

pub(super) async fn insert(
    transaction: &Transaction,
    event: &ConsentEvent,
    place: &Place,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO consent_events ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
         $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)"
    );
    let evidence = event.evidence_digest.as_ref().and_then(|digest| hex::decode(digest).ok());
    let values: [Value; 28] = [
        event.id.uuid().into(),
        event.cardholder_id.uuid().into(),
        place.sequence.into(),
        place.previous_hash.clone().into(),
        hash.to_vec().into(),
        event.hash_version.into(),
        event.action.as_str().into(),
        event.state.as_str().into(),
        event.channel.as_str().into(),
        event.actor.clone().into(),
        event.reference.clone().into(),
        event.basis.map(Basis::as_str).into(),
        event.notice_version.clone().into(),
        event.informed_at.map(|at| at.0).into(),
        event.recorded_at.0.into(),
        event.coverage.cards_text().into(),
        event.coverage.purpose.map(Purpose::as_str).into(),
        event.coverage.recipient.clone().into(),
        event.effective_from.map(|at| at.0).into(),
        event.pending.into(),
        event.identity.map(|identity| identity.method.as_str()).into(),
        event.identity.map(|identity| identity.outcome.as_str()).into(),
        event.script_version.clone().into(),
        event.language.map(Language::as_str).into(),
        nullable(event.corrects.map(ConsentEventId::uuid)),
        nullable(event.receipt_id.map(ReceiptId::uuid)),
        nullable_bytes(evidence.as_deref()),
        nullable(event.approval_id.map(ApprovalId::uuid)),
    ];
    sql::execute(transaction, &sql, values).await.map(|_| ())
}

pub(super) fn read(row: &Row) -> Result<ConsentEvent, StoreError> {
    let evidence: Option<Vec<u8>> = row.get("evidence_digest")?;
    Ok(ConsentEvent {
        hash_version: row.get("hash_version")?,
        id: ConsentEventId::from_uuid(row.get("id")?),
        cardholder_id: CardholderId::from_uuid(row.get("cardholder_id")?),
        action: row.word("action", ConsentAction::parse)?,
        coverage: coverage(row)?,
        pending: row.get("pending")?,
        state: row.word("state", ConsentState::parse)?,
        channel: row.word("channel", Channel::parse)?,
        actor: row.get("actor")?,
        reference: row.get("reference")?,
        identity: identity(row)?,
        basis: row.optional_word("basis", Basis::parse)?,
        notice_version: row.get("notice_version")?,
        script_version: row.get("script_version")?,
        language: row.optional_word("language", Language::parse)?,
        informed_at: row.get::<Option<i64>>("informed_at")?.map(Micros),
        effective_from: row.get::<Option<i64>>("effective_from")?.map(Micros),
        recorded_at: Micros(row.get("recorded_at")?),
        corrects: row.get::<Option<uuid::Uuid>>("corrects")?.map(ConsentEventId::from_uuid),
        receipt_id: row.get::<Option<uuid::Uuid>>("receipt_id")?.map(ReceiptId::from_uuid),
        evidence_digest: evidence.map(hex::encode),
        approval_id: row.get::<Option<uuid::Uuid>>("approval_id")?.map(ApprovalId::from_uuid),
    })
}

fn coverage(row: &Row) -> Result<Coverage, StoreError> {
    let cards: Option<String> = row.get("cards")?;
    let cards = cards.map(|cards| Coverage::parse_cards(&cards).ok_or_else(|| row.corrupt("cards"))).transpose()?;
    Ok(Coverage { cards, purpose: row.optional_word("purpose", Purpose::parse)?, recipient: row.get("recipient")? })
}

fn identity(row: &Row) -> Result<Option<Identity>, StoreError> {
    let method = row.optional_word("identity_method", IdentityMethod::parse)?;
    let outcome = row.optional_word("identity_outcome", IdentityOutcome::parse)?;
    Ok(method.zip(outcome).map(|(method, outcome)| Identity { method, outcome }))
}

impl Store {
    /// One event of anybody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn consent_event(&self, id: ConsentEventId) -> Result<Option<ConsentEvent>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM consent_events WHERE id = $1");
        let row = sql::first(self.reader(), "consent_events", &sql, [id.uuid().into()]).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// A person's events, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn consent_events(
        &self,
        cardholder_id: CardholderId,
        limit: i64,
    ) -> Result<Vec<ConsentEvent>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM consent_events WHERE cardholder_id = $1 ORDER BY sequence DESC LIMIT $2");
        let values: [Value; 2] = [cardholder_id.uuid().into(), limit.into()];
        sql::all(self.reader(), "consent_events", &sql, values).await?.iter().map(read).collect()
    }

    /// Objections of people who were not identified and of whom nothing better is known since, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pending_objections(&self, limit: i64) -> Result<Vec<ConsentEvent>, StoreError> {
        let columns = COLUMNS.split(", ").map(|column| format!("e.{column}")).collect::<Vec<_>>().join(", ");
        // The standing names each objection that it holds; one that was checked since is not among them.
        let sql = format!(
            "SELECT {columns}, s.standing AS standing FROM consent_events e \
             JOIN consent_states s ON s.cardholder_id = e.cardholder_id \
             WHERE e.pending AND s.standing LIKE '%\"pending\":true%' ORDER BY e.recorded_at, e.id LIMIT $1"
        );
        let rows = sql::all(self.reader(), "consent_events", &sql, [limit.into()]).await?;
        let mut open = Vec::new();
        for row in &rows {
            let event = read(row)?;
            let standing: String = row.get("standing")?;
            let standing: Standing = serde_json::from_str(&standing).map_err(|_| row.corrupt("standing"))?;
            if standing.objections.iter().any(|objection| objection.event == event.id && objection.pending) {
                open.push(event);
            }
        }
        Ok(open)
    }
}
