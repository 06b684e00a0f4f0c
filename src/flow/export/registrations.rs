//! What is taken out about a person's registrations on the member site: without her member ids, addresses and messages.

use serde::Serialize;

use crate::domain::clock::{Micros, rfc3339};
use crate::domain::id::{CardholderId, EnrolmentId};
use crate::store::member::history::{RegistrationFacts, SignIn};
use crate::store::{Store, StoreError};

/// A registration.
#[derive(Clone, Debug, Serialize)]
pub struct RegistrationExport {
    /// Its id.
    pub id: EnrolmentId,
    /// How far it has come.
    pub state: &'static str,
    /// Since when.
    #[serde(with = "rfc3339")]
    pub registered_at: Micros,
    /// The terms that were accepted.
    pub terms: Vec<AcceptanceExport>,
    /// Where codes may go.
    pub contacts: Vec<ContactExport>,
}

/// Terms that were accepted.
#[derive(Clone, Debug, Serialize)]
pub struct AcceptanceExport {
    /// Their version.
    pub version: String,
    /// When.
    #[serde(with = "rfc3339")]
    pub accepted_at: Micros,
}

/// A contact, without its address.
#[derive(Clone, Debug, Serialize)]
pub struct ContactExport {
    /// The way that a code takes.
    pub channel: &'static str,
    /// When it was verified.
    #[serde(with = "rfc3339::option")]
    pub verified_at: Option<Micros>,
}

/// A try to sign in.
#[derive(Clone, Debug, Serialize)]
pub struct SignInExport {
    /// With which registration.
    pub registration: EnrolmentId,
    /// What came of it.
    pub outcome: &'static str,
    /// The network it came from, coarse.
    pub network: String,
    /// The kind of program.
    pub agent: String,
    /// When.
    #[serde(with = "rfc3339")]
    pub recorded_at: Micros,
}

pub(super) async fn registrations(store: &Store, id: CardholderId) -> Result<Vec<RegistrationExport>, StoreError> {
    Ok(store.registrations_of_person(id).await?.into_iter().map(RegistrationExport::from).collect())
}

pub(super) async fn sign_ins(store: &Store, id: CardholderId, limit: i64) -> Result<Vec<SignInExport>, StoreError> {
    Ok(store.sign_ins_of_person(id, limit).await?.into_iter().map(SignInExport::from).collect())
}

impl From<RegistrationFacts> for RegistrationExport {
    fn from(facts: RegistrationFacts) -> Self {
        let acceptance = |(version, accepted_at)| AcceptanceExport { version, accepted_at };
        Self {
            id: facts.id,
            state: facts.state.as_str(),
            registered_at: facts.created_at,
            terms: facts.terms.into_iter().map(acceptance).collect(),
            contacts: facts
                .contacts
                .into_iter()
                .map(|(channel, verified_at)| ContactExport { channel: channel.as_str(), verified_at })
                .collect(),
        }
    }
}

impl From<SignIn> for SignInExport {
    fn from(sign_in: SignIn) -> Self {
        Self {
            registration: sign_in.enrolment_id,
            outcome: sign_in.outcome.as_str(),
            network: sign_in.network,
            agent: sign_in.agent,
            recorded_at: sign_in.recorded_at,
        }
    }
}
