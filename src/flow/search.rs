//! A staff person looks for a cardholder by what the caller says: details are turned into keyed digests at once, and only
//! exact matches are found. The terms are written down nowhere: the audit log holds by what kind was looked for, and who
//! was found.

use crate::app::App;
use crate::domain::cardholder::normal_birth_date;
use crate::domain::id::CardholderId;
use crate::domain::search::{Name, Terms, TermsError};
use crate::domain::staff::SignedIn;
use crate::flow::authenticate::NAME_CLASSES;
use crate::flow::register::note;
use crate::keys::{SealError, WrappedKey};
use crate::store::search::{NameDigests, UnindexedBirthDate};
use crate::store::{StoreError, audit};

/// More matches than these are not shown: one more detail is asked for.
pub const MATCHES_MAX: usize = 10;

/// Who was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matches {
    /// These; none when the list is empty.
    Found(Vec<CardholderId>),
    /// More than [`MATCHES_MAX`].
    TooMany,
}

/// Why nobody was looked for.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// What was typed is nothing to be found by.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks for cardholders. The search is in the audit log before anything is shown; the caller has asked for the right.
///
/// # Errors
/// [`SearchError`].
pub async fn search(app: &App, who: &SignedIn, text: &str, name: &str) -> Result<Matches, SearchError> {
    let terms = Terms::read(text, name)?;
    let matches = find(app, &terms).await?;
    let mut entry = note(app, &who.actor(), "cardholder.search", terms.kind().as_str().to_owned());
    entry.result = match &matches {
        Matches::TooMany => "too_many".to_owned(),
        Matches::Found(ids) if ids.is_empty() => "none".to_owned(),
        Matches::Found(ids) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    };
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await?;
    Ok(matches)
}

/// Looks without a word in the audit log: for searches that are part of something that is written down itself.
pub(super) async fn find(app: &App, terms: &Terms) -> Result<Matches, StoreError> {
    let limit = i64::try_from(MATCHES_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let found = match terms {
        Terms::Reference(text) => app.store.holders_by_reference(text).await?,
        Terms::CardNumber(number) => {
            let digests: Vec<[u8; 32]> =
                app.keys.card_digests_for_lookup(number).into_iter().map(|digest| digest.bytes).collect();
            app.store.holders_by_card_number(&digests).await?
        }
        Terms::Phone(phone, name) => {
            let name = name.as_ref().map(|name| name_digests(app, name));
            let digests = app.keys.blind_indexes_for_lookup("phone", phone);
            app.store.holders_by_phone(&digests, name.as_ref(), limit).await?
        }
        Terms::LastFour(last_four, name) => {
            app.store.holders_by_last_four(last_four, &name_digests(app, name), limit).await?
        }
        Terms::BirthDate(date, name) => {
            let digests = app.keys.blind_indexes_for_lookup("birth_date", date);
            app.store.holders_by_birth_date(&digests, &name_digests(app, name), limit).await?
        }
    };
    Ok(if found.len() > MATCHES_MAX { Matches::TooMany } else { Matches::Found(found) })
}

/// The digests of a name in each spelling that a record may have.
pub(super) fn name_digests(app: &App, name: &Name) -> NameDigests {
    NameDigests(
        NAME_CLASSES
            .map(|class| name.forms().iter().flat_map(|form| app.keys.blind_indexes_for_lookup(class, form)).collect()),
    )
}

/// Makes birth dates findable that were registered before they could be: opens at most `limit` of them and keeps their
/// digests. Answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn index_birth_dates(app: &App, limit: i64) -> Result<usize, StoreError> {
    let dates = app.store.unindexed_birth_dates(limit).await?;
    let digest = |row: UnindexedBirthDate| {
        let id = row.cardholder_id;
        let digest = open(app, row).inspect_err(|error| {
            tracing::warn!(%error, cardholder = %id, "a birth date does not open, so that nobody finds her by it");
        });
        (id, digest.ok().flatten())
    };
    let digests: Vec<_> = dates.into_iter().map(digest).collect();
    let count = digests.len();
    if count > 0 {
        app.store.index_birth_dates(digests).await?;
    }
    Ok(count)
}

fn open(app: &App, row: UnindexedBirthDate) -> Result<Option<[u8; 32]>, SealError> {
    let id = row.cardholder_id;
    let key = app.keys.unwrap_person_key(id, &WrappedKey { key_id: row.person_key_id, bytes: row.person_key })?;
    let plain = key.open("cardholders", "birth_date", id.uuid(), &row.birth_date)?;
    let date = normal_birth_date(&String::from_utf8_lossy(&plain));
    Ok(date.map(|date| app.keys.blind_index("birth_date", &date)))
}
