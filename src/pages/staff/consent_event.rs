//! One consent event: that it is recorded, what was sent before, the receipt on paper and by e-mail.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use super::answer::{Answer, Refusal};
use super::cardholder::look;
use super::console::Console;
use super::failure::Failure;
use super::form::StaffForm;
use super::objection::{has_email, mail_receipt};
use super::pieces::{Cell, Facts, Notice, Tone};
use super::signed::Signed;
use super::typed::Typed;
use super::words;
use crate::delivery::receipt::{self, ReceiptView};
use crate::domain::challenge::Language;
use crate::domain::consent::ConsentAction;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::id::ConsentEventId;
use crate::domain::receipt::Receipt;
use crate::domain::staff::Act;
use crate::flow::cardholder::{self, Person};
use crate::flow::consent;
use crate::flow::staff::rights;

/// What the address of a receipt may carry.
#[derive(Deserialize)]
pub(super) struct Chosen {
    language: Option<String>,
}

#[derive(Template)]
#[template(path = "console_event.html")]
struct EventPage<'a> {
    console: Console<'a>,
    tone: Tone,
    banner: Vec<String>,
    off: Option<Notice>,
    facts: Facts,
    person: (String, String),
    receipt: Option<(ReceiptView, String)>,
    mail: Option<String>,
    no_email: bool,
    correct: Option<String>,
}

#[derive(Template)]
#[template(path = "console_receipt.html")]
struct ReceiptPage<'a> {
    console: Console<'a>,
    language: &'static str,
    view: ReceiptView,
    back: String,
}

/// `GET /staff/consent-events/{id}`
pub(super) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    let (event, person) = find(&signed, &id).await?;
    let app = signed.app();
    let given = consent::find_receipt(app, event.id).await.map_err(|error| signed.refuse(error))?;
    let since = cardholder::already_since(app, &event).await.map_err(|error| signed.refuse(error))?;
    let mut console = signed.console("console-event");
    console.title = title(&console, &event);
    let offers = |act| rights::offers(app, signed.who(), act);
    let path = format!("/staff/consent-events/{}", event.id);
    let protects = event.action.protects();
    let mut banner = banner(&console, &event, given.as_ref());
    if let Some(since) = since.filter(|_| protects) {
        banner.push(console.wording.with("console-already-since", "at", console.moment(since)));
    }
    let off = (!app.sharing.is_on()).then(|| Notice { tone: Tone::Bad, text: console.text("console-sharing-off") });
    let may_mail = offers(Act::ConsentObject) && given.is_some() && !event.pending;
    let page = EventPage {
        tone: if event.pending {
            Tone::Bad
        } else if protects {
            Tone::Good
        } else {
            Tone::Plain
        },
        banner,
        off,
        facts: facts(&console, &person, &event),
        person: (format!("/staff/cardholders/{}", person.id), words::name(&console, &person)),
        receipt: given.map(|given| (receipt::view(app, &given, signed.language()), format!("{path}/receipt"))),
        mail: (may_mail && has_email(&person)).then(|| format!("{path}/mail")),
        no_email: may_mail && !has_email(&person),
        correct: (offers(Act::ConsentCorrect) && event.action != ConsentAction::Correct)
            .then(|| format!("{path}/correct")),
        console,
    };
    Ok(signed.page(&page))
}

/// `GET /staff/consent-events/{id}/receipt`: the receipt alone, to be printed.
pub(super) async fn print(signed: Signed, Path(id): Path<String>, Query(chosen): Query<Chosen>) -> Answer {
    let (event, _) = find(&signed, &id).await?;
    let app = signed.app();
    let given = consent::find_receipt(app, event.id).await.map_err(|error| signed.refuse(error))?;
    let given = given.ok_or_else(|| signed.refuse(Failure::NotFound))?;
    let language = chosen.language.as_deref().and_then(Language::parse).unwrap_or(given.language);
    let view = receipt::view(app, &given, language);
    let mut console = signed.console("console-receipt");
    console.title.clone_from(&view.title);
    let back = format!("/staff/consent-events/{}", event.id);
    Ok(signed.page(&ReceiptPage { console, language: language.as_str(), view, back }))
}

