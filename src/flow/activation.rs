//! Activation codes: the issuer sends one to a card's holder, who registers the card with it, or chooses another password.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::app::App;
use crate::credential::one_time;
use crate::domain::card::{CardNumber, CardStatus, Expiry};
use crate::domain::clock::Micros;
use crate::domain::id::{ActivationId, CardId};
use crate::flow::register::note;
use crate::store::StoreError;
use crate::store::activation_codes::{CountedActivation, NewActivation};

/// The class of the keyed digests.
const CLASS: &str = "activation_code";

/// A code that was issued, shown once.
pub struct IssuedActivation {
    /// The code, for the card's holder alone.
    pub code: Zeroizing<String>,
    /// Until when it is good.
    pub expires_at: Micros,
}

/// Why no code was issued.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// No card has this reference.
    #[error("no card has the reference `{0}`\nhint: register the card first")]
    UnknownCard(String),
    /// The card is closed for good.
    #[error("the card `{0}` is closed\nhint: a closed card stays closed; register a new one")]
    Closed(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Issues a code for a card, in the place of older ones.
///
/// # Errors
/// [`ActivationError`].
pub async fn issue(app: &App, actor: &str, reference: &str) -> Result<IssuedActivation, ActivationError> {
    let card = app.store.card(reference).await?;
    let card = card.ok_or_else(|| ActivationError::UnknownCard(reference.to_owned()))?;
    if card.status == CardStatus::Closed {
        return Err(ActivationError::Closed(reference.to_owned()));
    }
    let code = Zeroizing::new(one_time::written_code(app.randomness.as_ref()));
    let digest = digests(app, card.id, &code).into_iter().next().ok_or(StoreError::GivenUp)?;
    let expires_at = app.now().plus_seconds(app.config.member.activation_code_seconds);
    let id = ActivationId::new(app.now(), app.randomness.as_ref());
    let entry = note(app, actor, "card.activation_code", card.id.to_string());
    let new = NewActivation { id, card_id: card.id, digest, expires_at };
    app.store.issue_activation(new, app.now(), entry).await?;
    Ok(IssuedActivation { code, expires_at })
}

/// Counts a try and compares it. The code is answered when card number, expiry and code are right and the card is in use;
/// an unknown card and a wrong, used or expired code look the same.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn check(
    app: &App,
    number: &CardNumber,
    expiry: Expiry,
    code: &str,
) -> Result<Option<CountedActivation>, StoreError> {
    let numbers = app.keys.card_digests_for_lookup(number).into_iter().map(|digest| digest.bytes).collect();
    let Some(counted) = app.store.count_activation_try(numbers, app.now()).await? else { return Ok(None) };
    let is_code = digests(app, counted.card.id, code).iter().any(|digest| bool::from(digest.ct_eq(&counted.digest)));
    let is_card = counted.card.number.expiry == expiry && counted.card.status == CardStatus::Active;
    Ok((is_code && is_card).then_some(counted))
}

fn digests(app: &App, card: CardId, code: &str) -> Vec<[u8; 32]> {
    one_time::recovery_digests(&app.keys, CLASS, &card.to_string(), code)
}
