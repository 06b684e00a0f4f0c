//! The people, cards and merchants of the demo, registered by the same flows as real ones. What is there already
//! stays as it is: a visitor's changes outlive a restart.

mod methods;
mod plan;
pub(super) mod staff;
mod webhook;

use url::Url;
use zeroize::Zeroizing;

use std::collections::BTreeMap;

use super::listeners::Addresses;
use super::secrets::{MerchantSecrets, Secrets};
use super::{DemoError, service::part};
use crate::app::App;
use crate::credential::api_key::ApiKey;
use crate::domain::card::CardStatus;
use crate::domain::challenge::{ReturnBy, TimeBase};
use crate::domain::clock::Micros;
use crate::domain::consent::{Basis, Channel};
use crate::domain::id::{ApiKeyId, AuditId};
use crate::domain::merchant::{Environment, Merchant, ReturnUrl};
use crate::flow::activation;
use crate::flow::consent;
use crate::flow::consent::Statement;
use crate::flow::enrol::{EnrolError, EnrolmentEntry, enrol};
use crate::flow::register::{CardEntry, CardholderEntry, SharingBasis, register_card, register_cardholder};
use crate::store::audit::Entry;
use crate::store::merchants::{ApiKey as StoredKey, KeyOwner};
pub(super) use plan::{CardPlan, CardholderPlan, Device, History, People, Sharing};

/// Who registers, in the audit log.
const ACTOR: &str = "demo";
/// The version of the notice that everybody got.
const VERSION: &str = "demo-1";

/// A merchant of the demo, with the key that the shop uses.
#[derive(Clone)]
pub(super) struct SeededMerchant {
    pub(super) merchant: Merchant,
    pub(super) api_key: String,
    /// What its webhooks are signed with.
    pub(super) webhook_keys: Vec<Zeroizing<Vec<u8>>>,
}

/// Registers the two merchants and the issuer's key, where they are not.
pub(super) async fn merchants(
    app: &App,
    secrets: &Secrets,
    addresses: &Addresses,
) -> Result<[SeededMerchant; 2], DemoError> {
    add_key(app, KeyOwner::Issuer, secrets.issuer_api_key()).await?;
    let [zakka, nami] = secrets.merchants();
    let japanese = ("さくら雑貨店", "5331", "JP", TimeBase::Japan, ReturnBy::FormPost);
    let overseas = ("Nami Gift Cards", "5818", "SG", TimeBase::Gmt, ReturnBy::Redirect);
    Ok([
        merchant(app, zakka, japanese, &addresses.shop_url, "zakka").await?,
        merchant(app, nami, overseas, &addresses.shop_url, "nami").await?,
    ])
}

async fn merchant(
    app: &App,
    secrets: &MerchantSecrets,
    (name, category_code, country, time_base, return_by): (&str, &str, &str, TimeBase, ReturnBy),
    shop_url: &Url,
    counter: &str,
) -> Result<SeededMerchant, DemoError> {
    let merchant = Merchant {
        id: secrets.id,
        name: name.to_owned(),
        category_code: category_code.to_owned(),
        country: country.to_owned(),
        time_base,
        return_by,
        return_urls: vec![ReturnUrl::parse(&format!("{shop_url}{counter}/return"), Environment::Test).map_err(part)?],
    };
    match app.store.merchant(secrets.id, Environment::Test).await.map_err(part)? {
        None => {
            let entry = entry(app, "merchant.create", secrets.id.to_string());
            app.store.add_merchant(merchant.clone(), app.now(), entry).await.map_err(part)?;
        }
        // The demo may listen on other ports than last time.
        Some(known) if known.return_urls != merchant.return_urls => {
            let entry = entry(app, "merchant.return_urls", secrets.id.to_string());
            app.store.set_return_urls(secrets.id, merchant.return_urls.clone(), entry).await.map_err(part)?;
        }
        Some(_) => {}
    }
    add_key(app, KeyOwner::Merchant(secrets.id), &secrets.api_key).await?;
    let webhook_keys = webhook::keys(app, secrets.id, &format!("{shop_url}webhooks/{counter}")).await?;
    Ok(SeededMerchant { merchant, api_key: secrets.api_key.clone(), webhook_keys })
}

