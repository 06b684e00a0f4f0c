//! What a rule says, in the language of the page: rules have their titles in English, and reasons in both languages.

use super::reason_text;
use crate::domain::challenge::Language;
use crate::pages::pieces::Cell;
use crate::pages::staff::console::Console;
use crate::policy::Bundle;

/// The titles of a bundle's rules, for one page.
pub(super) struct Titles<'a> {
    console: &'a Console<'a>,
    bundle: &'a Bundle,
}

impl<'a> Titles<'a> {
    pub(super) fn new(console: &'a Console<'a>, bundle: &'a Bundle) -> Self {
        Self { console, bundle }
    }

    /// What a rule says, as a cell; empty for a rule that the bundle does not have.
    pub(super) fn cell(&self, id: &str) -> Cell {
        match self.bundle.rules().iter().find(|rule| rule.id == id) {
            Some(rule) => self.of(&rule.reason, &rule.title),
            None => Cell::Text(String::new()),
        }
    }

    /// What a rule with this reason and this title says.
    pub(super) fn of(&self, reason: &str, title: &str) -> Cell {
        let reason = self.bundle.reference().reason(reason);
        match reason.filter(|_| self.console.wording.language() == Language::Ja) {
            Some(reason) => Cell::Text(reason_text(self.console, reason)),
            None => Cell::English(title.to_owned()),
        }
    }
}
