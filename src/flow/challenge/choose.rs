//! The buyer chooses another way, or has a code sent. A form that comes again sends nothing twice.

use super::form::{self, Form};
use super::view::{Notice, View, show, show_on_arrival, tries_left};
use super::ways::{self, Way};
use super::{Arrival, ChallengeError, find, note, reload, visit};
use crate::app::App;
use crate::credential::sent_code::BoundTo;
use crate::domain::challenge::{ChallengeState, Language};
use crate::flow::sent_code::{self, Delivery, SendError, Sending};
use crate::store::StoreError;
use crate::store::challenges::Challenge;
use crate::store::challenges::choice::Choice;

/// What the form brought.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The form's token.
    pub form: String,
    /// The way's name.
    pub way: String,
    /// Whether a code is wanted even though one is on its way.
    pub again: bool,
    /// The language of the page, and so of the message.
    pub language: Language,
}

/// Goes over to another way. Choosing a code sends one, unless a live one went to the same contact.
///
/// # Errors
/// [`ChallengeError`].
pub async fn choose(app: &App, token: &str, wish: Wish, arrival: &Arrival) -> Result<View, ChallengeError> {
    let challenge = visit(app, find(app, token).await?).await?;
    if challenge.state != ChallengeState::Open || tries_left(app, &challenge) == 0 {
        return show(app, challenge, None).await;
    }
    let Some(nonce) = form::verify(app, Form::Choose, challenge.id, &wish.form) else {
        return show_on_arrival(app, challenge, arrival, Some(Notice::StaleForm)).await;
    };
    let ways = ways::of(app, &challenge).await?;
    let Some(way) = ways.as_ref().and_then(|ways| ways.named(&wish.way)).cloned() else {
        return show(app, challenge, Some(Notice::WayGone)).await;
    };
    if way == Way::Passkey && arrival.is_framed() {
        return show(app, challenge, Some(Notice::WayGone)).await;
    }
    let choice = Choice {
        challenge_id: challenge.id,
        nonce,
        method: way.method(),
        contact_id: way.contact_id(),
        now: app.now(),
    };
    let notice = if matches!(way, Way::Code { .. }) && (wish.again || !has_live_code(app, &challenge, &way).await?) {
        send(app, &challenge, choice, wish.language).await?
    } else {
        let entry = note(app, choice.now, "buyer", "challenge.choose", challenge.id, choice.method.as_str().to_owned());
        app.store.choose_method(choice, entry).await?;
        None
    };
    show(app, reload(app, &challenge).await?, notice).await
}

async fn has_live_code(app: &App, challenge: &Challenge, way: &Way) -> Result<bool, ChallengeError> {
    let subject = BoundTo::Challenge(challenge.id, &challenge.authentication).subject();
    let standing = sent_code::standing(app, subject).await?;
    Ok(standing.is_some_and(|standing| {
        Some(standing.contact_id) == way.contact_id()
            && standing.expires_at > app.now()
            && standing.delivery != Delivery::Failed
    }))
}

async fn send(
    app: &App,
    challenge: &Challenge,
    choice: Choice,
    language: Language,
) -> Result<Option<Notice>, ChallengeError> {
    let Some(to) = choice.contact_id else { return Ok(Some(Notice::WayGone)) };
    let Some(contact) = app.store.contact(to).await? else { return Ok(Some(Notice::WayGone)) };
    let bound_to = BoundTo::Challenge(challenge.id, &challenge.authentication);
    let mut code = match sent_code::new_code(app, Sending { actor: "buyer", bound_to, to, language }, &contact) {
        Ok(code) => code,
        Err(SendError::Store(error)) => return Err(error.into()),
        Err(SendError::TooMany | SendError::NoContact | SendError::NoWay(_)) => return Ok(Some(Notice::WayGone)),
    };
    code.expires_at = code.expires_at.min(challenge.expires_at);
    let entry = note(app, choice.now, "buyer", "code.send", challenge.id, contact.channel.as_str().to_owned());
    match app.store.send_challenge_code(choice, code, entry).await {
        Ok(_) => {
            app.bell.notify_one();
            Ok(None)
        }
        Err(StoreError::GivenUp) => Ok(Some(Notice::TooManyCodes)),
        Err(error) => Err(error.into()),
    }
}

/// Ends the challenge of a code whose message was given up, when there is no other way.
///
/// # Errors
/// [`ChallengeError`].
pub(in crate::flow) async fn given_up(app: &App, id: crate::domain::id::ChallengeId) -> Result<(), ChallengeError> {
    let Some(challenge) = app.store.challenge_by_id(id, app.config.environment, app.now()).await? else {
        return Ok(());
    };
    super::end_if_undeliverable(app, challenge).await.map(|_| ())
}
