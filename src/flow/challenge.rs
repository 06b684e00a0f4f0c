//! A challenge as the buyer goes through it: open the page, go on, answer, cancel. It knows neither HTTP nor
//! HTML; whatever is asked for, the answer is the challenge as it stands then.

mod answer;
mod arrival;
mod choose;
mod form;
mod passkey;
mod proof;
mod return_way;
mod view;
mod ways;

use std::sync::Arc;

pub use self::answer::{Answer, answer};
pub use self::arrival::Arrival;
pub(in crate::flow) use self::choose::given_up;
pub use self::choose::{Wish, choose};
pub use self::return_way::ReturnWay;
pub use self::view::{Asking, AskingForms, Notice, Stage, View};
pub use self::ways::{CodeState, Way, Ways};

use self::form::Form;
use self::view::{show, show_on_arrival, tries_left};
use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::passkey::PasskeyError;
use crate::credential::token::Token;
use crate::domain::authentication::{Authentication, ResultCodes};
use crate::domain::challenge::ChallengeState;
use crate::domain::clock::Micros;
use crate::domain::feedback::FeedbackEvent;
use crate::domain::id::{AuditId, AuthenticationId, CardId, ChallengeId};
use crate::domain::policy_figure::FigureKind;
use crate::flow::contact::ContactError;
use crate::flow::feedback;
use crate::flow::result;
use crate::keys::SealError;
use crate::store::StoreError;
use crate::store::audit::Entry;
use crate::store::challenges::Challenge;
use crate::store::challenges::settlement::{Conclusion, Settlement, Used};

/// How long after its time a finished challenge still shows its result, in seconds.
const SHOWN_AFTER_SECONDS: i64 = 3_600;
/// How long a proof may be in comparison before its comparison counts as lost, in seconds.
const COMPARISON_SECONDS: i64 = 10;

