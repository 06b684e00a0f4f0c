//! The search among decisions: pages of what fits, with a bounded amount of work for each.

use crate::app::App;
use crate::domain::clock::Micros;
use crate::domain::id::{AuthenticationId, MerchantId};
use crate::domain::staff::SignedIn;
use crate::domain::verdict::Outcome;
use crate::flow::register::note;
use crate::store::decisions::{DecisionFilter, DecisionRow, DecisionStep};
use crate::store::{StoreError, audit};

/// So many decisions stand on a page.
pub const ROWS: usize = 50;
/// A page takes at most so many steps of the search.
const STEPS: usize = 10;
/// A merchant's name may fit so many merchants.
const MERCHANTS_MAX: usize = 20;
/// No word that is searched for is longer, characters.
pub const LONGEST: usize = 128;

/// What is searched for, as people say it. Nothing named is everything.
#[derive(Clone, Debug, Default)]
pub struct DecisionQuery {
    /// From this time on.
    pub from: Option<Micros>,
    /// Until before this time.
    pub until: Option<Micros>,
    /// The merchant: its id, or a part of its name.
    pub merchant: Option<String>,
    /// Determined by this rule.
    pub rule: Option<String>,
    /// What the policies answered.
    pub outcome: Option<Outcome>,
    /// With this internal reason code.
    pub reason: Option<String>,
    /// Decided by this bundle: its digest, or how it begins.
    pub bundle: Option<String>,
}

/// A page of decisions.
#[derive(Clone, Debug, Default)]
pub struct DecisionPage {
    /// Decisions that fit, the newest first.
    pub rows: Vec<DecisionRow>,
    /// The next page begins before this one; none at the end.
    pub next: Option<AuthenticationId>,
    /// Whether the page ended because enough was looked at, not because enough was found.
    pub gave_up: bool,
}

/// Why nothing is searched.
#[derive(Debug, thiserror::Error)]
pub enum DecisionSearchError {
    /// A word is longer than anything that can be found.
    #[error("`{field}` is too long\nhint: at most {LONGEST} characters")]
    TooLong {
        /// The field.
        field: &'static str,
    },
    /// The name fits no merchant.
    #[error("no merchant has this name\nhint: type a part of the name as it is registered, or the merchant's id")]
    UnknownMerchant,
    /// The name fits too many merchants.
    #[error("more than {MERCHANTS_MAX} merchants have such a name\nhint: type more of it, or the merchant's id")]
    ManyMerchants,
    /// Nothing lies between the two times.
    #[error("the time ends before it begins")]
    EmptyTime,
    /// The digest is none, or fits no bundle or several.
    #[error("no single bundle is called so\nhint: type more of the digest")]
    UnknownBundle,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Searches the decisions before `before`. That somebody searched stands in the audit log; the caller has asked for the
/// right.
///
/// # Errors
/// [`DecisionSearchError`].
pub async fn search(
    app: &App,
    who: &SignedIn,
    query: &DecisionQuery,
    before: Option<AuthenticationId>,
) -> Result<DecisionPage, DecisionSearchError> {
    let filter = filter(app, query).await?;
    let mut page = DecisionPage { next: before, ..DecisionPage::default() };
    for step in 1..=STEPS {
        // One more than is shown tells that there is more.
        let wanted = i64::try_from(ROWS + 1 - page.rows.len()).unwrap_or(1);
        let DecisionStep { rows, looked_until } = app.store.search_decisions(&filter, page.next, wanted).await?;
        page.rows.extend(rows);
        page.next = looked_until;
        if page.rows.len() > ROWS {
            page.rows.truncate(ROWS);
            page.next = page.rows.last().map(|row| row.id);
            break;
        }
        if page.next.is_none() {
            break;
        }
        page.gave_up = step == STEPS;
    }
    let mut entry = note(app, &who.actor(), "decision.search", "none".to_owned());
    entry.result = format!("{} listed", page.rows.len());
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await?;
    Ok(page)
}

async fn filter(app: &App, query: &DecisionQuery) -> Result<DecisionFilter, DecisionSearchError> {
    let words = [("merchant", &query.merchant), ("rule", &query.rule), ("reason", &query.reason)];
    for (field, word) in words {
        if word.as_ref().is_some_and(|word| word.chars().count() > LONGEST) {
            return Err(DecisionSearchError::TooLong { field });
        }
    }
    if query.from.zip(query.until).is_some_and(|(from, until)| from >= until) {
        return Err(DecisionSearchError::EmptyTime);
    }
    Ok(DecisionFilter {
        from: query.from,
        until: query.until,
        merchants: merchants(app, query.merchant.as_deref()).await?,
        rule: query.rule.clone(),
        outcome: query.outcome,
        reason: query.reason.clone(),
        bundle: bundle(app, query.bundle.as_deref()).await?,
    })
}

async fn merchants(app: &App, named: Option<&str>) -> Result<Vec<MerchantId>, DecisionSearchError> {
    let Some(named) = named else { return Ok(Vec::new()) };
    if let Ok(id) = named.parse() {
        return Ok(vec![id]);
    }
    let limit = i64::try_from(MERCHANTS_MAX + 1).unwrap_or(i64::MAX);
    let found = app.store.merchants_named(named, limit).await?;
    match found.len() {
        0 => Err(DecisionSearchError::UnknownMerchant),
        count if count > MERCHANTS_MAX => Err(DecisionSearchError::ManyMerchants),
        _ => Ok(found),
    }
}

async fn bundle(app: &App, named: Option<&str>) -> Result<Option<String>, DecisionSearchError> {
    let Some(named) = named else { return Ok(None) };
    if named.len() < 8 || named.len() > 64 || !named.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(DecisionSearchError::UnknownBundle);
    }
    if named.len() == 64 {
        return Ok(Some(named.to_ascii_lowercase()));
    }
    match app.store.digests_beginning(&named.to_ascii_lowercase()).await?.as_slice() {
        [digest] => Ok(Some(digest.clone())),
        _ => Err(DecisionSearchError::UnknownBundle),
    }
}
