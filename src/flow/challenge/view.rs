//! What is shown of a challenge as it stands, and to whom.

use super::form::{Form, issue};
use super::return_way::ReturnWay;
use super::ways::{self, Ways};
use super::{Arrival, ChallengeError};
use crate::app::App;
use crate::domain::challenge::ChallengeState;
use crate::domain::clock::Micros;
use crate::keys::{SealError, WrappedKey};
use crate::store::challenges::{Challenge, SealedEnrolment};

/// A challenge as it stands, to be shown.
#[derive(Debug)]
pub struct View {
    /// The challenge.
    pub challenge: Challenge,
    /// What is to be shown of it.
    pub stage: Stage,
}

/// What a page shows.
#[derive(Debug)]
pub enum Stage {
    /// A page that reveals nothing personal, with a button to go on.
    Neutral {
        /// The token of that button's form.
        go_on: String,
    },
    /// The question for the proof.
    Asking(Box<Asking>),
    /// A proof is being compared; a button shows what came of it.
    Comparing {
        /// The token of that button's form.
        go_on: String,
    },
    /// The final result and the way back.
    Finished(ReturnWay),
}

/// The question for the proof.
#[derive(Debug)]
pub struct Asking {
    /// The personal message; none when the card's pages were opened too often in a day.
    pub message: Option<String>,
    /// How many proofs will still be compared.
    pub tries_left: i64,
    /// How many seconds are left.
    pub seconds_left: i64,
    /// What the buyer must know about what she did last.
    pub notice: Option<Notice>,
    /// How she proves who she is, and what she may change to.
    pub ways: Ways,
    /// Tokens of the forms: the answer, another way, the same page again, and giving up.
    pub forms: AskingForms,
}

/// Tokens of the forms on the page that asks.
#[derive(Debug)]
pub struct AskingForms {
    /// The answer.
    pub answer: String,
    /// Another way, or a code.
    pub choose: String,
    /// The same page again, in another language.
    pub go_on: String,
    /// Giving up.
    pub cancel: String,
}

/// What the buyer must know about what she did last. Only a wrong proof, and one that was used before, spent a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It was wrong.
    Wrong,
    /// It was empty; no try was spent.
    Empty,
    /// It is longer than any password; no try was spent.
    TooLong,
    /// Its form was not from this page; no try was spent.
    StaleForm,
    /// The field for the code was empty.
    EmptyCode,
    /// A code has six digits, and this has not.
    NotSixDigits,
    /// The form brought another method's field.
    OtherField,
    /// The one-time password was used before.
    UsedBefore,
    /// There is no code to compare with: none was sent, or its time is over.
    NoCode,
    /// No more codes are sent.
    TooManyCodes,
    /// The way that was chosen is gone.
    WayGone,
    /// No passkey answered, or too late.
    NoPasskey,
}

/// How many proofs will still be compared.
pub(super) fn tries_left(app: &App, challenge: &Challenge) -> i64 {
    (i64::from(app.config.challenge.tries) - challenge.attempts).max(0)
}

/// The challenge as it stands: the neutral page first, unless the browser came by the merchant.
pub(super) async fn show_on_arrival(
    app: &App,
    challenge: Challenge,
    arrival: &Arrival,
    notice: Option<Notice>,
) -> Result<View, ChallengeError> {
    if challenge.state == ChallengeState::Open && !arrival.is_expected(&challenge.merchant) {
        let go_on = issue(app, Form::GoOn, challenge.id);
        return Ok(View { challenge, stage: Stage::Neutral { go_on } });
    }
    show(app, challenge, notice).await
}

/// The challenge as it stands, to somebody who may see the personal message.
pub(super) async fn show(app: &App, challenge: Challenge, notice: Option<Notice>) -> Result<View, ChallengeError> {
    let stage = if challenge.state != ChallengeState::Open {
        Stage::Finished(ReturnWay::of(app, &challenge).ok_or(ChallengeError::Result)?)
    } else if tries_left(app, &challenge) == 0 {
        Stage::Comparing { go_on: issue(app, Form::GoOn, challenge.id) }
    } else if let Some(ways) = ways::of(app, &challenge).await? {
        Stage::Asking(Box::new(asking(app, &challenge, ways, notice)?))
    } else {
        // The last way went this moment: the next look ends the challenge.
        Stage::Comparing { go_on: issue(app, Form::GoOn, challenge.id) }
    };
    Ok(View { challenge, stage })
}

fn asking(app: &App, challenge: &Challenge, ways: Ways, notice: Option<Notice>) -> Result<Asking, ChallengeError> {
    let within_limit = challenge.pages_opened <= i64::from(app.config.challenge.pages_per_day);
    let message = match &challenge.enrolment {
        Some(enrolment) if within_limit => Some(personal_message(app, enrolment)?),
        _ => None,
    };
    let forms = AskingForms {
        answer: issue(app, Form::Answer(ways.present.method()), challenge.id),
        choose: issue(app, Form::Choose, challenge.id),
        go_on: issue(app, Form::GoOn, challenge.id),
        cancel: issue(app, Form::Cancel, challenge.id),
    };
    let seconds_left = ((challenge.expires_at.0 - app.now().0) / Micros::SECOND).max(0);
    Ok(Asking { message, tries_left: tries_left(app, challenge), seconds_left, notice, ways, forms })
}

fn personal_message(app: &App, enrolment: &SealedEnrolment) -> Result<String, SealError> {
    let wrapped = WrappedKey { key_id: enrolment.person_key_id.clone(), bytes: enrolment.person_key.clone() };
    let key = app.keys.unwrap_person_key(enrolment.cardholder_id, &wrapped)?;
    let message = key.open("enrolments", "personal_message", enrolment.id.uuid(), &enrolment.personal_message)?;
    Ok(String::from_utf8_lossy(&message).into_owned())
}
