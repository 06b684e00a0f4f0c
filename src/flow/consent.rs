//! A cardholder objects to data sharing, or takes her objection back.

use crate::app::App;
use crate::domain::consent::{Channel, ConsentAction, ConsentState};
use crate::domain::id::{CardholderId, ConsentEventId};
use crate::flow::register::note;
use crate::store::consent::{self, ConsentEvent};
use crate::store::{StoreError, audit};

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// No cardholder has this reference.
    #[error(
        "no cardholder has the reference `{0}`\nhint: it is the issuer's own reference, as the core system registered it"
    )]
    UnknownCardholder(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Records that a person objects. When this returns, no place in her line can be taken any more.
///
/// # Errors
/// [`ConsentError`]; then nothing was recorded.
pub async fn object(app: &App, actor: &str, reference: &str, channel: Channel) -> Result<ConsentEvent, ConsentError> {
    record(app, actor, reference, channel, ConsentAction::Object, ConsentState::OptedOut).await
}

/// Records that a person takes her objection back.
///
/// # Errors
/// [`ConsentError`]; then nothing was recorded.
pub async fn resume(app: &App, actor: &str, reference: &str, channel: Channel) -> Result<ConsentEvent, ConsentError> {
    record(app, actor, reference, channel, ConsentAction::Resume, ConsentState::Permitted).await
}

async fn record(
    app: &App,
    actor: &str,
    reference: &str,
    channel: Channel,
    action: ConsentAction,
    state: ConsentState,
) -> Result<ConsentEvent, ConsentError> {
    let holder = app.store.cardholder_key(reference).await?;
    let (cardholder_id, ..) = holder.ok_or_else(|| ConsentError::UnknownCardholder(reference.to_owned()))?;
    let event = event(app, actor, cardholder_id, channel, action, state);
    let name = if action == ConsentAction::Object { "consent.object" } else { "consent.resume" };
    let mut note = note(app, actor, name, cardholder_id.to_string());
    state.as_str().clone_into(&mut note.result);
    let recorded = event.clone();
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                consent::record(transaction, &event).await?;
                audit::append(transaction, &note).await
            })
        })
        .await?;
    Ok(recorded)
}

fn event(
    app: &App,
    actor: &str,
    cardholder_id: CardholderId,
    channel: Channel,
    action: ConsentAction,
    state: ConsentState,
) -> ConsentEvent {
    ConsentEvent {
        id: ConsentEventId::new(app.now(), app.randomness.as_ref()),
        cardholder_id,
        action,
        state,
        channel,
        actor: actor.to_owned(),
        reference: None,
        basis: None,
        notice_version: None,
        informed_at: None,
        recorded_at: app.now(),
    }
}
