//! Whether this process may share at all: off until the database is known to hold every objection.
//!
//! A restored backup can forget an objection. A checkpoint outside of the database remembers how many there were and
//! which was the last; the gate stays shut while the database knows less.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::App;
use crate::domain::assessment::words;
use crate::domain::id::ConsentEventId;
use crate::store::{Store, StoreError};

words! {
    /// Whether this process may share, and why not.
    SharingState {
        /// It may.
        On = "on",
        /// Nobody has compared the database with the checkpoint yet.
        Unchecked = "unchecked",
        /// There are objections, but no checkpoint to compare them with.
        CheckpointMissing = "checkpoint_missing",
        /// The checkpoint cannot be read or written.
        CheckpointUnreadable = "checkpoint_unreadable",
        /// The database knows less than the checkpoint.
        DatabaseBehind = "database_behind",
        /// Something was let through about the person who is there to show that nothing is.
        CanaryViolated = "canary_violated",
    }
}

/// The switch that the gate looks at.
#[derive(Debug)]
pub struct Sharing {
    state: AtomicU8,
    checkpoint: PathBuf,
}

/// What is remembered outside of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// How many protective events there were.
    pub objections: i64,
    /// The last of them.
    pub last_event: Option<ConsentEventId>,
}

impl Sharing {
    /// Off, until somebody compares; the checkpoint is this file.
    pub fn new(checkpoint: PathBuf) -> Self {
        Self { state: AtomicU8::new(index(SharingState::Unchecked)), checkpoint }
    }

    /// Whether anything may be shared.
    pub fn is_on(&self) -> bool {
        self.state() == SharingState::On
    }

    /// Whether anything may be shared, and why not.
    pub fn state(&self) -> SharingState {
        let index = usize::from(self.state.load(Ordering::SeqCst));
        SharingState::ALL.get(index).copied().unwrap_or(SharingState::Unchecked)
    }

    /// Whether nothing was let through about the canary, as far as this process has seen.
    pub fn canary_is_kept(&self) -> bool {
        self.state() != SharingState::CanaryViolated
    }

    /// Sets the switch. A violated canary stays until the process is started again.
    pub fn set(&self, state: SharingState) {
        let stuck = index(SharingState::CanaryViolated);
        let set = |now| if now == stuck { None } else { Some(index(state)) };
        // An error means that it is stuck, which is what is wanted.
        let _ = self.state.fetch_update(Ordering::SeqCst, Ordering::SeqCst, set);
    }

    /// The file of the checkpoint.
    pub fn checkpoint_file(&self) -> &Path {
        &self.checkpoint
    }

    /// What the checkpoint says; none when there is no file.
    pub fn read_checkpoint(&self) -> io::Result<Option<Checkpoint>> {
        read(&self.checkpoint)
    }

    /// What a comparison of the checkpoint with a database says, and what the checkpoint ought to say. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn judge(&self, store: &Store) -> Result<(SharingState, Checkpoint), StoreError> {
        // The file first: what another process adds in between is then in the database already.
        let checkpoint = self.read_checkpoint();
        let (objections, last_event) = store.objection_count().await?;
        let state = match checkpoint {
            Err(_) => SharingState::CheckpointUnreadable,
            Ok(None) if objections > 0 => SharingState::CheckpointMissing,
            Ok(Some(known)) if known.objections > objections || !knows(store, &known).await? => {
                SharingState::DatabaseBehind
            }
            Ok(_) => SharingState::On,
        };
        Ok((state, Checkpoint { objections, last_event }))
    }

    /// Writes the checkpoint, durably, unless it knows of more objections already. Waits for the disk.
    pub fn advance_checkpoint(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let _lock = lock(&self.checkpoint)?;
        let newer = |known: &Checkpoint| known.objections > checkpoint.objections;
        if read(&self.checkpoint)?.as_ref().is_some_and(|known| newer(known) || known == checkpoint) {
            return Ok(());
        }
        write(&self.checkpoint, checkpoint)
    }

    /// Writes the checkpoint whatever it said before: a person answers for the database as it is.
    pub fn replace_checkpoint(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let _lock = lock(&self.checkpoint)?;
        write(&self.checkpoint, checkpoint)
    }
}

impl App {
    /// Writes the checkpoint on a thread that may wait for the disk; answers whether it is there now.
    pub async fn advance_checkpoint(&self, checkpoint: Checkpoint) -> bool {
        let sharing = Arc::clone(&self.sharing);
        let written = tokio::task::spawn_blocking(move || sharing.advance_checkpoint(&checkpoint)).await;
        let error = match written {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(error, "the checkpoint of objections cannot be written");
        false
    }

    /// Compares database and checkpoint and turns sharing on or off. A database that knows more brings the file up to
    /// date: other instances record objections too.
    ///
    /// # Errors
    /// [`StoreError`]; sharing stays as it is, for without a database nothing passes the gate anyway.
    pub async fn compare_checkpoint(&self) -> Result<SharingState, StoreError> {
        let (state, checkpoint) = self.sharing.judge(&self.store).await?;
        let written = state != SharingState::On || self.advance_checkpoint(checkpoint).await;
        let state = if written { state } else { SharingState::CheckpointUnreadable };
        if state != self.sharing.state() && state != SharingState::On {
            tracing::error!(state = state.as_str(), "sharing is off; see `sekisho doctor`");
        }
        self.sharing.set(state);
        Ok(self.sharing.state())
    }
}

async fn knows(store: &Store, checkpoint: &Checkpoint) -> Result<bool, StoreError> {
    match checkpoint.last_event {
        Some(event) => store.has_consent_event(event).await,
        None => Ok(true),
    }
}

fn index(state: SharingState) -> u8 {
    let at = SharingState::ALL.iter().position(|word| *word == state);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

/// Several processes of one machine may share the file: one writes at a time.
fn lock(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path.with_extension("lock"))?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

fn read(path: &Path) -> io::Result<Option<Checkpoint>> {
    match fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map(Some).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, checkpoint: &Checkpoint) -> io::Result<()> {
    let text = toml::to_string(checkpoint).map_err(io::Error::other)?;
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // The folder holds the name: without this a power cut could bring the old file back.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(objections: i64) -> Checkpoint {
        let last_event = Some(ConsentEventId::from_uuid(uuid::Uuid::from_u128(objections.unsigned_abs().into())));
        Checkpoint { objections, last_event }
    }

    #[test]
    fn a_checkpoint_never_goes_back_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let sharing = Sharing::new(folder.path().join("objections.toml"));
        assert_eq!(sharing.read_checkpoint().unwrap(), None);
        for (written, read) in [(5, 5), (4, 5), (6, 6)] {
            sharing.advance_checkpoint(&checkpoint(written)).unwrap();
            assert_eq!(sharing.read_checkpoint().unwrap(), Some(checkpoint(read)));
        }
        sharing.replace_checkpoint(&checkpoint(2)).unwrap();
        assert_eq!(sharing.read_checkpoint().unwrap(), Some(checkpoint(2)));
    }

    #[test]
    fn sharing_is_off_until_it_was_checked_and_after_a_violation_for_good() {
        let sharing = Sharing::new(PathBuf::from("nowhere"));
        assert!(!sharing.is_on());
        sharing.set(SharingState::On);
        assert!(sharing.is_on());
        sharing.set(SharingState::CanaryViolated);
        sharing.set(SharingState::On);
        assert_eq!(sharing.state(), SharingState::CanaryViolated);
    }
}
