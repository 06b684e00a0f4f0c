//! An objection of somebody who is not known here: kept sealed, tried again whenever somebody is registered, and settled
//! by a person.
//!
//! Somebody who fits by two details of different kinds is protected at once, by a pending objection in the transaction
//! that registers her; that it is she is for a person to say.

mod marks;

pub(super) use self::marks::{Matcher, after};
use crate::app::App;
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::Identity;
use crate::domain::consent::{Channel, ConsentAction, IdentityMethod, IdentityOutcome};
use crate::domain::id::{CardholderId, UnmatchedId};
use crate::domain::note::{CALL_REFERENCE_CHARS_MAX, Note, NoteError, REASON_CHARS_MAX};
use crate::domain::search::{Name, Terms};
use crate::domain::staff::SignedIn;
use crate::domain::unmatched::{Unmatched, UnmatchedDetails, UnmatchedState};
use crate::flow::consent::{self, ConsentError, Objection, Statement};
use crate::flow::register::note;
use crate::flow::search::{self, Matches};
use crate::keys::{SealError, SealedSecret};
use crate::store::{StoreError, audit, unmatched};

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum UnmatchedError {
    /// The caller's words cannot be kept.
    #[error("what she said {0}")]
    Words(NoteError),
    /// The name cannot be kept.
    #[error("the name {0}")]
    Name(NoteError),
    /// The reference cannot be kept.
    #[error("the reference {0}")]
    Reference(NoteError),
    /// Nothing was given by which she could be known later.
    #[error("nothing was given to know her by\nhint: ask for a name, a telephone number, a birth date or four digits")]
    NothingToKnowBy,
    /// There is none with this id.
    #[error("no such objection `{0}`")]
    Unknown(UnmatchedId),
    /// It was settled before.
    #[error("the objection `{0}` was settled before")]
    Settled(UnmatchedId),
    /// It cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The objection cannot be recorded.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps an objection of somebody who was not found, under an id that the form was given: sent twice it is kept once. If
/// exactly one registered person fits by two details after all, she is protected at once.
///
/// # Errors
/// [`UnmatchedError`]; then nothing was kept.
pub async fn record(
    app: &App,
    who: &SignedIn,
    id: UnmatchedId,
    channel: Channel,
    details: UnmatchedDetails,
) -> Result<(), UnmatchedError> {
    let details = checked(details)?;
    let marks = marks::of_details(app, &details);
    if marks.is_empty() {
        return Err(UnmatchedError::NothingToKnowBy);
    }
    let sealed = app.keys.seal_unmatched(id, serde_json::json!(details).to_string().as_bytes(), &*app.randomness)?;
    let fitting = candidates(app, &details).await?;
    let row = Unmatched {
        id,
        channel,
        actor: who.actor(),
        recorded_at: app.now(),
        state: UnmatchedState::Waiting,
        cardholder_id: None,
        event_id: None,
        settled_by: None,
        settled_at: None,
    };
    let (entry, matcher) = (note(app, &who.actor(), "consent.unmatched", id.to_string()), Matcher::new(app));
    let written = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                unmatched::insert(transaction, &row, (sealed.key_id, sealed.bytes), &marks).await?;
                audit::append(transaction, &entry).await?;
                match fitting.as_slice() {
                    [only] => matcher.protect(transaction, *only).await,
                    _ => Ok(Vec::new()),
                }
            })
        })
        .await;
    match written {
        Ok(protected) => after(app, &protected).await,
        // Sent twice: the first one is there.
        Err(StoreError::Duplicate { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// One of them, opened; the look is in the audit log first.
///
/// # Errors
/// [`UnmatchedError`].
pub async fn look(app: &App, who: &SignedIn, id: UnmatchedId) -> Result<(Unmatched, UnmatchedDetails), UnmatchedError> {
    let entry = note(app, &who.actor(), "unmatched.look", id.to_string());
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await?;
    open(app, id).await
}

/// Registered people whom it could be about: those who fit by two details.
///
/// # Errors
/// [`StoreError`].
pub async fn candidates(app: &App, details: &UnmatchedDetails) -> Result<Vec<CardholderId>, StoreError> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let name = text(&details.name);
    let mut found = Vec::new();
    if Name::read(&name).is_none() {
        return Ok(found);
    }
    for detail in [&details.phone, &details.birth_date, &details.last_four] {
        let terms = Terms::read(&text(detail), &name).ok().filter(|terms| !matches!(terms, Terms::Reference(_)));
        let Some(terms) = terms else { continue };
        if let Matches::Found(ids) = search::find(app, &terms).await? {
            for id in ids {
                if !found.contains(&id) {
                    found.push(id);
                }
            }
        }
    }
    Ok(found)
}

/// A person of the staff says whom it is about: the objection is recorded, with the check of identity as it was made at
/// the call.
///
/// # Errors
/// [`UnmatchedError`]; then nothing changed, but for an objection that was recorded by somebody else at the same time.
pub async fn settle(
    app: &App,
    who: &SignedIn,
    id: UnmatchedId,
    cardholder_id: CardholderId,
) -> Result<Objection, UnmatchedError> {
    let (row, details) = open(app, id).await?;
    if row.state == UnmatchedState::Settled {
        return Err(UnmatchedError::Settled(id));
    }
    let not_done = Identity { method: IdentityMethod::KnownFacts, outcome: IdentityOutcome::NotDone };
    let statement = Statement {
        coverage: Coverage::everything(),
        channel: row.channel,
        reference: details.reference,
        identity: details.identity.unwrap_or(not_done),
        script_version: None,
        language: details.language,
        // When she called stands in the entry that is settled; it may lie before her record began.
        effective_from: None,
        evidence_digest: None,
    };
    let objection = consent::object(app, &who.actor(), cardholder_id, ConsentAction::Object, statement).await?;
    let (event, by, now) = (objection.event.id, who.actor(), app.now());
    let mut entry = note(app, &by, "unmatched.settle", id.to_string());
    entry.result = event.to_string();
    let moved = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                let to = (cardholder_id, event);
                let moved = unmatched::assign(transaction, id, UnmatchedState::Settled, to, &by, now).await?;
                audit::append(transaction, &entry).await?;
                Ok(moved)
            })
        })
        .await?;
    if moved { Ok(objection) } else { Err(UnmatchedError::Settled(id)) }
}

async fn open(app: &App, id: UnmatchedId) -> Result<(Unmatched, UnmatchedDetails), UnmatchedError> {
    let (row, key_id, bytes) = app.store.unmatched(id).await?.ok_or(UnmatchedError::Unknown(id))?;
    let plain = app.keys.open_unmatched(id, &SealedSecret { key_id, bytes })?;
    let details = serde_json::from_slice(&plain).map_err(|_| SealError::Form)?;
    Ok((row, details))
}

fn checked(details: UnmatchedDetails) -> Result<UnmatchedDetails, UnmatchedError> {
    let kept = |text: Option<String>, max: usize| {
        let text = text.filter(|text| !text.trim().is_empty());
        text.map(|text| Note::parse(&text, max).map(|note| note.as_str().to_owned())).transpose()
    };
    Ok(UnmatchedDetails {
        words: Note::parse(&details.words, REASON_CHARS_MAX).map_err(UnmatchedError::Words)?.as_str().to_owned(),
        name: kept(details.name, REASON_CHARS_MAX).map_err(UnmatchedError::Name)?,
        reference: kept(details.reference, CALL_REFERENCE_CHARS_MAX).map_err(UnmatchedError::Reference)?,
        ..details
    })
}
