//! The first step of a request and the way to the analysis company, as one purchase takes it.

use std::sync::Arc;

use super::{Asked, AuthenticateError};
use crate::analytics::Settled;
use crate::analytics::disclosable::PurchaseData;
use crate::analytics::envelope::{Envelope, Prepared};
use crate::domain::assessment::{Assessment, NoAnswer, NotAsked};
use crate::domain::consent::{Clearance, ConsentState, Purpose};
use crate::fault_points::Point;
use crate::flow::gate::{self, Passage, Passed, Start, not_asked, refusal};
use crate::store::consent::Settlement;
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
        let received = without_gate(asked, command).await?;
        return Ok((received, Gate::Closed(not_asked(NotAsked::NoBasis))));
    }
    let start = Start::of(&asked.app);
    asked.app.faults.reach(Point::GateStart).await;
    match pass(asked, command).await {
        Err(StoreError::LockTimeout) => {
            let mut received = without_gate(asked, command).await?;
            // What could not be read in time is not known, whatever an older look says.
            if let Some(card) = &mut received.card {
                card.consent = ConsentState::Unknown;
            }
            Ok((received, Gate::Closed(not_asked(refusal(ConsentState::Unknown)))))
        }
        Err(error) => Err(error.into()),
        Ok((received, None)) => Ok((received, Gate::Closed(not_asked(NotAsked::NoBasis)))),
        Ok((received, Some(Passed::Closed(reason)))) => Ok((received, Gate::Closed(not_asked(reason)))),
        Ok((received, Some(Passed::Intended { row, prepared }))) => {
            asked.app.faults.reach(Point::GateCommitted).await;
            Ok((received, Gate::Open { clearance: start.clear(&row), prepared }))
        }
    }
}

async fn without_gate(asked: &Asked, command: &Receive) -> Result<Received, StoreError> {
    let mut received = asked.app.store.receive(command.clone()).await?;
    if let Some(card) = &mut received.card {
        card.consent = gate::state_towards(&asked.app, &asked.loaded, &card.standing, card.id);
    }
    Ok(received)
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
    let Some(company) = gate::company(&asked.app, &asked.loaded) else {
        return Ok(Passed::Closed(NotAsked::NoBasis));
    };
    let passage = Passage {
        app: &asked.app,
        bundle: &asked.loaded.bundle,
        provider: company.provider,
        recipient: company.recipient,
        cardholder_id: card.cardholder_id,
        card_id: Some(card.id),
        authentication_id: asked.id,
        purpose: Purpose::Assess,
        now: asked.now,
    };
    let seen = &mut *card;
    let facts = |state| {
        seen.consent = state;
        let programme = asked.eligible(seen)?;
        Some(asked.facts(seen, programme, not_asked(NotAsked::ByPolicy)))
    };
    let prepare = |permitted: &_| company.provider.prepare(&data(asked).restricted_to(permitted), company.pseudonyms);
    let (state, passed) = passage.enter(transaction, facts, prepare).await?;
    card.consent = state;
    Ok(passed)
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

impl Gate {
    /// Sends what may be sent and answers the assessment, with the settlement of the ledger row.
    pub(super) async fn ask(self, asked: &Asked) -> (Assessment, Option<Settlement>) {
        let (clearance, prepared) = match self {
            Self::Closed(assessment) => return (assessment, None),
            Self::Open { clearance, prepared } => (clearance, *prepared),
        };
        let app = &asked.app;
        let disclosure_id = clearance.disclosure();
        let settle = |settled, provider_request_id, answer| {
            Some(Settlement { provider_request_id, answer, ..gate::settlement(app, disclosure_id, settled) })
        };
        let (Some(provider), Ok(envelope)) = (app.provider.as_deref(), Envelope::seal(clearance, prepared)) else {
            return (Assessment::NoAnswer { reason: NoAnswer::Interrupted }, settle(Settled::NotSent, None, None));
        };
        let deadline =
            app.clock.boot_nanos().saturating_add(app.config.analytics.deadline_ms.saturating_mul(1_000_000));
        app.faults.reach(Point::GateSend).await;
        let answer = provider.assess(envelope, deadline).await;
        app.faults.reach(Point::GateSettle).await;
        let settlement = settle(answer.settled, answer.request_id, answer.kept.map(|kept| kept.to_string()));
        (answer.assessment, settlement)
    }
}
