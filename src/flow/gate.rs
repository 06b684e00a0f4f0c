//! The gate: nothing is sent about a person but from a place in her line that was taken while she permitted it.
//!
//! The place, the policies' answer for every data class and the row `intended` are committed in one transaction. Only
//! after a positive answer to that commit a [`Clearance`] exists, and only a clearance opens the way to a company. How it
//! ended is settled by a row of its own. Every purpose comes this way; a request to erase needs a place, but no permission.

use std::collections::BTreeSet;

use crate::analytics::envelope::Prepared;
use crate::analytics::pseudonym::Pseudonyms;
use crate::analytics::{Provider, Settled};
use crate::app::{App, LoadedBundle};
use crate::domain::assessment::{Assessment, NotAsked};
use crate::domain::clock::Micros;
use crate::domain::consent::line::{Disclosure, DisclosureState, HASH_VERSION, SettlementState};
use crate::domain::consent::standing::{Sending, Standing};
use crate::domain::consent::{Basis, Clearance, ConsentState, DataClass, Purpose};
use crate::domain::facts::Facts;
use crate::domain::id::{AuthenticationId, CardId, CardholderId, ConsentEventId, DisclosureId};
use crate::policy::reference::Recipient;
use crate::policy::{self, Bundle};
use crate::store::consent::Settlement;
use crate::store::{StoreError, Transaction, consent};

/// One sending on its way through the gate.
pub(super) struct Passage<'a> {
    pub(super) app: &'a App,
    pub(super) bundle: &'a Bundle,
    pub(super) provider: &'a dyn Provider,
    pub(super) recipient: &'a Recipient,
    pub(super) cardholder_id: CardholderId,
    pub(super) card_id: Option<CardId>,
    pub(super) authentication_id: AuthenticationId,
    pub(super) purpose: Purpose,
    pub(super) now: Micros,
}

/// What the committed transaction holds about one sending.
pub(super) enum Passed {
    /// Nothing may be sent.
    Closed(NotAsked),
    /// One request may be sent.
    Intended { row: Box<Disclosure>, prepared: Box<Prepared> },
}

/// Both clocks as they stood before the gate's first look at the person's state: the limit runs from here.
#[derive(Clone, Copy)]
pub(super) struct Start {
    boot_nanos: u64,
    wall: Micros,
}

impl Start {
    pub(super) fn of(app: &App) -> Self {
        Self { boot_nanos: app.clock.boot_nanos(), wall: app.now() }
    }

    /// The proof that this row was committed and may be sent, until its limit.
    pub(super) fn clear(self, row: &Disclosure) -> Clearance {
        let limit_ms = u64::try_from(row.limit_ms).unwrap_or(0);
        let until = self.boot_nanos.saturating_add(limit_ms.saturating_mul(1_000_000));
        let wall = Micros(self.wall.0.saturating_add(row.limit_ms.saturating_mul(1_000)));
        Clearance::grant(row.id, row.cardholder_id, row.recipient.clone(), until, wall)
    }
}

/// The company that this deployment asks, by one bundle.
#[derive(Clone, Copy)]
pub(super) struct Company<'a> {
    pub(super) provider: &'a dyn Provider,
    /// Its entry in the bundle's register.
    pub(super) recipient: &'a Recipient,
    /// The forms in which it gets data.
    pub(super) pseudonyms: &'a Pseudonyms,
}

/// The company that this deployment asks; none where there is none, or the bundle does not know it.
pub(super) fn company<'a>(app: &'a App, loaded: &'a LoadedBundle) -> Option<Company<'a>> {
    let provider = app.provider.as_deref()?;
    let recipient = loaded.bundle.reference().recipient(&provider.describe().recipient)?;
    Some(Company { provider, recipient, pseudonyms: loaded.pseudonyms.as_ref()? })
}

