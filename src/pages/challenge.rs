//! The challenge's pages: forms in, the challenge as it stands out. They need neither cookie nor script.
//!
//! How the proof is asked for is in [`asking`].

mod asking;

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer};
use url::Url;
use zeroize::Zeroizing;

use super::Pages;
use super::assets::challenge_source;
use super::brand::Look;
use super::failure::{Failure, rendered};
use super::frame::{Frame, STYLE};
use super::headers::{Permissions, Sources};
use super::visitor::Visitor;
use crate::credential::hasher::HasherError;
use crate::domain::challenge::{ChallengeState, Language};
use crate::flow::challenge::{self, Answer, ChallengeError, ReturnWay, Stage, View, Wish};
use crate::store::challenges::Challenge;
use crate::texts::foreign::plain;
use crate::texts::moment::{amount, date_and_time};

/// So many characters of a merchant's name are shown.
const MERCHANT_NAME_LENGTH: usize = 60;

/// What the address may carry.
#[derive(Deserialize)]
pub(super) struct Address {
    language: Option<String>,
}

/// What our forms carry.
#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    step: String,
    #[serde(default)]
    form: String,
    language: Option<String>,
    #[serde(default, deserialize_with = "wiped_after_use")]
    password: Zeroizing<String>,
    #[serde(default, deserialize_with = "wiped_after_use")]
    code: Zeroizing<String>,
    #[serde(default)]
    way: String,
    /// What a passkey answered.
    #[serde(default)]
    answer: String,
}

fn wiped_after_use<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

/// `GET /challenge/{token}`
pub(super) async fn open(
    State(pages): State<Arc<Pages>>,
    Path(token): Path<String>,
    Query(address): Query<Address>,
    visitor: Visitor,
) -> Response {
    let view = challenge::open(&pages.app, &token, &visitor.arrival()).await;
    show(&pages, &visitor, address.language.as_deref(), &token, view)
}

/// `POST /challenge/{token}`
pub(super) async fn answer(
    State(pages): State<Arc<Pages>>,
    Path(token): Path<String>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let fields = match form {
        Ok(Form(fields)) => fields,
        Err(rejection) => return refuse(&pages, &visitor, &rejection),
    };
    let arrival = visitor.arrival();
    let view = match fields.step.as_str() {
        "answer" => {
            let answer =
                Answer { form: fields.form, password: fields.password, code: fields.code, passkey: fields.answer };
            challenge::answer(Arc::clone(&pages.app), token.clone(), answer, arrival).await
        }
        step @ ("choose" | "send") => {
            let asked = fields.language.as_deref().and_then(Language::parse);
            let language = asked.or(visitor.language()).unwrap_or(Language::Ja);
            let wish = Wish { form: fields.form, way: fields.way, again: step == "send", language };
            challenge::choose(&pages.app, &token, wish, &arrival).await
        }
        _ => challenge::go_on(&pages.app, &token, &fields.form, &arrival).await,
    };
    show(&pages, &visitor, fields.language.as_deref(), &token, view)
}

/// `POST /challenge/{token}/cancel`
pub(super) async fn cancel(
    State(pages): State<Arc<Pages>>,
    Path(token): Path<String>,
    visitor: Visitor,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let fields = match form {
        Ok(Form(fields)) => fields,
        Err(rejection) => return refuse(&pages, &visitor, &rejection),
    };
    let view = challenge::cancel(&pages.app, &token, &fields.form, &visitor.arrival()).await;
    show(&pages, &visitor, fields.language.as_deref(), &token, view)
}

fn refuse(pages: &Pages, visitor: &Visitor, rejection: &FormRejection) -> Response {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge.page(pages, visitor),
        _ => Failure::Malformed.page(pages, visitor),
    }
}

fn show(
    pages: &Pages,
    visitor: &Visitor,
    language: Option<&str>,
    token: &str,
    view: Result<View, ChallengeError>,
) -> Response {
    let View { challenge, stage } = match view {
        Ok(view) => view,
        Err(error) => return failure(&error).page(pages, visitor),
    };
    let language =
        language.and_then(Language::parse).or(challenge.language).or(visitor.language()).unwrap_or(Language::Ja);
    let base = pages.app.config.server.public_url.path().trim_end_matches('/');
    let mut frame = Frame::new(pages, language);
    frame.look = Look::of(&pages.app, challenge.programme.as_deref());
    let page = Page {
        permissions: permissions(pages, &challenge, frame.look.as_ref()),
        frame,
        action: format!("{base}/challenge/{token}"),
        is_framed: visitor.arrival().is_framed(),
        public_url: &pages.app.config.server.public_url,
        challenge: &challenge,
    };
    match stage {
        Stage::Neutral { go_on } => page.neutral(go_on),
        Stage::Comparing { go_on } => page.comparing(go_on),
        Stage::Asking(asking) => page.asking(*asking),
        Stage::Finished(way) => page.finished(way),
    }
}

