//! Cards and challenges, written straight into the tables.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement, Value};
use sekisho::app::App;
use sekisho::credential::password::Password;
use sekisho::domain::challenge::{ReturnBy, TimeBase};
use sekisho::domain::id::{AuthenticationId, CardId, CardholderId, ChallengeId, CredentialId, EnrolmentId, MerchantId};
use sekisho::flow::challenge_link;
use sekisho::flow::merchant::{MerchantEntry, register_merchant};

use super::{PASSWORD, app};

/// Rows of one statement: SQLite takes 32,766 values.
const ROWS: u64 = 500;
/// A bench takes less.
const AN_HOUR: i64 = 3_600;
/// Over so many seconds the challenges that are only there run out.
const SPREAD_SECONDS: i64 = 600;

const TABLES: [&str; 6] = [
    "cardholders (id, reference, person_key_id, person_key, created_at, updated_at)",
    "cards (id, reference, cardholder_id, programme, status, issued_at, created_at, updated_at)",
    "enrolments (id, card_id, state, member_id, personal_message, personal_message_provisional, created_at)",
    "credentials (id, enrolment_id, kind, secret, created_at, changed_at)",
    "authentications (id, merchant_id, merchant_reference, purpose, amount_minor, currency, purchased_at, card_id, \
     card_last_four, status, ending, reasons, bundle_digest, return_url, created_at)",
    "challenges (id, authentication_id, token_digest, state, methods, attempts, visited_at, first_visit_by, expires_at, \
     created_at)",
];

/// Adds cards that are registered, each with a challenge that was visited; answers the paths of their pages.
pub(super) async fn fill(data: &str, url: &str, count: u64) -> Vec<String> {
    let app = app(data, url).await;
    let database = Database::connect(url).await.expect("the database");
    let merchant = shop(&app).await;
    // All have the same password and, to be quick, the same hash of it.
    let secret = app.hasher.hash(Password::typed(PASSWORD).expect("a password")).await.expect("a hash");
    let mut paths = Vec::new();
    for first in (0..count).step_by(ROWS as usize) {
        let mut rows: [Vec<Vec<Value>>; 6] = Default::default();
        for index in first..count.min(first + ROWS) {
            let (card, person) = person(&app, index, &secret);
            let visited = app.now().0;
            let (path, challenge) = challenge(&app, merchant, card, Some(visited), AN_HOUR);
            paths.push(path);
            for (table, row) in rows.iter_mut().zip(person.into_iter().chain(challenge)) {
                table.push(row);
            }
        }
        for (table, rows) in TABLES.into_iter().zip(rows) {
            insert(&database, table, rows).await;
        }
    }
    database.execute_unprepared("ANALYZE").await.expect("statistics");
    paths
}

/// Adds challenges that nobody answers to cards that are there.
pub(super) async fn open(data: &str, url: &str, count: u64) {
    let app = app(data, url).await;
    let database = Database::connect(url).await.expect("the database");
    let merchant = shop(&app).await;
    let sql = Statement::from_string(database.get_database_backend(), "SELECT id FROM cards ORDER BY reference");
    let cards = database.query_all_raw(sql).await.expect("cards");
    let cards: Vec<uuid::Uuid> = cards.iter().map(|row| row.try_get_by_index(0).expect("an id")).collect();
    for first in (0..count).step_by(ROWS as usize) {
        let mut rows: [Vec<Vec<Value>>; 2] = Default::default();
        for index in first..count.min(first + ROWS) {
            let card = CardId::from_uuid(cards[index as usize % cards.len()]);
            let seconds = 1 + (index as i64 * SPREAD_SECONDS) / count as i64;
            let (_, challenge) = challenge(&app, merchant, card, Some(app.now().0), seconds);
            for (table, row) in rows.iter_mut().zip(challenge) {
                table.push(row);
            }
        }
        for (table, rows) in TABLES.into_iter().skip(4).zip(rows) {
            insert(&database, table, rows).await;
        }
    }
    database.execute_unprepared("ANALYZE").await.expect("statistics");
}

