//! A cardholder objects to data sharing, or takes her objection back.

use std::time::Duration;

use crate::app::App;
use crate::domain::consent::{Channel, ConsentAction, ConsentState};
use crate::domain::id::{CardholderId, ConsentEventId, DisclosureId};
use crate::flow::register::note;
use crate::store::consent::{self, ConsentEvent};
use crate::store::{StoreError, audit};

/// What a process may pause between its last look at the clock and the write: the promise rests on it.
const MARGIN: Duration = Duration::from_millis(250);
/// How often open rows are looked at.
const LOOK: Duration = Duration::from_millis(20);

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

/// What is told to who records an objection.
#[derive(Clone, Debug)]
pub struct Objection {
    /// The event.
    pub event: ConsentEvent,
    /// Disclosures that began before it and whose end is not known: they may still have been sent.
    pub maybe_sent: Vec<DisclosureId>,
}

/// Records that a person objects. From the commit on no place in her line can be taken; the answer then waits for
/// what was in flight, at most the largest limit of the open rows and a margin.
///
/// # Errors
/// [`ConsentError`]; then nothing was recorded.
pub async fn object(app: &App, actor: &str, reference: &str, channel: Channel) -> Result<Objection, ConsentError> {
    let event = record(app, actor, reference, channel, ConsentAction::Object, ConsentState::OptedOut).await?;
    let maybe_sent = wait_for_open(app, &event).await?;
    Ok(Objection { event, maybe_sent })
}

/// Waits outside of any transaction, by this process's own monotonic clock from its own commit: no two clocks are
/// ever compared.
async fn wait_for_open(app: &App, event: &ConsentEvent) -> Result<Vec<DisclosureId>, StoreError> {
    let committed = app.clock.boot_nanos();
    let open = app.store.open_disclosures(event.cardholder_id).await?;
    let Some(limit_ms) = open.iter().map(|(_, limit_ms)| *limit_ms).max() else { return Ok(Vec::new()) };
    let wait = Duration::from_millis(u64::try_from(limit_ms).unwrap_or(0)) + MARGIN;
    let until = committed.saturating_add(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX));
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let open = app.store.open_disclosures(event.cardholder_id).await?;
        if open.is_empty() || app.clock.boot_nanos() >= until {
            return Ok(open.into_iter().map(|(id, _)| id).collect());
        }
    }
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
