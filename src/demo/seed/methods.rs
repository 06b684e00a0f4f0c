//! Further methods of the demo's members: one-time passwords with the secret that everybody knows, and telephones for
//! codes.

use super::entry;
use super::plan::EnrolmentPlan;
use super::staff::SECRET;
use crate::app::App;
use crate::demo::DemoError;
use crate::demo::service::part;
use crate::domain::contact::ContactAddress;
use crate::domain::facts::Method;
use crate::domain::id::{CredentialId, EnrolmentId};
use crate::domain::member::ContactChannel;
use crate::flow::contact;
use crate::keys::WrappedKey;
use crate::store::{StoreError, audit, cards, contacts};

/// Gives a fresh enrolment what the plan wants beside the password.
pub(super) async fn add(app: &App, id: EnrolmentId, plan: &EnrolmentPlan) -> Result<(), DemoError> {
    if plan.one_time_password {
        add_one_time_password(app, id).await?;
    }
    match &plan.telephone_for_codes {
        Some(telephone) => add_telephone(app, id, telephone).await,
        None => Ok(()),
    }
}

async fn add_one_time_password(app: &App, id: EnrolmentId) -> Result<(), DemoError> {
    let gone = || part(StoreError::GivenUp);
    let holder = app.store.cardholder_of_enrolment(id).await.map_err(part)?.ok_or_else(gone)?;
    let (key_id, bytes) = app.store.person_key(holder).await.map_err(part)?.ok_or_else(gone)?;
    let key = app.keys.unwrap_person_key(holder, &WrappedKey { key_id, bytes }).map_err(part)?;
    let (now, credential) = (app.now(), CredentialId::new(app.now(), &*app.randomness));
    let sealed = key.seal("credentials", "secret", credential.uuid(), &SECRET, &*app.randomness).map_err(part)?;
    let note = entry(app, "member.one_time_password.confirm", id.to_string());
    let work = app.store.write(move |transaction| {
        Box::pin(async move {
            cards::add_credential(transaction, credential, id, Method::Totp, &hex::encode(sealed), now).await?;
            audit::append(transaction, &note).await
        })
    });
    work.await.map_err(part)
}

async fn add_telephone(app: &App, id: EnrolmentId, telephone: &str) -> Result<(), DemoError> {
    let gone = || part(StoreError::GivenUp);
    let holder = app.store.cardholder_of_enrolment(id).await.map_err(part)?.ok_or_else(gone)?;
    let address = ContactAddress::parse(ContactChannel::Sms, telephone).map_err(part)?;
    let new = contact::seal(app, holder, id, &address).await.map_err(part)?;
    let (now, credential) = (app.now(), CredentialId::new(app.now(), &*app.randomness));
    let note = entry(app, "member.contact.verify", new.id.to_string());
    let work = app.store.write(move |transaction| {
        Box::pin(async move {
            contacts::add(transaction, &new, now).await?;
            contacts::verify(transaction, new.id, now, credential, now).await?;
            audit::append(transaction, &note).await
        })
    });
    work.await.map_err(part)
}