/// Why there is no challenge to be shown.
#[derive(Debug, thiserror::Error)]
pub enum ChallengeError {
    /// No challenge has this token.
    #[error("no challenge has this token")]
    NotFound,
    /// Its time is long over.
    #[error("the challenge is no longer shown")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is sealed under her key does not open.
    #[error("what is sealed under the person's key does not open: {0}")]
    Sealed(#[from] SealError),
    /// The proof cannot be compared.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// A ceremony with a passkey cannot be held.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// The result cannot be signed.
    #[error("the result cannot be signed")]
    Result,
    /// The task that took the answer broke down.
    #[error("taking an answer broke down")]
    Broken,
}

impl From<ContactError> for ChallengeError {
    fn from(error: ContactError) -> Self {
        match error {
            ContactError::Seal(error) => Self::Sealed(error),
            ContactError::Store(error) => Self::Store(error),
        }
    }
}

/// Opens the page: the first time counts as the visit.
///
/// # Errors
/// [`ChallengeError`].
pub async fn open(app: &App, token: &str, arrival: &Arrival) -> Result<View, ChallengeError> {
    let challenge = visit(app, find(app, token).await?).await?;
    show_on_arrival(app, challenge, arrival, None).await
}

/// Goes on from a page of ours to the question itself.
///
/// # Errors
/// [`ChallengeError`].
pub async fn go_on(app: &App, token: &str, form: &str, arrival: &Arrival) -> Result<View, ChallengeError> {
    let challenge = visit(app, find(app, token).await?).await?;
    match form::verify(app, Form::GoOn, challenge.id, form) {
        Some(_) => show(app, challenge, None).await,
        None => show_on_arrival(app, challenge, arrival, Some(Notice::StaleForm)).await,
    }
}

/// Gives up for the buyer.
///
/// # Errors
/// [`ChallengeError`].
pub async fn cancel(app: &App, token: &str, form: &str, arrival: &Arrival) -> Result<View, ChallengeError> {
    let challenge = find(app, token).await?;
    if challenge.state == ChallengeState::Open && form::verify(app, Form::Cancel, challenge.id, form).is_none() {
        let challenge = visit(app, challenge).await?;
        return show_on_arrival(app, challenge, arrival, Some(Notice::StaleForm)).await;
    }
    let challenge = settle(app, challenge, Conclusion::Cancelled, None).await?;
    show(app, challenge, None).await
}

/// Gives up for the merchant; answers the authentication as it stands then, or nothing when it has no challenge.
///
/// # Errors
/// [`ChallengeError`].
pub async fn withdraw(app: &App, id: AuthenticationId) -> Result<Option<Authentication>, ChallengeError> {
    let now = app.now();
    let Some(challenge) = app.store.challenge_of(id, app.config.environment, now).await? else { return Ok(None) };
    let conclusion = if challenge.is_overdue(now) { Conclusion::TimedOut } else { Conclusion::Withdrawn };
    let challenge = settle(app, challenge, conclusion, None).await?;
    Ok(Some(challenge.authentication))
}

/// Gives up every open challenge of a card for its holder, who has blocked it: what is under way is not finished either.
///
/// # Errors
/// [`ChallengeError`].
pub(in crate::flow) async fn give_up_all(app: &App, card_id: CardId) -> Result<(), ChallengeError> {
    for id in app.store.open_challenges_of(card_id).await? {
        if let Some(challenge) = app.store.challenge_by_id(id, app.config.environment, app.now()).await? {
            settle(app, challenge, Conclusion::Cancelled, None).await?;
        }
    }
    Ok(())
}

/// Ends at most `limit` challenges whose time is over; answers how many it ended.
///
/// # Errors
/// [`ChallengeError`].
pub async fn expire_due(app: &Arc<App>, limit: i64) -> Result<u64, ChallengeError> {
    let mut ended = 0;
    for overdue in app.store.overdue_challenges(app.now(), limit).await? {
        let codes = codes(app, &overdue.bundle_digest, Conclusion::TimedOut).await;
        let entry = entry(app, "system", Conclusion::TimedOut, overdue.challenge_id);
        if app.store.settle_challenge(overdue.settlement(codes, app.now()), entry).await? {
            ended += 1;
            count(app, &overdue.bundle_digest, Conclusion::TimedOut);
        }
    }
    Ok(ended)
}

/// The challenge with this token. One whose time is over is ended on the way.
async fn find(app: &App, token: &str) -> Result<Challenge, ChallengeError> {
    let now = app.now();
    let digest = Token::parse(token).ok_or(ChallengeError::NotFound)?.digest();
    let found = app.store.challenge(&digest, app.config.environment, now).await?;
    let challenge = found.ok_or(ChallengeError::NotFound)?;
    let challenge =
        if challenge.is_overdue(now) { settle(app, challenge, Conclusion::TimedOut, None).await? } else { challenge };
    if challenge.expires_at.plus_seconds(SHOWN_AFTER_SECONDS) <= now {
        return Err(ChallengeError::Gone);
    }
    end_if_undeliverable(app, challenge).await
}

/// Ends a challenge whose code was given up and which has no other way.
async fn end_if_undeliverable(app: &App, challenge: Challenge) -> Result<Challenge, ChallengeError> {
    if ways::is_undeliverable(app, &challenge).await? {
        return settle(app, challenge, Conclusion::Undeliverable, None).await;
    }
    Ok(challenge)
}

/// Ends a challenge if it is open, and answers it as it stands afterwards.
async fn settle(
    app: &App,
    challenge: Challenge,
    conclusion: Conclusion,
    nonce: Option<[u8; 16]>,
) -> Result<Challenge, ChallengeError> {
    if challenge.state != ChallengeState::Open {
        return Ok(challenge);
    }
    end(app, &challenge, conclusion, nonce, None).await
}

/// The same with what the proof uses up; an error when that was used before.
async fn end(
    app: &App,
    challenge: &Challenge,
    conclusion: Conclusion,
    nonce: Option<[u8; 16]>,
    used: Option<Used>,
) -> Result<Challenge, ChallengeError> {
    let now = app.now();
    let actor = match conclusion {
        Conclusion::Passed(_) | Conclusion::Failed | Conclusion::Cancelled => "buyer".to_owned(),
        Conclusion::Withdrawn => format!("merchant:{}", challenge.merchant.id),
        Conclusion::TimedOut | Conclusion::Undeliverable => "system".to_owned(),
    };
    let feedback = match conclusion {
        Conclusion::Passed(_) => feedback::message(app, challenge.authentication.id, FeedbackEvent::ChallengePassed),
        Conclusion::Failed => feedback::message(app, challenge.authentication.id, FeedbackEvent::ChallengeFailed),
        _ => None,
    };
    let digest = &challenge.authentication.bundle_digest;
    let codes = codes(app, digest, conclusion).await;
    let settlement = Settlement { nonce, used, feedback, ..Settlement::of(challenge, conclusion, codes, now) };
    if app.store.settle_challenge(settlement, entry(app, &actor, conclusion, challenge.id)).await? {
        count(app, digest, conclusion);
    }
    reload(app, challenge).await
}

/// What others are told of an end, in the words of the bundle that asked for the challenge.
async fn codes(app: &App, digest: &str, conclusion: Conclusion) -> ResultCodes {
    let loaded = app.bundle.that_decided(digest).await;
    result::codes(loaded.bundle.reference(), conclusion.status(), &[conclusion.reason().to_owned()])
}

/// Counts an end for the bundle that asked for the challenge.
fn count(app: &App, digest: &str, conclusion: Conclusion) {
    let word = match conclusion {
        Conclusion::Passed(_) => "passed",
        Conclusion::Failed => "failed",
        Conclusion::Cancelled => "cancelled",
        Conclusion::Withdrawn => "withdrawn",
        Conclusion::TimedOut => "timed_out",
        Conclusion::Undeliverable => "undeliverable",
    };
    let snapshot = app.bundle.snapshot();
    let deciding = [Some(&snapshot.live), snapshot.canary.as_ref()];
    match deciding.into_iter().flatten().find(|used| used.digest() == digest) {
        Some(used) => app.figures.add(used, app.now(), [(FigureKind::Challenge, word.to_owned())]),
        None => app.figures.add_late(digest, app.now(), FigureKind::Challenge, word),
    }
}

async fn reload(app: &App, challenge: &Challenge) -> Result<Challenge, ChallengeError> {
    let found = app.store.challenge_of(challenge.authentication.id, app.config.environment, app.now()).await?;
    found.ok_or(ChallengeError::NotFound)
}

fn entry(app: &App, actor: &str, conclusion: Conclusion, id: ChallengeId) -> Entry {
    let now = app.now();
    note(app, now, actor, conclusion.action(), id, conclusion.status().as_str().to_owned())
}

fn note(app: &App, now: Micros, actor: &str, action: &'static str, id: ChallengeId, result: String) -> Entry {
    let audit_id = AuditId::new(now, &*app.randomness);
    Entry { id: audit_id, recorded_at: now, actor: actor.to_owned(), action, subject: id.to_string(), result }
}

/// Records the first visit of an open challenge.
async fn visit(app: &App, challenge: Challenge) -> Result<Challenge, ChallengeError> {
    if challenge.state != ChallengeState::Open || challenge.visited_at.is_some() {
        return give_up_on_lost_comparison(app, challenge).await;
    }
    let now = app.now();
    let entry = note(app, now, "buyer", "challenge.visit", challenge.id, "visited".to_owned());
    app.store.visit_challenge(challenge.id, challenge.authentication.card_id, now, entry).await?;
    reload(app, &challenge).await
}

/// Fails a challenge whose last try was counted but whose comparison never ended: the process died over it.
async fn give_up_on_lost_comparison(app: &App, challenge: Challenge) -> Result<Challenge, ChallengeError> {
    let lost = challenge.comparing_since.is_none_or(|since| since.plus_seconds(COMPARISON_SECONDS) <= app.now());
    if tries_left(app, &challenge) == 0 && lost {
        return settle(app, challenge, Conclusion::Failed, None).await;
    }
    Ok(challenge)
}