/// Where a person stands towards the company that this deployment asks about one card.
pub(super) fn state_towards(app: &App, loaded: &LoadedBundle, standing: &Standing, card_id: CardId) -> ConsentState {
    let recipient = company(app, loaded).map(|company| company.recipient);
    standing.towards(sending(recipient, Some(card_id), Purpose::Assess)).0
}

fn sending(recipient: Option<&Recipient>, card: Option<CardId>, purpose: Purpose) -> Sending<'_> {
    Sending {
        card,
        purpose,
        recipient: recipient.map(|recipient| recipient.id.as_str()),
        basis: recipient.map_or(Basis::Notice, |recipient| recipient.basis),
        reuses: recipient.is_some_and(|recipient| recipient.reuse),
    }
}

/// Why nothing was asked, by the consent state.
pub(super) fn refusal(state: ConsentState) -> NotAsked {
    match state {
        ConsentState::OptedOut => NotAsked::OptedOut,
        ConsentState::Pending => NotAsked::Pending,
        ConsentState::Permitted | ConsentState::Unknown => NotAsked::ConsentUnknown,
    }
}

impl Passage<'_> {
    /// Takes the person's place and writes the row that belongs into it. Answers her state towards this sending too.
    pub(super) async fn enter(
        &self,
        transaction: &Transaction,
        facts: impl FnOnce(ConsentState) -> Option<Facts>,
        prepare: impl FnOnce(&BTreeSet<DataClass>) -> Prepared,
    ) -> Result<(ConsentState, Passed), StoreError> {
        if !self.app.sharing.is_on() {
            return Ok((ConsentState::Unknown, Passed::Closed(NotAsked::ConsentUnknown)));
        }
        let Some(taken) = consent::take_place(transaction, self.cardholder_id).await? else {
            // What was read before may be older than what the gate just saw.
            let standing = consent::standing(transaction, self.cardholder_id).await?;
            let state = standing.towards(self.sending()).0;
            return Ok((state, Passed::Closed(refusal(state))));
        };
        let (state, event) = taken.standing.towards(self.sending());
        let (permitted, policies) = match facts(state).filter(|_| state == ConsentState::Permitted) {
            Some(facts) => self.permitted_classes(&facts),
            None => (BTreeSet::new(), Vec::new()),
        };
        let prepared = prepare(&permitted);
        let mut row = self.row(&prepared, event.unwrap_or(taken.event_id));
        row.policies = policies;
        if permitted.is_empty() {
            row.state = DisclosureState::NotSent;
            row.items = Vec::new();
        }
        consent::disclose(transaction, &row, &taken.place).await?;
        Ok(match (state, permitted.is_empty()) {
            (ConsentState::Permitted, false) => {
                (state, Passed::Intended { row: Box::new(row), prepared: Box::new(prepared) })
            }
            (ConsentState::Permitted, true) => (state, Passed::Closed(NotAsked::ByPolicy)),
            (state, _) => (state, Passed::Closed(refusal(state))),
        })
    }

    /// The row of a request to erase what was sent: it names nothing but that request.
    pub(super) fn row_to_erase(&self, prepared: &Prepared) -> Option<Disclosure> {
        (self.purpose == Purpose::Erase).then(|| self.row(prepared, ConsentEventId::from_uuid(uuid::Uuid::nil())))
    }

    /// The row of a sending whose bytes do not depend on the person's state, and whether the policies permit it where
    /// she does.
    pub(super) fn row_if_permitted(&self, prepared: &Prepared, facts: &Facts) -> (Disclosure, bool) {
        let (permitted, policies) = self.permitted_classes(facts);
        let mut row = self.row(prepared, ConsentEventId::from_uuid(uuid::Uuid::nil()));
        row.policies = policies;
        (row, prepared.classes().is_subset(&permitted) && !prepared.classes().is_empty())
    }

    fn sending(&self) -> Sending<'_> {
        sending(Some(self.recipient), self.card_id, self.purpose)
    }

    /// Asks the policies about every data class.
    fn permitted_classes(&self, facts: &Facts) -> (BTreeSet<DataClass>, Vec<String>) {
        let mut permitted = BTreeSet::new();
        let mut policies = BTreeSet::new();
        for class in DataClass::ALL {
            let answer = policy::share(self.bundle, facts, &self.recipient.id, *class);
            if answer.allowed {
                permitted.insert(*class);
                policies.extend(answer.policies);
            }
        }
        (permitted, policies.into_iter().collect())
    }

    fn row(&self, prepared: &Prepared, event: ConsentEventId) -> Disclosure {
        let mut items: Vec<String> =
            prepared.items().iter().map(|item| format!("{}:{}", item.datum.as_str(), item.mode.as_str())).collect();
        items.sort();
        Disclosure {
            hash_version: HASH_VERSION,
            id: DisclosureId::new(self.now, self.app.randomness.as_ref()),
            cardholder_id: self.cardholder_id,
            card_id: self.card_id,
            authentication_id: self.authentication_id,
            recipient: self.recipient.id.clone(),
            recipient_reuses: self.recipient.reuse,
            purpose: self.purpose,
            state: DisclosureState::Intended,
            basis: self.recipient.basis.as_str().to_owned(),
            consent_event_id: event,
            items,
            policies: Vec::new(),
            bundle_digest: self.bundle.digest().to_owned(),
            transform_version: prepared.transform_version().to_owned(),
            key_id: prepared.key_id().to_owned(),
            body_digest: hex::encode(prepared.digest()),
            limit_ms: i64::try_from(self.provider.describe().limit_ms).unwrap_or(i64::MAX),
            recorded_at: self.now,
        }
    }
}

