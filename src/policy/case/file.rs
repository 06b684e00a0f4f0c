//! The shapes of case files, and how they are read: YAML 1.2, which holds JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use crate::domain::consent::DataClass;
use crate::domain::facts::Method;
use crate::domain::staff::{Act, Role};
use crate::domain::verdict::{EvaluationError, Outcome};
use crate::policy::fault::{Fault, Span};

/// A file of `cases/`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseFile {
    #[serde(default)]
    pub(super) cases: Vec<Spanned<Case>>,
    #[serde(default)]
    pub(super) share: Vec<Spanned<ShareCase>>,
}

/// A whole decision. What is not stated is expected to be empty; `shared` is not asked where it is not stated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    card: Option<String>,
    merchant: Option<String>,
    device: Option<String>,
    #[serde(default)]
    facts: Map<String, Value>,
    #[serde(default)]
    without: Vec<String>,
    pub(super) outcome: Outcome,
    pub(super) reasons: Vec<String>,
    #[serde(default)]
    pub(super) policies: Vec<String>,
    #[serde(default)]
    pub(super) methods: Vec<Method>,
    #[serde(default)]
    pub(super) errors: Vec<EvaluationError>,
    pub(super) shared: Option<BTreeMap<String, BTreeSet<DataClass>>>,
}

/// One question about sharing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareCase {
    pub(super) name: String,
    card: Option<String>,
    merchant: Option<String>,
    device: Option<String>,
    #[serde(default)]
    facts: Map<String, Value>,
    #[serde(default)]
    without: Vec<String>,
    pub(super) recipient: String,
    /// Whether the case is about a recipient that nobody knows.
    #[serde(default)]
    pub(super) unknown_recipient: bool,
    pub(super) data_class: DataClass,
    pub(super) allowed: bool,
    #[serde(default)]
    pub(super) policies: Vec<String>,
    #[serde(default)]
    pub(super) errors: Vec<EvaluationError>,
}

/// What a case states about its facts.
pub(super) struct Stated<'a> {
    /// Kind of fixture and name, in the order in which they are laid over the base.
    pub(super) fixtures: [(&'static str, Option<&'a str>); 3],
    pub(super) facts: &'a Map<String, Value>,
    pub(super) without: &'a [String],
}

impl Case {
    pub(super) fn stated(&self) -> Stated<'_> {
        let Self { card, merchant, device, facts, without, .. } = self;
        stated(card.as_deref(), merchant.as_deref(), device.as_deref(), facts, without)
    }
}

impl ShareCase {
    pub(super) fn stated(&self) -> Stated<'_> {
        let Self { card, merchant, device, facts, without, .. } = self;
        stated(card.as_deref(), merchant.as_deref(), device.as_deref(), facts, without)
    }
}

fn stated<'a>(
    card: Option<&'a str>,
    merchant: Option<&'a str>,
    device: Option<&'a str>,
    facts: &'a Map<String, Value>,
    without: &'a [String],
) -> Stated<'a> {
    Stated { fixtures: [("card", card), ("merchant", merchant), ("device", device)], facts, without }
}

/// `staff/cases.yaml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RightsFile {
    #[serde(default)]
    pub(super) cases: Vec<Spanned<RightsCase>>,
}

/// Everything that somebody with these roles may do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RightsCase {
    pub(super) name: String,
    pub(super) roles: BTreeSet<Role>,
    pub(super) reauthenticated: bool,
    #[serde(default)]
    pub(super) own_request: bool,
    pub(super) allowed: Vec<Act>,
}

/// Reads one file; a fault names its place.
pub(super) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Fault> {
    // `no` is Norway and an answer, never a truth value.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let error = error.without_snippet();
        let place = error.location();
        let message = message(&error.to_string());
        let fault = Fault::new(file, message).line(place.and_then(|place| usize::try_from(place.line()).ok()));
        let span = place.and_then(|place| Span::new(place.span().byte_offset()?, place.span().byte_len().unwrap_or(1)));
        fault.span(span).hint("see policies/README.md for the form of a case; texts with a colon stand in quotes")
    })
}

/// The first line of what the parser says, without the place that it repeats.
fn message(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line = line.split_once(" at line ").map_or(line, |(head, _)| head);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let mut letters = line.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Where in a file a case stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    text: &'a str,
    offset: usize,
    pub(super) line: Option<usize>,
}

impl<'a> Place<'a> {
    pub(super) fn of<T>(file: &'a str, text: &'a str, item: &Spanned<T>) -> Self {
        let offset = item.referenced.span().byte_offset().and_then(|offset| usize::try_from(offset).ok());
        let line = usize::try_from(item.referenced.line()).ok().filter(|line| *line > 0);
        Self { file, text, offset: offset.unwrap_or(0), line }
    }

    /// The beginning of a file.
    pub(super) fn whole(file: &'a str, text: &'a str) -> Self {
        Self { file, text, offset: 0, line: None }
    }

    /// A fault at the first of these marks that stands at or after this place, or else here.
    pub(super) fn fault(&self, marks: &[&str], message: impl Into<String>) -> Fault {
        let rest = self.text.get(self.offset..).unwrap_or_default();
        let found = marks.iter().find_map(|mark| rest.find(mark).map(|at| (self.offset + at, mark.len())));
        let fault = Fault::new(self.file, message);
        match found {
            Some((at, length)) => fault.at(self.text, at, length),
            None => fault.line(self.line),
        }
    }
}
