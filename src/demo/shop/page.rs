//! The shop's pages, rendered.
#![expect(clippy::trivially_copy_pass_by_ref, clippy::unused_self, reason = "templates call methods, and by reference")]

use askama::Template;
use axum::extract::{OriginalUri, Path, State as Extract};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::super::seed::{CardPlan, CardholderPlan, Device};
use super::State;
use super::catalogue::{Counter, Item};
use super::checkout::Fields;
use super::counter::BehindTheCounter;
use super::order::{Checkout, Order, Settled, Stage};
use super::session::Visitor;
use super::webhook::Told;
use crate::domain::assessment::Assessment;
use crate::domain::challenge::Language;
use crate::pages::assets::helper_integrity;

const STYLE: &str = include_str!("../templates/shop.css");
const SCRIPT: &str = include_str!("../templates/shop.js");
const ICON: &str = include_str!("../templates/icon.svg");

/// What stands around every page.
struct Frame {
    language: Language,
    /// Where the language switch comes back to.
    here: String,
}

impl Frame {
    fn new(visitor: &Visitor, here: &str) -> Self {
        Self { language: visitor.language, here: here.to_owned() }
    }

    fn say<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::Ja => ja,
            Language::En => en,
        }
    }

    fn pick(&self, [ja, en]: &[&'static str; 2]) -> &'static str {
        self.say(ja, en)
    }

    fn lang(&self) -> &'static str {
        self.language.as_str()
    }

    fn other(&self) -> &'static str {
        self.say("en", "ja")
    }

    fn switch_url(&self) -> String {
        let to: String = url::form_urlencoded::byte_serialize(self.here.as_bytes()).collect();
        format!("/language/{}?to={to}", self.other())
    }

    fn counter(&self, counter: &Counter) -> &'static str {
        match counter {
            Counter::Zakka => self.say("さくら雑貨店", "Sakura Variety Store"),
            Counter::Nami => "Nami Gift Cards",
        }
    }

    fn art(&self, item: &Item) -> &'static str {
        match item.slug {
            "tenugui" => include_str!("../templates/art/tenugui.svg"),
            "teapot" => include_str!("../templates/art/teapot.svg"),
            "lamp" => include_str!("../templates/art/lamp.svg"),
            "headphones" => include_str!("../templates/art/headphones.svg"),
            "camera" => include_str!("../templates/art/camera.svg"),
            "maki-e" => include_str!("../templates/art/maki-e.svg"),
            "music" => include_str!("../templates/art/music.svg"),
            "travel" => include_str!("../templates/art/travel.svg"),
            _ => include_str!("../templates/art/bundle.svg"),
        }
    }
}

#[derive(Template)]
#[template(path = "shop_home.html")]
struct HomePage {
    frame: Frame,
    service_url: String,
}

impl HomePage {
    fn items(&self, counter: &Counter) -> impl Iterator<Item = &'static Item> + use<> {
        Item::of(*counter)
    }
}

#[derive(Template)]
#[template(path = "shop_item.html")]
struct ItemPage {
    frame: Frame,
    item: &'static Item,
}

#[derive(Template)]
#[template(path = "shop_checkout.html")]
struct CheckoutPage<'a> {
    frame: Frame,
    checkout: &'a Checkout,
    fields: &'a Fields,
    notice: Option<&'a str>,
    cards: Vec<(&'a CardholderPlan, &'a CardPlan)>,
    crowded: bool,
}

impl CheckoutPage<'_> {
    fn item(&self) -> &'static Item {
        self.checkout.item
    }

    fn is_own(&self) -> bool {
        self.fields.device == Device::Own
    }

    fn picked(&self) -> Option<&(&CardholderPlan, &CardPlan)> {
        self.cards.iter().find(|(_, card)| card.reference == self.fields.card)
    }
}

#[derive(Template)]
#[template(path = "shop_waiting.html")]
struct WaitingPage<'a> {
    frame: Frame,
    order: &'a Order,
    challenge_url: &'a str,
    service_url: &'a str,
    /// The digest of the helper that the shop's page loads from the service.
    integrity: String,
}

#[derive(Template)]
#[template(path = "shop_order.html")]
struct OrderPage<'a> {
    frame: Frame,
    order: &'a Order,
    settled: &'a Settled,
    told: Option<Told>,
    behind: Option<BehindTheCounter>,
}

