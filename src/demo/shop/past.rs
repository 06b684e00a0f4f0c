//! What some cards have behind them: purchases made at every start, unless they are there already.

use serde_json::{Value, json};

use super::super::seed::{CardPlan, CardholderPlan, History};
use super::super::{DemoError, service::part};
use super::State;
use super::catalogue::Counter;
use super::client::ClientError;
use crate::domain::clock::Micros;

/// The service wants a proof after more than five requests in an hour.
const FREQUENT: usize = 6;

/// Makes what is missing.
pub(super) async fn make(state: &State) -> Result<(), DemoError> {
    for (holder, card) in state.people.cards() {
        match card.history {
            Some(History::Familiar) => familiar(state, holder, card).await.map_err(part)?,
            Some(History::Frequent) => frequent(state, holder, card).await.map_err(part)?,
            None => {}
        }
    }
    Ok(())
}

/// One purchase from the holder's own device, ever: from then on the card knows it.
async fn familiar(state: &State, holder: &CardholderPlan, card: &CardPlan) -> Result<(), ClientError> {
    if last_at(state, card).await?.is_none() {
        purchase(state, holder, card, 14_800).await?;
    }
    Ok(())
}

/// Many purchases, unless there were some within the hour.
async fn frequent(state: &State, holder: &CardholderPlan, card: &CardPlan) -> Result<(), ClientError> {
    let an_hour_ago = state.app.now().0 - Micros::HOUR;
    if last_at(state, card).await?.is_some_and(|last| last.0 > an_hour_ago) {
        return Ok(());
    }
    for _ in 0..FREQUENT {
        purchase(state, holder, card, 500).await?;
    }
    Ok(())
}

async fn last_at(state: &State, card: &CardPlan) -> Result<Option<Micros>, ClientError> {
    let key = &state.merchant(Counter::Zakka).api_key;
    let last = state.client.latest(key, &reference(card)).await?;
    Ok(last.and_then(|last| last.created_at.parse::<jiff::Timestamp>().ok()).map(Micros::from))
}

async fn purchase(
    state: &State,
    holder: &CardholderPlan,
    card: &CardPlan,
    amount_minor: i64,
) -> Result<(), ClientError> {
    let key = &state.merchant(Counter::Zakka).api_key;
    let body = body(state, holder, card, amount_minor);
    state.client.authenticate(key, &state.token(), &body).await.map(|_| ())
}

fn body(state: &State, holder: &CardholderPlan, card: &CardPlan, amount_minor: i64) -> Value {
    json!({
        "merchant_reference": reference(card),
        "card": { "number": card.digits(), "expiry": card.expiry_text() },
        "purchase": { "amount_minor": amount_minor, "currency": "JPY" },
        "cardholder": {
            "name": holder.name(), "email": holder.record.email, "phone": holder.record.phone,
            "billing_address": holder.record.address, "shipping_address": holder.record.address,
        },
        "device": state.own_device(card.digits()),
        "delivery": { "kind": "billing_address" },
    })
}

fn reference(card: &CardPlan) -> String {
    format!("PAST-{}", card.reference)
}
