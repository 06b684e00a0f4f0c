//! The button "buy": the shop asks the service, and does as it says.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State as Extract};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::seed::Device;
use super::catalogue::Counter;
use super::checkout::Fields;
use super::client::{AuthenticationAnswer, ClientError};
use super::order::{Checkout, Order, Stage};
use super::session::{Visitor, session_cookie};
use super::{Shop, State, page};

/// `POST /checkouts/{checkout}`
pub(super) async fn buy(
    Extract(state): Extract<State>,
    Path(token): Path<String>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    // The same button twice is the same order.
    if let Some(order) = state.orders.order(&token) {
        return onward(&order, None);
    }
    let (Some(checkout), Ok(Form(fields))) = (state.orders.checkout(&token), form) else {
        return page::not_found(&visitor);
    };
    let body = request(&state, &checkout, &fields, &visitor);
    let key = &state.merchant(checkout.item.counter).api_key;
    let settled = match state.client.authenticate(key, &token, &body).await {
        Ok(answer) => place(&state, &checkout, &fields, &answer).await,
        Err(error) => Err(error),
    };
    match settled {
        Ok(order) => {
            let session = visitor.session.clone().unwrap_or_else(|| state.token());
            if fields.device == Device::Browser {
                state.sessions.used(&session, &digits(&fields.number));
            }
            onward(&order, visitor.session.is_none().then_some(session.as_str()))
        }
        Err(error) => refused(&state, &visitor, &checkout, &fields, &error).await,
    }
}

async fn place(
    state: &State,
    checkout: &Checkout,
    fields: &Fields,
    answer: &AuthenticationAnswer,
) -> Result<Order, ClientError> {
    let number = digits(&fields.number);
    let challenge = answer.challenge.as_ref().map(|challenge| challenge.url.clone());
    let order = Order {
        token: checkout.token.clone(),
        item: checkout.item,
        reference: reference(checkout),
        authentication_id: answer.id.clone(),
        card_last_four: number.get(number.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
        stage: Stage::Waiting { challenge_url: challenge.unwrap_or_default() },
    };
    state.orders.keep(order.clone());
    state.settle(&order, answer).await
}

/// The next page: the order's, which shows the challenge while it is open.
fn onward(order: &Order, session: Option<&str>) -> Response {
    let Ok(to) = HeaderValue::try_from(format!("/orders/{}", order.token)) else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    if let Some(cookie) = session.and_then(session_cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Shows the form again, as a new checkout: the old one's idempotency key belongs to what was refused.
async fn refused(
    state: &State,
    visitor: &Visitor,
    checkout: &Checkout,
    fields: &Fields,
    error: &ClientError,
) -> Response {
    let mistyped = matches!(error, ClientError::Refused(400..=499));
    if !mistyped {
        return page::failed(visitor, error);
    }
    let notice = visitor.say([
        "カード番号か有効期限、または連絡先を確認してください。",
        "Please check the card number, the expiry and your contact details.",
    ]);
    let again = state.begin(checkout.item).await;
    page::checkout(state, visitor, &again, fields, Some(notice))
}

/// The shop's own number of an order, which the service echoes in the signed result.
fn reference(checkout: &Checkout) -> String {
    let prefix = if checkout.item.counter == Counter::Zakka { "ZK" } else { "NG" };
    format!("{prefix}-{}", checkout.token.get(..10).unwrap_or_default().to_uppercase())
}

fn request(shop: &Shop, checkout: &Checkout, fields: &Fields, visitor: &Visitor) -> Value {
    let item = checkout.item;
    let plan = shop.people.card(&fields.card).map(|(_, card)| card);
    let elsewhere = plan.and_then(|card| card.new_address.clone()).filter(|_| !item.is_digital());
    let delivery = item.delivery(elsewhere.is_some());
    let billing = fields.address();
    let shipping = if item.is_digital() { None } else { elsewhere.or_else(|| billing.clone()) };
    json!({
        "merchant_reference": reference(checkout),
        "card": { "number": digits(&fields.number), "expiry": expiry(&fields.expiry) },
        "purchase": { "amount_minor": item.money().amount_minor, "currency": item.money().currency.code() },
        "cardholder": {
            "name": given(&fields.name), "email": given(&fields.email), "phone": given(&fields.phone),
            "billing_address": billing, "shipping_address": shipping,
        },
        "device": device(shop, checkout, fields, visitor),
        "delivery": { "kind": delivery, "digital_goods": item.is_digital() },
        "challenge": {
            "return_url": format!("{}{}/return", shop.own_url, item.counter.as_str()),
            "language": visitor.language,
        },
    })
}

fn device(shop: &Shop, checkout: &Checkout, fields: &Fields, visitor: &Visitor) -> Value {
    match fields.device {
        Device::Own => shop.own_device(&digits(&fields.number)),
        Device::Browser => json!({
            "ip": visitor.ip,
            "user_agent": visitor.header(&header::USER_AGENT, 1_024),
            "language": visitor.header(&header::ACCEPT_LANGUAGE, 200),
            "session_id": checkout.device.as_ref().map(|(id, _)| id),
        }),
    }
}

impl Shop {
    /// The telephone that a card's holder always uses, as the shop would have it on file. The addresses are of a
    /// network that is kept for documentation (RFC 5737).
    pub(super) fn own_device(&self, number: &str) -> Value {
        let place = self.people.cards().position(|(_, card)| card.digits() == number);
        let own = place.map_or(99, |place| place + 10);
        json!({
            "ip": format!("203.0.113.{own}"),
            "user_agent": format!(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_{own} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.{own} Mobile/15E148 Safari/604.1"
            ),
            "language": "ja-JP",
            "time_zone": "Asia/Tokyo",
            "screen": "393x852x24",
        })
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// The digits of a card number, however it was grouped. Full-width digits are left for the service to refuse.
pub(super) fn digits(number: &str) -> String {
    number.chars().filter(|c| !matches!(c, ' ' | '-')).collect()
}

/// `06/31` or `06/2031` as the service wants it: `2031-06`. Anything else is left for the service to refuse.
fn expiry(typed: &str) -> String {
    let Some((month, year)) = typed.trim().split_once('/') else { return typed.trim().to_owned() };
    let (month, year) = (month.trim(), year.trim());
    if year.len() == 2 { format!("20{year}-{month:0>2}") } else { format!("{year}-{month:0>2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_on_a_card_becomes_what_the_service_wants() {
        let cases = [("06/31", "2031-06"), ("6/2031", "2031-06"), (" 06 / 31 ", "2031-06"), ("2031-06", "2031-06")];
        for (typed, expected) in cases {
            assert_eq!(expiry(typed), expected, "{typed}");
        }
        assert_eq!(digits("3528 9900-0007 9193"), "3528990000079193");
    }
}