impl OrderPage<'_> {
    fn message(&self) -> Option<&str> {
        self.settled.message.as_ref().map(|(ja, en)| self.frame.say(ja, en))
    }

    /// How the authentication went, in a few words.
    fn way(&self) -> &'static str {
        let challenged = self.behind.as_ref().is_some_and(|behind| behind.outcome.as_deref() == Some("challenge"));
        let words = match (self.settled.status.as_str(), challenged) {
            ("approved", false) => ["質問なしで承認されました", "Approved without a question"],
            ("approved", true) => ["本人確認のうえ承認されました", "Approved after the password"],
            ("rejected", true) => ["本人確認ができませんでした", "The challenge was not passed"],
            ("rejected", false) => ["お取引をお受けできませんでした", "The purchase was turned back"],
            ("not_enrolled", _) => {
                ["本人確認が必要ですが、カードが未登録です", "A proof was needed, but the card is not registered"]
            }
            ("not_eligible", _) => ["本人認証の対象外のカードです", "The card cannot use this service"],
            _ => ["いまは本人確認ができません", "The proof cannot be given now"],
        };
        self.frame.pick(&words)
    }

    /// Whether the webhook brought the very result that the shop verified.
    fn told_the_same(&self, told: &Told) -> bool {
        told.data.status == self.settled.status && self.settled.result == told.data.result
    }

    fn claims(&self) -> Vec<(String, String)> {
        let Ok(claims) = &self.settled.claims else { return Vec::new() };
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(claims) else { return Vec::new() };
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    fn analysis(&self, assessment: &Assessment) -> (&'static str, String) {
        match assessment {
            Assessment::Answered(answer) => {
                let risk = answer.risk.map_or_else(|| "–".to_owned(), |risk| risk.to_string());
                let signals: Vec<&str> = answer.signals.iter().map(|signal| signal.as_str()).collect();
                let signals = if signals.is_empty() { "–".to_owned() } else { signals.join(", ") };
                let recommendation = answer.recommendation.as_str();
                let said = format!("risk {risk} / 10000 · {recommendation} · {signals}");
                (self.frame.pick(&["質問し、回答がありました", "Asked, and it answered"]), said)
            }
            Assessment::NotAsked { reason } => (
                self.frame.pick(&["質問しませんでした。何も送っていません", "Not asked: nothing was sent"]),
                reason.as_str().to_owned(),
            ),
            Assessment::NoAnswer { reason } => (
                self.frame.pick(&["質問しましたが、回答がありません", "Asked, without an answer"]),
                reason.as_str().to_owned(),
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "shop_returning.html")]
struct ReturningPage<'a> {
    frame: Frame,
    order: &'a Order,
}

#[derive(Template)]
#[template(path = "shop_notice.html")]
struct NoticePage<'a> {
    frame: Frame,
    title: &'a str,
    text: String,
}

fn rendered(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of the shop cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `GET /`
pub(super) async fn home(Extract(state): Extract<State>, visitor: Visitor) -> Response {
    let service_url = state.service_url.as_str().trim_end_matches('/').to_owned();
    rendered(StatusCode::OK, &HomePage { frame: Frame::new(&visitor, "/"), service_url })
}

/// `GET /{counter}/items/{item}`
pub(super) async fn item(
    Path((counter, item)): Path<(String, String)>,
    OriginalUri(here): OriginalUri,
    visitor: Visitor,
) -> Response {
    match Counter::parse(&counter).and_then(|counter| Item::find(counter, &item)) {
        Some(item) => rendered(StatusCode::OK, &ItemPage { frame: Frame::new(&visitor, here.path()), item }),
        None => not_found(&visitor),
    }
}

/// The checkout, with what was typed, and what is wrong with it.
pub(super) fn checkout(
    state: &State,
    visitor: &Visitor,
    checkout: &Checkout,
    fields: &Fields,
    notice: Option<&str>,
) -> Response {
    let item = checkout.item;
    let mut here = format!("/{}/items/{}/checkout", item.counter.as_str(), item.slug);
    if let Some((_, card)) = state.people.card(&fields.card) {
        here.push_str("?card=");
        here.push_str(&card.reference);
    }
    let number = super::buy::digits(&fields.number);
    let page = CheckoutPage {
        frame: Frame::new(visitor, &here),
        checkout,
        fields,
        notice,
        cards: state.people.cards().collect(),
        crowded: state.sessions.is_crowded(visitor.session.as_deref(), Some(&number)),
    };
    let status = if notice.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    rendered(status, &page)
}

/// An order: the challenge while it is open, then what came of it.
pub(super) async fn order(state: &State, visitor: &Visitor, order: &Order) -> Response {
    let frame = Frame::new(visitor, &format!("/orders/{}", order.token));
    match &order.stage {
        Stage::Waiting { challenge_url } => {
            let (service_url, integrity) = (state.service_url.as_str(), helper_integrity());
            rendered(StatusCode::OK, &WaitingPage { frame, order, challenge_url, service_url, integrity })
        }
        Stage::Settled(settled) => {
            let behind = state.behind(&order.authentication_id).await;
            let told = state.told.get(&order.authentication_id);
            rendered(StatusCode::OK, &OrderPage { frame, order, settled, told, behind })
        }
    }
}

/// The page between the challenge and the order: it may stand in a frame, and leads out of it.
pub(super) fn returning(visitor: &Visitor, order: &Order) -> Response {
    rendered(StatusCode::OK, &ReturningPage { frame: Frame::new(visitor, "/"), order })
}

/// Nothing is here.
pub(super) fn not_found(visitor: &Visitor) -> Response {
    let frame = Frame::new(visitor, "/");
    let title = visitor.say(["ページが見つかりません", "Nothing is here"]);
    let text = visitor.say(["お買い物のはじめからお試しください。", "Please begin again at the shop."]).to_owned();
    rendered(StatusCode::NOT_FOUND, &NoticePage { frame, title, text })
}

/// The service could not be asked, or what came is not believed.
pub(super) fn failed(visitor: &Visitor, error: &dyn std::fmt::Display) -> Response {
    tracing::warn!(%error, "the shop cannot go on with an order");
    let frame = Frame::new(visitor, "/");
    let title = visitor.say(["お手続きを続けられません", "We cannot go on"]);
    rendered(StatusCode::BAD_GATEWAY, &NoticePage { frame, title, text: error.to_string() })
}

/// Everything else.
pub(super) async fn missing(visitor: Visitor) -> Response {
    not_found(&visitor)
}

/// `GET /shop.css`
pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// `GET /shop.js`
pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}

/// `GET /icon.svg`
pub(super) async fn icon() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], ICON).into_response()
}
