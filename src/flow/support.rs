//! The support view: what a staff person reads of an authentication while the cardholder is on the telephone. Plain
//! words only: no rule, no limit, no score, and nothing of the policies but the texts written for staff.

mod words;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

pub use self::words::{Words, status as status_words};
use crate::app::App;
use crate::domain::authentication::{Authentication, Ending, Status};
use crate::domain::card::CardStatus;
use crate::domain::clock::Micros;
use crate::domain::facts::Facts;
use crate::domain::id::{AuditId, AuthenticationId, CardId, CardholderId, MerchantId};
use crate::domain::money::Money;
use crate::domain::staff::SignedIn;
use crate::domain::verdict::Outcome;
use crate::policy;
use crate::store::StoreError;
use crate::store::audit;
use crate::store::challenges::attempts::FAILURES_TO_CLOSE;
use crate::store::support::{ChallengeTries, MethodLock};

/// The most that a list shows.
pub const RECENT_MAX: usize = 50;

/// One authentication, for staff.
#[derive(Clone, Debug)]
pub struct SupportView {
    /// The authentication in short.
    pub summary: Summary,
    /// Whose card it is; none when the card is unknown.
    pub cardholder_id: Option<CardholderId>,
    /// The purchase's own time, by the merchant.
    pub purchased_at: Micros,
    /// Why, in plain words.
    pub reasons: Vec<Words>,
    /// Whether the analysis company was asked, in plain words.
    pub analysis: Words,
    /// Whether the device was known, in plain words.
    pub device: Words,
    /// The challenge, where there was one.
    pub challenge: Option<ChallengeTries>,
    /// How many proofs are compared for one challenge.
    pub tries_allowed: i64,
    /// The locks of the card's methods as they are now.
    pub locks: Vec<LockState>,
    /// Since when the card's holder has blocked it.
    pub blocked_since: Option<Micros>,
    /// Whether its holder said that it was not hers.
    pub disowned: bool,
    /// Whether a staff person had vouched for it.
    pub vouched: bool,
    /// Whether the same purchase would not be turned back if somebody vouched for it now.
    pub vouch_would_help: bool,
    /// What the cardholder can do next.
    pub advice: Vec<Words>,
}

/// One authentication in a line.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its id.
    pub id: AuthenticationId,
    /// The merchant.
    pub merchant_id: MerchantId,
    /// The merchant's name.
    pub merchant_name: String,
    /// The amount.
    pub money: Money,
    /// The card; none when it is unknown.
    pub card_id: Option<CardId>,
    /// The card number's last four digits.
    pub card_last_four: String,
    /// Where it stands.
    pub status: Status,
    /// How it came to its status.
    pub ending: Ending,
    /// Both in plain words.
    pub status_words: Words,
    /// When the request came.
    pub created_at: Micros,
    /// When the status became final.
    pub finished_at: Option<Micros>,
}

