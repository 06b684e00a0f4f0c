//! The answer to a challenge: counted first, compared then. A form that comes again gets what came of it the
//! first time, and spends nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::form;
use super::passkey;
use super::proof::{self, Compared, Proof};
use super::view::{Notice, View, show, show_on_arrival};
use super::{Arrival, ChallengeError, end, find, note, reload, settle, visit};
use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::password::Password;
use crate::domain::challenge::{AnswerOutcome, ChallengeState};
use crate::domain::facts::Method;
use crate::domain::sent_code::CodeSubject;
use crate::store::StoreError;
use crate::store::challenges::Challenge;
use crate::store::challenges::attempts::{Attempt, Counted, Credential};
use crate::store::challenges::settlement::{Conclusion, Used};

/// How often, and how long apart, a repeated form looks whether the first one was compared.
const LOOKS: u32 = 20;
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What the form brought.
pub struct Answer {
    /// The form's token, which says for which method it was made.
    pub form: String,
    /// The password as typed.
    pub password: Zeroizing<String>,
    /// The one-time password or sent code as typed.
    pub code: Zeroizing<String>,
    /// What a passkey answered, as JSON.
    pub passkey: String,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("form", &self.form).finish_non_exhaustive()
    }
}

/// Takes an answer. It runs in a task of its own: a browser that goes away changes nothing.
///
/// # Errors
/// [`ChallengeError`].
pub async fn answer(app: Arc<App>, token: String, answer: Answer, arrival: Arrival) -> Result<View, ChallengeError> {
    let task = tokio::spawn(async move { take(&app, &token, answer, &arrival).await });
    task.await.map_err(|_| ChallengeError::Broken)?
}

async fn take(app: &App, token: &str, answer: Answer, arrival: &Arrival) -> Result<View, ChallengeError> {
    let challenge = find(app, token).await?;
    if challenge.state != ChallengeState::Open {
        return show(app, challenge, None).await;
    }
    let Some((method, nonce)) = form::verify_answer(app, &challenge, &answer.form) else {
        let challenge = visit(app, challenge).await?;
        return show_on_arrival(app, challenge, arrival, Some(Notice::StaleForm)).await;
    };
    let proof = match proof::typed(app, method, &answer).await? {
        Ok(proof) => proof,
        Err(notice) => return show(app, challenge, Some(notice)).await,
    };
    if method == Method::Passkey && arrival.is_framed() {
        return show(app, challenge, Some(Notice::WayGone)).await;
    }
    if method == Method::Passkey && !passkey::is_asked(app, &challenge).await? {
        return show(app, challenge, Some(Notice::NoPasskey)).await;
    }
    if method == Method::Code && !has_live_code(app, &challenge).await? {
        // Somebody may have ended it by the code this moment.
        return show(app, reload(app, &challenge).await?, Some(Notice::NoCode)).await;
    }
    let (challenge, notice) = count_and_compare(app, challenge, nonce, method, proof, &answer).await?;
    show(app, challenge, notice).await
}

async fn has_live_code(app: &App, challenge: &Challenge) -> Result<bool, ChallengeError> {
    let code = app.store.sent_code(CodeSubject::Challenge(challenge.id)).await?;
    Ok(code.is_some_and(|code| code.expires_at > app.now()))
}

