//! A member looks at the purchases with a card, and says when one was not hers: the card is blocked at once, she is told
//! wherever she can be, and so is the analysis company where it takes that.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{OwnCard, note, told_in};
use crate::app::App;
use crate::domain::authentication::{Ending, Status};
use crate::domain::clock::Micros;
use crate::domain::feedback::FeedbackEvent;
use crate::domain::id::AuthenticationId;
use crate::domain::member::Member;
use crate::domain::member_notice::MemberEvent;
use crate::domain::money::Money;
use crate::flow::challenge;
use crate::flow::feedback;
use crate::flow::member_notice;
use crate::store::StoreError;
use crate::store::member_card::Disowned;

/// So many purchases are listed.
pub const LISTED: usize = 50;

/// A purchase as its buyer may see it: what she knows herself, and what became of it. No rule, no reason.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// Its authentication.
    pub id: AuthenticationId,
    /// The merchant's name.
    pub merchant: String,
    /// The amount.
    pub money: Money,
    /// When, by the merchant.
    pub purchased_at: Micros,
    /// Where it stands.
    pub status: Status,
    /// How it came to that.
    pub ending: Ending,
    /// Whether she has said that it was not hers.
    pub disowned: bool,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum DisownError {
    /// There is no such purchase with this card.
    #[error("there is no such purchase with this card")]
    Unknown,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The newest purchases with the card, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(app: &App, own: &OwnCard) -> Result<Vec<Purchase>, StoreError> {
    let found = app.store.recent_of_card(own.card.card_id, LISTED).await?;
    let disowned = app.store.disowned_of_card(own.card.card_id).await?;
    let mut names = BTreeMap::new();
    let mut purchases = Vec::with_capacity(found.len());
    for authentication in found {
        let merchant_id = authentication.merchant_id;
        let name = match names.entry(merchant_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let merchant = app.store.merchant(merchant_id, app.config.environment).await?;
                place.insert(merchant.map(|merchant| merchant.name).unwrap_or_default())
            }
        };
        purchases.push(Purchase {
            id: authentication.id,
            merchant: name.clone(),
            money: authentication.money,
            purchased_at: authentication.purchased_at,
            status: authentication.status,
            ending: authentication.ending,
            disowned: disowned.contains(&authentication.id),
        });
    }
    Ok(purchases)
}

/// One purchase with the card; none where it is not among those that are listed.
///
/// # Errors
/// [`DisownError`].
pub async fn find(app: &App, own: &OwnCard, id: AuthenticationId) -> Result<Purchase, DisownError> {
    let listed = list(app, own).await?;
    listed.into_iter().find(|purchase| purchase.id == id).ok_or(DisownError::Unknown)
}

/// Records that a purchase was not hers and blocks the card until staff open it. Answers whether she says so for the first
/// time.
///
/// # Errors
/// [`DisownError`]; then nothing was recorded.
pub async fn disown(app: &App, member: &Member, own: &OwnCard, id: AuthenticationId) -> Result<bool, DisownError> {
    let purchase = find(app, own, id).await?;
    if purchase.disowned {
        return Ok(false);
    }
    let enrolment_id = own.card.id;
    let mut messages = member_notice::messages(app, enrolment_id, MemberEvent::CardBlocked, told_in(member)).await?;
    messages.extend(feedback::message(app, id, FeedbackEvent::ConfirmedFraud));
    let disowned = Disowned { authentication_id: id, enrolment_id, card_id: own.card.card_id, messages };
    let mut entry = note(app, member, own, "member.disown");
    entry.result = id.to_string();
    let first = app.store.disown(disowned, app.now(), entry).await?;
    if let Err(error) = challenge::give_up_all(app, own.card.card_id).await {
        // The block stands; what is under way ends by itself in minutes.
        tracing::error!(%error, "the open challenges of a blocked card cannot be ended");
    }
    Ok(first)
}
