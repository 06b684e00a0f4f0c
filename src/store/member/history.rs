//! The sign-ins of a login group, and what is taken out about a person's registrations.

use sea_orm::Value;
use uuid::Uuid;

use crate::domain::clock::Micros;
use crate::domain::facts::EnrolmentState;
use crate::domain::id::{CardholderId, EnrolmentId};
use crate::domain::member::{ContactChannel, SignInOutcome};
use crate::store::sql::{self, Row};
use crate::store::{Store, StoreError};

/// A try to sign in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// With which card.
    pub enrolment_id: EnrolmentId,
    /// The member id that was stated.
    pub member_id: String,
    /// What came of it.
    pub outcome: SignInOutcome,
    /// The network it came from, coarse.
    pub network: String,
    /// The kind of program.
    pub agent: String,
    /// When.
    pub recorded_at: Micros,
}

/// A registration of a person, without what is sealed.
#[derive(Clone, Debug)]
pub struct RegistrationFacts {
    /// Its id.
    pub id: EnrolmentId,
    /// How far it has come.
    pub state: EnrolmentState,
    /// When it was registered.
    pub created_at: Micros,
    /// The terms that were accepted, each with its time, the oldest first.
    pub terms: Vec<(String, Micros)>,
    /// Where codes may go: the way, and since when it is verified.
    pub contacts: Vec<(ContactChannel, Option<Micros>)>,
}

const SIGN_IN: &str = "SELECT s.enrolment_id, e.member_id, s.outcome, s.network, s.agent, s.recorded_at \
     FROM member_sign_ins s JOIN enrolments e ON e.id = s.enrolment_id";

fn sign_in(row: &Row) -> Result<SignIn, StoreError> {
    Ok(SignIn {
        enrolment_id: EnrolmentId::from_uuid(row.get("enrolment_id")?),
        member_id: row.get("member_id")?,
        outcome: row.word("outcome", SignInOutcome::parse)?,
        network: row.get("network")?,
        agent: row.get("agent")?,
        recorded_at: Micros(row.get("recorded_at")?),
    })
}

impl Store {
    /// The sign-ins of a login group, the latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member_sign_ins(&self, group: Uuid, limit: i64) -> Result<Vec<SignIn>, StoreError> {
        let sql = format!("{SIGN_IN} WHERE e.login_group = $1 ORDER BY s.recorded_at DESC, s.id DESC LIMIT $2");
        let values: [Value; 2] = [group.into(), limit.into()];
        sql::all(self.reader(), "member_sign_ins", &sql, values).await?.iter().map(sign_in).collect()
    }

    /// The sign-ins with a person's cards, the latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_ins_of_person(&self, id: CardholderId, limit: i64) -> Result<Vec<SignIn>, StoreError> {
        let sql = format!(
            "{SIGN_IN} JOIN cards c ON c.id = e.card_id WHERE c.cardholder_id = $1 \
             ORDER BY s.recorded_at DESC, s.id DESC LIMIT $2"
        );
        let values: [Value; 2] = [id.uuid().into(), limit.into()];
        sql::all(self.reader(), "member_sign_ins", &sql, values).await?.iter().map(sign_in).collect()
    }

    /// A person's registrations.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn registrations_of_person(&self, id: CardholderId) -> Result<Vec<RegistrationFacts>, StoreError> {
        const SQL: &str = "SELECT e.id, e.state, e.created_at FROM enrolments e JOIN cards c ON c.id = e.card_id \
                           WHERE c.cardholder_id = $1 ORDER BY e.created_at, e.id";
        let mut registrations = Vec::new();
        for row in sql::all(self.reader(), "enrolments", SQL, [id.uuid().into()]).await? {
            let enrolment: Uuid = row.get("id")?;
            registrations.push(RegistrationFacts {
                id: EnrolmentId::from_uuid(enrolment),
                state: row.word("state", EnrolmentState::parse)?,
                created_at: Micros(row.get("created_at")?),
                terms: self.terms_of(enrolment).await?,
                contacts: self.ways_of(enrolment).await?,
            });
        }
        Ok(registrations)
    }

    async fn terms_of(&self, enrolment: Uuid) -> Result<Vec<(String, Micros)>, StoreError> {
        const SQL: &str = "SELECT version, accepted_at FROM terms_acceptances WHERE enrolment_id = $1 \
                           ORDER BY accepted_at, version";
        let rows = sql::all(self.reader(), "terms_acceptances", SQL, [enrolment.into()]).await?;
        rows.iter().map(|row| Ok((row.get("version")?, Micros(row.get("accepted_at")?)))).collect()
    }

    async fn ways_of(&self, enrolment: Uuid) -> Result<Vec<(ContactChannel, Option<Micros>)>, StoreError> {
        const SQL: &str = "SELECT channel, verified_at FROM contacts WHERE enrolment_id = $1 AND removed_at IS NULL \
                           ORDER BY created_at, id";
        let rows = sql::all(self.reader(), "contacts", SQL, [enrolment.into()]).await?;
        let read = |row: &Row| {
            let verified: Option<i64> = row.get("verified_at")?;
            Ok((row.word("channel", ContactChannel::parse)?, verified.map(Micros)))
        };
        rows.iter().map(read).collect()
    }
}