fn failure(error: &ChallengeError) -> Failure {
    let failure = match error {
        ChallengeError::NotFound => return Failure::NotFound,
        ChallengeError::Gone => return Failure::Gone,
        ChallengeError::Hasher(HasherError::Busy) => return Failure::Busy,
        ChallengeError::Store(store) if store.is_transient() => Failure::Busy,
        ChallengeError::Store(_)
        | ChallengeError::Sealed(_)
        | ChallengeError::Hasher(_)
        | ChallengeError::Passkey(_)
        | ChallengeError::Result
        | ChallengeError::Broken => Failure::Internal,
    };
    tracing::error!(%error, "a challenge cannot be shown");
    failure
}

/// The merchant's origins may frame the page. Its forms lead to ourselves and, by the redirect after the last
/// one or by its own form, to the return URL. Its script is one file of ours, without which it works too.
fn permissions(pages: &Pages, challenge: &Challenge, look: Option<&Look<'_>>) -> Permissions {
    let return_url = challenge.authentication.return_url.as_deref();
    let origin = return_url.and_then(|url| Some(Url::parse(url).ok()?.origin().ascii_serialization()));
    Permissions {
        framed_by: challenge.merchant.origins(),
        posts_to: origin.into_iter().collect(),
        style: Some(STYLE),
        files: Sources {
            scripts: vec![challenge_source(&pages.app.config.server.public_url)],
            ..look.map(Look::sources).unwrap_or_default()
        },
        ..Permissions::default()
    }
}

/// A page about to be rendered.
struct Page<'a> {
    frame: Frame<'a>,
    action: String,
    permissions: Permissions,
    challenge: &'a Challenge,
    /// Whether it stands in somebody's frame.
    is_framed: bool,
    public_url: &'a Url,
}

/// What is bought, as it is shown.
struct Purchase {
    merchant: String,
    amount: String,
    date: String,
    card: String,
}

/// A page with nothing but a button to go on.
#[derive(Template)]
#[template(path = "challenge_waypoint.html")]
struct WaypointPage<'a> {
    frame: Frame<'a>,
    title: String,
    lead: String,
    hint: Option<String>,
    purchase: Option<Purchase>,
    action: String,
    go_on: String,
    button: String,
}

#[derive(Template)]
#[template(path = "challenge_finished.html")]
struct FinishedPage<'a> {
    frame: Frame<'a>,
    class: &'static str,
    title: String,
    lead: String,
    /// The authentication that has ended.
    ended: String,
    /// The origins that are told so where they frame the page.
    origins: String,
    post: Option<(String, String)>,
}

impl Page<'_> {
    fn purchase(&self) -> Purchase {
        let (authentication, merchant) = (&self.challenge.authentication, &self.challenge.merchant);
        Purchase {
            merchant: plain(&merchant.name, MERCHANT_NAME_LENGTH),
            amount: amount(authentication.money),
            date: date_and_time(authentication.purchased_at, merchant.time_base, self.frame.wording),
            card: self.frame.wording.with("card-masked", "digits", authentication.card_last_four.clone()),
        }
    }

    fn neutral(self, go_on: String) -> Response {
        let page = WaypointPage {
            title: self.frame.text("neutral-title"),
            lead: self.frame.text("neutral-lead"),
            hint: Some(self.frame.text("neutral-hint")),
            purchase: Some(self.purchase()),
            button: self.frame.text("neutral-continue"),
            action: self.action,
            go_on,
            frame: self.frame,
        };
        rendered(&page, &self.permissions)
    }

    fn comparing(self, go_on: String) -> Response {
        let page = WaypointPage {
            title: self.frame.text("comparing-title"),
            lead: self.frame.text("comparing-lead"),
            hint: None,
            purchase: None,
            button: self.frame.text("comparing-continue"),
            action: self.action,
            go_on,
            frame: self.frame,
        };
        rendered(&page, &self.permissions)
    }

    fn finished(self, way: ReturnWay) -> Response {
        let post = match way {
            ReturnWay::Redirect { url } => return self.redirect(&url),
            ReturnWay::Post { url, result } => Some((url, result)),
            ReturnWay::Close => None,
        };
        let (class, key) = match self.challenge.state {
            ChallengeState::Passed => ("passed", "passed"),
            ChallengeState::Failed => ("refused", "failed"),
            ChallengeState::Cancelled => ("", "cancelled"),
            ChallengeState::Unavailable => ("", "undeliverable"),
            ChallengeState::Open | ChallengeState::Expired => ("", "expired"),
        };
        let page = FinishedPage {
            title: self.frame.text(&format!("{key}-title")),
            lead: self.frame.text(&format!("{key}-lead")),
            class,
            ended: self.challenge.authentication.id.to_string(),
            origins: self.challenge.merchant.origins().join(" "),
            post,
            frame: self.frame,
        };
        rendered(&page, &self.permissions)
    }

    /// Always 303: a 307 or 308 would post the password on to the merchant.
    fn redirect(&self, url: &str) -> Response {
        (StatusCode::SEE_OTHER, self.permissions.headers(), [(header::LOCATION, url)]).into_response()
    }
}