/// Takes a place for a request to erase, whatever the person's state is; none when she has no line.
pub(super) async fn place_to_erase(app: &App, mut row: Disclosure) -> Result<Option<Disclosure>, StoreError> {
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                let Some(taken) = consent::take_any_place(transaction, row.cardholder_id).await? else {
                    return Ok(None);
                };
                row.consent_event_id = taken.event_id;
                consent::disclose(transaction, &row, &taken.place).await?;
                Ok(Some(row))
            })
        })
        .await
}

/// Takes the place of a row that was made ready before, if the person permits it and `permitted` says that the policies
/// do. The place leaves a row in any case. None when nothing may be sent.
pub(super) async fn place(app: &App, mut row: Disclosure, permitted: bool) -> Result<Option<Disclosure>, StoreError> {
    if !app.sharing.is_on() {
        return Ok(None);
    }
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                consent::limit_waiting(transaction).await?;
                let Some(taken) = consent::take_place(transaction, row.cardholder_id).await? else { return Ok(None) };
                let sending = Sending {
                    card: row.card_id,
                    purpose: row.purpose,
                    recipient: Some(&row.recipient),
                    basis: Basis::parse(&row.basis).unwrap_or(Basis::Consent),
                    reuses: row.recipient_reuses,
                };
                let (state, event) = taken.standing.towards(sending);
                let open = permitted && state == ConsentState::Permitted;
                row.consent_event_id = event.unwrap_or(taken.event_id);
                if !open {
                    row.state = DisclosureState::NotSent;
                    row.items = Vec::new();
                }
                consent::disclose(transaction, &row, &taken.place).await?;
                Ok(open.then_some(row))
            })
        })
        .await
}

/// An assessment without a question asked.
pub(super) fn not_asked(reason: NotAsked) -> Assessment {
    Assessment::NotAsked { reason }
}

/// How a sending ended, as the ledger says it.
pub(super) fn settlement(app: &App, disclosure_id: DisclosureId, settled: Settled) -> Settlement {
    let state = match settled {
        Settled::Sent => SettlementState::Sent,
        Settled::NotSent => SettlementState::NotSent,
        Settled::Unknown => SettlementState::Unknown,
    };
    app.metrics.daily.add("disclosure", state.as_str(), 1);
    Settlement { disclosure_id, state, provider_request_id: None, answer: None, settled_at: app.now() }
}
