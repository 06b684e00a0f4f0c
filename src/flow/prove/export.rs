//! An export: JSON Lines with a header, for each person where her line begins and ends and its rows, and a last line with
//! counts and the digest of all bytes before it. Written and read without holding more than a line.

use std::io::{BufRead, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::walk::Item;
use super::{ExportFile, ProveError};
use crate::domain::clock::{Micros, rfc3339};
use crate::domain::consent::line::LineRow;
use crate::domain::consent::proof::{LineHead, LineStart, Totals};
use crate::store::consent::line::LineEnds;

/// The name of the form.
const FORMAT: &str = "sekisho sharing export";
/// The version of the form.
const VERSION: u32 = 1;
/// No line is longer, in bytes.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Header(Header),
    Person(Box<Person>),
    Row(Box<LineRow>),
    End(End),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    environment: String,
    #[serde(with = "rfc3339")]
    exported_at: Micros,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    start: Option<LineStart>,
    head: LineHead,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct End {
    people: u64,
    events: u64,
    disclosures: u64,
    /// SHA-256 of all lines before, hexadecimal.
    digest: String,
}

impl End {
    fn of(totals: &Totals, digest: Sha256) -> Self {
        let (people, events, disclosures) = (totals.people, totals.events, totals.disclosures());
        Self { people, events, disclosures, digest: hex::encode(digest.finalize()) }
    }
}

/// Writes an export.
pub(super) struct ExportWriter {
    file: ExportFile,
    digest: Sha256,
}

/// A line as it is written, without a copy of what it says.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Written<'a> {
    Header(&'a Header),
    Person(WrittenPerson<'a>),
    Row(&'a LineRow),
    End(&'a End),
}

#[derive(Serialize)]
struct WrittenPerson<'a> {
    start: &'a Option<LineStart>,
    head: &'a LineHead,
}

impl ExportWriter {
    pub(super) fn begin(file: ExportFile, environment: &str, now: Micros) -> std::io::Result<Self> {
        let mut writer = Self { file, digest: Sha256::new() };
        let (format, environment) = (FORMAT.to_owned(), environment.to_owned());
        writer.line(&Written::Header(&Header { format, version: VERSION, environment, exported_at: now }))?;
        Ok(writer)
    }

    pub(super) fn write(&mut self, item: &Item) -> std::io::Result<()> {
        match item {
            Item::Person(ends) => self.line(&Written::Person(WrittenPerson { start: &ends.start, head: &ends.head })),
            Item::Row(row) => self.line(&Written::Row(row)),
            Item::End => Ok(()),
        }
    }

    pub(super) fn end(mut self, totals: &Totals) -> std::io::Result<()> {
        let end = End::of(totals, std::mem::take(&mut self.digest));
        self.line(&Written::End(&end))?;
        self.file.flush()
    }

    fn line(&mut self, line: &Written<'_>) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.digest.update(&bytes);
        self.file.write_all(&bytes)
    }
}

/// Reads an export.
pub(super) struct ExportReader<R> {
    file: R,
    digest: Sha256,
    number: u64,
    bytes: Vec<u8>,
    end: Option<(End, Sha256)>,
}

impl<R: BufRead> ExportReader<R> {
    pub(super) fn begin(file: R) -> Result<Self, ProveError> {
        let mut reader = Self { file, digest: Sha256::new(), number: 0, bytes: Vec::new(), end: None };
        match reader.line()? {
            Some(Line::Header(header)) if header.format == FORMAT && header.version == VERSION => Ok(reader),
            Some(Line::Header(header)) => {
                Err(reader.broken(format!("`{}` version {} is not known", header.format, header.version)))
            }
            _ => Err(reader.broken("an export begins with its header")),
        }
    }

    /// The next person or row; none after the last line, which is kept for [`Self::finish`].
    pub(super) fn next(&mut self) -> Result<Option<Item>, ProveError> {
        let before = self.digest.clone();
        match self.line()? {
            Some(Line::Person(person)) => {
                Ok(Some(Item::Person(Box::new(LineEnds { start: person.start, head: person.head }))))
            }
            Some(Line::Row(row)) => Ok(Some(Item::Row(row))),
            Some(Line::End(end)) => {
                self.end = Some((end, before));
                Ok(None)
            }
            Some(Line::Header(_)) => Err(self.broken("a second header")),
            None => Err(self.broken("the last line is missing: the export was cut off")),
        }
    }

    /// Compares the last line with what was read and counted.
    pub(super) fn finish(mut self, totals: &Totals) -> Result<(), ProveError> {
        let Some((end, digest)) = self.end.take() else { return Err(self.broken("the last line is missing")) };
        if end != End::of(totals, digest) {
            return Err(self.broken("counts or digest do not fit what stands before: the export was changed"));
        }
        match self.line()? {
            None => Ok(()),
            Some(_) => Err(self.broken("something stands after the last line")),
        }
    }

    fn line(&mut self) -> Result<Option<Line>, ProveError> {
        self.bytes.clear();
        self.number += 1;
        let mut limited = self.file.by_ref().take(LINE_BYTES_MAX);
        if limited.read_until(b'\n', &mut self.bytes)? == 0 {
            return Ok(None);
        }
        self.digest.update(&self.bytes);
        let whole = self.bytes.last() == Some(&b'\n');
        let read = serde_json::from_slice(&self.bytes).map(Some);
        if !whole {
            return Err(self.broken("the line is cut off, or too long"));
        }
        read.map_err(|error| self.broken(format!("it cannot be read: {error}")))
    }

    fn broken(&self, reason: impl Into<String>) -> ProveError {
        ProveError::BrokenExport { line: self.number, reason: reason.into() }
    }
}
