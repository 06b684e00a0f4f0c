//! Faults of a bundle: what is wrong, in which file and line, and what to do.

use std::fmt;

use serde::Serialize;

/// A stretch of a file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// How long it is; at least 1.
    pub length: usize,
}

impl Span {
    /// A stretch whose numbers come from elsewhere; none where they cannot be one of a file in memory.
    pub(super) fn new(start: u64, length: u64) -> Option<Self> {
        let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
        Some(Self { start, length: length.max(1) })
    }
}

/// One fault of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The file's path inside the bundle, or the bundle's own path.
    pub file: String,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// The very place, where it is known.
    #[serde(skip)]
    pub span: Option<Span>,
}

impl Fault {
    pub(super) fn new(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, message: message.into(), hint: None, span: None }
    }

    pub(super) fn line(mut self, line: impl Into<Option<usize>>) -> Self {
        self.line = line.into();
        self
    }

    pub(super) fn span(mut self, span: impl Into<Option<Span>>) -> Self {
        self.span = span.into();
        self
    }

    /// Puts the fault at a stretch of its file's text.
    pub(super) fn at(self, text: &str, start: usize, length: usize) -> Self {
        self.line(line_of(text, start)).span(Span { start, length: length.max(1) })
    }

    /// Puts the fault at the first place that a Cedar error points at, where it points at one.
    pub(super) fn labelled(self, error: &dyn miette::Diagnostic, text: &str) -> Self {
        let label = error.labels().and_then(|mut labels| labels.next());
        match label {
            Some(label) => self.at(text, label.offset(), label.len()),
            None => self,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

/// Everything that is wrong with a bundle, sorted by file and line; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BundleErrors(pub Vec<Fault>);

impl BundleErrors {
    pub(super) fn check(mut faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort();
        faults.dedup();
        Err(Self(faults))
    }
}

impl From<Fault> for BundleErrors {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl fmt::Display for BundleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.0.iter().enumerate() {
            if position > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

/// The line of a byte offset in a text, counted from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The first line of a text that holds a mark, counted from 1.
pub(super) fn line_with(text: &str, mark: &str) -> Option<usize> {
    text.find(mark).map(|offset| line_of(text, offset))
}
