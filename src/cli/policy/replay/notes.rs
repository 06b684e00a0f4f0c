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
use crate::domain::spreadsheet::harmless;
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
    /// None before the first page: it is kept at once, so that a file that cannot be written shows early.
    saved_at: Option<u64>,
    /// Something could not be noted: the sums are ahead of the files.
    torn: bool,
}

impl Notes {
    /// Opens the CSV file: anew, or behind what a checkpoint vouches for.
    pub(super) fn begin(
        csv: Option<&Path>,
        checkpoint: Checkpoint,
        left: u64,
        clock: SharedClock,
    ) -> Result<Self, Failure> {
        if csv.is_none() && checkpoint.csv_bytes().is_some() {
            return Err(Failure::failed(
                "the run that the checkpoint is of wrote a CSV file, and none is named\n\
                 hint: name it with --csv, or remove the checkpoint to begin anew",
            ));
        }
        let csv = csv.map(|path| open(path, &checkpoint)).transpose()?;
        let template = "{bar:40} {pos}/{len} decisions  {per_sec}  {eta} left";
        let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
        let bar = ProgressBar::new(left).with_style(style);
        let before = checkpoint.progress().passed;
        Ok(Self { csv, before, checkpoint, bar, clock, saved_at: None, torn: false })
    }

    /// Keeps what there is. Where something could not be noted, what was kept before stays: it does not claim rows that
    /// the CSV file lacks.
    pub(super) fn end(&mut self, progress: &Progress) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        if self.torn { Ok(()) } else { Ok(self.save(progress)?) }
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
        let noted = self.note(changes, progress);
        self.torn |= noted.is_err();
        noted
    }
}

impl Notes {
    fn note(&mut self, changes: &[Change], progress: &Progress) -> io::Result<()> {
        if let Some(csv) = &mut self.csv {
            for change in changes {
                csv.write_record(cells(change)).map_err(io::Error::other)?;
            }
        }
        self.bar.set_position(progress.passed.saturating_sub(self.before));
        let now = self.clock.boot_nanos();
        let is_due = self.saved_at.is_none_or(|saved_at| now.saturating_sub(saved_at) >= SAVE_EVERY);
        if self.checkpoint.is_wanted() && is_due {
            self.saved_at = Some(now);
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
    .map(|cell| harmless(&cell).into_owned())
    .into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cli::policy::replay::checkpoint::Subject;
    use crate::domain::clock::Micros;
    use crate::domain::id::{AuthenticationId, MerchantId};
    use crate::domain::money::Money;
    use crate::flow::replay::{SAMPLE_WHOLE, Selection};
    use crate::system::SystemClock;

    fn change() -> Change {
        Change {
            id: AuthenticationId::from_uuid(uuid::Uuid::from_u128(1)),
            created_at: Micros(0),
            merchant_id: MerchantId::from_uuid(uuid::Uuid::from_u128(2)),
            programme: "classic".to_owned(),
            money: Money { amount_minor: 5, currency: iso_currency::Currency::JPY },
            base_minor: Some(5),
            from: Course::Approve,
            to: Course::Challenge,
            between: None,
            added: vec!["night".to_owned()],
            removed: Vec::new(),
            label: None,
        }
    }

    fn at(record: u128) -> Progress {
        Progress { position: Some(AuthenticationId::from_uuid(uuid::Uuid::from_u128(record))), ..Progress::default() }
    }

    fn checkpoint(folder: &Path) -> Checkpoint {
        let asked = Selection { from: None, to: None, merchant: None, sample: SAMPLE_WHOLE, ask_all: false };
        let subject = Subject { bundle: "0".repeat(64), recipients: Vec::new(), asked: asked.clone() };
        Checkpoint::open(Some(folder.join("checkpoint.json")), subject, asked).unwrap()
    }

    #[test]
    fn a_checkpoint_never_claims_rows_that_the_csv_file_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let csv = folder.path().join("changes.csv");
        let clock = Arc::new(SystemClock);
        let mut notes = Notes::begin(Some(&csv), checkpoint(folder.path()), 9, clock).unwrap();
        notes.page(&[change()], &at(1)).unwrap();
        assert_eq!(checkpoint(folder.path()).progress(), at(1), "the first page is kept at once");

        // The file cannot be written any more: more rows than the writer holds back.
        notes.csv = Some(csv::Writer::from_writer(File::open(&csv).unwrap()));
        notes.page(&vec![change(); 2_000], &at(2)).unwrap_err();
        notes.end(&at(2)).unwrap();
        assert_eq!(checkpoint(folder.path()).progress(), at(1));
    }

    #[test]
    fn a_run_that_wrote_a_csv_file_is_not_gone_on_with_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let csv = folder.path().join("changes.csv");
        let begin = |csv: Option<&Path>| Notes::begin(csv, checkpoint(folder.path()), 9, Arc::new(SystemClock));
        let mut notes = begin(Some(&csv)).unwrap();
        notes.page(&[change()], &at(1)).unwrap();
        assert!(begin(None).is_err());
        assert!(begin(Some(&csv)).is_ok());
    }
}
