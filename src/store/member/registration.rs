//! A card is registered, and its registration completed by accepted terms.

use sea_orm::Value;

use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{ActivationId, CredentialId, EnrolmentId};
use crate::store::audit::{self, Entry};
use crate::store::cards::{self, Enrolment};
use crate::store::contacts::{self, NewContact};
use crate::store::{Store, StoreError, Transaction, activation_codes, sql};

/// A registration about to be written.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    /// The registration.
    pub enrolment: Enrolment,
    /// The id of its password.
    pub credential_id: CredentialId,
    /// The hash of its password.
    pub password: String,
    /// Where codes are to go, not verified yet.
    pub contact: Option<NewContact>,
    /// The activation code that is used up; none where the issuer itself registers.
    pub activation: Option<ActivationId>,
}

/// What came of writing a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationOutcome {
    /// It is written.
    Done,
    /// The activation code was used or replaced in the meantime.
    CodeGone,
    /// The card is registered already.
    CardTaken,
    /// Another registration has this member id.
    MemberIdTaken,
}

impl Store {
    /// Writes a registration, all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn register(
        &self,
        new: NewRegistration,
        now: Micros,
        entry: Entry,
    ) -> Result<RegistrationOutcome, StoreError> {
        let card_id = new.enrolment.card_id;
        let written = self.write(move |transaction| {
            Box::pin(async move {
                if let Some(code) = new.activation
                    && !activation_codes::use_up(transaction, code, now).await?
                {
                    return Err(StoreError::GivenUp);
                }
                let id = new.enrolment.id;
                cards::enrol(transaction, &new.enrolment, now).await?;
                let kind = Method::Password;
                cards::add_credential(transaction, new.credential_id, id, kind, &new.password, now).await?;
                if let Some(contact) = &new.contact {
                    contacts::add(transaction, contact, now).await?;
                }
                if let Some(version) = &new.enrolment.terms_version {
                    note_acceptance(transaction, id, version.clone(), now).await?;
                }
                audit::append(transaction, &entry).await
            })
        });
        match written.await {
            Ok(()) => Ok(RegistrationOutcome::Done),
            Err(StoreError::GivenUp) => Ok(RegistrationOutcome::CodeGone),
            Err(StoreError::Duplicate { .. }) => {
                let enrolled = activation_codes::enrolment_of(self.reader(), card_id).await?.is_some();
                Ok(if enrolled { RegistrationOutcome::CardTaken } else { RegistrationOutcome::MemberIdTaken })
            }
            Err(error) => Err(error),
        }
    }

    /// Notes that the terms were accepted for a card, which completes its registration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accept_terms(
        &self,
        enrolment: EnrolmentId,
        version: String,
        now: Micros,
        entry: Entry,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE enrolments SET state = 'complete', terms_version = $2, \
                                   terms_accepted_at = $3 WHERE id = $1 AND (terms_version IS NULL OR terms_version <> $2)";
                let values: [Value; 3] = [enrolment.uuid().into(), version.clone().into(), now.0.into()];
                if sql::execute(transaction, SQL, values).await? == 0 {
                    return Ok(());
                }
                note_acceptance(transaction, enrolment, version, now).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await
    }
}

async fn note_acceptance(
    transaction: &Transaction,
    enrolment: EnrolmentId,
    version: String,
    now: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO terms_acceptances (enrolment_id, version, accepted_at) VALUES ($1, $2, $3) \
                       ON CONFLICT DO NOTHING";
    let values: [Value; 3] = [enrolment.uuid().into(), version.into(), now.0.into()];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}
