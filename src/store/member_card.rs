//! One of a member's cards, as she manages it on her own pages: found only within her login group, changed by one
//! conditional statement each.

mod contacts;
mod message;
mod one_time;
mod password;
mod purchases;

use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

pub use self::contacts::Verified;
pub use self::one_time::{Application, Confirmed};
pub use self::purchases::Disowned;

use super::sql::{self, Row};
use super::{Store, StoreError};
use crate::domain::card::CardStatus;
use crate::domain::clock::Micros;
use crate::domain::facts::{EnrolmentState, Method};
use crate::domain::id::{CardId, CardholderId, CredentialId, EnrolmentId, MemberSessionId};

/// A registered card, with what its holder may see and change of it.
#[derive(Clone, Debug)]
pub struct MemberCard {
    /// Its registration.
    pub enrolment_id: EnrolmentId,
    /// How far the registration has come.
    pub state: EnrolmentState,
    /// The card.
    pub card_id: CardId,
    /// Whose it is.
    pub cardholder_id: CardholderId,
    /// The name she signs in with for this card.
    pub member_id: String,
    /// The card's programme.
    pub programme: String,
    /// The number's last four digits.
    pub last_four: String,
    /// The issuer's word on the card.
    pub status: CardStatus,
    /// Since when its holder has blocked it.
    pub blocked_at: Option<Micros>,
    /// The id of the key that wraps hers.
    pub person_key_id: String,
    /// Her key, wrapped.
    pub person_key: Vec<u8>,
    /// The personal message, sealed under her key.
    pub personal_message: Vec<u8>,
    /// Whether that is still the generated one.
    pub message_is_provisional: bool,
    /// When she last changed it; none: never.
    pub message_changed_at: Option<Micros>,
    /// What she proves with.
    pub credentials: Vec<CredentialFact>,
}

/// A credential, without its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialFact {
    /// Its id.
    pub id: CredentialId,
    /// What it is.
    pub kind: Method,
    /// Since when it has been what it is.
    pub changed_at: Micros,
    /// From when on it can be used in a challenge.
    pub usable_from: Micros,
}

/// Who changes something, as far as sessions are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Changing {
    /// The login group.
    pub login_group: Uuid,
    /// The session in which it is changed; it goes on.
    pub session_id: MemberSessionId,
}

impl MemberCard {
    /// The credential of a kind, if the card has one.
    pub fn credential(&self, kind: Method) -> Option<&CredentialFact> {
        self.credentials.iter().find(|credential| credential.kind == kind)
    }
}

const SELECT: &str = "SELECT e.id AS enrolment_id, e.state, e.card_id, e.member_id, e.personal_message, \
     e.personal_message_provisional, e.personal_message_at, c.cardholder_id, c.programme, c.status, c.blocked_at, \
     n.last_four, h.person_key_id, h.person_key FROM enrolments e JOIN cards c ON c.id = e.card_id \
     JOIN card_numbers n ON n.card_id = c.id AND n.retired_at IS NULL JOIN cardholders h ON h.id = c.cardholder_id";

impl Store {
    /// The registered card with this enrolment, if it is one of this login group and its holder is not erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member_card(&self, id: EnrolmentId, login_group: Uuid) -> Result<Option<MemberCard>, StoreError> {
        let sql = format!("{SELECT} WHERE e.id = $1 AND e.login_group = $2 AND h.erased_at IS NULL");
        let values: [Value; 2] = [id.uuid().into(), login_group.into()];
        let Some(row) = sql::first(self.reader(), "enrolments", &sql, values).await? else { return Ok(None) };
        read(&row, credentials(self.reader(), id).await?).map(Some)
    }
}

async fn credentials(connection: &impl ConnectionTrait, id: EnrolmentId) -> Result<Vec<CredentialFact>, StoreError> {
    const SQL: &str = "SELECT id, kind, changed_at, usable_from FROM credentials WHERE enrolment_id = $1 ORDER BY kind";
    let rows = sql::all(connection, "credentials", SQL, [id.uuid().into()]).await?;
    let read = |row: &Row| {
        Ok(CredentialFact {
            id: CredentialId::from_uuid(row.get("id")?),
            kind: row.word("kind", Method::parse)?,
            changed_at: Micros(row.get("changed_at")?),
            usable_from: Micros(row.get("usable_from")?),
        })
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row, credentials: Vec<CredentialFact>) -> Result<MemberCard, StoreError> {
    Ok(MemberCard {
        enrolment_id: EnrolmentId::from_uuid(row.get("enrolment_id")?),
        state: row.word("state", EnrolmentState::parse)?,
        card_id: CardId::from_uuid(row.get("card_id")?),
        cardholder_id: CardholderId::from_uuid(row.get("cardholder_id")?),
        member_id: row.get("member_id")?,
        programme: row.get("programme")?,
        last_four: row.get("last_four")?,
        status: row.word("status", CardStatus::parse)?,
        blocked_at: row.get::<Option<i64>>("blocked_at")?.map(Micros),
        person_key_id: row.get("person_key_id")?,
        person_key: row.get("person_key")?,
        personal_message: row.get("personal_message")?,
        message_is_provisional: row.get("personal_message_provisional")?,
        message_changed_at: row.get::<Option<i64>>("personal_message_at")?.map(Micros),
        credentials,
    })
}
