//! The pages of compliance staff: how the policies decide, the bundles and their life, and why a decision came out as it did.

mod activate;
mod acts;
mod asked;
mod back;
mod bundle;
mod bundles;
mod changes;
mod course;
mod decide;
mod decision;
mod decisions;
mod difference;
mod findings;
mod overview;
mod panel;
mod review;
mod titles;
mod trials;
mod uses;
mod values;
mod words;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::routing::get;

use super::console::Console;
use super::pieces::{Cell, Tone};
use super::signed::Signed;
use crate::app::bundles::LoadedBundle;
use crate::domain::authentication::{Ending, Status};
use crate::domain::bundle::SYSTEM;
use crate::domain::challenge::Language;
use crate::domain::id::MerchantId;
use crate::domain::verdict::Outcome;
use crate::flow::policy_course::CourseRange;
use crate::flow::staff::names::Names;
use crate::flow::support::status_words;
use crate::pages::Pages;
use crate::policy::reason::Reason;

/// Digests are shown by so many digits; the whole one stands on the bundle's own page.
const DIGITS: usize = 8;

/// The pages below `/staff/policies`.
pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/staff/policies", get(overview::open))
        .route("/staff/policies/bundles", get(bundles::open))
        .route("/staff/policies/bundles/{digest}", get(bundle::open))
        .route("/staff/policies/bundles/{digest}/decide", get(decide::open).post(decide::decide))
        .route("/staff/policies/bundles/{digest}/activate/{mode}", get(activate::open).post(activate::begin))
        .route("/staff/policies/bundles/{digest}/review", get(review::open).post(review::keep))
        .route("/staff/policies/uses/{id}/end", get(back::open).post(back::end))
        .route("/staff/policies/trials", get(trials::open))
        .route("/staff/policies/decisions", get(decisions::open))
        .route("/staff/policies/decisions/{id}", get(decision::open))
}

/// The places below `/staff/policies`.
#[derive(Template)]
#[template(path = "policies_places.html")]
struct Places {
    label: String,
    places: Vec<(String, String, bool)>,
}

impl Places {
    /// With the place that one is at.
    fn at(console: &Console<'_>, here: &str) -> Self {
        let all = [
            ("/staff/policies", "policies-overview"),
            ("/staff/policies/bundles", "policies-bundles"),
            ("/staff/policies/trials", "policies-trials"),
            ("/staff/policies/decisions", "policies-decisions"),
        ];
        let place = |(path, key): (&str, &str)| (path.to_owned(), console.text(key), path == here);
        Self { label: console.text("policies"), places: all.map(place).to_vec() }
    }

    /// The times that the overview can be about.
    fn ranges(console: &Console<'_>, here: CourseRange) -> Self {
        let place = |range: &CourseRange| {
            let word = range.as_str();
            let text = console.text(&format!("policies-range-{word}"));
            (format!("/staff/policies?range={word}"), text, *range == here)
        };
        Self { label: console.text("policies-range"), places: CourseRange::ALL.iter().map(place).collect() }
    }
}

/// The bundle that decides in this process.
fn live(signed: &Signed) -> Arc<LoadedBundle> {
    signed.app().bundle.load()
}

/// The beginning of a digest, as it is shown.
fn short(digest: &str) -> String {
    digest.get(..DIGITS).unwrap_or(digest).to_owned()
}

/// The page of a bundle.
fn bundle_path(digest: &str) -> String {
    format!("/staff/policies/bundles/{digest}")
}

/// Who did something, as colleagues read it.
fn person(console: &Console<'_>, names: &Names, actor: &str) -> String {
    if actor == SYSTEM { console.text("console-by-system") } else { names.of(actor) }
}

/// What a reason says to staff.
fn reason_text(console: &Console<'_>, reason: &Reason) -> String {
    match console.wording.language() {
        Language::Ja => reason.staff_ja.clone(),
        Language::En => reason.staff_en.clone(),
    }
}

/// A merchant's name; its id where it is not registered any more.
fn merchant(name: &str, id: MerchantId) -> String {
    if name.is_empty() { id.to_string() } else { name.to_owned() }
}

/// An outcome as a choice: its word and its name.
fn outcome_choice(console: &Console<'_>, outcome: Outcome) -> (String, String) {
    (outcome.as_str().to_owned(), console.text(&format!("policies-outcome-{}", outcome.as_str())))
}

/// An outcome in a table; a dash where no policy was asked.
fn outcome_cell(console: &Console<'_>, outcome: Option<Outcome>) -> Cell {
    let Some(outcome) = outcome else { return Cell::Text("–".to_owned()) };
    let tone = match outcome {
        Outcome::Approve => Tone::Good,
        Outcome::Challenge => Tone::Plain,
        Outcome::Reject => Tone::Bad,
    };
    Cell::State(outcome_choice(console, outcome).1, tone)
}

/// Where an authentication stands, and how it came there, in plain words.
fn status_text(console: &Console<'_>, status: Status, ending: Ending) -> String {
    let words = status_words(status, ending);
    match console.wording.language() {
        Language::Ja => words.ja,
        Language::En => words.en,
    }
}
