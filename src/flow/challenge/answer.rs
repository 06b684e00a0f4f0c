//! The answer to a challenge: counted first, compared then. A form that comes again gets what came of it the
//! first time, and spends nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::form::{self, Form};
use super::view::{Notice, View, show, show_on_arrival};
use super::{Arrival, ChallengeError, find, note, reload, settle, visit};
use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::password::Password;
use crate::domain::challenge::{AnswerOutcome, ChallengeState};
use crate::domain::facts::Method;
use crate::domain::id::CredentialId;
use crate::store::challenges::Challenge;
use crate::store::challenges::attempts::{Attempt, Counted, Credential};
use crate::store::challenges::settlement::Conclusion;

/// How often, and how long apart, a repeated form looks whether the first one was compared.
const LOOKS: u32 = 20;
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What the form brought.
pub struct Answer {
    /// The form's token.
    pub form: String,
    /// The password as typed.
    pub password: Zeroizing<String>,
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
        return show(app, challenge, None);
    }
    let Some(nonce) = form::verify(app, Form::Answer, challenge.id, &answer.form) else {
        let challenge = visit(app, challenge).await?;
        return show_on_arrival(app, challenge, arrival, Some(Notice::StaleForm));
    };
    if answer.password.is_empty() {
        return show(app, challenge, Some(Notice::Empty));
    }
    let (challenge, notice) = count_and_compare(app, challenge, nonce, &answer.password).await?;
    show(app, challenge, notice)
}

/// The permit comes first: who has to be turned away because all processors are busy has spent no try.
async fn count_and_compare(
    app: &App,
    challenge: Challenge,
    nonce: [u8; 16],
    password: &str,
) -> Result<(Challenge, Option<Notice>), ChallengeError> {
    let (Ok(password), Ok(again)) = (Password::typed(password), Password::typed(password)) else {
        return Ok((challenge, Some(Notice::TooLong)));
    };
    let processor = app.hasher.reserve().await?;
    let now = app.now();
    let attempt = Attempt {
        challenge_id: challenge.id,
        nonce,
        enrolment_id: challenge.enrolment.as_ref().map(|enrolment| enrolment.id),
        method: Method::Password,
        tries: i64::from(app.config.challenge.tries),
        now,
    };
    let entry = note(app, now, "buyer", "challenge.attempt", challenge.id, Method::Password.as_str().to_owned());
    match app.store.count_attempt(attempt, entry).await? {
        Counted::Compare { credential, last } => {
            let compared = processor.compare(password, credential.secret.clone()).await?;
            let verdict = Verdict { right: compared.matches, last, credential: credential.id };
            let concluded = conclude(app, challenge, nonce, verdict).await?;
            if compared.matches && compared.needs_rehash {
                rehash(app, credential, again).await?;
            }
            Ok(concluded)
        }
        Counted::Repeated => {
            drop(processor);
            wait_for_first(app, challenge, nonce).await
        }
        Counted::Unusable => Ok((settle(app, challenge, Conclusion::Failed, Some(nonce)).await?, None)),
        Counted::Refused => {
            drop(processor);
            Ok((visit(app, reload(app, &challenge).await?).await?, None))
        }
    }
}

/// What a comparison came to.
struct Verdict {
    right: bool,
    last: bool,
    credential: CredentialId,
}

/// The same password hashed by today's settings. It can wait until the next time when all processors are busy.
async fn rehash(app: &App, credential: Credential, password: Password) -> Result<(), ChallengeError> {
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
    verdict: Verdict,
) -> Result<(Challenge, Option<Notice>), ChallengeError> {
    if !verdict.right && !verdict.last {
        app.store.note_wrong_answer(challenge.id, nonce).await?;
        return Ok((reload(app, &challenge).await?, Some(Notice::Wrong)));
    }
    let conclusion = if verdict.right { Conclusion::Passed(verdict.credential) } else { Conclusion::Failed };
    let challenge = settle(app, challenge, conclusion, Some(nonce)).await?;
    if challenge.state == ChallengeState::Open && challenge.is_overdue(app.now()) {
        // Its time ran out while the proof was compared.
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