async fn count_and_compare(
    app: &App,
    challenge: Challenge,
    nonce: [u8; 16],
    method: Method,
    proof: Proof,
    answer: &Answer,
) -> Result<(Challenge, Option<Notice>), ChallengeError> {
    let now = app.now();
    let attempt = Attempt {
        challenge_id: challenge.id,
        nonce,
        enrolment_id: challenge.enrolment.as_ref().map(|enrolment| enrolment.id),
        method,
        tries: i64::from(app.config.challenge.tries),
        now,
    };
    let entry = note(app, now, "buyer", "challenge.attempt", challenge.id, method.as_str().to_owned());
    match app.store.count_attempt(attempt, entry).await? {
        Counted::Compare { credential, last } => {
            let compared = proof::compare(app, &challenge, &credential, proof).await?;
            let dated = matches!(compared, Compared::Right { dated: true, .. });
            let concluded =
                conclude(app, challenge, nonce, Verdict { compared, last, credential: &credential }).await?;
            if dated {
                rehash(app, credential, &answer.password).await?;
            }
            Ok(concluded)
        }
        Counted::Repeated => {
            drop(proof);
            wait_for_first(app, challenge, nonce).await
        }
        Counted::Unusable => Ok((settle(app, challenge, Conclusion::Failed, Some(nonce)).await?, None)),
        Counted::Refused => {
            drop(proof);
            Ok((visit(app, reload(app, &challenge).await?).await?, None))
        }
    }
}

/// What a comparison came to, and for whom.
struct Verdict<'a> {
    compared: Compared,
    last: bool,
    credential: &'a Credential,
}

/// The same password hashed by today's settings. It can wait until the next time when all processors are busy.
async fn rehash(app: &App, credential: Credential, password: &str) -> Result<(), ChallengeError> {
    let Ok(password) = Password::typed(password) else { return Ok(()) };
    match app.hasher.hash(password).await {
        Ok(secret) => Ok(app.store.rehash(credential, secret).await?),
        Err(HasherError::Busy) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn conclude(
    app: &App,
    challenge: Challenge,
    nonce: [u8; 16],
    verdict: Verdict<'_>,
) -> Result<(Challenge, Option<Notice>), ChallengeError> {
    let Compared::Right { used, .. } = verdict.compared else {
        return not_right(app, challenge, nonce, verdict.last, Notice::Wrong).await;
    };
    let passed = Conclusion::Passed(verdict.credential.id);
    let notice = if matches!(used, Some(Used::Step(_))) { Notice::UsedBefore } else { Notice::Wrong };
    let challenge = match end(app, &challenge, passed, Some(nonce), used).await {
        Ok(ended) => ended,
        // Somebody was faster with the same step or code.
        Err(ChallengeError::Store(StoreError::GivenUp)) => {
            return not_right(app, challenge, nonce, verdict.last, notice).await;
        }
        Err(error) => return Err(error),
    };
    if challenge.state == ChallengeState::Open && challenge.is_overdue(app.now()) {
        // Its time ran out while the proof was compared.
        return Ok((settle(app, challenge, Conclusion::TimedOut, None).await?, None));
    }
    Ok((challenge, None))
}

/// The proof was wrong, or rests on what was used before.
async fn not_right(
    app: &App,
    challenge: Challenge,
    nonce: [u8; 16],
    last: bool,
    notice: Notice,
) -> Result<(Challenge, Option<Notice>), ChallengeError> {
    if !last {
        app.store.note_wrong_answer(challenge.id, nonce).await?;
        return Ok((reload(app, &challenge).await?, Some(notice)));
    }
    let challenge = settle(app, challenge, Conclusion::Failed, Some(nonce)).await?;
    if challenge.state == ChallengeState::Open && challenge.is_overdue(app.now()) {
        return Ok((settle(app, challenge, Conclusion::TimedOut, None).await?, None));
    }
    Ok((challenge, None))
}

/// The same form again, while the first may still be in comparison, here or in another process.
async fn wait_for_first(
    app: &App,
    challenge: Challenge,
    nonce: [u8; 16],
) -> Result<(Challenge, Option<Notice>), ChallengeError> {
    let mut outcome = app.store.answer_outcome(challenge.id, nonce).await?;
    for _ in 0..LOOKS {
        if outcome.is_some() {
            break;
        }
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        outcome = app.store.answer_outcome(challenge.id, nonce).await?;
    }
    let notice = (outcome == Some(AnswerOutcome::Wrong)).then_some(Notice::Wrong);
    Ok((visit(app, reload(app, &challenge).await?).await?, notice))
}
