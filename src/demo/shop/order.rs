//! Orders: what was bought, where its authentication stands, and the page that says so.

use std::time::Duration;

use axum::extract::{Path, State as Extract};
use axum::response::Response;
use moka::sync::Cache;

use super::catalogue::{Counter, Item};
use super::client::{AuthenticationAnswer, ClientError, MessageAnswer};
use super::session::{Visitor, is_token};
use super::verify::{Expected, VerifyError, verify};
use super::{Shop, State, page};
use crate::domain::money::Money;
use crate::flow::result::ResultClaims;

/// A checkout page that was shown: what the visitor is about to buy.
#[derive(Clone)]
pub(super) struct Checkout {
    /// Unguessable; also the order's name and the idempotency key of its question.
    pub(super) token: String,
    pub(super) item: &'static Item,
    /// The device session's id and page, where the service gave one.
    pub(super) device: Option<(String, String)>,
}

/// An order.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) token: String,
    pub(super) item: &'static Item,
    pub(super) reference: String,
    pub(super) authentication_id: String,
    pub(super) card_last_four: String,
    pub(super) stage: Stage,
}

/// Where an order stands.
#[derive(Clone)]
pub(super) enum Stage {
    /// The buyer is at the challenge.
    Waiting { challenge_url: String },
    /// The authentication is final.
    Settled(Box<Settled>),
}

/// What came of the authentication, as the shop believes it.
#[derive(Clone)]
pub(super) struct Settled {
    pub(super) status: String,
    pub(super) message: Option<(String, String)>,
    /// The signed result itself.
    pub(super) result: String,
    /// The claims of the signed result, or why it is not believed.
    pub(super) claims: Result<ResultClaims, VerifyError>,
}

impl Settled {
    /// Whether the shop goes on with the payment: only by a signed approval.
    pub(super) fn is_paid(&self) -> bool {
        self.claims.as_ref().is_ok_and(|claims| claims.status == "approved" && self.status == "approved")
    }
}

impl Order {
    pub(super) fn counter(&self) -> Counter {
        self.item.counter
    }

    pub(super) fn money(&self) -> Money {
        self.item.money()
    }
}

/// Checkouts and orders, in memory: what counts is at the service.
pub(super) struct Orders {
    checkouts: Cache<String, Checkout>,
    orders: Cache<String, Order>,
}

impl Default for Orders {
    fn default() -> Self {
        let hour = Duration::from_hours(1);
        Self {
            checkouts: Cache::builder().max_capacity(10_000).time_to_live(hour).build(),
            orders: Cache::builder().max_capacity(10_000).time_to_idle(24 * hour).build(),
        }
    }
}

impl Orders {
    pub(super) fn begin(&self, checkout: Checkout) {
        self.checkouts.insert(checkout.token.clone(), checkout);
    }

    pub(super) fn checkout(&self, token: &str) -> Option<Checkout> {
        self.checkouts.get(token)
    }

    pub(super) fn keep(&self, order: Order) {
        self.orders.insert(order.token.clone(), order);
    }

    pub(super) fn order(&self, token: &str) -> Option<Order> {
        self.orders.get(token)
    }

    pub(super) fn by_authentication(&self, id: &str) -> Option<Order> {
        self.orders.iter().map(|(_, order)| order).find(|order| order.authentication_id == id)
    }
}

impl Shop {
    /// Takes the service's answer about an order: the result is verified, and nothing else is believed.
    pub(super) async fn settle(&self, order: &Order, answer: &AuthenticationAnswer) -> Result<Order, ClientError> {
        let settled = match &answer.result {
            None => return Ok(order.clone()),
            Some(result) => Settled {
                status: answer.status.clone(),
                message: answer.cardholder_message.clone().map(|MessageAnswer { ja, en }| (ja, en)),
                result: result.clone(),
                claims: self.verified(order, result).await?,
            },
        };
        let order = Order { stage: Stage::Settled(Box::new(settled)), ..order.clone() };
        self.orders.keep(order.clone());
        Ok(order)
    }

    /// The claims of a result about this order, if it is genuine.
    pub(super) async fn verified(
        &self,
        order: &Order,
        result: &str,
    ) -> Result<Result<ResultClaims, VerifyError>, ClientError> {
        let keys = self.client.public_keys().await?;
        let merchant_id = self.merchant(order.counter()).merchant.id.to_string();
        let expected = Expected {
            issuer: self.service_url.as_str().trim_end_matches('/'),
            merchant_id: &merchant_id,
            authentication_id: &order.authentication_id,
            reference: &order.reference,
            amount_minor: order.money().amount_minor,
            currency: order.money().currency.code(),
            card_last_four: &order.card_last_four,
        };
        Ok(verify(result, &keys, &expected))
    }

    /// Asks the service where an order stands.
    pub(super) async fn refreshed(&self, order: &Order) -> Result<Order, ClientError> {
        let key = &self.merchant(order.counter()).api_key;
        let answer = self.client.authentication(key, &order.authentication_id).await?;
        self.settle(order, &answer).await
    }
}

/// `GET /orders/{order}`
pub(super) async fn show(Extract(state): Extract<State>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let Some(order) = Some(token).filter(|token| is_token(token)).and_then(|token| state.orders.order(&token)) else {
        return page::not_found(&visitor);
    };
    // The buyer may come back by another way than the return URL: the service knows.
    let order = match &order.stage {
        Stage::Settled(_) => Ok(order),
        Stage::Waiting { .. } => state.refreshed(&order).await,
    };
    match order {
        Ok(order) => page::order(&state, &visitor, &order).await,
        Err(error) => page::failed(&visitor, &error),
    }
}