async fn shop(app: &App) -> MerchantId {
    let entry = MerchantEntry {
        name: "Bench".to_owned(),
        category_code: "5411".to_owned(),
        country: "JP".to_owned(),
        time_base: TimeBase::Japan,
        return_by: ReturnBy::FormPost,
        return_urls: vec!["https://shop.example/return".to_owned()],
    };
    register_merchant(app, "operator", entry).await.expect("a merchant")
}

/// A cardholder with a card, its registration and its password, sealed as the service does it.
fn person(app: &App, index: u64, secret: &str) -> (CardId, [Vec<Value>; 4]) {
    let (now, random) = (app.now(), app.randomness.as_ref());
    let (holder, card) = (CardholderId::new(now, random), CardId::new(now, random));
    let (enrolment, credential) = (EnrolmentId::new(now, random), CredentialId::new(now, random));
    let (key, wrapped) = app.keys.new_person_key(holder, random).expect("a key");
    let message = "祖母の庭の金木犀".as_bytes();
    let message = key.seal("enrolments", "personal_message", enrolment.uuid(), message, random).expect("sealed");
    let at: Value = now.0.into();
    let holder_row = vec![
        holder.uuid().into(),
        format!("bench-{index}").into(),
        wrapped.key_id.into(),
        wrapped.bytes.into(),
        at.clone(),
        at.clone(),
    ];
    let card_row = vec![
        card.uuid().into(),
        format!("bench-card-{index}").into(),
        holder.uuid().into(),
        "classic".into(),
        "active".into(),
        at.clone(),
        at.clone(),
        at.clone(),
    ];
    let enrolment_row = vec![
        enrolment.uuid().into(),
        card.uuid().into(),
        "complete".into(),
        format!("bench-member-{index}").into(),
        message.into(),
        false.into(),
        at.clone(),
    ];
    let credential_row =
        vec![credential.uuid().into(), enrolment.uuid().into(), "password".into(), secret.into(), at.clone(), at];
    (card, [holder_row, card_row, enrolment_row, credential_row])
}

/// An open challenge with its authentication, and the path of its page.
fn challenge(
    app: &App,
    merchant: MerchantId,
    card: CardId,
    visited: Option<i64>,
    seconds: i64,
) -> (String, [Vec<Value>; 2]) {
    let (now, random) = (app.now(), app.randomness.as_ref());
    let (authentication, challenge) = (AuthenticationId::new(now, random), ChallengeId::new(now, random));
    let token = challenge_link::token(app, authentication);
    let at: Value = now.0.into();
    let authentication_row = vec![
        authentication.uuid().into(),
        merchant.uuid().into(),
        "order-1".into(),
        "payment".into(),
        12_800_i64.into(),
        "JPY".into(),
        at.clone(),
        card.uuid().into(),
        "4242".into(),
        "challenge_required".into(),
        "decided".into(),
        "".into(),
        "".into(),
        "https://shop.example/return".into(),
        at.clone(),
    ];
    let expires_at = now.plus_seconds(seconds).0;
    let challenge_row = vec![
        challenge.uuid().into(),
        authentication.uuid().into(),
        challenge_link::token_digest(&token).to_vec().into(),
        "open".into(),
        "password".into(),
        0_i64.into(),
        visited.into(),
        expires_at.into(),
        expires_at.into(),
        at,
    ];
    (format!("/challenge/{token}"), [authentication_row, challenge_row])
}

async fn insert(database: &DatabaseConnection, table: &str, rows: Vec<Vec<Value>>) {
    let mut place = 0;
    let mut next = || {
        place += 1;
        format!("${place}")
    };
    let tuple = |row: &Vec<Value>| row.iter().map(|_| next()).collect::<Vec<_>>().join(", ");
    let tuples: Vec<String> = rows.iter().map(tuple).map(|places| format!("({places})")).collect();
    let sql = format!("INSERT INTO {table} VALUES {}", tuples.join(", "));
    let values: Vec<Value> = rows.into_iter().flatten().collect();
    let statement = Statement::from_sql_and_values(database.get_database_backend(), sql, values);
    database.execute_raw(statement).await.expect("rows");
}
