//! People of a sandbox: made up elsewhere, sealed and registered here as real ones are, many in one transaction.

use crate::app::App;
use crate::domain::clock::Micros;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::consent::{ConsentAction, ConsentState};
use crate::domain::id::{CardId, CardholderId, ConsentEventId};
use crate::flow::register::{
    CardEntry, CardholderEntry, RegisterError, note, seal_new, sharing_event, stored_number, write_cardholder,
};
use crate::store::cards::{self, Card};
use crate::store::{audit, consent};

/// A made-up person with her card.
#[derive(Debug)]
pub struct Resident {
    /// Her id.
    pub id: CardholderId,
    /// Her data.
    pub holder: CardholderEntry,
    /// Her card's id.
    pub card_id: CardId,
    /// Her card.
    pub card: CardEntry,
    /// The event by which she was informed; used where the entry names a basis.
    pub informed: ConsentEventId,
    /// The event by which she objects, if she does.
    pub objects: Option<ConsentEventId>,
}

/// Registers made-up people in one transaction, all of them new, as if it had been at `at`.
///
/// # Errors
/// [`RegisterError`].
pub async fn settle(app: &App, actor: &str, residents: Vec<Resident>, at: Micros) -> Result<(), RegisterError> {
    let mut rows = Vec::with_capacity(residents.len());
    for resident in residents {
        let sealed = seal_new(app, resident.id, &resident.holder)?;
        let events = events(app, actor, &resident, at);
        let card = Card {
            id: resident.card_id,
            reference: resident.card.reference,
            cardholder_id: resident.id,
            programme: resident.card.programme,
            status: resident.card.status,
            issued_at: resident.card.issued_at,
            number: stored_number(app, &resident.card.number, resident.card.expiry),
        };
        rows.push((sealed, events, card));
    }
    let mut entry = note(app, actor, "sandbox.people", "cards".to_owned());
    entry.result = rows.len().to_string();
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                for (sealed, events, card) in rows {
                    let mut events = events.into_iter();
                    write_cardholder(transaction, None, &sealed, events.next().as_ref(), at).await?;
                    for event in events {
                        consent::record(transaction, event).await?;
                    }
                    cards::insert(transaction, &card, at).await?;
                }
                audit::append(transaction, &entry).await
            })
        })
        .await?;
    Ok(())
}

/// What a person's line begins with: informed, and perhaps an objection.
fn events(app: &App, actor: &str, resident: &Resident, at: Micros) -> Vec<ConsentEvent> {
    let Some(sharing) = resident.holder.sharing.clone() else { return Vec::new() };
    let informed =
        ConsentEvent { id: resident.informed, recorded_at: at, ..sharing_event(app, actor, resident.id, sharing) };
    let objection = resident.objects.map(|id| ConsentEvent {
        id,
        action: ConsentAction::Object,
        state: ConsentState::OptedOut,
        basis: None,
        notice_version: None,
        informed_at: None,
        recorded_at: at.plus_seconds(1),
        ..informed.clone()
    });
    std::iter::once(informed).chain(objection).collect()
}
