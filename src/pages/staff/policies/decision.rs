//! Why a decision came out as it did: its course, the questions on the way, and the facts as the rules saw them.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::asked::Asked;
use super::titles::Titles;
use super::values::value_text;
use super::{DIGITS, Places, bundle_path, outcome_cell, reason_text, short, status_text};
use crate::domain::authentication::Authentication;
use crate::domain::id::AuthenticationId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::explain::{self, ExplainError, Explained};
use crate::flow::staff::rights;
use crate::pages::pieces::{Cell, Facts, Table, Tone};
use crate::pages::staff::answer::{Answer, Refusal};
use crate::pages::staff::console::Console;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::sheet::{Sheet, Ways, Words};
use crate::pages::staff::signed::Signed;
use crate::policy::explanation::ValueRead;
use crate::store::support::ChallengeTries;
use crate::texts::moment::amount;

/// Something that is there for those who want it.
#[derive(Template)]
#[template(path = "policies_folded.html")]
struct Folded {
    summary: String,
    table: Table,
}

/// What is shown beside the explanation.
struct Beside {
    merchant: String,
    challenge: Option<ChallengeTries>,
}

/// `GET /staff/policies/decisions/{id}`
pub(super) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    signed.require(Act::PolicyLook, &ActSubject::of(&id)).await?;
    let id: AuthenticationId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    match explain::decision_or_by_live(signed.app(), signed.who(), id).await {
        Ok(explained) => {
            let beside = beside(&signed, &explained.recorded.authentication).await?;
            Ok(page(&signed, &explained, &beside))
        }
        Err(ExplainError::NotDecided(_)) => unexplained(&signed, id, (Tone::Plain, "policies-not-decided")).await,
        Err(ExplainError::Unreadable(_)) => unexplained(&signed, id, (Tone::Bad, "policies-unreadable")).await,
        Err(ExplainError::Store(error)) => Err(signed.refuse(error)),
        Err(ExplainError::Unknown(_)) => Err(signed.refuse(Failure::NotFound)),
        Err(error) => {
            tracing::error!(%error, "a decision cannot be explained");
            Err(signed.refuse(Failure::Internal))
        }
    }
}

async fn beside(signed: &Signed, about: &Authentication) -> Result<Beside, Refusal> {
    let app = signed.app();
    let merchant = app.store.merchant(about.merchant_id, app.config.environment).await;
    let merchant = merchant.map_err(|error| signed.refuse(error))?;
    let challenge = app.store.challenge_tries(about.id).await.map_err(|error| signed.refuse(error))?;
    let name = merchant.map(|merchant| merchant.name).unwrap_or_default();
    Ok(Beside { merchant: super::merchant(&name, about.merchant_id), challenge })
}

/// A decision that no rule was asked about, or of which what they said cannot be read: the rest, without an explanation.
async fn unexplained(signed: &Signed, id: AuthenticationId, (tone, key): (Tone, &str)) -> Answer {
    let found = signed.app().store.any_authentication(id).await.map_err(|error| signed.refuse(error))?;
    let found = found.ok_or_else(|| signed.refuse(Failure::NotFound))?;
    let beside = beside(signed, &found).await?;
    let console = console(signed, id);
    let places = Places::at(&console, "");
    let (facts, why) = (facts(&console, &found, &beside, None), why(signed, &console, &found));
    let sheet = Sheet::new(console).among(&places).notice(tone, key);
    Ok(signed.page(&sheet.add(&facts).add(&why)))
}

/// The frame of the page, with the end of the decision's id in its title: the beginnings are times, and much alike.
fn console(signed: &Signed, id: AuthenticationId) -> Console<'_> {
    let mut console = signed.console("policies-decision");
    let (id, start) = (id.to_string(), id.to_string().len().saturating_sub(DIGITS));
    console.title = format!("{} …{}", console.title, id.get(start..).unwrap_or_default());
    console
}

