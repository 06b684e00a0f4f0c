//! Objections of people who are not known here yet: sealed details, and the digests by which they may be known later.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, Value};

use super::sql::{self, Row};
use super::{Store, StoreError, Transaction};
use crate::domain::clock::Micros;
use crate::domain::consent::Channel;
use crate::domain::id::{CardholderId, ConsentEventId, UnmatchedId};
use crate::domain::unmatched::{MarkKind, Unmatched, UnmatchedState};

/// A detail as a keyed digest.
pub type Mark = (MarkKind, [u8; 32]);

const COLUMNS: &str = "id, channel, actor, recorded_at, state, cardholder_id, event_id, settled_by, settled_at";

/// Adds one that nobody was found for. [`StoreError::Duplicate`] when it is there already.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn insert(
    transaction: &Transaction,
    unmatched: &Unmatched,
    (key_id, details): (String, Vec<u8>),
    marks: &[Mark],
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO unmatched_objections (id, key_id, details, channel, actor, recorded_at, state) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
    const MARK: &str =
        "INSERT INTO unmatched_marks (unmatched_id, kind, digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let values: [Value; 7] = [
        unmatched.id.uuid().into(),
        key_id.into(),
        details.into(),
        unmatched.channel.as_str().into(),
        unmatched.actor.clone().into(),
        unmatched.recorded_at.0.into(),
        unmatched.state.as_str().into(),
    ];
    sql::execute(transaction, SQL, values).await?;
    for (kind, digest) in marks {
        let values: [Value; 3] = [unmatched.id.uuid().into(), kind.as_str().into(), digest.to_vec().into()];
        sql::execute(transaction, MARK, values).await?;
    }
    Ok(())
}

/// Whether any objection waits for its person: on most days none does.
pub(crate) async fn any_waits(connection: &impl ConnectionTrait) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 AS one FROM unmatched_objections WHERE state = 'waiting' LIMIT 1";
    Ok(sql::first(connection, "unmatched_objections", SQL, []).await?.is_some())
}

/// The digests by which a registered person may be known, without those of her cards, and the last four digits of her
/// cards' numbers, old ones too.
pub(crate) async fn marks_of(
    connection: &impl ConnectionTrait,
    id: CardholderId,
) -> Result<(Vec<Mark>, Vec<String>), StoreError> {
    const DIGESTS: [(&str, MarkKind); 5] = [
        ("name_kanji_digest", MarkKind::Name),
        ("name_kana_digest", MarkKind::Name),
        ("name_latin_digest", MarkKind::Name),
        ("phone_digest", MarkKind::Phone),
        ("birth_date_digest", MarkKind::BirthDate),
    ];
    const NUMBERS: &str = "SELECT DISTINCT n.last_four FROM cards c JOIN card_numbers n ON n.card_id = c.id \
                           WHERE c.cardholder_id = $1";
    let columns = DIGESTS.map(|(column, _)| column).join(", ");
    let sql = format!("SELECT {columns} FROM cardholders WHERE id = $1");
    let Some(row) = sql::first(connection, "cardholders", &sql, [id.uuid().into()]).await? else {
        return Ok((Vec::new(), Vec::new()));
    };
    let mut marks = Vec::new();
    for (column, kind) in DIGESTS {
        let digest: Option<Vec<u8>> = row.get(column)?;
        marks.extend(digest.and_then(|digest| digest.try_into().ok()).map(|digest: [u8; 32]| (kind, digest)));
    }
    let numbers = sql::all(connection, "card_numbers", NUMBERS, [id.uuid().into()]).await?;
    let last_fours = numbers.iter().map(|row| row.get("last_four")).collect::<Result<_, _>>()?;
    Ok((marks, last_fours))
}

/// The waiting objections that one of these marks fits, with the kinds that fit.
pub(crate) async fn fitting(
    connection: &impl ConnectionTrait,
    marks: &[Mark],
) -> Result<BTreeMap<UnmatchedId, BTreeSet<MarkKind>>, StoreError> {
    const SQL: &str = "SELECT m.unmatched_id, m.kind FROM unmatched_marks m \
         JOIN unmatched_objections u ON u.id = m.unmatched_id WHERE m.digest = $1 AND u.state = 'waiting' LIMIT 1000";
    let mut fitting: BTreeMap<UnmatchedId, BTreeSet<MarkKind>> = BTreeMap::new();
    for (kind, digest) in marks {
        for row in sql::all(connection, "unmatched_marks", SQL, [digest.to_vec().into()]).await? {
            if row.word("kind", MarkKind::parse)? == *kind {
                fitting.entry(UnmatchedId::from_uuid(row.get("unmatched_id")?)).or_default().insert(*kind);
            }
        }
    }
    Ok(fitting)
}

/// Moves one on to its person, from one of these states; answers whether it was moved.
pub(crate) async fn assign(
    transaction: &Transaction,
    id: UnmatchedId,
    state: UnmatchedState,
    (cardholder_id, event_id): (CardholderId, ConsentEventId),
    by: &str,
    now: Micros,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE unmatched_objections SET state = $2, cardholder_id = $3, event_id = $4, settled_by = $5, \
                       settled_at = $6 WHERE id = $1 AND state <> 'settled' AND state <> $2";
    let values: [Value; 6] = [
        id.uuid().into(),
        state.as_str().into(),
        cardholder_id.uuid().into(),
        event_id.uuid().into(),
        by.into(),
        now.0.into(),
    ];
    Ok(sql::execute(transaction, SQL, values).await? == 1)
}

impl Store {
    /// One of them, with its key's id and its sealed details.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unmatched(&self, id: UnmatchedId) -> Result<Option<(Unmatched, String, Vec<u8>)>, StoreError> {
        let sql = format!("SELECT {COLUMNS}, key_id, details FROM unmatched_objections WHERE id = $1");
        let row = sql::first(self.reader(), "unmatched_objections", &sql, [id.uuid().into()]).await?;
        row.map(|row| Ok((read(&row)?, row.get("key_id")?, row.get("details")?))).transpose()
    }

    /// Those that wait for a person to look, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_unmatched(&self, limit: i64) -> Result<Vec<Unmatched>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM unmatched_objections WHERE state IN ('waiting', 'protected') \
             ORDER BY recorded_at, id LIMIT $1"
        );
        sql::all(self.reader(), "unmatched_objections", &sql, [limit.into()]).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<Unmatched, StoreError> {
    let event: Option<uuid::Uuid> = row.get("event_id")?;
    Ok(Unmatched {
        id: UnmatchedId::from_uuid(row.get("id")?),
        channel: row.word("channel", Channel::parse)?,
        actor: row.get("actor")?,
        recorded_at: Micros(row.get("recorded_at")?),
        state: row.word("state", UnmatchedState::parse)?,
        cardholder_id: row.get::<Option<uuid::Uuid>>("cardholder_id")?.map(CardholderId::from_uuid),
        event_id: event.map(ConsentEventId::from_uuid),
        settled_by: row.get("settled_by")?,
        settled_at: row.get::<Option<i64>>("settled_at")?.map(Micros),
    })
}
