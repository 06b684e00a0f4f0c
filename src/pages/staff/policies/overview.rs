//! The overview: which bundle decides, what is on trial, which instance is behind, and how the policies decide.

use axum::extract::Query;
use serde::Deserialize;

use super::back::end_path;
use super::panel::{Panel, Panels};
use super::titles::Titles;
use super::{Places, bundle_path, course, short, uses};
use crate::domain::bundle::{BundleActivation, BundleMode};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::policies::status::{self, Process};
use crate::flow::policy_course::{self, CourseRange};
use crate::flow::staff::names::Names;
use crate::flow::staff::rights;
use crate::pages::pieces::{Cell, Table, Tone};
use crate::pages::staff::answer::Answer;
use crate::pages::staff::console::Console;
use crate::pages::staff::sheet::{Sheet, Ways};
use crate::pages::staff::signed::Signed;
use crate::texts::moment;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    range: String,
    #[serde(default)]
    done: String,
}

/// `GET /staff/policies`
pub(super) async fn open(signed: Signed, Query(asked): Query<Asked>) -> Answer {
    signed.require(Act::PolicyLook, &ActSubject::none()).await?;
    let range = CourseRange::parse(&asked.range).unwrap_or(CourseRange::Day);
    let course = policy_course::course(signed.app(), range).await.map_err(|error| signed.refuse(error))?;
    let current = signed.app().store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    let status = status::status(signed.app()).await.map_err(|error| signed.refuse(error))?;
    let names = signed.names().await?;
    let console = signed.console("policies-overview");
    let live = super::live(&signed);
    let mut panels = vec![in_use(&signed, &console, &names, &current), instances(&console, &status.instances)];
    let titles = Titles::new(&console, &live.bundle);
    panels.extend(course::errors(&console, &course, &titles));
    panels.extend(course::panels(&console, &course, &titles));
    let ranges = Places::ranges(&console, range);
    let places = Places::at(&console, "/staff/policies");
    let emergencies = emergencies(&console, &status.unreviewed_emergencies);
    let done = (asked.done == "ended").then_some((Tone::Good, "policies-done-rolled-back"));
    let mut sheet = Sheet::new(console).among(&places).maybe_notice(done);
    if let Some(emergencies) = emergencies {
        sheet = sheet.add(&emergencies);
    }
    Ok(signed.page(&sheet.add(&ranges).add(&Panels::of(&panels))))
}

/// Bundles that were let through in an emergency and that nobody looked at again.
fn emergencies(console: &Console<'_>, digests: &[String]) -> Option<Panel> {
    let panel = Panel::new(console, "policies-emergencies")
        .named("emergencies")
        .line(console.text("policies-emergencies-lead"));
    let row = |digest: &String| {
        vec![
            Cell::Link { path: bundle_path(digest), text: short(digest) },
            Cell::State(console.text("policies-said-let-through"), Tone::Bad),
        ]
    };
    let headings = ["bundle", "state"].map(|name| console.text(&format!("policies-h-{name}"))).to_vec();
    let table = Table {
        caption: console.text("policies-emergencies"),
        headings,
        rows: digests.iter().map(row).collect(),
        empty: String::new(),
    };
    (!digests.is_empty()).then(|| panel.add(&table))
}

/// Which process decides by what, and which one is behind.
fn instances(console: &Console<'_>, processes: &[Process]) -> Panel {
    let is_behind = |process: &Process| ["degraded", "behind"].contains(&process.state);
    let behind = processes.iter().filter(|process| is_behind(process)).count();
    let row = |process: &Process| {
        let tone = if is_behind(process) { Tone::Bad } else { Tone::Plain };
        vec![
            Cell::Text(process.instance.clone()),
            Cell::State(console.text(&format!("policies-instance-{}", process.state)), tone),
            Cell::Text(short(&process.live)),
            Cell::Figure(moment::stamp(process.seen_at)),
            Cell::English(process.error.clone().unwrap_or_default()),
        ]
    };
    let headings = ["instance", "state", "bundle", "seen", "error"];
    let table = Table {
        caption: console.text("policies-instances"),
        headings: headings.map(|name| console.text(&format!("policies-h-{name}"))).to_vec(),
        rows: processes.iter().map(row).collect(),
        empty: console.text("policies-instances-none"),
    };
    let panel = Panel::new(console, "policies-instances")
        .figure(processes.iter().filter(|process| process.state == "up").count().to_string(), text(console, "up"))
        .figure(behind.to_string(), text(console, "degraded"));
    // What is wrong stands there at once; what is well is folded up.
    if behind > 0 { panel.add(&table) } else { panel.table(table) }
}

fn text(console: &Console<'_>, state: &str) -> String {
    console.text(&format!("policies-instance-{state}"))
}

/// Which bundle decides, and what is on trial.
fn in_use(signed: &Signed, console: &Console<'_>, names: &Names, current: &[BundleActivation]) -> Panel {
    let modes = [BundleMode::Live, BundleMode::Canary, BundleMode::Shadow];
    let table = uses::now(console, names, &modes, current);
    let may = rights::offers(signed.app(), signed.who(), Act::PolicyActivate);
    let back = current.iter().find(|used| used.mode == BundleMode::Live).filter(|_| may);
    let ways = back.map(|live| (end_path(live), console.text("policies-roll-back"))).into_iter().collect();
    Panel::new(console, "policies-in-use").add(&table).add(&Ways { ways })
}