async fn add_key(app: &App, owner: KeyOwner, text: &str) -> Result<(), DemoError> {
    let key = ApiKey::parse(text).map_err(part)?;
    if app.store.key_owner(&key.digest()).await.map_err(part)? == Some(owner) {
        return Ok(());
    }
    let id = ApiKeyId::new(app.now(), &*app.randomness);
    let last_four = text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned();
    let stored = StoredKey { id, last_four, created_at: app.now(), revoked_at: None };
    let entry = entry(app, "key.create", id.to_string());
    if app.store.add_key(owner, stored, key.digest(), entry).await.map_err(part)? {
        return Ok(());
    }
    Err(DemoError::Part(
        "two API keys of the demo are live already\nhint: revoke one, or name another data folder with --data".into(),
    ))
}

fn entry(app: &App, action: &'static str, subject: String) -> Entry {
    Entry {
        id: AuditId::new(app.now(), &*app.randomness),
        recorded_at: app.now(),
        actor: ACTOR.to_owned(),
        action,
        subject,
        result: "done".to_owned(),
    }
}

/// Registers everybody who is not there yet, in the order of the file.
pub(super) async fn people(app: &App) -> Result<People, DemoError> {
    let people = People::read().map_err(part)?;
    // Each card is complete before the next one begins, so that the last one stands for all.
    let last = people.cards().last().map(|(_, card)| card.reference.clone()).unwrap_or_default();
    if app.store.card(&last).await.map_err(part)?.is_none() {
        for cardholder in &people.cardholders {
            register(app, cardholder).await?;
        }
    }
    Ok(people)
}

/// Fresh activation codes by the card's reference, for the cards that are not registered and could be.
pub(super) async fn activation_codes(app: &App, people: &People) -> Result<BTreeMap<String, String>, DemoError> {
    let mut codes = BTreeMap::new();
    for (_, plan) in people.cards().filter(|(_, plan)| plan.enrolment.is_none()) {
        let card = app.store.card(&plan.reference).await.map_err(part)?;
        let waits = card.is_some_and(|card| card.status == CardStatus::Active);
        if waits {
            let issued = activation::issue(app, ACTOR, &plan.reference).await.map_err(part)?;
            codes.insert(plan.reference.clone(), issued.code.to_string());
        }
    }
    Ok(codes)
}

async fn register(app: &App, plan: &CardholderPlan) -> Result<(), DemoError> {
    let informed_at = app.now().plus_seconds(-30 * 86_400);
    let basis = SharingBasis { basis: Basis::Notice, notice_version: VERSION.to_owned(), informed_at };
    let sharing = (plan.sharing != Sharing::Unknown).then_some(basis);
    let entry = CardholderEntry { reference: plan.reference.clone(), record: plan.record.clone(), sharing };
    let (_, new) = register_cardholder(app, ACTOR, entry).await.map_err(part)?;
    if new && plan.sharing == Sharing::OptedOut {
        consent::object_by_reference(app, ACTOR, &plan.reference, Statement::of_system(Channel::Phone))
            .await
            .map_err(part)?;
    }
    for card in &plan.cards {
        if app.store.card(&card.reference).await.map_err(part)?.is_none() {
            register_card(app, ACTOR, card_entry(app, plan, card)?).await.map_err(part)?;
        }
        enrol_card(app, card).await?;
    }
    Ok(())
}

fn card_entry(app: &App, holder: &CardholderPlan, plan: &CardPlan) -> Result<CardEntry, DemoError> {
    Ok(CardEntry {
        reference: plan.reference.clone(),
        cardholder_reference: holder.reference.clone(),
        number: plan.number().map_err(part)?,
        expiry: plan.expiry().map_err(part)?,
        programme: plan.programme.clone(),
        status: plan.status,
        issued_at: Micros(app.now().0 - plan.issued_days_ago * Micros::DAY),
    })
}

async fn enrol_card(app: &App, card: &CardPlan) -> Result<(), DemoError> {
    let Some(plan) = &card.enrolment else { return Ok(()) };
    let entry = EnrolmentEntry {
        card_reference: card.reference.clone(),
        member_id: card.reference.clone(),
        password: plan.password.clone(),
        personal_message: plan.personal_message.clone(),
        provisional: plan.provisional,
        terms_version: plan.terms_accepted.then(|| app.terms.current(app.now()).version.clone()),
    };
    match enrol(app, ACTOR, entry).await {
        Ok(id) => methods::add(app, id, plan).await,
        Err(EnrolError::CardTaken | EnrolError::MemberIdTaken) => Ok(()),
        Err(error) => Err(part(error)),
    }
}
