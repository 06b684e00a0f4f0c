//! How one authentication is shown.

use axum::response::Response;

use crate::domain::challenge::Language;
use crate::domain::staff::Act;
use crate::flow::staff::rights;
use crate::flow::support::{LockState, SupportView, Words as BothWords};
use crate::pages::pieces::{Cell, Facts, Table, Tone};
use crate::pages::staff::console::Console;
use crate::pages::staff::sheet::{Sheet, Ways, Words};
use crate::pages::staff::signed::Signed;
use crate::texts::moment::amount;

pub(super) fn page(signed: &Signed, view: &SupportView, done: Option<(Tone, &str)>) -> Response {
    let console = signed.console("supervisor-authentication");
    let language = console.wording.language();
    let told = |words: &[BothWords]| words.iter().map(|words| said(words, language)).collect::<Vec<String>>();
    let facts = facts(&console, view);
    let why = Words { title: console.text("supervisor-why"), sentences: told(&view.reasons) };
    let advice = Words { title: console.text("supervisor-advice"), sentences: told(&view.advice) };
    let (locks, ways) = (locks(&console, &view.locks), Ways { ways: ways(signed, &console, view) });
    let mut sheet = Sheet::new(console).maybe_notice(done);
    if !view.advice.is_empty() {
        sheet = sheet.add(&advice);
    }
    if !ways.ways.is_empty() {
        sheet = sheet.add(&ways);
    }
    if !view.reasons.is_empty() {
        sheet = sheet.add(&why);
    }
    sheet = sheet.add(&facts);
    if !view.locks.is_empty() {
        sheet = sheet.add(&locks);
    }
    signed.page(&sheet)
}

/// The words of one language.
pub(super) fn said(words: &BothWords, language: Language) -> String {
    match language {
        Language::Ja => words.ja.clone(),
        Language::En => words.en.clone(),
    }
}

/// The purchase in short, for this page and for the forms about it.
pub(super) fn purchase(console: &Console<'_>, view: &SupportView) -> Vec<(String, Cell)> {
    let summary = &view.summary;
    vec![
        (console.text("supervisor-authentication-id"), Cell::Figure(summary.id.to_string())),
        (console.text("supervisor-merchant"), Cell::Text(summary.merchant_name.clone())),
        (console.text("supervisor-amount"), Cell::Figure(amount(summary.money))),
        (console.text("supervisor-card"), Cell::Figure(format!("…{}", summary.card_last_four))),
        (console.text("supervisor-purchased"), Cell::Figure(console.moment(view.purchased_at))),
    ]
}

fn facts(console: &Console<'_>, view: &SupportView) -> Facts {
    let language = console.wording.language();
    let mut rows = vec![(console.text("supervisor-state"), Cell::Text(said(&view.summary.status_words, language)))];
    rows.extend(purchase(console, view));
    if let Some(id) = view.cardholder_id {
        let link = Cell::Link { path: format!("/staff/cardholders/{id}"), text: id.to_string() };
        rows.push((console.text("supervisor-cardholder"), link));
    }
    rows.push((console.text("supervisor-device"), Cell::Text(said(&view.device, language))));
    rows.push((console.text("supervisor-analysis"), Cell::Text(said(&view.analysis, language))));
    if let Some(challenge) = &view.challenge {
        let tries = console.wording.with("supervisor-tries", "count", challenge.tries);
        rows.push((console.text("supervisor-challenge"), Cell::Text(tries)));
    }
    if let Some(since) = view.blocked_since {
        let since = console.wording.with("supervisor-card-blocked-since", "at", console.moment(since));
        rows.push((console.text("supervisor-card-blocked"), Cell::State(since, Tone::Bad)));
    }
    if view.disowned {
        let words = console.text("supervisor-disowned-by-holder");
        rows.push((console.text("supervisor-disowned"), Cell::State(words, Tone::Bad)));
    }
    if view.vouched {
        rows.push((console.text("supervisor-vouch"), Cell::Text(console.text("supervisor-vouch-used"))));
    }
    Facts { rows }
}

fn locks(console: &Console<'_>, locks: &[LockState]) -> Table {
    let row = |state: &LockState| {
        let now = match (state.closed, state.locked) {
            (true, _) => Cell::State(console.text("supervisor-lock-closed"), Tone::Bad),
            (_, true) => Cell::State(console.text("supervisor-lock-locked"), Tone::Bad),
            _ => Cell::State(console.text("supervisor-lock-open"), Tone::Good),
        };
        let until = state.lock.locked_until.filter(|_| state.locked && !state.closed);
        let method = console.text(&format!("supervisor-method-{}", state.lock.method.as_str()));
        let until = until.map_or_else(|| "–".to_owned(), |until| console.moment(until));
        vec![Cell::Text(method), now, Cell::Figure(until)]
    };
    let headings = ["method", "state", "until"].map(|name| console.text(&format!("supervisor-lock-{name}")));
    Table {
        caption: console.text("supervisor-locks"),
        headings: headings.to_vec(),
        rows: locks.iter().map(row).collect(),
        empty: String::new(),
    }
}

fn ways(signed: &Signed, console: &Console<'_>, view: &SupportView) -> Vec<(String, String)> {
    let may = |act| rights::offers(signed.app(), signed.who(), act);
    let path = |end: &str| format!("/staff/authentications/{}/{end}", view.summary.id);
    let mut ways = Vec::new();
    if view.vouch_would_help && may(Act::AuthenticationVouch) {
        ways.push((path("vouch"), console.text("supervisor-vouch-title")));
    }
    let counted = view.locks.iter().any(|state| state.lock.failures > 0 && !state.closed);
    if (counted || view.challenge.is_some()) && view.summary.card_id.is_some() && may(Act::ChallengeUnlock) {
        ways.push((path("unlock"), console.text("supervisor-unlock-title")));
    }
    if view.blocked_since.is_some() && may(Act::CardOpen) {
        ways.push((path("open-card"), console.text("supervisor-open-card-title")));
    }
    ways
}
