//! Canary and shadow while they are tried: their shares beside those of the live bundle, and what they would change.

mod tables;

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use super::back::end_path;
use super::panel::{Panel, Panels, percent, share};
use super::{Places, bundle_path, person, short, uses};
use crate::charts::Tone as Colour;
use crate::charts::bars::{self, Part, Row};
use crate::charts::gauge::{Gauge, Lane, gauges};
use crate::domain::bundle::{Band, BundleActivation};
use crate::domain::money::grouped;
use crate::domain::policy_figure::FigureKind;
use crate::domain::staff::{Act, ActSubject};
use crate::domain::verdict::Outcome;
use crate::flow::staff::names::Names;
use crate::flow::staff::rights;
use crate::flow::trial::{self, CanaryTrial, Counts, ShadowTrial, Trials};
use crate::pages::assets;
use crate::pages::pieces::{Cell, Facts, Tone};
use crate::pages::staff::answer::Answer;
use crate::pages::staff::console::Console;
use crate::pages::staff::sheet::{Sheet, Ways};
use crate::pages::staff::signed::Signed;

const PATH: &str = "/staff/policies/trials";
/// The page refreshes itself after so many seconds.
const EVERY_SECONDS: u32 = 10;

/// What a script keeps fresh, and a link without one.
#[derive(Template)]
#[template(path = "policies_refreshed.html")]
struct Refreshed {
    path: &'static str,
    now: String,
    pause: String,
    resume: String,
    every: u32,
    at: String,
    panels: Panels,
    script: String,
}

/// What the page says after something was done.
#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    done: String,
}

/// `GET /staff/policies/trials`
pub(super) async fn open(signed: Signed, Query(after): Query<After>) -> Answer {
    signed.require(Act::PolicyLook, &ActSubject::none()).await?;
    let trials = trial::trials(signed.app()).await.map_err(|error| signed.refuse(error))?;
    let names = signed.names().await?;
    let console = signed.console("policies-trials");
    let places = Places::at(&console, PATH);
    let refreshed = Refreshed {
        path: PATH,
        now: console.text("policies-refresh"),
        pause: console.text("policies-pause"),
        resume: console.text("policies-resume"),
        every: EVERY_SECONDS,
        at: console.wording.with("policies-as-of", "at", console.moment(signed.app().now())),
        panels: Panels::of(&panels(&console, &names, &trials)),
        script: assets::refresh_script(),
    };
    let lead = console.text("policies-trials-lead");
    let ways = Ways { ways: ways(&signed, &console, &trials) };
    let done = (after.done == "ended").then_some((Tone::Good, "policies-done-ended"));
    let sheet = Sheet::new(console).among(&places).lead(lead).maybe_notice(done).add(&ways).add(&refreshed);
    Ok(signed.refreshing_page(&sheet))
}

/// The ways to end what is tried.
fn ways(signed: &Signed, console: &Console<'_>, trials: &Trials) -> Vec<(String, String)> {
    let canary = trials.canary.as_ref().map(|trial| &trial.activation);
    let shadow = trials.shadow.as_ref().map(|trial| &trial.activation);
    let way = |used: &BundleActivation| (end_path(used), console.text(&format!("policies-end-{}", used.mode.as_str())));
    let may = rights::offers(signed.app(), signed.who(), Act::PolicyActivate);
    [canary, shadow].into_iter().flatten().filter(|_| may).map(way).collect()
}

fn panels(console: &Console<'_>, names: &Names, trials: &Trials) -> Vec<Panel> {
    let none = |title: &str, text: &str, last: Option<&BundleActivation>| {
        let panel = Panel::new(console, title).line(console.text(text));
        match last {
            Some(last) => panel.line(console.text("policies-last-trial")).add(&over(console, names, last)),
            None => panel,
        }
    };
    vec![
        trials.canary.as_ref().map_or_else(
            || none("policies-mode-canary", "policies-no-canary", trials.last_canary.as_ref()),
            |canary| self::canary(console, names, canary),
        ),
        trials.shadow.as_ref().map_or_else(
            || none("policies-mode-shadow", "policies-no-shadow", trials.last_shadow.as_ref()),
            |shadow| self::shadow(console, names, shadow),
        ),
    ]
}

/// A trial that is over: what it was, who ended it, and why.
fn over(console: &Console<'_>, names: &Names, tried: &BundleActivation) -> Facts {
    let mut facts = facts(console, names, &BundleActivation { until: None, ..tried.clone() });
    let ended = tried.ended_at.map(|at| console.moment(at)).unwrap_or_default();
    facts.rows.extend([
        (console.text("policies-finished-at"), Cell::Text(ended)),
        (
            console.text("policies-ended-by"),
            Cell::Text(tried.ended_by.as_deref().map(|by| person(console, names, by)).unwrap_or_default()),
        ),
        (console.text("policies-why"), uses::why(console, tried)),
    ]);
    facts
}

