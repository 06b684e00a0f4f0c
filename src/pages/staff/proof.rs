//! The proof about sharing, run from the page: over everybody, or over one person. It reads and changes nothing.

use axum::extract::Query;
use serde::Deserialize;

use super::answer::Answer;
use super::console::Console;
use super::failure::Failure;
use super::pieces::{Cell, Facts, Field, FieldKind, Tone};
use super::sheet::{ActForm, Sheet, Words};
use super::signed::Signed;
use crate::domain::consent::proof::Totals;
use crate::domain::id::CardholderId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::prove::{self, ProveError, Scope};

#[derive(Deserialize)]
pub(super) struct Asked {
    /// `yes` runs it; nothing is run by merely opening the page.
    #[serde(default)]
    run: String,
    #[serde(default)]
    cardholder: String,
}

/// `GET /staff/proof`
pub(super) async fn open(signed: Signed, Query(asked): Query<Asked>) -> Answer {
    signed.require(Act::SharingProve, &ActSubject::none()).await?;
    let wanted = asked.cardholder.trim();
    let one: Result<Option<CardholderId>, _> = (!wanted.is_empty()).then(|| wanted.parse()).transpose();
    let console = signed.console("supervisor-proof");
    let wrong = one.is_err().then(|| console.text("supervisor-cardholder-wrong"));
    let field = Field::new("cardholder", console.text("supervisor-proof-cardholder"), FieldKind::Text)
        .hint(console.text("supervisor-proof-cardholder-hint"))
        .value(wanted)
        .error(wrong)
        .optional();
    let form = ActForm::new(&console, "/staff/proof", "supervisor-proof-run").question().field(field);
    let form = form.hidden("run", "yes");
    let state = sharing(&signed, &console);
    let lead = console.text("supervisor-proof-lead");
    let sheet = Sheet::new(console).lead(lead);
    let scope = match one {
        Ok(Some(id)) => Scope::One(id),
        Ok(None) => Scope::All,
        Err(_) => return Ok(signed.page(&sheet.add(&form).add(&state))),
    };
    if asked.run != "yes" {
        return Ok(signed.page(&sheet.add(&form).add(&state)));
    }
    match prove::prove(signed.app(), scope, None).await {
        Ok(totals) => {
            let facts = figures(&signed.console("supervisor-proof"), &totals);
            Ok(signed.page(&sheet.notice(Tone::Good, "supervisor-proved").add(&facts).add(&form).add(&state)))
        }
        Err(error) if error.is_violation() => {
            let title = signed.console("supervisor-proof").text("supervisor-violation");
            let words = Words { title, sentences: vec![error.to_string()] };
            Ok(signed.page(&sheet.notice(Tone::Bad, "supervisor-not-proved").add(&words).add(&form).add(&state)))
        }
        Err(ProveError::Store(error)) => Err(signed.refuse(error)),
        Err(error) => {
            tracing::error!(%error, "the proof cannot be run");
            Err(signed.refuse(Failure::Internal))
        }
    }
}

/// Whether this process shares, which the canary and the checkpoint decide.
fn sharing(signed: &Signed, console: &Console<'_>) -> Facts {
    let sharing = &signed.app().sharing;
    let tone = if sharing.is_on() { Tone::Good } else { Tone::Bad };
    let word = console.text(&format!("supervisor-sharing-{}", sharing.state().as_str()));
    Facts { rows: vec![(console.text("supervisor-sharing"), Cell::State(word, tone))] }
}

fn figures(console: &Console<'_>, totals: &Totals) -> Facts {
    let count =
        |key: &str, number: u64| (console.text(&format!("supervisor-proof-{key}")), Cell::Figure(number.to_string()));
    let mut rows = vec![
        count("people", totals.people),
        count("events", totals.events),
        count("objections", totals.objections),
        count("sent", totals.sent),
        count("not-sent", totals.not_sent),
        count("unknown", totals.unknown),
        count("open", totals.open),
        count("erase", totals.erase),
        count("after", totals.after_objection),
    ];
    if let Some(effect) = totals.time_to_effect() {
        let seconds = |micros: u64| format!("{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000);
        let text = format!("{} / {} / {}", seconds(effect.p50), seconds(effect.p99), seconds(effect.max));
        rows.push((console.text("supervisor-effect"), Cell::Figure(text)));
    }
    Facts { rows }
}
