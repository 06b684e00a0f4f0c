//! A person is erased: her key, everything sealed under it, and every digest by which she could be found.
//!
//! Ids, hashes and her line stay, so that every proof still holds; what she was let in with on other records goes too.

use sea_orm::Value;

use super::sql;
use super::{StoreError, Transaction, consent};
use crate::domain::clock::Micros;
use crate::domain::consent::ConsentState;
use crate::domain::id::CardholderId;

/// The last digits of a card whose holder was erased.
const NO_DIGITS: &str = "****";

const OF_CARDS: &str = "card_id IN (SELECT id FROM cards WHERE cardholder_id = $1)";

/// Erases within a transaction. [`StoreError::GivenUp`] unless she stands at `opted_out`: what nobody can be asked about
/// any more must not be permitted.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn erase(
    transaction: &Transaction,
    id: CardholderId,
    by: &str,
    now: Micros,
) -> Result<(), StoreError> {
    let person: Value = id.uuid().into();
    const REQUESTS: &str = "UPDATE approvals SET state = 'refused', decided_by = $2, decided_at = $3 \
                            WHERE subject = $1 AND state = 'waiting'";
    sql::execute(transaction, REQUESTS, [id.to_string().into(), by.into(), now.0.into()]).await?;
    const LOCK: &str = "UPDATE consent_states SET sequence = sequence WHERE cardholder_id = $1";
    sql::execute(transaction, LOCK, [person.clone()]).await?;
    if consent::standing(transaction, id).await?.general() != ConsentState::OptedOut {
        return Err(StoreError::GivenUp);
    }
    const RECORD: &str = "UPDATE cardholders SET reference = $2, person_key_id = 'erased', person_key = $3, name = NULL, \
         birth_date = NULL, email = NULL, phone = NULL, address = NULL, name_kanji_digest = NULL, \
         name_kana_digest = NULL, name_latin_digest = NULL, email_digest = NULL, phone_digest = NULL, \
         address_digest = NULL, birth_date_digest = NULL, updated_at = $4, erased_at = $4 WHERE id = $1";
    let nothing = Vec::<u8>::new();
    let record = [person.clone(), format!("erased:{id}").into(), nothing.clone().into(), now.0.into()];
    sql::execute(transaction, RECORD, record).await?;
    erase_cards(transaction, id, now).await?;
    const UNMATCHED: &str = "UPDATE unmatched_objections SET details = $2 WHERE cardholder_id = $1";
    sql::execute(transaction, UNMATCHED, [person.clone(), nothing.into()]).await?;
    for statement in [
        "DELETE FROM unmatched_marks WHERE unmatched_id IN \
         (SELECT id FROM unmatched_objections WHERE cardholder_id = $1)",
        "DELETE FROM outbox WHERE cardholder_id = $1 AND kind <> 'erasure'",
    ] {
        sql::execute(transaction, statement, [person.clone()]).await?;
    }
    Ok(())
}

async fn erase_cards(transaction: &Transaction, id: CardholderId, now: Micros) -> Result<(), StoreError> {
    let person: Value = id.uuid().into();
    for table in ["card_numbers", "familiars", "sightings", "card_hours"] {
        sql::execute(transaction, &format!("DELETE FROM {table} WHERE {OF_CARDS}"), [person.clone()]).await?;
    }
    sql::execute(transaction, &format!("DELETE FROM activation_codes WHERE {OF_CARDS}"), [person.clone()]).await?;
    erase_registrations(transaction, id).await?;
    let credentials =
        format!("DELETE FROM credentials WHERE enrolment_id IN (SELECT id FROM enrolments WHERE {OF_CARDS})");
    sql::execute(transaction, &credentials, [person.clone()]).await?;
    let authentications = format!(
        "UPDATE authentications SET device_digest = NULL, address_digest = NULL, card_last_four = $2 WHERE {OF_CARDS}"
    );
    sql::execute(transaction, &authentications, [person.clone(), NO_DIGITS.into()]).await?;
    let enrolled = format!("SELECT id FROM enrolments WHERE {OF_CARDS}");
    for row in sql::all(transaction, "enrolments", &enrolled, [person.clone()]).await? {
        let enrolment: uuid::Uuid = row.get("id")?;
        const SQL: &str = "UPDATE enrolments SET member_id = $2, personal_message = $3 WHERE id = $1";
        let member = format!("erased:{}", enrolment.simple());
        sql::execute(transaction, SQL, [enrolment.into(), member.into(), Vec::<u8>::new().into()]).await?;
    }
    for row in sql::all(transaction, "cards", "SELECT id FROM cards WHERE cardholder_id = $1", [person]).await? {
        let card: uuid::Uuid = row.get("id")?;
        const SQL: &str = "UPDATE cards SET reference = $2, status = 'closed', updated_at = $3 WHERE id = $1";
        let reference = format!("erased:{}", card.simple());
        sql::execute(transaction, SQL, [card.into(), reference.into(), now.0.into()]).await?;
    }
    Ok(())
}

/// What hangs on her registrations: ways in, contacts, codes, sessions. When she accepted the terms stays, which names
/// nobody.
async fn erase_registrations(transaction: &Transaction, id: CardholderId) -> Result<(), StoreError> {
    let registered = format!("SELECT id FROM enrolments WHERE {OF_CARDS}");
    let contacts = format!("SELECT id FROM contacts WHERE enrolment_id IN ({registered})");
    let credentials = format!("SELECT id FROM credentials WHERE enrolment_id IN ({registered})");
    let first = [
        format!("DELETE FROM sent_codes WHERE contact_id IN ({contacts})"),
        format!("DELETE FROM used_steps WHERE credential_id IN ({credentials})"),
        format!("DELETE FROM passkey_ceremonies WHERE subject IN ({registered})"),
    ];
    let tables = ["contacts", "totp_applications", "recovery_codes", "passkeys", "member_sessions", "member_sign_ins"];
    let then = tables.map(|table| format!("DELETE FROM {table} WHERE enrolment_id IN ({registered})"));
    for statement in first.into_iter().chain(then) {
        sql::execute(transaction, &statement, [id.uuid().into()]).await?;
    }
    Ok(())
}
