//! Challenges: opened with their authentication, found by the digest of their URL's token.
//!
//! How tries are counted is in [`attempts`], what a buyer chooses in [`choice`], how a challenge ends in [`settlement`].

use sea_orm::{ConnectionTrait, Value};

use super::audit::{self, Entry};
use super::sql::{self, Row};
use super::{Store, StoreError, authentications, receive};
use crate::domain::authentication::Authentication;
use crate::domain::challenge::{ChallengeState, Language};
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{AuthenticationId, CardId, CardholderId, ChallengeId, ContactId, EnrolmentId};
use crate::domain::merchant::{Environment, Merchant};

pub mod attempts;
pub mod choice;
pub mod settlement;

/// A challenge to be opened.
#[derive(Clone, Debug)]
pub struct NewChallenge {
    /// Its id.
    pub id: ChallengeId,
    /// Whose challenge it is.
    pub authentication_id: AuthenticationId,
    /// SHA-256 of the token in its URL.
    pub token_digest: [u8; 32],
    /// The methods that may be used.
    pub methods: Vec<Method>,
    /// The language that the merchant asked for.
    pub language: Option<Language>,
    /// When it must have been visited.
    pub first_visit_by: Micros,
    /// When it ends by itself.
    pub expires_at: Micros,
    /// When it was opened.
    pub created_at: Micros,
}

/// A challenge with all that its page needs.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Its id.
    pub id: ChallengeId,
    /// Its authentication.
    pub authentication: Authentication,
    /// The merchant.
    pub merchant: Merchant,
    /// Where it stands.
    pub state: ChallengeState,
    /// The methods that may be used.
    pub methods: Vec<Method>,
    /// The language that the merchant asked for.
    pub language: Option<Language>,
    /// Proofs counted so far.
    pub attempts: i64,
    /// When it was first visited.
    pub visited_at: Option<Micros>,
    /// When it must have been visited.
    pub first_visit_by: Micros,
    /// When it ends by itself.
    pub expires_at: Micros,
    /// The method that the buyer chose; none while it is the first one.
    pub chosen: Option<Method>,
    /// Where the code goes that she chose.
    pub contact_id: Option<ContactId>,
    /// The methods that the card has now, each with the time until which it cannot be used.
    pub held: Vec<(Method, Option<Micros>)>,
    /// Since when a proof is being compared.
    pub comparing_since: Option<Micros>,
    /// The card's programme; none when the card is gone.
    pub programme: Option<String>,
    /// Challenge pages opened for the card in 24 hours.
    pub pages_opened: i64,
    /// The card's registration; none when it has none any more.
    pub enrolment: Option<SealedEnrolment>,
}

/// What of a card's registration the page needs, as sealed as the store has it.
#[derive(Clone, Debug)]
pub struct SealedEnrolment {
    /// Its id.
    pub id: EnrolmentId,
    /// Whose it is.
    pub cardholder_id: CardholderId,
    /// The id of the key that wraps hers.
    pub person_key_id: String,
    /// Her key, wrapped.
    pub person_key: Vec<u8>,
    /// The personal message, sealed under her key.
    pub personal_message: Vec<u8>,
}

impl Challenge {
    /// Whether it is over at `now` because nobody came, or nobody finished, in time.
    pub fn is_overdue(&self, now: Micros) -> bool {
        self.expires_at <= now || (self.visited_at.is_none() && self.first_visit_by <= now)
    }
}

const SELECT: &str = "SELECT c.id, c.authentication_id, c.state, c.methods, c.language, c.attempts, c.visited_at, \
     c.first_visit_by, c.expires_at, c.method AS chosen, c.contact_id, k.programme, e.id AS enrolment_id, \
     e.personal_message, h.id AS cardholder_id, \
     h.person_key_id, h.person_key, \
     (SELECT string_agg(kind || ':' || CASE WHEN usable_from > COALESCE(locked_until, 0) THEN usable_from \
      ELSE COALESCE(locked_until, 0) END, ',') FROM credentials WHERE enrolment_id = e.id) AS held, \
     (SELECT MAX(recorded_at) FROM challenge_answers WHERE challenge_id = c.id AND outcome IS NULL) AS comparing_since, \
     CAST(COALESCE((SELECT SUM(challenge_pages) FROM card_hours WHERE card_id = a.card_id AND hour > $2 - 24), 0) \
     AS BIGINT) AS pages_opened \
     FROM challenges c JOIN authentications a ON a.id = c.authentication_id LEFT JOIN cards k ON k.id = a.card_id \
     LEFT JOIN cardholders h ON h.id = k.cardholder_id LEFT JOIN enrolments e ON e.card_id = k.id";

