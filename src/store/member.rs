//! Registered cards as their member sees them: those of her login group.

pub mod history;
pub mod link;
pub mod registration;
pub mod reset;
pub mod sessions;
pub mod sign_in;

use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::sql::{self, Row};
use super::{Store, StoreError};
use crate::domain::card::{CardStatus, Expiry};
use crate::domain::clock::Micros;
use crate::domain::facts::EnrolmentState;
use crate::domain::id::{CardId, CardholderId, EnrolmentId};

/// A registered card of a login group.
#[derive(Clone, Debug)]
pub struct OwnEnrolment {
    /// Its id.
    pub id: EnrolmentId,
    /// The card.
    pub card_id: CardId,
    /// Whose card it is.
    pub cardholder_id: CardholderId,
    /// The name that she signs in with.
    pub member_id: String,
    /// How far the registration has come.
    pub state: EnrolmentState,
    /// The programme's id in the bundle.
    pub programme: String,
    /// The issuer's word on the card.
    pub status: CardStatus,
    /// Since when the card is blocked, because a purchase was not its holder's.
    pub blocked_at: Option<Micros>,
    /// The last four digits of its number.
    pub last_four: String,
    /// The last month in which it can be used.
    pub expiry: Expiry,
    /// The personal message, sealed under the person's key.
    pub personal_message: Vec<u8>,
    /// Whether the message is the generated one.
    pub personal_message_provisional: bool,
    /// When she chose the message.
    pub personal_message_at: Option<Micros>,
    /// The terms that she accepted last.
    pub terms_version: Option<String>,
    /// When she did.
    pub terms_accepted_at: Option<Micros>,
    /// Those with the same group are shown together.
    pub login_group: Uuid,
    /// When it was registered.
    pub created_at: Micros,
}

const SELECT: &str = "SELECT e.id, e.card_id, c.cardholder_id, e.member_id, e.state, c.programme, c.status, \
     c.blocked_at, n.last_four, n.expiry, e.personal_message, e.personal_message_provisional, e.personal_message_at, \
     e.terms_version, e.terms_accepted_at, e.login_group, e.created_at FROM enrolments e \
     JOIN cards c ON c.id = e.card_id JOIN card_numbers n ON n.card_id = c.id AND n.retired_at IS NULL";

impl Store {
    /// The registered cards of a login group, the oldest registration first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enrolments_of_group(&self, group: Uuid) -> Result<Vec<OwnEnrolment>, StoreError> {
        let sql = format!("{SELECT} WHERE e.login_group = $1 ORDER BY e.created_at, e.id");
        sql::all(self.reader(), "enrolments", &sql, [group.into()]).await?.iter().map(read).collect()
    }

    /// A registered card, if it is of this login group.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enrolment_of_group(&self, id: EnrolmentId, group: Uuid) -> Result<Option<OwnEnrolment>, StoreError> {
        let sql = format!("{SELECT} WHERE e.id = $1 AND e.login_group = $2");
        let values: [Value; 2] = [id.uuid().into(), group.into()];
        sql::first(self.reader(), "enrolments", &sql, values).await?.as_ref().map(read).transpose()
    }
}

/// A registered card, as the transaction sees it.
pub(crate) async fn by_id(
    connection: &impl ConnectionTrait,
    id: EnrolmentId,
) -> Result<Option<OwnEnrolment>, StoreError> {
    let sql = format!("{SELECT} WHERE e.id = $1");
    sql::first(connection, "enrolments", &sql, [id.uuid().into()]).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<OwnEnrolment, StoreError> {
    let expiry: String = row.get("expiry")?;
    let micros = |column: &str| Ok::<_, StoreError>(row.get::<Option<i64>>(column)?.map(Micros));
    Ok(OwnEnrolment {
        id: EnrolmentId::from_uuid(row.get("id")?),
        card_id: CardId::from_uuid(row.get("card_id")?),
        cardholder_id: CardholderId::from_uuid(row.get("cardholder_id")?),
        member_id: row.get("member_id")?,
        state: row.word("state", EnrolmentState::parse)?,
        programme: row.get("programme")?,
        status: row.word("status", CardStatus::parse)?,
        blocked_at: micros("blocked_at")?,
        last_four: row.get("last_four")?,
        expiry: Expiry::parse(&expiry).ok_or_else(|| row.corrupt("expiry"))?,
        personal_message: row.get("personal_message")?,
        personal_message_provisional: row.get("personal_message_provisional")?,
        personal_message_at: micros("personal_message_at")?,
        terms_version: row.get("terms_version")?,
        terms_accepted_at: micros("terms_accepted_at")?,
        login_group: row.get("login_group")?,
        created_at: Micros(row.get("created_at")?),
    })
}
