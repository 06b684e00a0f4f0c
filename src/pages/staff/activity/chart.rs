//! A chart of bars by day, drawn here: a picture for a glance, and the same figures as a table for everybody.

use std::collections::BTreeMap;

use askama::Template;

use crate::pages::pieces::{Cell, Table};
use crate::pages::staff::console::Console;

/// The picture's size, in its own units.
const WIDTH: i64 = 720;
const HEIGHT: i64 = 160;
/// So many colours are there; further series share them.
const COLOURS: usize = 4;

/// A chart with its table.
#[derive(Template)]
#[template(path = "staff_chart.html")]
pub(super) struct Chart {
    title: String,
    width: i64,
    height: i64,
    highest: String,
    bars: Vec<Bar>,
    legend: Vec<(usize, String)>,
    as_table: String,
    table: Table,
}

struct Bar {
    colour: usize,
    left: i64,
    top: i64,
    width: i64,
    height: i64,
}

impl Chart {
    /// Days with their names, and for each series its name and its counts by day.
    pub(super) fn new(
        console: &Console<'_>,
        title: &str,
        days: &[(i64, String)],
        series: &[(String, BTreeMap<i64, i64>)],
    ) -> Self {
        let highest = series.iter().flat_map(|(_, counts)| counts.values().copied()).max().unwrap_or(0);
        let title = console.text(title);
        Self {
            bars: bars(days, series, highest),
            legend: series.iter().enumerate().map(|(at, (name, _))| (at % COLOURS, name.clone())).collect(),
            table: table(console, &title, days, series),
            title,
            as_table: console.text("supervisor-as-table"),
            width: WIDTH,
            height: HEIGHT,
            highest: highest.to_string(),
        }
    }
}

fn bars(days: &[(i64, String)], series: &[(String, BTreeMap<i64, i64>)], highest: i64) -> Vec<Bar> {
    let count = |number: usize| i64::try_from(number).unwrap_or(1).max(1);
    let (day_width, tall) = (WIDTH / count(days.len()), HEIGHT - 20);
    // A gap of a quarter between days.
    let width = (day_width * 3 / 4 / count(series.len())).max(1);
    let mut bars = Vec::new();
    for (at, (day, _)) in (0..).zip(days) {
        for (place, (_, counts)) in series.iter().enumerate() {
            let value = counts.get(day).copied().unwrap_or(0);
            // What is not nothing can be seen.
            let height = if value == 0 { 0 } else { (value.saturating_mul(tall) / highest.max(1)).max(2) };
            let left = at * day_width + day_width / 8 + i64::try_from(place).unwrap_or(0) * width;
            bars.push(Bar { colour: place % COLOURS, left, top: HEIGHT - height, width, height });
        }
    }
    bars
}

fn table(console: &Console<'_>, title: &str, days: &[(i64, String)], series: &[(String, BTreeMap<i64, i64>)]) -> Table {
    let mut headings = vec![console.text("supervisor-h-day")];
    headings.extend(series.iter().map(|(name, _)| name.clone()));
    let row = |(day, name): &(i64, String)| {
        let mut cells = vec![Cell::Figure(name.clone())];
        cells.extend(series.iter().map(|(_, counts)| Cell::Figure(counts.get(day).unwrap_or(&0).to_string())));
        cells
    };
    let rows = if series.is_empty() { Vec::new() } else { days.iter().rev().map(row).collect() };
    Table { caption: title.to_owned(), headings, rows, empty: console.text("supervisor-no-figures") }
}