impl Store {
    /// The challenge whose token has this digest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn challenge(
        &self,
        token_digest: &[u8; 32],
        environment: Environment,
        now: Micros,
    ) -> Result<Option<Challenge>, StoreError> {
        self.challenge_where("c.token_digest = $1", token_digest.to_vec().into(), environment, now).await
    }

    /// The challenge of an authentication.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn challenge_of(
        &self,
        authentication_id: AuthenticationId,
        environment: Environment,
        now: Micros,
    ) -> Result<Option<Challenge>, StoreError> {
        self.challenge_where("c.authentication_id = $1", authentication_id.uuid().into(), environment, now).await
    }

    /// The challenge with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn challenge_by_id(
        &self,
        id: ChallengeId,
        environment: Environment,
        now: Micros,
    ) -> Result<Option<Challenge>, StoreError> {
        self.challenge_where("c.id = $1", id.uuid().into(), environment, now).await
    }

    async fn challenge_where(
        &self,
        condition: &str,
        key: Value,
        environment: Environment,
        now: Micros,
    ) -> Result<Option<Challenge>, StoreError> {
        let sql = format!("{SELECT} WHERE {condition}");
        let row = sql::first(self.reader(), "challenges", &sql, [key, now.hour_bucket().into()]).await?;
        let Some(row) = row else { return Ok(None) };
        let authentication = AuthenticationId::from_uuid(row.get("authentication_id")?);
        let authentication = authentications::by_id(self.reader(), authentication).await?;
        let authentication = authentication.ok_or_else(|| row.corrupt("authentication_id"))?;
        let merchant = self.merchant(authentication.merchant_id, environment).await?;
        let merchant = merchant.ok_or_else(|| row.corrupt("authentication_id"))?;
        read(&row, authentication, merchant).map(Some)
    }

    /// Records the first visit, and counts it for the card; answers whether this was the first one, in time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn visit_challenge(
        &self,
        id: ChallengeId,
        card_id: Option<CardId>,
        now: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE challenges SET visited_at = $2 WHERE id = $1 AND state = 'open' \
                                   AND visited_at IS NULL AND first_visit_by > $2 AND expires_at > $2";
                if sql::execute(transaction, SQL, [id.uuid().into(), now.0.into()]).await? == 0 {
                    return Ok(false);
                }
                if let Some(card_id) = card_id {
                    count_for_card(transaction, CardCounter::Pages, card_id, now).await?;
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }
}

/// Inserts a challenge within the transaction that opens its authentication.
///
/// # Errors
/// [`StoreError::Duplicate`] when the authentication has one.
pub(crate) async fn open_challenge(
    connection: &impl ConnectionTrait,
    challenge: &NewChallenge,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO challenges (id, authentication_id, token_digest, state, methods, language, \
         attempts, first_visit_by, expires_at, created_at) VALUES ($1, $2, $3, 'open', $4, $5, 0, $6, $7, $8)";
    let methods: Vec<&str> = challenge.methods.iter().map(|method| method.as_str()).collect();
    let values: [Value; 8] = [
        challenge.id.uuid().into(),
        challenge.authentication_id.uuid().into(),
        challenge.token_digest.to_vec().into(),
        methods.join(",").into(),
        challenge.language.map(Language::as_str).into(),
        challenge.first_visit_by.0.into(),
        challenge.expires_at.0.into(),
        challenge.created_at.0.into(),
    ];
    sql::execute(connection, SQL, values).await.map(|_| ())
}

/// What is counted for a card in its present hour.
#[derive(Clone, Copy)]
enum CardCounter {
    Pages,
    Failures,
}

async fn count_for_card(
    connection: &impl ConnectionTrait,
    counter: CardCounter,
    card_id: CardId,
    now: Micros,
) -> Result<(), StoreError> {
    const PAGES: &str = "INSERT INTO card_hours (card_id, hour, challenge_pages) VALUES ($1, $2, 1) \
        ON CONFLICT (card_id, hour) DO UPDATE SET challenge_pages = card_hours.challenge_pages + 1";
    const FAILURES: &str = "INSERT INTO card_hours (card_id, hour, failed_challenges) VALUES ($1, $2, 1) \
        ON CONFLICT (card_id, hour) DO UPDATE SET failed_challenges = card_hours.failed_challenges + 1";
    let sql = match counter {
        CardCounter::Pages => PAGES,
        CardCounter::Failures => FAILURES,
    };
    sql::execute(connection, sql, [card_id.uuid().into(), now.hour_bucket().into()]).await.map(|_| ())
}

fn read(row: &Row, authentication: Authentication, merchant: Merchant) -> Result<Challenge, StoreError> {
    let micros = |column| row.get::<Option<i64>>(column).map(|at| at.map(Micros));
    let methods: String = row.get("methods")?;
    let language: Option<String> = row.get("language")?;
    Ok(Challenge {
        id: ChallengeId::from_uuid(row.get("id")?),
        authentication,
        merchant,
        state: row.word("state", ChallengeState::parse)?,
        methods: methods.split(',').filter_map(Method::parse).collect(),
        language: language.as_deref().and_then(Language::parse),
        attempts: row.get("attempts")?,
        visited_at: micros("visited_at")?,
        first_visit_by: Micros(row.get("first_visit_by")?),
        expires_at: Micros(row.get("expires_at")?),
        chosen: row.optional_word("chosen", Method::parse)?,
        contact_id: row.get::<Option<uuid::Uuid>>("contact_id")?.map(ContactId::from_uuid),
        held: receive::methods(&row.get::<Option<String>>("held")?.unwrap_or_default()),
        comparing_since: micros("comparing_since")?,
        programme: row.get("programme")?,
        pages_opened: row.get("pages_opened")?,
        enrolment: read_enrolment(row)?,
    })
}

fn read_enrolment(row: &Row) -> Result<Option<SealedEnrolment>, StoreError> {
    let Some(id) = row.get::<Option<uuid::Uuid>>("enrolment_id")? else { return Ok(None) };
    Ok(Some(SealedEnrolment {
        id: EnrolmentId::from_uuid(id),
        cardholder_id: CardholderId::from_uuid(row.get("cardholder_id")?),
        person_key_id: row.get("person_key_id")?,
        person_key: row.get("person_key")?,
        personal_message: row.get("personal_message")?,
    }))
}
