//! The checkpoint of objections outside of the database, and what the gate does when the two differ.

use super::ConsentError;
use crate::app::App;
use crate::app::sharing::{Checkpoint, SharingState};
use crate::fault_points::Point;
use crate::flow::register::note;
use crate::store::audit;
use crate::store::consent::Recorded;

/// Writes down, outside of the database, that there is one objection more. Nothing is promised before it is on disk.
pub(in crate::flow) async fn advance(app: &App, recorded: &Recorded) -> Result<(), ConsentError> {
    let Some(objections) = recorded.objections else { return Ok(()) };
    let checkpoint = Checkpoint { objections, last_event: Some(recorded.event.id) };
    app.faults.reach(Point::CheckpointWrite).await;
    if app.advance_checkpoint(checkpoint).await {
        return Ok(());
    }
    app.sharing.set(SharingState::CheckpointUnreadable);
    Err(ConsentError::Checkpoint(app.sharing.checkpoint_file().display().to_string()))
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
    app.sharing
        .replace_checkpoint(&checkpoint)
        .map_err(|error| ConsentError::Checkpoint(format!("{path}: {error}")))?;
    app.compare_checkpoint().await?;
    Ok(checkpoint)
}