fn page(signed: &Signed, explained: &Explained, beside: &Beside) -> Response {
    let about = &explained.recorded.authentication;
    let console = console(signed, about.id);
    let instead = explained.bundle_digest != explained.recorded.verdict.bundle_digest;
    let places = Places::at(&console, "");
    let outcome = outcome_cell(&console, Some(explained.recorded.verdict.outcome));
    let facts = facts(&console, about, beside, Some(outcome));
    let why = why(signed, &console, about);
    let live = super::live(signed);
    let titles = Titles::new(&console, &live.bundle);
    let asked: Vec<Asked> =
        explained.explanation.questions.iter().map(|question| Asked::new(&console, &titles, question)).collect();
    let seen = Folded { summary: console.text("policies-facts-seen"), table: seen(&console, &explained.facts) };
    let ways = Ways { ways: ways(signed, &console, about) };
    let notice = match (instead, explained.is_the_decision()) {
        (true, _) => Some((Tone::Bad, "policies-explained-by-live")),
        (false, false) => Some((Tone::Bad, "policies-answers-otherwise")),
        (false, true) => None,
    };
    let mut sheet = Sheet::new(console).among(&places).maybe_notice(notice).add(&facts).add(&why);
    for question in &asked {
        sheet = sheet.add(question);
    }
    signed.page(&sheet.add(&seen).add(&ways))
}

/// The decision and its course.
fn facts(console: &Console<'_>, about: &Authentication, beside: &Beside, outcome: Option<Cell>) -> Facts {
    let text = |key: &str| console.text(key);
    let mut rows: Vec<(String, Cell)> = outcome.into_iter().map(|cell| (text("policies-outcome"), cell)).collect();
    let bundle = Cell::Link { path: bundle_path(&about.bundle_digest), text: short(&about.bundle_digest) };
    rows.extend([
        (text("policies-h-result"), Cell::Text(status_text(console, about.status, about.ending))),
        (text("policies-h-merchant"), Cell::Text(beside.merchant.clone())),
        (text("policies-h-amount"), Cell::Figure(amount(about.money))),
        (text("supervisor-card"), Cell::Figure(format!("…{}", about.card_last_four))),
        (text("policies-decided-at"), Cell::Text(console.moment(about.created_at))),
    ]);
    if let Some(challenge) = &beside.challenge {
        if let Some(visited) = challenge.visited_at {
            rows.push((text("policies-challenge-opened"), Cell::Text(console.moment(visited))));
        }
        let tries = console.wording.with("supervisor-tries", "count", challenge.tries);
        rows.push((text("policies-challenge-tries"), Cell::Text(tries)));
    }
    if let Some(finished) = about.finished_at.filter(|at| *at > about.created_at) {
        rows.push((text("policies-finished-at"), Cell::Text(console.moment(finished))));
    }
    rows.push((text("policies-decided-by"), bundle));
    rows.push((text("supervisor-authentication-id"), Cell::Text(about.id.to_string())));
    Facts { rows }
}

/// The reasons in plain words, each with its code.
fn why(signed: &Signed, console: &Console<'_>, about: &Authentication) -> Words {
    let live = super::live(signed);
    let reference = live.bundle.reference();
    let sentence = |code: &String| match reference.reason(code) {
        Some(reason) => format!("{} ({code})", reason_text(console, reason)),
        None => code.clone(),
    };
    Words { title: console.text("policies-why"), sentences: about.reasons.iter().map(sentence).collect() }
}

fn seen(console: &Console<'_>, facts: &[ValueRead]) -> Table {
    let row = |fact: &ValueRead| {
        vec![
            Cell::Text(fact.words.of(console.language()).to_owned()),
            Cell::Text(value_text(console, fact)),
            Cell::Text(fact.name.clone()),
        ]
    };
    let headings = ["fact", "value", "in-rules"].map(|name| console.text(&format!("policies-h-{name}")));
    Table {
        caption: console.text("policies-facts-seen"),
        headings: headings.to_vec(),
        rows: facts.iter().map(row).collect(),
        empty: String::new(),
    }
}

fn ways(signed: &Signed, console: &Console<'_>, about: &Authentication) -> Vec<(String, String)> {
    let may = rights::offers(signed.app(), signed.who(), Act::AuthenticationLook);
    let way = (format!("/staff/authentications/{}", about.id), console.text("policies-support-view"));
    may.then_some(way).into_iter().collect()
}
