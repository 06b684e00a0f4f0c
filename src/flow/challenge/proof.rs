//! A proof as it was typed, and its comparison with what is known of the card.

use zeroize::Zeroizing;

use super::ChallengeError;
use super::answer::Answer;
use super::passkey;
use super::view::Notice;
use crate::app::App;
use crate::credential::hasher::Reserved;
use crate::credential::one_time;
use crate::credential::password::Password;
use crate::credential::sent_code::{self, BoundTo};
use crate::domain::facts::Method;
use crate::keys::{SealError, WrappedKey};
use crate::store::challenges::Challenge;
use crate::store::challenges::attempts::Credential;
use crate::store::challenges::settlement::Used;

/// What was typed, in the form of its method.
pub(super) enum Proof {
    /// The password, with a processor to compare it.
    Password(Password, Reserved),
    /// Six digits of a one-time password.
    Totp(Zeroizing<String>),
    /// Six digits of a sent code.
    Code(Zeroizing<String>),
    /// What a passkey answered.
    Passkey(String),
}

/// What a comparison came to.
pub(super) enum Compared {
    /// It is right, and rests on this; `dated` when the hash is to be made anew.
    Right {
        /// What it uses up.
        used: Option<Used>,
        /// Whether the stored hash is of older settings.
        dated: bool,
    },
    /// It is wrong.
    Wrong,
}

/// The proof for this method, or what is wrong with the form. Nothing of that spends a try.
pub(super) async fn typed(app: &App, method: Method, answer: &Answer) -> Result<Result<Proof, Notice>, ChallengeError> {
    let others: [&str; 2] = match method {
        Method::Password => [&answer.code, &answer.passkey],
        Method::Totp | Method::Code => [&answer.password, &answer.passkey],
        Method::Passkey => [&answer.password, &answer.code],
    };
    if others.iter().any(|other| !other.is_empty()) {
        return Ok(Err(Notice::OtherField));
    }
    if method == Method::Passkey {
        let given = !answer.passkey.is_empty();
        return Ok(if given { Ok(Proof::Passkey(answer.passkey.clone())) } else { Err(Notice::NoPasskey) });
    }
    let own = if method == Method::Password { &answer.password } else { &answer.code };
    if method == Method::Password {
        if own.is_empty() {
            return Ok(Err(Notice::Empty));
        }
        let Ok(password) = Password::typed(own) else { return Ok(Err(Notice::TooLong)) };
        // The permit comes first: who has to be turned away because all processors are busy has spent no try.
        return Ok(Ok(Proof::Password(password, app.hasher.reserve().await?)));
    }
    if own.trim().is_empty() {
        return Ok(Err(Notice::EmptyCode));
    }
    let Some(digits) = one_time::six_digits(own) else { return Ok(Err(Notice::NotSixDigits)) };
    Ok(Ok(if method == Method::Totp { Proof::Totp(digits) } else { Proof::Code(digits) }))
}

/// Compares a proof that was counted.
pub(super) async fn compare(
    app: &App,
    challenge: &Challenge,
    credential: &Credential,
    proof: Proof,
) -> Result<Compared, ChallengeError> {
    let used = match proof {
        Proof::Password(password, processor) => {
            let compared = processor.compare(password, credential.secret.clone()).await?;
            let right = Compared::Right { used: None, dated: compared.needs_rehash };
            return Ok(if compared.matches { right } else { Compared::Wrong });
        }
        Proof::Totp(digits) => {
            let secret = secret(app, challenge, credential)?;
            one_time::matching_step(&secret, &digits, app.now()).map(Used::Step)
        }
        Proof::Passkey(answer) => passkey::prove(app, challenge, &answer).await?.map(Used::Passkey),
        Proof::Code(digits) => {
            let bound_to = BoundTo::Challenge(challenge.id, &challenge.authentication);
            let code = app.store.sent_code(bound_to.subject()).await?;
            let code = code.filter(|code| code.expires_at > app.now());
            code.filter(|code| sent_code::matches(&app.keys, bound_to, &digits, &code.digest))
                .map(|code| Used::Code(code.digest))
        }
    };
    Ok(used.map_or(Compared::Wrong, |used| Compared::Right { used: Some(used), dated: false }))
}

/// The secret of one-time passwords, opened under the person's key.
fn secret(app: &App, challenge: &Challenge, credential: &Credential) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let enrolment = challenge.enrolment.as_ref().ok_or(SealError::Form)?;
    let wrapped = WrappedKey { key_id: enrolment.person_key_id.clone(), bytes: enrolment.person_key.clone() };
    let key = app.keys.unwrap_person_key(enrolment.cardholder_id, &wrapped)?;
    let sealed = hex::decode(&credential.secret).map_err(|_| SealError::Form)?;
    key.open("credentials", "secret", credential.id.uuid(), &sealed)
}