/// A method's lock as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockState {
    /// The method and its wrong proofs.
    pub lock: MethodLock,
    /// Whether it is locked now.
    pub locked: bool,
    /// Whether it is locked until it is changed: unlocking does not help.
    pub closed: bool,
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum SupportError {
    /// There is no such authentication.
    #[error("there is no authentication `{0}`\nhint: take it from the cardholder's list")]
    Unknown(AuthenticationId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Shows one authentication. The look is in the audit log before anything is shown; the caller has asked for the right.
///
/// # Errors
/// [`SupportError`].
pub async fn authentication(app: &App, who: &SignedIn, id: AuthenticationId) -> Result<SupportView, SupportError> {
    let found = app.store.any_authentication(id).await?;
    note_look(app, who, id.to_string(), if found.is_some() { "shown" } else { "unknown" }).await?;
    let found = found.ok_or(SupportError::Unknown(id))?;
    let challenge = app.store.challenge_tries(id).await?;
    let (holder, locks) = match found.card_id {
        Some(card_id) => (app.store.card_holder(card_id).await?, app.store.method_locks(card_id).await?),
        None => (None, Vec::new()),
    };
    let (blocked_since, disowned) = match found.card_id {
        Some(card_id) => {
            (app.store.blocked_since(card_id).await?, app.store.disowned_of_card(card_id).await?.contains(&id))
        }
        None => (None, false),
    };
    let now = app.now();
    let locks: Vec<LockState> = locks.into_iter().map(|lock| LockState::at(lock, now)).collect();
    // Facts of every version that was ever recorded can be read; none when nothing was gathered.
    let facts: Option<Facts> = found.facts.as_deref().and_then(|facts| Facts::of_record(facts).ok());
    let usable = holder.is_some_and(|(_, status)| status == CardStatus::Active) && blocked_since.is_none();
    let vouch_would_help = usable && facts.as_ref().is_some_and(|facts| vouch_would_help(app, &found, facts));
    Ok(SupportView {
        summary: summary(&found, merchant_name(app, found.merchant_id).await?),
        cardholder_id: holder.map(|(holder, _)| holder),
        purchased_at: found.purchased_at,
        reasons: reasons(app, &found),
        analysis: words::analysis(facts.as_ref()),
        device: words::device(facts.as_ref()),
        challenge,
        tries_allowed: i64::from(app.config.challenge.tries),
        blocked_since,
        disowned,
        vouched: found.vouch_id.is_some(),
        vouch_would_help,
        advice: words::advice(
            &found,
            holder.map(|(_, status)| (status, blocked_since.is_some())),
            &locks,
            vouch_would_help,
        ),
        locks,
    })
}

/// The newest authentications of a person's cards, newest first, at most `limit` and at most [`RECENT_MAX`]. The look
/// is in the audit log before anything is shown; the caller has asked for the right.
///
/// # Errors
/// [`SupportError`].
pub async fn recent(
    app: &App,
    who: &SignedIn,
    cardholder_id: CardholderId,
    limit: usize,
) -> Result<Vec<Summary>, SupportError> {
    note_look(app, who, cardholder_id.to_string(), "listed").await?;
    let found = app.store.recent_of_cardholder(cardholder_id, limit.min(RECENT_MAX)).await?;
    let mut names = BTreeMap::new();
    for merchant_id in found.iter().map(|authentication| authentication.merchant_id) {
        if let Entry::Vacant(place) = names.entry(merchant_id) {
            place.insert(merchant_name(app, merchant_id).await?);
        }
    }
    let name = |merchant_id| names.get(&merchant_id).cloned().unwrap_or_default();
    Ok(found.iter().map(|authentication| summary(authentication, name(authentication.merchant_id))).collect())
}

impl LockState {
    fn at(lock: MethodLock, now: Micros) -> Self {
        let locked = lock.locked_until.is_some_and(|until| until > now);
        Self { lock, locked, closed: lock.failures >= FAILURES_TO_CLOSE }
    }
}

async fn merchant_name(app: &App, id: MerchantId) -> Result<String, StoreError> {
    let merchant = app.store.merchant(id, app.config.environment).await?;
    Ok(merchant.map(|merchant| merchant.name).unwrap_or_default())
}

fn summary(authentication: &Authentication, merchant_name: String) -> Summary {
    Summary {
        id: authentication.id,
        merchant_id: authentication.merchant_id,
        merchant_name,
        money: authentication.money,
        card_id: authentication.card_id,
        card_last_four: authentication.card_last_four.clone(),
        status: authentication.status,
        ending: authentication.ending,
        status_words: words::status(authentication.status, authentication.ending),
        created_at: authentication.created_at,
        finished_at: authentication.finished_at,
    }
}

/// The texts for staff, from the live bundle: a code that it does not hold any more has a text of its own.
fn reasons(app: &App, authentication: &Authentication) -> Vec<Words> {
    let loaded = app.bundle.load();
    let reference = loaded.bundle.reference();
    let mut texts: Vec<Words> = authentication
        .reasons
        .iter()
        .map(|code| match reference.reason(code) {
            Some(reason) => Words { ja: reason.staff_ja.clone(), en: reason.staff_en.clone() },
            None => words::retired_reason(),
        })
        .collect();
    texts.dedup();
    texts
}

/// Asks the live policies about the same facts with somebody's word added.
fn vouch_would_help(app: &App, authentication: &Authentication, facts: &Facts) -> bool {
    let turned_back = matches!(authentication.status, Status::Rejected | Status::NotEnrolled);
    if !turned_back || facts.vouched {
        return false;
    }
    let loaded = app.bundle.load();
    let with_word = Facts { vouched: true, ..facts.clone() };
    let verdict = policy::decide(&loaded.bundle, &with_word);
    match verdict.outcome {
        Outcome::Approve => true,
        Outcome::Challenge => authentication.ending == Ending::Decided && !verdict.methods.is_empty(),
        Outcome::Reject => false,
    }
}

async fn note_look(app: &App, who: &SignedIn, subject: String, result: &'static str) -> Result<(), StoreError> {
    let now = app.now();
    let entry = audit::Entry {
        id: AuditId::new(now, &*app.randomness),
        recorded_at: now,
        actor: who.actor(),
        action: "authentication.look",
        subject,
        result: result.to_owned(),
    };
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await
}
