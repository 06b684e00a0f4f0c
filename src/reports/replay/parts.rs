//! What the page is made of.

use crate::charts::Picture;

/// A figure that stands out.
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) note: String,
}

/// A part of the page with a heading.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) explanation: String,
    pub(super) has_picture: bool,
    pub(super) picture: Picture,
    pub(super) legend: Vec<Key>,
    pub(super) tables: Vec<Table>,
}

/// What a colour means.
pub(super) struct Key {
    pub(super) class: &'static str,
    pub(super) name: String,
}

/// A table.
pub(super) struct Table {
    pub(super) caption: String,
    /// Whether it is opened on demand.
    pub(super) folded: bool,
    pub(super) headings: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// A row with its name.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) note: String,
    pub(super) cells: Vec<String>,
}

impl Row {
    pub(super) fn new(name: impl Into<String>, cells: Vec<String>) -> Self {
        Self { name: name.into(), note: String::new(), cells }
    }
}
