//! What an event says about itself is put right by an event that points back. Nothing is deleted, and where the person
//! stands does not change: an objection recorded by mistake is undone by a resumption, which needs a second person.

use super::{ConsentError, Statement};
use crate::app::App;
use crate::domain::consent::ConsentAction;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::id::ConsentEventId;
use crate::flow::register::note;
use crate::store::{audit, consent};

/// Records a correction of an event: its reference, channel, date or language as they should have been.
///
/// # Errors
/// [`ConsentError`]; then nothing was recorded.
pub async fn correct(
    app: &App,
    actor: &str,
    id: ConsentEventId,
    statement: Statement,
) -> Result<ConsentEvent, ConsentError> {
    let own = ConsentEventId::new(app.now(), app.randomness.as_ref());
    correct_as(app, actor, id, statement, own).await
}

/// The same under an id that was given out before, such as by a form: whatever comes twice is recorded once.
///
/// # Errors
/// [`ConsentError`]; with [`StoreError::Duplicate`](crate::store::StoreError::Duplicate) inside when there is an event
/// with this id already.
pub async fn correct_as(
    app: &App,
    actor: &str,
    id: ConsentEventId,
    statement: Statement,
    own: ConsentEventId,
) -> Result<ConsentEvent, ConsentError> {
    let corrected = app.store.consent_event(id).await?.ok_or(ConsentError::UnknownEvent(id))?;
    if corrected.action == ConsentAction::Correct {
        return Err(ConsentError::CorrectionOfCorrection(id));
    }
    let statement = Statement { coverage: corrected.coverage.clone(), ..statement };
    let mut event = statement.event(app, actor, corrected.cardholder_id, ConsentAction::Correct).await?;
    (event.id, event.corrects) = (own, Some(id));
    let mut entry = note(app, actor, "consent.correct", corrected.cardholder_id.to_string());
    entry.result = id.to_string();
    let recorded = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                let recorded = consent::record(transaction, event).await?;
                audit::append(transaction, &entry).await?;
                Ok(recorded.event)
            })
        })
        .await?;
    Ok(recorded)
}
