//! How far a run came, in a file of its own: written as a whole or not at all, and good only for the same bundle and the
//! same records.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::Failure;
use crate::flow::replay::{Progress, Selection};

/// What a run is of: only the same is gone on with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subject {
    /// The new bundle's digest.
    pub(super) bundle: String,
    /// The companies that could be asked.
    pub(super) recipients: Vec<String>,
    /// The records, as they were asked for.
    pub(super) asked: Selection,
}

/// What the file holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    subject: Subject,
    /// The records, with the end that was found when the run began.
    selection: Selection,
    /// Bytes of the CSV file that belong to the sums.
    csv_bytes: Option<u64>,
    progress: Progress,
}

/// The file, where one is wanted.
pub(super) struct Checkpoint {
    path: Option<PathBuf>,
    kept: Kept,
}

impl Checkpoint {
    /// Reads what an earlier run of the same kind left; a run of another kind is refused. `selection` is that of a run that
    /// begins now.
    pub(super) fn open(path: Option<PathBuf>, subject: Subject, selection: Selection) -> Result<Self, Failure> {
        let Some(found) = path.as_deref().map(read).transpose()?.flatten() else {
            let kept = Kept { subject, selection, csv_bytes: None, progress: Progress::default() };
            return Ok(Self { path, kept });
        };
        if found.subject != subject {
            return Err(Failure::failed(
                "the checkpoint is of another bundle, of other records or of other recipients\n\
                 hint: run with the options and settings that it was begun with, or remove the file",
            ));
        }
        Ok(Self { path, kept: found })
    }

    /// The records of the run, with their end.
    pub(super) fn selection(&self) -> &Selection {
        &self.kept.selection
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.path.is_some()
    }

    pub(super) fn progress(&self) -> Progress {
        self.kept.progress.clone()
    }

    /// Bytes of the CSV file to go on behind; none for a run that begins.
    pub(super) fn csv_bytes(&self) -> Option<u64> {
        self.kept.progress.position.and(self.kept.csv_bytes)
    }

    /// Whether an earlier run is gone on with.
    pub(super) fn goes_on(&self) -> bool {
        self.kept.progress.position.is_some()
    }

    /// Keeps how far the run came.
    pub(super) fn save(&mut self, progress: &Progress, csv_bytes: Option<u64>) -> io::Result<()> {
        self.kept.csv_bytes = csv_bytes;
        self.kept.progress = progress.clone();
        let Some(path) = &self.path else { return Ok(()) };
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec(&self.kept)?)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    }

    /// Removes the file: the run is over.
    pub(super) fn remove(&self) -> io::Result<()> {
        match self.path.as_deref().map(fs::remove_file) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn read(path: &Path) -> Result<Option<Kept>, Failure> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| unreadable(path, &error.to_string()))?,
    };
    let kept = serde_json::from_str(&text);
    kept.map(Some).map_err(|_| unreadable(path, "it is no checkpoint of this program"))
}

fn unreadable(path: &Path, why: &str) -> Failure {
    Failure::failed(format!(
        "cannot read the checkpoint `{}`: {why}\nhint: remove the file to begin anew",
        path.display()
    ))
}
