//! How findings about a bundle are shown: to people with the place in the file, to programs as JSON or as XML in the form of `JUnit`.

use std::fmt;
use std::io::{self, Write};

use clap::ValueEnum;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode};
use quick_junit::TestSuite;

use crate::policy::{BundleSource, Fault};

/// Columns of a page for people.
const WIDTH: usize = 120;

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Human,
    /// One JSON document
    Json,
    /// XML in the form of `JUnit`, as build servers read it
    Junit,
}

/// A fault as the renderer wants it.
#[derive(Debug)]
struct Shown<'a> {
    fault: &'a Fault,
    severity: Severity,
    source: Option<NamedSource<String>>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", place(self.fault))?;
        write!(f, ": {}", self.fault.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let text = self.source.as_ref()?.inner();
        let (start, length) = stretch(self.fault, text)?;
        Some(Box::new(std::iter::once(LabeledSpan::new(None, start, length))))
    }
}

/// The file, with its line where that is known.
pub(super) fn place(fault: &Fault) -> String {
    fault.line.map_or_else(|| fault.file.clone(), |line| format!("{}:{line}", fault.file))
}

/// What is underlined: the very place, or else the line.
fn stretch(fault: &Fault, text: &str) -> Option<(usize, usize)> {
    if let Some(span) = fault.span.filter(|span| span.start < text.len()) {
        // A place on several lines is shown by its first one.
        let rest = text.get(span.start..span.start.saturating_add(span.length).min(text.len()))?;
        return Some((span.start, rest.lines().next().map_or(1, str::len).max(1)));
    }
    let number = fault.line?.checked_sub(1)?;
    let line = text.lines().nth(number)?;
    let before: usize = text.split_inclusive('\n').take(number).map(str::len).sum();
    let indent = line.len() - line.trim_start().len();
    Some((before + indent, line.trim().len().max(1)))
}

/// Shows faults to people: message, excerpt with the place underlined, hint.
pub(super) fn show(
    faults: &[Fault],
    severity: Severity,
    source: &BundleSource,
    colours: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let theme = if colours { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(WIDTH).with_wrap_lines(false);
    for fault in faults {
        let named = source.text(&fault.file).map(|text| NamedSource::new(&fault.file, text.to_owned()));
        let shown = Shown { fault, severity, source: named };
        let mut text = String::new();
        handler.render_report(&mut text, &shown).map_err(io::Error::other)?;
        write!(out, "{text}")?;
        if let Some(hint) = &fault.hint {
            writeln!(out, "  hint: {hint}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Names the bundle of a test suite.
pub(super) fn named(suite: &mut TestSuite, name: &str, digest: Option<&str>) {
    suite.add_property(("bundle", name));
    if let Some(digest) = digest {
        suite.add_property(("digest", digest));
    }
}

/// A count with its noun.
pub(super) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
