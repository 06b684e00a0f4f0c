//! The gate: nothing is sent about a person but from a place in her line that was taken while she permitted it.
//!
//! The place, the policies' answer for every data class and the row `intended` are committed in the transaction that
//! receives the request. Only after a positive answer to that commit a [`Clearance`] exists, and only a clearance
//! opens the way to the company. How it ended is settled by a row of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Asked, AuthenticateError, not_asked};
use crate::analytics::disclosable::PurchaseData;
use crate::analytics::envelope::{Envelope, Prepared};
use crate::analytics::{Provider, Settled};
use crate::domain::assessment::{Assessment, NoAnswer, NotAsked};
use crate::domain::consent::{Clearance, ConsentState, DataClass};
use crate::domain::id::{CardholderId, DisclosureId};
use crate::policy;
use crate::store::consent::{Disclosure, Settlement};
use crate::store::receive::{Receive, Received, ReceivedCard};
use crate::store::{StoreError, Transaction, consent, receive};

/// What the gate answers about one request.
pub(super) enum Gate {
    /// Nothing is sent, and why.
    Closed(Assessment),
    /// One request may be sent.
    Open { clearance: Clearance, prepared: Box<Prepared> },
}

/// The first step of a request: reserved, found, counted and, where a company is configured, past the gate.
pub(super) async fn receive(asked: &Arc<Asked>, command: &Receive) -> Result<(Received, Gate), AuthenticateError> {
    if asked.app.provider.is_none() {
        let received = asked.app.store.receive(command.clone()).await?;
        return Ok((received, Gate::Closed(Assessment::NotAsked { reason: NotAsked::NoBasis })));
    }
    // The limit runs from before the gate's first look at the person's state.
    let (t0, wall_t0) = (asked.app.clock.boot_nanos(), asked.app.now());
    match pass(asked, command).await {
        Err(StoreError::LockTimeout) => {
            let received = asked.app.store.receive(command.clone()).await?;
            Ok((received, Gate::Closed(not_asked(ConsentState::Unknown))))
        }
        Err(error) => Err(error.into()),
        Ok((received, None)) => Ok((received, Gate::Closed(Assessment::NotAsked { reason: NotAsked::NoBasis }))),
        Ok((received, Some(Passed::Closed(assessment)))) => Ok((received, Gate::Closed(assessment))),
        Ok((received, Some(Passed::Intended { row, prepared }))) => {
            let until = t0.saturating_add(u64::try_from(row.limit_ms).unwrap_or(0).saturating_mul(1_000_000));
            let wall_until = wall_t0.plus_millis(row.limit_ms);
            let clearance = Clearance::grant(row.id, row.cardholder_id, row.recipient, until, wall_until);
            Ok((received, Gate::Open { clearance, prepared }))
        }
    }
}

/// What the committed transaction holds about the gate; none when the request never came to it.
enum Passed {
    Closed(Assessment),
    Intended { row: Box<Disclosure>, prepared: Box<Prepared> },
}

async fn pass(asked: &Arc<Asked>, command: &Receive) -> Result<(Received, Option<Passed>), StoreError> {
    let (asked, command) = (asked.clone(), command.clone());
    let work = asked.clone();
    asked
        .app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                consent::limit_waiting(transaction).await?;
                let mut received = receive::receive(transaction, &command).await?;
                let passed = match &mut received {
                    Received { reserved: true, card: Some(card) } if work.eligible(card).is_some() => {
                        Some(enter(&work, transaction, card).await?)
                    }
                    _ => None,
                };
                Ok((received, passed))
            })
        })
        .await
}

/// Takes the person's place and writes the row that belongs into it.
async fn enter(asked: &Asked, transaction: &Transaction, card: &mut ReceivedCard) -> Result<Passed, StoreError> {
    let Some(provider) = asked.app.provider.as_deref() else {
        return Ok(Passed::Closed(Assessment::NotAsked { reason: NotAsked::NoBasis }));
    };
    let bundle = &asked.loaded.bundle;
    let recipient_id = provider.describe().recipient.clone();
    let Some(recipient) = bundle.reference().recipient(&recipient_id) else {
        return Ok(Passed::Closed(Assessment::NotAsked { reason: NotAsked::NoBasis }));
    };
    let Some(place) = consent::take_place(transaction, card.cardholder_id).await? else {
        // What was read with the card may be older than what the gate just saw.
        card.consent = consent::state(transaction, card.cardholder_id).await?;
        return Ok(Passed::Closed(not_asked(card.consent)));
    };
    card.consent = ConsentState::Permitted;
    let (permitted, policies) = permitted_classes(asked, card, &recipient_id);
    let prepared = provider.prepare(&data(asked).restricted_to(&permitted));
    let row =
        row(asked, card.cardholder_id, provider, recipient.basis.as_str(), &prepared, policies, !permitted.is_empty());
    consent::disclose(transaction, &row, &place).await?;
    Ok(if permitted.is_empty() {
        Passed::Closed(Assessment::NotAsked { reason: NotAsked::ByPolicy })
    } else {
        Passed::Intended { row: Box::new(row), prepared: Box::new(prepared) }
    })
}

