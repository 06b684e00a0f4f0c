//! The buyer comes back from the challenge: with the signed result in a form, or with nothing but a name.

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State as Extract};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::catalogue::Counter;
use super::order::{Order, Stage};
use super::session::Visitor;
use super::{State, page};
use crate::flow::result::ResultClaims;

/// The service's last form.
#[derive(Deserialize)]
pub(super) struct ReturnForm {
    result: String,
}

/// The service's redirect.
#[derive(Deserialize)]
pub(super) struct ReturnQuery {
    authentication_id: String,
}

/// `POST /zakka/return`
pub(super) async fn by_form(
    Extract(state): Extract<State>,
    visitor: Visitor,
    form: Result<Form<ReturnForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return page::not_found(&visitor) };
    let Some(order) = named_in(&form.result).and_then(|id| find(&state, Counter::Zakka, &id)) else {
        return page::not_found(&visitor);
    };
    // What a browser carries is believed only when its signature holds, and then the service is asked all the same.
    match state.verified(&order, &form.result).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return page::failed(&visitor, &error),
        Err(error) => return page::failed(&visitor, &error),
    }
    match settled(&state, order).await {
        Ok(order) => page::returning(&visitor, &order),
        Err(response) => response(&visitor),
    }
}

/// `GET /nami/return`
pub(super) async fn by_redirect(
    Extract(state): Extract<State>,
    visitor: Visitor,
    query: Result<Query<ReturnQuery>, QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else { return page::not_found(&visitor) };
    let Some(order) = find(&state, Counter::Nami, &query.authentication_id) else {
        return page::not_found(&visitor);
    };
    match settled(&state, order).await {
        Ok(order) => to_order(&order),
        Err(response) => response(&visitor),
    }
}

fn find(state: &State, counter: Counter, authentication_id: &str) -> Option<Order> {
    state.orders.by_authentication(authentication_id).filter(|order| order.counter() == counter)
}

/// Which authentication a result claims to be about; nothing else is read before the signature is verified.
fn named_in(result: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(result.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<ResultClaims>(&claims).ok().map(|claims| claims.sub)
}

async fn settled(state: &State, order: Order) -> Result<Order, impl FnOnce(&Visitor) -> Response> {
    match &order.stage {
        Stage::Settled(_) => Ok(order),
        Stage::Waiting { .. } => {
            state.refreshed(&order).await.map_err(|error| move |visitor: &Visitor| page::failed(visitor, &error))
        }
    }
}

fn to_order(order: &Order) -> Response {
    let to = HeaderValue::try_from(format!("/orders/{}", order.token));
    let Ok(to) = to else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}