/// What is tried, on how much, since when, by whom, until when.
fn facts(console: &Console<'_>, names: &Names, tried: &BundleActivation) -> Facts {
    let mut rows = vec![
        (
            console.text("policies-h-bundle"),
            Cell::Link { path: bundle_path(&tried.digest), text: short(&tried.digest) },
        ),
        (console.text("policies-share"), Cell::Figure(percent(tried.share.into()))),
        (console.text("policies-since"), Cell::Text(console.moment(tried.started_at))),
        (console.text("policies-by"), Cell::Text(person(console, names, &tried.started_by))),
    ];
    if let Some(until) = tried.until {
        rows.push((console.text("policies-ends-at"), Cell::Text(console.moment(until))));
    }
    Facts { rows }
}

fn canary(console: &Console<'_>, names: &Names, trial: &CanaryTrial) -> Panel {
    let decided = |counts: &Counts| counts.total(FigureKind::Outcome);
    let facts = facts(console, names, &trial.activation);
    let panel = Panel::new(console, "policies-mode-canary")
        .figure(grouped(decided(&trial.canary)), console.text("policies-decided-canary"))
        .figure(grouped(decided(&trial.live)), console.text("policies-decided-live"))
        .figure(grouped(trial.canary.total(FigureKind::Error)), console.text("policies-errors"))
        .add(&facts);
    let panel = match &trial.activation.band {
        Some(band) => panel.line(band_text(console, band)),
        None => panel.line(console.text("policies-no-band")),
    };
    if decided(&trial.canary) == 0 {
        return panel.line(console.text("policies-course-nothing"));
    }
    let lanes = |outcome| {
        let lane = |tone, name: &str, counts: &Counts| {
            let value = counts.share(outcome).unwrap_or(0);
            Lane { tone, value, label: format!("{} {}", console.text(name), percent(value)) }
        };
        vec![
            lane(Colour::After, "policies-mode-canary", &trial.canary),
            lane(Colour::Before, "policies-mode-live", &trial.live),
        ]
    };
    let bounds = |bounds: (u16, u16)| (u64::from(bounds.0), u64::from(bounds.1));
    let band = trial.activation.band;
    let gauge = |outcome: Outcome, band| Gauge {
        label: console.text(&format!("policies-outcome-{}", outcome.as_str())),
        band,
        lanes: lanes(outcome),
    };
    let drawn = [
        gauge(Outcome::Challenge, band.map(|band| bounds(band.challenge))),
        gauge(Outcome::Reject, band.map(|band| bounds(band.reject))),
    ];
    let picture = gauges(&console.text("policies-shares"), &drawn);
    panel.picture(picture, Vec::new()).table(tables::beside(console, trial))
}

fn band_text(console: &Console<'_>, band: &Band) -> String {
    let range = |(least, most): (u16, u16)| format!("{}–{}", percent(least.into()), percent(most.into()));
    let of = |key: &str, bounds| format!("{} {}", console.text(key), range(bounds));
    let bounds = [of("policies-outcome-challenge", band.challenge), of("policies-outcome-reject", band.reject)];
    let bounds = bounds.join(&console.text("staff-list-separator"));
    format!(
        "{} {}",
        console.wording.with("policies-band", "bounds", bounds),
        console.wording.with("policies-band-min", "count", i64::from(band.decisions_min))
    )
}

fn shadow(console: &Console<'_>, names: &Names, trial: &ShadowTrial) -> Panel {
    let compared = &trial.compared;
    let dropped = compared.count(FigureKind::Shadow, "dropped");
    let asked = compared.total(FigureKind::Shadow) - dropped;
    let same = compared.count(FigureKind::Shadow, "same");
    let panel = Panel::new(console, "policies-mode-shadow")
        .figure(grouped(asked), console.text("policies-asked"))
        .figure(share(asked - same, asked), console.text("policies-differing"))
        .figure(grouped(dropped), console.text("policies-dropped"))
        .figure(grouped(compared.total(FigureKind::Error)), console.text("policies-errors"))
        .add(&facts(console, names, &trial.activation));
    let differing = tables::differing(compared);
    if differing.is_empty() {
        return panel.line(console.text("policies-no-difference"));
    }
    let row = |(word, count): &(String, u64)| {
        let parts = vec![Part::new(tables::colour(word), *count, grouped(*count))];
        Row { label: format!("{}  {}", tables::transition(console, word), grouped(*count)), parts }
    };
    let rows: Vec<Row> = differing.iter().map(row).collect();
    let picture = bars::stacked(&console.text("policies-differences"), &rows);
    let panel = panel.picture(picture, Vec::new()).table(tables::transitions(console, &differing, asked));
    panel.add(&tables::differences(console, &trial.differences))
}
