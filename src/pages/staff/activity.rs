//! What supervisors see of the work: time to effect, charts by day, and who did what.

mod chart;

use std::collections::BTreeMap;

use axum::extract::Query;
use serde::Deserialize;

use self::chart::Chart;
use super::answer::Answer;
use super::console::Console;
use super::pieces::{Cell, Facts, Field, FieldKind, Table};
use super::sheet::{ActForm, Sheet};
use super::signed::Signed;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::activity::{self, Activity, DAYS_MAX};
use crate::flow::staff::names::Names;
use crate::store::activity::{ActCount, DailyFigure};
use crate::texts::moment;

/// The ranges that are offered, days.
const RANGES: [i64; 3] = [1, 7, DAYS_MAX];

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    days: String,
}

/// `GET /staff/activity`
pub(super) async fn open(signed: Signed, Query(asked): Query<Asked>) -> Answer {
    signed.require(Act::ActivityLook, &ActSubject::none()).await?;
    let days = asked.days.parse().ok().filter(|days| RANGES.contains(days)).unwrap_or(7);
    let activity = activity::recent(signed.app(), days).await.map_err(|error| signed.refuse(error))?;
    let names = signed.names().await?;
    let console = signed.console("supervisor-activity");
    let (form, effect) = (range(&console, days), effect(&console, &activity));
    let objections = objections(&console, &activity);
    let disclosures = figures(&console, &activity, "disclosure");
    let provider = figures(&console, &activity, "provider");
    let acts = acts(&console, &names, &activity.acts);
    let lead = console.text("supervisor-activity-lead");
    let sheet = Sheet::new(console).lead(lead).add(&form).add(&effect);
    Ok(signed.page(&sheet.add(&objections).add(&disclosures).add(&provider).add(&acts)))
}

fn range(console: &Console<'_>, days: i64) -> ActForm {
    let choices = RANGES.map(|days| (days.to_string(), console.wording.with("supervisor-days", "count", days)));
    let field = Field::new("days", console.text("supervisor-range"), FieldKind::Choice(choices.to_vec()));
    ActForm::new(console, "/staff/activity", "supervisor-show").question().field(field.value(days.to_string()))
}

fn effect(console: &Console<'_>, activity: &Activity) -> Facts {
    let seconds = |micros: i64| format!("{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000);
    let text = activity.time_to_effect().map_or_else(
        || console.text("supervisor-no-objections"),
        |effect| format!("{} / {} / {}", seconds(effect.p50), seconds(effect.p99), seconds(effect.max)),
    );
    let count = activity.effects.len().to_string();
    Facts {
        rows: vec![
            (console.text("supervisor-objections"), Cell::Figure(count)),
            (console.text("supervisor-effect"), Cell::Figure(text)),
        ],
    }
}

fn objections(console: &Console<'_>, activity: &Activity) -> Chart {
    let mut by_day = BTreeMap::new();
    for effect in &activity.effects {
        *by_day.entry(effect.day).or_insert(0) += 1;
    }
    let series = vec![(console.text("supervisor-objections"), by_day)];
    Chart::new(console, "supervisor-chart-objections", &days(console, activity), &series)
}

/// One bar for each word of a figure, day by day.
fn figures(console: &Console<'_>, activity: &Activity, figure: &str) -> Chart {
    let mut series: BTreeMap<String, BTreeMap<i64, i64>> = BTreeMap::new();
    for DailyFigure { day, word, count, .. } in activity.figures.iter().filter(|row| row.figure == figure) {
        series.entry(word.clone()).or_default().insert(*day, *count);
    }
    let named = |(word, counts): (String, _)| {
        let key = format!("supervisor-{figure}-{}", word.replace('_', "-"));
        let text = console.text(&key);
        // Reasons that only the analysis company's connector knows are shown by their own word.
        (if text == key { word } else { text }, counts)
    };
    let series: Vec<_> = series.into_iter().map(named).collect();
    Chart::new(console, &format!("supervisor-chart-{figure}"), &days(console, activity), &series)
}

fn days(console: &Console<'_>, activity: &Activity) -> Vec<(i64, String)> {
    let name = |day| (day, moment::day(activity::begin_of(day), console.wording));
    (activity.first..=activity.last).map(name).collect()
}

fn acts(console: &Console<'_>, names: &Names, acts: &[ActCount]) -> Table {
    let row = |act: &ActCount| {
        vec![
            Cell::Figure(moment::day(activity::begin_of(act.day), console.wording)),
            Cell::Text(names.of(&act.actor)),
            Cell::Text(console.text(&format!("supervisor-act-{}", act.action.replace(['.', '_'], "-")))),
            Cell::Figure(act.count.to_string()),
        ]
    };
    let headings = ["day", "by", "action", "count"].map(|name| console.text(&format!("supervisor-h-{name}")));
    Table {
        caption: console.text("supervisor-acts"),
        headings: headings.to_vec(),
        rows: acts.iter().map(row).collect(),
        empty: console.text("supervisor-no-acts"),
    }
}