/// Asks the policies about every data class.
fn permitted_classes(asked: &Asked, card: &ReceivedCard, recipient: &str) -> (BTreeSet<DataClass>, Vec<String>) {
    let mut permitted = BTreeSet::new();
    let mut policies = BTreeSet::new();
    let Some(programme) = asked.eligible(card) else { return (permitted, Vec::new()) };
    let not_yet = Assessment::NotAsked { reason: NotAsked::ByPolicy };
    let facts = asked.facts(card, programme, not_yet);
    for class in DataClass::ALL {
        let answer = policy::share(&asked.loaded.bundle, &facts, recipient, *class);
        if answer.allowed {
            permitted.insert(*class);
            policies.extend(answer.policies);
        }
    }
    (permitted, policies.into_iter().collect())
}

fn data(asked: &Asked) -> PurchaseData {
    let (request, trace) = (&asked.request, &asked.trace);
    PurchaseData {
        name: request.typed.name.clone(),
        email: request.typed.email.clone(),
        phone: request.typed.phone.clone(),
        billing: request.typed.billing.clone(),
        shipping: request.typed.shipping.clone(),
        device: trace.device.clone(),
        device_id: trace.device_digest.map(hex::encode),
        ip: trace.ip,
        country: trace.place.country.clone().or_else(|| request.location.as_ref().map(|at| at.country.clone())),
        prefecture: trace.place.prefecture.clone(),
        money: Some(request.money),
        merchant: Some(request.merchant.id),
        authentication: Some(asked.id),
        profiling_session: None,
    }
}

fn row(
    asked: &Asked,
    cardholder_id: CardholderId,
    provider: &dyn Provider,
    basis: &str,
    prepared: &Prepared,
    policies: Vec<String>,
    intended: bool,
) -> Disclosure {
    let mut items: Vec<String> =
        prepared.items().iter().map(|item| format!("{}:{}", item.datum.as_str(), item.mode.as_str())).collect();
    items.sort();
    Disclosure {
        id: DisclosureId::new(asked.now, asked.app.randomness.as_ref()),
        cardholder_id,
        authentication_id: asked.id,
        recipient: provider.describe().recipient.clone(),
        purpose: "assess",
        state: if intended { "intended" } else { "not_sent" },
        basis: basis.to_owned(),
        items: if intended { items } else { Vec::new() },
        policies,
        bundle_digest: asked.loaded.bundle.digest().to_owned(),
        transform_version: prepared.transform_version().to_owned(),
        key_id: prepared.key_id().to_owned(),
        body_digest: prepared.digest(),
        limit_ms: i64::try_from(provider.describe().limit_ms).unwrap_or(i64::MAX),
        recorded_at: asked.now,
    }
}

impl Gate {
    /// Sends what may be sent and answers the assessment, with the settlement of the ledger row.
    pub(super) async fn ask(self, asked: &Asked) -> (Assessment, Option<Settlement>) {
        let (clearance, prepared) = match self {
            Self::Closed(assessment) => return (assessment, None),
            Self::Open { clearance, prepared } => (clearance, *prepared),
        };
        let app = &asked.app;
        let disclosure_id = clearance.disclosure();
        let settle = |state, provider_request_id, answer| {
            Some(Settlement { disclosure_id, state, provider_request_id, answer, settled_at: app.now() })
        };
        let (Some(provider), Ok(envelope)) = (app.provider.as_deref(), Envelope::seal(clearance, prepared)) else {
            return (Assessment::NoAnswer { reason: NoAnswer::Interrupted }, settle("not_sent", None, None));
        };
        let deadline =
            app.clock.boot_nanos().saturating_add(app.config.analytics.deadline_ms.saturating_mul(1_000_000));
        let answer = provider.assess(envelope, deadline).await;
        let state = match answer.settled {
            Settled::Sent => "sent",
            Settled::NotSent => "not_sent",
            Settled::Unknown => "unknown",
        };
        let settlement = settle(state, answer.request_id, answer.kept.map(|kept| kept.to_string()));
        (answer.assessment, settlement)
    }
}
