//! A small shop with two counters: a variety store in Japan that shows the challenge in a frame, and a seller of gift
//! cards abroad that sends the buyer to it. It uses the service as any merchant would: by its API, with its own keys.
//! Only the panel "behind the counter" looks into the service, which no merchant could.

mod buy;
mod catalogue;
mod checkout;
mod client;
mod counter;
mod guard;
mod order;
mod page;
mod past;
mod returned;
mod session;
mod verify;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use moka::sync::Cache;
use url::Url;

use super::listeners::Addresses;
use super::provider::ProviderState;
use super::seed::{People, SeededMerchant};
use super::{DemoError, service::part};
use crate::app::App;
use client::Client;
use order::Orders;
use session::Sessions;
use webhook::Told;

/// The shop: what it sells, what it sold, and how it asks the service.
#[derive(Clone)]
pub(super) struct State(Arc<Shop>);

pub(super) struct Shop {
    app: Arc<App>,
    provider: ProviderState,
    people: People,
    client: Client,
    merchants: [SeededMerchant; 2],
    service_url: Url,
    own_url: Url,
    orders: Orders,
    sessions: Sessions,
    /// What webhooks said, by authentication.
    told: Cache<String, Told>,
}

impl State {
    pub(super) fn new(
        app: Arc<App>,
        provider: ProviderState,
        addresses: &Addresses,
        merchants: &[SeededMerchant; 2],
        people: &People,
    ) -> Result<Self, DemoError> {
        let client = Client::new(addresses.service_url.clone(), app.clock.clone()).map_err(part)?;
        Ok(Self(Arc::new(Shop {
            app,
            provider,
            people: people.clone(),
            client,
            merchants: merchants.clone(),
            service_url: addresses.service_url.clone(),
            own_url: addresses.shop_url.clone(),
            orders: Orders::default(),
            sessions: Sessions::default(),
            told: Cache::builder().max_capacity(10_000).time_to_live(Duration::from_hours(24)).build(),
        })))
    }

    /// Makes the purchases that some cards are supposed to have behind them. The service must be listening.
    pub(super) async fn past_purchases(&self) -> Result<(), DemoError> {
        past::make(self).await
    }
}

impl std::ops::Deref for State {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.0
    }
}

impl Shop {
    /// An unguessable word.
    fn token(&self) -> String {
        hex::encode(self.app.randomness.bytes::<16>())
    }

    fn merchant(&self, counter: catalogue::Counter) -> &SeededMerchant {
        let [zakka, nami] = &self.merchants;
        match counter {
            catalogue::Counter::Zakka => zakka,
            catalogue::Counter::Nami => nami,
        }
    }
}

/// The shop's pages, and the endpoint behind the counter.
pub(super) fn router(state: State) -> Router {
    Router::new()
        .route("/", get(page::home))
        .route("/language/{language}", get(session::choose_language))
        .route("/shop.css", get(page::style))
        .route("/shop.js", get(page::script))
        .route("/icon.svg", get(page::icon))
        .route("/{counter}/items/{item}", get(page::item))
        .route("/{counter}/items/{item}/checkout", get(checkout::show))
        .route("/checkouts/{checkout}", post(buy::buy))
        .route("/zakka/return", post(returned::by_form))
        .route("/nami/return", get(returned::by_redirect))
        .route("/webhooks/{counter}", post(webhook::receive))
        .route("/orders/{order}", get(order::show))
        .route("/counter/authentications/{id}", get(counter::json))
        .fallback(page::missing)
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
}
