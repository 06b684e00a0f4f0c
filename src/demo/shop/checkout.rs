//! The checkout page: what is bought, with which card, from which device.

use axum::extract::{Path, Query, State as Extract};
use axum::response::Response;
use serde::Deserialize;

use super::super::seed::{CardPlan, CardholderPlan, Device};
use super::catalogue::{Counter, Item};
use super::order::Checkout;
use super::session::Visitor;
use super::{Shop, State, page};
use crate::domain::cardholder::Address;

/// Which card the visitor picked.
#[derive(Deserialize)]
pub(super) struct Picked {
    card: Option<String>,
}

/// What stands in the form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    pub(super) number: String,
    pub(super) expiry: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) postal_code: String,
    pub(super) region: String,
    pub(super) city: String,
    pub(super) line1: String,
    pub(super) device: Device,
    /// The demo card that was picked, whatever was typed since.
    pub(super) card: String,
}

impl Fields {
    /// What the holder of a demo card would type.
    fn of(holder: &CardholderPlan, card: &CardPlan, device: Device) -> Self {
        let address = holder.record.address.clone().unwrap_or_default();
        Self {
            number: card.grouped(),
            expiry: printed(card.expiry_text()),
            name: card.typed_name.clone().unwrap_or_else(|| holder.name().to_owned()),
            email: holder.record.email.clone().unwrap_or_default(),
            phone: holder.record.phone.clone().unwrap_or_default(),
            postal_code: address.postal_code,
            region: address.region.unwrap_or_default(),
            city: address.city.unwrap_or_default(),
            line1: address.line1,
            device,
            card: card.reference.clone(),
        }
    }

    /// The billing address, where one was typed.
    pub(super) fn address(&self) -> Option<Address> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Some(Address {
            country: "JP".to_owned(),
            postal_code: given(&self.postal_code)?,
            region: given(&self.region),
            city: given(&self.city),
            line1: given(&self.line1)?,
            line2: None,
        })
    }
}

/// `2031-06` as on a card: `06/31`.
fn printed(expiry: &str) -> String {
    match expiry.split_once('-') {
        Some((year, month)) => format!("{month}/{}", year.get(2..).unwrap_or_default()),
        None => expiry.to_owned(),
    }
}

/// `GET /{counter}/items/{item}/checkout`
pub(super) async fn show(
    Extract(state): Extract<State>,
    Path((counter, item)): Path<(String, String)>,
    Query(picked): Query<Picked>,
    visitor: Visitor,
) -> Response {
    let item = Counter::parse(&counter).and_then(|counter| Item::find(counter, &item));
    let Some(item) = item else { return page::not_found(&visitor) };
    let fields = match picked.card.as_deref().and_then(|reference| state.people.card(reference)) {
        Some((holder, card)) => Fields::of(holder, card, proposed_device(&state, &visitor, card)),
        None => Fields::default(),
    };
    let checkout = state.begin(item).await;
    page::checkout(&state, &visitor, &checkout, &fields, None)
}

/// This browser, unless the card is known on its holder's own device, or this browser used two other cards already.
fn proposed_device(state: &State, visitor: &Visitor, card: &CardPlan) -> Device {
    let crowded = state.sessions.is_crowded(visitor.session.as_deref(), Some(card.digits()));
    if crowded { Device::Own } else { card.device }
}

impl Shop {
    /// Begins a checkout, with a device session where the service gives one: without it the purchase goes on.
    pub(super) async fn begin(&self, item: &'static Item) -> Checkout {
        let token = self.token();
        let key = &self.merchant(item.counter).api_key;
        let session = self.client.device_session(key, &token).await;
        let session = session.inspect_err(|error| tracing::warn!(%error, "the shop has no device session")).ok();
        let device = session.map(|session| (session.id, session.url));
        let checkout = Checkout { token, item, device };
        self.orders.begin(checkout.clone());
        checkout
    }
}
