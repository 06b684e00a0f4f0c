//! The checkpoint of objections outside of the database, and what the gate does when the two differ.

use super::ConsentError;
use crate::app::App;
use crate::app::sharing::{Checkpoint, SharingState};
use crate::flow::register::note;
use crate::store::consent::Recorded;
use crate::store::{StoreError, audit};

/// Writes down, outside of the database, that there is one objection more. Nothing is promised before it is on disk.
pub(super) async fn advance(app: &App, recorded: &Recorded) -> Result<(), ConsentError> {
    let Some(objections) = recorded.objections else { return Ok(()) };
    let checkpoint = Checkpoint { objections, last_event: Some(recorded.event.id) };
    if write(app, checkpoint).await {
        return Ok(());
    }
    app.sharing.set(SharingState::CheckpointUnreadable);
    Err(ConsentError::Checkpoint(app.sharing.checkpoint_file().display().to_string()))
}

async fn write(app: &App, checkpoint: Checkpoint) -> bool {
    let sharing = app.sharing.clone();
    let written = tokio::task::spawn_blocking(move || sharing.advance_checkpoint(&checkpoint)).await;
    match written {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the checkpoint of objections cannot be written");
            false
        }
        Err(error) => {
            tracing::error!(%error, "the checkpoint of objections was not written");
            false
        }
    }
}

/// Compares database and checkpoint and turns sharing on or off. A database that knows more brings the file up to date:
/// other instances record objections too.
///
/// # Errors
/// [`StoreError`]; sharing stays as it is, for without a database nothing passes the gate anyway.
pub async fn compare(app: &App) -> Result<SharingState, StoreError> {
    // The file first: what another process adds in between is then in the database already.
    let checkpoint = app.sharing.read_checkpoint();
    let (objections, last_event) = app.store.objection_count().await?;
    let state = match checkpoint {
        Err(_) => SharingState::CheckpointUnreadable,
        Ok(None) if objections > 0 => SharingState::CheckpointMissing,
        Ok(Some(known)) if known.objections > objections || !is_known(app, &known).await? => {
            SharingState::DatabaseBehind
        }
        Ok(_) if write(app, Checkpoint { objections, last_event }).await => SharingState::On,
        Ok(_) => SharingState::CheckpointUnreadable,
    };
    if state != app.sharing.state() && state != SharingState::On {
        tracing::error!(state = state.as_str(), "sharing is off");
    }
    app.sharing.set(state);
    Ok(app.sharing.state())
}

async fn is_known(app: &App, checkpoint: &Checkpoint) -> Result<bool, StoreError> {
    match checkpoint.last_event {
        Some(event) => app.store.has_consent_event(event).await,
        None => Ok(true),
    }
}

/// Takes the database as it is for the truth: for a new instance, or after a restored backup was looked through.
///
/// # Errors
/// [`ConsentError`].
pub async fn accept(app: &App, actor: &str) -> Result<Checkpoint, ConsentError> {
    let (objections, last_event) = app.store.objection_count().await?;
    let checkpoint = Checkpoint { objections, last_event };
    let note = note(app, actor, "sharing.checkpoint_accept", "all".to_owned());
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &note).await })).await?;
    let path = app.sharing.checkpoint_file().display().to_string();
    app.sharing.replace_checkpoint(&checkpoint).map_err(|error| ConsentError::Checkpoint(format!("{path}: {error}")))?;
    compare(app).await?;
    Ok(checkpoint)
}