/// `POST /staff/consent-events/{id}/mail`
pub(super) async fn mail(Path(id): Path<String>, form: StaffForm<Typed>) -> Answer {
    let signed = form.signed;
    let (event, person) = find(&signed, &id).await?;
    signed.require(Act::ConsentObject, &crate::domain::staff::ActSubject::of(person.id)).await?;
    if event.pending || !has_email(&person) {
        return Err(signed.refuse(Failure::Conflict));
    }
    mail_receipt(&signed, &event).await.map_err(|error| signed.refuse(error))?;
    let console = signed.console("console-mailed");
    let page = EventPage {
        tone: Tone::Good,
        banner: vec![console.text("console-mailed-lead")],
        off: None,
        facts: Facts { rows: Vec::new() },
        person: (format!("/staff/cardholders/{}", person.id), words::name(&console, &person)),
        receipt: None,
        mail: None,
        no_email: false,
        correct: None,
        console,
    };
    Ok(signed.page(&page))
}

/// An event and its person, after the right was asked for and the look was written down.
pub(super) async fn find(signed: &Signed, id: &str) -> Result<(ConsentEvent, Person), Refusal> {
    let id: ConsentEventId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let event = signed.app().store.consent_event(id).await.map_err(|error| signed.refuse(error))?;
    let event = event.ok_or_else(|| signed.refuse(Failure::NotFound))?;
    let (person, _) = look(signed, &event.cardholder_id.to_string(), Act::CardholderLook).await?;
    Ok((event, person))
}

fn title(console: &Console<'_>, event: &ConsentEvent) -> String {
    match (event.action.protects(), event.pending) {
        (true, false) => console.text("console-recorded"),
        (true, true) => console.text("console-recorded-pending"),
        _ => words::action(console, event),
    }
}

/// What an agent reads to the caller now.
fn banner(console: &Console<'_>, event: &ConsentEvent, receipt: Option<&Receipt>) -> Vec<String> {
    if !event.action.protects() {
        return Vec::new();
    }
    let key = match (event.pending, event.coverage.is_everything()) {
        (true, _) => "console-recorded-pending-lead",
        (false, true) => "console-recorded-lead",
        (false, false) => "console-recorded-part-lead",
    };
    let mut lines = vec![console.text(key)];
    let maybe = receipt.map_or(0, |receipt| receipt.maybe_sent.len());
    if maybe > 0 {
        let count = i64::try_from(maybe).unwrap_or(i64::MAX);
        lines.push(console.wording.with("console-maybe-sent", "count", count));
    }
    lines
}

fn facts(console: &Console<'_>, person: &Person, event: &ConsentEvent) -> Facts {
    let identity = event.identity.map(|identity| {
        let word = |prefix: &str, word: &str| console.text(&format!("console-{prefix}-{}", word.replace('_', "-")));
        let parts = [word("outcome", identity.outcome.as_str()), word("method", identity.method.as_str())];
        parts.join(&console.text("staff-list-separator"))
    });
    let said_at = event.effective_from.map(|at| console.moment(at));
    let corrects = event.corrects.map(|id| Cell::Link {
        path: format!("/staff/consent-events/{id}"),
        text: console.text("console-corrected-event"),
    });
    let texts = [
        ("console-what", Some(words::action(console, event))),
        ("console-at", Some(console.moment(event.recorded_at))),
        ("console-said-on", said_at),
        ("console-about", Some(words::coverage(console, person, &event.coverage))),
        ("console-channel", Some(console.text(&format!("console-channel-{}", event.channel.as_str())))),
        ("console-call-reference", event.reference.clone()),
        ("console-check", identity),
        ("console-script-version", event.script_version.clone().or_else(|| event.notice_version.clone())),
        ("console-event-id", Some(event.id.to_string())),
    ];
    let rows = texts.into_iter().filter_map(|(key, text)| Some((console.text(key), Cell::Text(text?))));
    let corrects = corrects.map(|cell| (console.text("console-corrects-title"), cell));
    Facts { rows: rows.chain(corrects).collect() }
}
