//! Panels of a dashboard: a heading, the figures that matter, a picture for a glance, and the same as a table.

use askama::Template;

use crate::charts::{Picture, Tone};
use crate::pages::pieces::{Table, rendered};
use crate::pages::staff::console::Console;

/// One panel.
#[derive(Template)]
#[template(path = "policies_panel.html")]
pub(super) struct Panel {
    title: String,
    /// By what it is found on its page; empty where nobody looks for it.
    id: &'static str,
    /// Each figure with what it counts.
    figures: Vec<(String, String)>,
    lines: Vec<String>,
    picture: Option<Picture>,
    legend: Vec<(Tone, String)>,
    pieces: Vec<String>,
    table: Option<Table>,
    as_table: String,
}

impl Panel {
    pub(super) fn new(console: &Console<'_>, title: &str) -> Self {
        Self {
            title: console.text(title),
            id: "",
            figures: Vec::new(),
            lines: Vec::new(),
            picture: None,
            legend: Vec::new(),
            pieces: Vec::new(),
            table: None,
            as_table: console.text("supervisor-as-table"),
        }
    }

    /// A figure in large digits, and what it counts.
    #[must_use]
    pub(super) fn figure(mut self, figure: String, name: String) -> Self {
        self.figures.push((figure, name));
        self
    }

    /// The panel's place on its page.
    #[must_use]
    pub(super) fn named(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    /// A line of small print.
    #[must_use]
    pub(super) fn line(mut self, line: String) -> Self {
        self.lines.push(line);
        self
    }

    /// A picture with the names of its colours.
    #[must_use]
    pub(super) fn picture(self, picture: Picture, legend: Vec<(Tone, String)>) -> Self {
        Self { picture: Some(picture), legend, ..self }
    }

    /// The picture's figures as a table.
    #[must_use]
    pub(super) fn table(self, table: Table) -> Self {
        Self { table: Some(table), ..self }
    }

    #[must_use]
    pub(super) fn add(mut self, piece: &impl Template) -> Self {
        self.pieces.push(rendered(piece));
        self
    }
}

/// Panels beside one another where there is room.
#[derive(Template)]
#[template(path = "policies_panels.html")]
pub(super) struct Panels {
    panels: Vec<String>,
}

impl Panels {
    pub(super) fn of(panels: &[Panel]) -> Self {
        Self { panels: panels.iter().map(rendered).collect() }
    }
}

/// A share in basis points as a percentage with one decimal.
pub(super) fn percent(basis_points: u64) -> String {
    let tenths = (basis_points + 5) / 10;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// A part of a whole as a percentage; a dash of nothing.
pub(super) fn share(part: u64, whole: u64) -> String {
    (part.saturating_mul(10_000) + whole / 2).checked_div(whole).map_or_else(|| "–".to_owned(), percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_shares_are_written_for_people() {
        assert_eq!([0, 4, 5, 1_234, 10_000].map(percent), ["0.0%", "0.0%", "0.1%", "12.3%", "100.0%"]);
        assert_eq!([share(1, 3), share(0, 0), share(2, 2)], ["33.3%", "–", "100.0%"]);
    }
}
