//! A passkey's answer to a challenge: what the browser is asked, once for all tabs, and whether its answer is right. The
//! question is taken back with the first answer, so that none is answered twice.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ChallengeError;
use crate::app::App;
use crate::credential::passkey::PasskeyError;
use crate::domain::id::EnrolmentId;
use crate::flow::member_card::passkeys::CEREMONY_SECONDS;
use crate::store::challenges::Challenge;
use crate::store::passkeys::{CeremonyPurpose, PasskeyRow, PasskeyUse};

/// What is remembered: the question as the browser gets it, and what its answer is held against.
#[derive(Serialize, Deserialize)]
struct Ceremony {
    options: Value,
    state: String,
}

/// What the browser is asked; none where the card has no passkey any more.
pub(super) async fn options(app: &App, challenge: &Challenge) -> Result<Option<String>, ChallengeError> {
    let (Some(passkeys), Some(enrolment)) = (&app.passkeys, &challenge.enrolment) else { return Ok(None) };
    let known = texts(known(app, enrolment.id).await?);
    if known.is_empty() {
        return Ok(None);
    }
    let begun = passkeys.begin_proof(&known)?;
    let fresh = serde_json::json!(Ceremony { options: begun.options, state: begun.state }).to_string();
    let now = app.now();
    let expires_at = now.plus_seconds(CEREMONY_SECONDS).min(challenge.expires_at);
    let purpose = CeremonyPurpose::Challenge;
    let kept = app.store.keep_ceremony(purpose, challenge.id.uuid(), fresh, expires_at, now).await?;
    Ok(kept.and_then(|kept| read(&kept)).map(|ceremony| ceremony.options.to_string()))
}

/// Whether a question waits for its answer.
pub(super) async fn is_asked(app: &App, challenge: &Challenge) -> Result<bool, ChallengeError> {
    let purpose = CeremonyPurpose::Challenge;
    Ok(app.store.ceremony(purpose, challenge.id.uuid(), app.now()).await?.is_some())
}

/// The passkey whose right answer this is, and what it leaves behind; none when the answer is wrong or comes too late.
pub(super) async fn prove(
    app: &App,
    challenge: &Challenge,
    answer: &str,
) -> Result<Option<PasskeyUse>, ChallengeError> {
    let (Some(passkeys), Some(enrolment)) = (&app.passkeys, &challenge.enrolment) else { return Ok(None) };
    let taken = app.store.take_ceremony(CeremonyPurpose::Challenge, challenge.id.uuid(), app.now()).await?;
    let Some(ceremony) = taken.and_then(|taken| read(&taken)) else { return Ok(None) };
    let rows = known(app, enrolment.id).await?;
    let texts: Vec<String> = rows.iter().map(|row| row.passkey.clone()).collect();
    match passkeys.end_proof(answer, &ceremony.state, &texts) {
        Ok(proved) => {
            let row = rows.into_iter().find(|row| row.key_id == proved.key_id);
            Ok(row.map(|row| PasskeyUse { id: row.id, before: row.passkey, after: proved.passkey }))
        }
        Err(PasskeyError::Counter) => {
            tracing::warn!(enrolment = %enrolment.id, "a passkey's counter did not rise: there may be a copy of it");
            Ok(None)
        }
        Err(PasskeyError::Unreadable | PasskeyError::Wrong) => Ok(None),
        Err(error @ PasskeyError::Ceremony) => Err(error.into()),
    }
}

async fn known(app: &App, enrolment: EnrolmentId) -> Result<Vec<PasskeyRow>, ChallengeError> {
    Ok(app.store.passkeys_of(enrolment).await?)
}

fn texts(rows: Vec<PasskeyRow>) -> Vec<String> {
    rows.into_iter().map(|row| row.passkey).collect()
}

fn read(text: &str) -> Option<Ceremony> {
    serde_json::from_str(text).ok()
}
