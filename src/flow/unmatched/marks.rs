//! By what an unknown person may be known later, and what happens when somebody is registered who fits.

use std::sync::Arc;

use crate::app::App;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::{ConsentEvent, HASH_VERSION, Identity};
use crate::domain::consent::{Channel, ConsentAction, ConsentState, IdentityMethod, IdentityOutcome};
use crate::domain::id::{AuditId, CardholderId, ConsentEventId, OutboxId, ReceiptId, UnmatchedId};
use crate::domain::outbox::{OutboxKind, OutboxMessage};
use crate::domain::randomness::SharedRandomness;
use crate::domain::receipt::PendingNotice;
use crate::domain::search::{Name, Terms};
use crate::domain::unmatched::{MARKS_TO_PROTECT, MarkKind, UnmatchedDetails, UnmatchedState};
use crate::flow::consent::checkpoint;
use crate::flow::search::name_digests;
use crate::keys::Keys;
use crate::store::audit::{self, Entry};
use crate::store::consent::Recorded;
use crate::store::unmatched::{self, Mark};
use crate::store::{StoreError, Transaction, consent};

/// Who acts when nobody of the staff does.
const ACTOR: &str = "system";

/// The digests of what a caller gave.
pub(super) fn of_details(app: &App, details: &UnmatchedDetails) -> Vec<Mark> {
    let mut marks = Vec::new();
    if let Some(name) = details.name.as_deref().and_then(Name::read) {
        let digests = name_digests(app, &name).0.into_iter().flatten();
        marks.extend(digests.map(|digest| (MarkKind::Name, digest)));
    }
    // Four digits and dates are read beside a name alone; which one does not matter here.
    for detail in [&details.phone, &details.birth_date, &details.last_four].into_iter().flatten() {
        match Terms::read(detail, "name") {
            Ok(Terms::Phone(phone, _)) => marks.push((MarkKind::Phone, app.keys.blind_index("phone", &phone))),
            Ok(Terms::BirthDate(date, _)) => {
                marks.push((MarkKind::BirthDate, app.keys.blind_index("birth_date", &date)));
            }
            Ok(Terms::LastFour(digits, _)) => marks.push((MarkKind::LastFour, last_four(&app.keys, &digits))),
            _ => {}
        }
    }
    marks
}

fn last_four(keys: &Keys, digits: &str) -> [u8; 32] {
    keys.blind_index("last_four", digits)
}

/// Tries waiting objections against somebody who is being registered, within that transaction.
pub(crate) struct Matcher {
    keys: Arc<Keys>,
    randomness: SharedRandomness,
    now: Micros,
}

impl Matcher {
    pub(crate) fn new(app: &App) -> Self {
        Self { keys: Arc::clone(&app.keys), randomness: Arc::clone(&app.randomness), now: app.now() }
    }

    /// Protects this person where a waiting objection fits her by two details. Where nobody waits, which is nearly
    /// always, it costs one look at an index.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn protect(
        &self,
        transaction: &Transaction,
        cardholder_id: CardholderId,
    ) -> Result<Vec<Recorded>, StoreError> {
        if !unmatched::any_waits(transaction).await? {
            return Ok(Vec::new());
        }
        let (mut marks, last_fours) = unmatched::marks_of(transaction, cardholder_id).await?;
        marks.extend(last_fours.iter().map(|digits| (MarkKind::LastFour, last_four(&self.keys, digits))));
        let mut protected = Vec::new();
        for (id, kinds) in unmatched::fitting(transaction, &marks).await? {
            if kinds.len() >= MARKS_TO_PROTECT {
                protected.extend(self.object(transaction, id, cardholder_id).await?);
            }
        }
        Ok(protected)
    }

    async fn object(
        &self,
        transaction: &Transaction,
        id: UnmatchedId,
        cardholder_id: CardholderId,
    ) -> Result<Option<Recorded>, StoreError> {
        let event = self.event(cardholder_id);
        let to = (cardholder_id, event.id);
        if !unmatched::assign(transaction, id, UnmatchedState::Protected, to, ACTOR, self.now).await? {
            return Ok(None);
        }
        let (notice, entry) = (self.notice(&event), self.entry(id, &event));
        let recorded = consent::record(transaction, event).await?;
        crate::store::outbox::enqueue(transaction, &notice).await?;
        audit::append(transaction, &entry).await?;
        Ok(Some(recorded))
    }

    fn event(&self, cardholder_id: CardholderId) -> ConsentEvent {
        ConsentEvent {
            hash_version: HASH_VERSION,
            id: ConsentEventId::new(self.now, &*self.randomness),
            cardholder_id,
            action: ConsentAction::Object,
            coverage: Coverage::everything(),
            pending: true,
            state: ConsentState::Unknown,
            channel: Channel::System,
            actor: ACTOR.to_owned(),
            reference: None,
            identity: Some(Identity { method: IdentityMethod::KnownFacts, outcome: IdentityOutcome::NotDone }),
            basis: None,
            notice_version: None,
            script_version: None,
            language: None,
            informed_at: None,
            effective_from: None,
            recorded_at: self.now,
            corrects: None,
            receipt_id: Some(ReceiptId::new(self.now, &*self.randomness)),
            evidence_digest: None,
            approval_id: None,
        }
    }

    fn notice(&self, event: &ConsentEvent) -> OutboxMessage {
        let notice = PendingNotice {
            event_id: event.id,
            recorded_at: event.recorded_at,
            channel: event.channel,
            language: Language::Ja,
        };
        OutboxMessage {
            id: OutboxId::new(self.now, &*self.randomness),
            kind: OutboxKind::PendingNoticeMail,
            lane: String::new(),
            cardholder_id: Some(event.cardholder_id),
            subject: event.id.to_string(),
            body: serde_json::json!(notice).to_string(),
            created_at: self.now,
            next_attempt_at: self.now,
        }
    }

    fn entry(&self, id: UnmatchedId, event: &ConsentEvent) -> Entry {
        Entry {
            id: AuditId::new(self.now, &*self.randomness),
            recorded_at: self.now,
            actor: ACTOR.to_owned(),
            action: "unmatched.protect",
            subject: id.to_string(),
            result: event.cardholder_id.to_string(),
        }
    }
}

/// Writes down outside of the database that there are objections more. Where that fails sharing is off, and the
/// registration stands.
pub(crate) async fn after(app: &App, protected: &[Recorded]) {
    for recorded in protected {
        if let Err(error) = checkpoint::advance(app, recorded).await {
            tracing::error!(%error, "the checkpoint of objections cannot be written");
        }
    }
}
