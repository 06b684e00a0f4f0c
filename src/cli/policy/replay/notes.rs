//! What is written down while a run goes on: the decisions that change, how far it came, and a bar for who waits.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::checkpoint::Checkpoint;
use super::unwritable;
use crate::cli::Failure;
use crate::domain::clock::SharedClock;
use crate::domain::replay::Course;
use crate::flow::replay::{Change, Listener, Progress};

/// How often a checkpoint is kept, nanoseconds.
const SAVE_EVERY: u64 = 2_000_000_000;

const HEADINGS: [&str; 13] = [
    "authentication_id",
    "created_at",
    "merchant_id",
    "programme",
    "amount_minor",
    "currency",
    "amount_base_minor",
    "before",
    "now",
    "at_best",
    "at_worst",
    "rules_added",
    "rules_removed",
];

/// Notes of one run.
pub(super) struct Notes {
    csv: Option<csv::Writer<File>>,
    checkpoint: Checkpoint,
    bar: ProgressBar,
    /// Records that were read before this run.
    before: u64,
    clock: SharedClock,
    saved_at: u64,
}

impl Notes {
    /// Opens the CSV file: anew, or behind what a checkpoint vouches for.
    pub(super) fn begin(
        csv: Option<&Path>,
        checkpoint: Checkpoint,
        left: u64,
        clock: SharedClock,
    ) -> Result<Self, Failure> {
        let csv = csv.map(|path| open(path, &checkpoint)).transpose()?;
        let template = "{bar:40} {pos}/{len} decisions  {per_sec}  {eta} left";
        let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
        let bar = ProgressBar::new(left).with_style(style);
        let saved_at = clock.boot_nanos();
        Ok(Self { csv, before: checkpoint.progress().passed, checkpoint, bar, clock, saved_at })
    }

    /// Keeps what there is.
    pub(super) fn end(&mut self, progress: &Progress) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        Ok(self.save(progress)?)
    }

    /// Nothing is left to go on with.
    pub(super) fn forget(&self) -> Result<(), Failure> {
        Ok(self.checkpoint.remove()?)
    }

    fn save(&mut self, progress: &Progress) -> io::Result<()> {
        let mut bytes = None;
        if let Some(csv) = &mut self.csv {
            csv.flush()?;
            let mut file = csv.get_ref();
            if self.checkpoint.is_wanted() {
                file.sync_data()?;
            }
            bytes = Some(file.stream_position()?);
        }
        self.checkpoint.save(progress, bytes)
    }
}

impl Listener for Notes {
    fn page(&mut self, changes: &[Change], progress: &Progress) -> io::Result<()> {
        if let Some(csv) = &mut self.csv {
            for change in changes {
                csv.write_record(cells(change)).map_err(io::Error::other)?;
            }
        }
        self.bar.set_position(progress.passed.saturating_sub(self.before));
        let now = self.clock.boot_nanos();
        if self.checkpoint.is_wanted() && now.saturating_sub(self.saved_at) >= SAVE_EVERY {
            self.saved_at = now;
            self.save(progress)?;
        }
        Ok(())
    }
}

fn open(path: &Path, checkpoint: &Checkpoint) -> Result<csv::Writer<File>, Failure> {
    let wrong = |error: io::Error| unwritable(path, &error);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(!checkpoint.goes_on()).open(path).map_err(wrong)?;
    let length = file.metadata().map_err(wrong)?.len();
    let behind = match checkpoint.csv_bytes() {
        Some(bytes) if bytes <= length => bytes,
        None if !checkpoint.goes_on() => 0,
        _ => {
            return Err(Failure::failed(format!(
                "`{}` is not the file that the checkpoint goes with\nhint: name that one, or remove the checkpoint to begin anew",
                path.display()
            )));
        }
    };
    // What was written behind the checkpoint is written again.
    file.set_len(behind).map_err(wrong)?;
    file.seek(SeekFrom::Start(behind)).map_err(wrong)?;
    if behind == 0 {
        let headings = HEADINGS.map(str::to_owned).into_iter().chain(["label".to_owned()]);
        writeln!(file, "{}", headings.collect::<Vec<String>>().join(",")).map_err(wrong)?;
    }
    Ok(csv::WriterBuilder::new().has_headers(false).from_writer(file))
}

fn cells(change: &Change) -> Vec<String> {
    let between = |at: usize| change.between.and_then(|courses| courses.get(at).copied()).map_or("", Course::as_str);
    [
        change.id.to_string(),
        change.created_at.rfc3339(),
        change.merchant_id.to_string(),
        change.programme.clone(),
        change.money.amount_minor.to_string(),
        change.money.currency.code().to_owned(),
        change.base_minor.map(|amount| amount.to_string()).unwrap_or_default(),
        change.from.as_str().to_owned(),
        change.to.as_str().to_owned(),
        between(0).to_owned(),
        between(1).to_owned(),
        change.added.join(" "),
        change.removed.join(" "),
        change.label.map_or("", |label| label.as_str()).to_owned(),
    ]
    .map(harmless)
    .into()
}

/// A cell that no spreadsheet takes for a formula (CWE-1236); numbers stay numbers.
fn harmless(cell: String) -> String {
    let is_number = cell.parse::<i64>().is_ok();
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if begins && !is_number { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_cell_is_a_formula() {
        let cells = ["=1+1", "+A1", "-cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "night large-amount", "-12", "980"];
        let harmless = cells.map(|cell| super::harmless(cell.to_owned()));
        assert_eq!(
            harmless,
            ["'=1+1", "'+A1", "'-cmd|' /C calc'!A0", "'@SUM(1)", "'\t=1", "night large-amount", "-12", "980"]
        );
    }
}
