//! The parts of the service, wired from the configuration: the only place that builds them.

pub mod bundles;
pub mod figures;
mod instance;
mod provider;
pub mod shadow;
pub mod sharing;
mod start_error;

use std::sync::Arc;

use prometheus_client::registry::Registry;
use secrecy::ExposeSecret;
use tokio::sync::Notify;

pub use self::bundles::LoadedBundle;
use self::bundles::{Bundles, Loader, Origin};
use self::figures::Figures;
pub use self::instance::Instance;
use self::shadow::ShadowQueue;
use self::sharing::Sharing;
pub use self::start_error::StartError;
use crate::analytics::Provider;
use crate::brands::{BrandErrors, Brands};
use crate::config::Config;
use crate::credential::bundle_signature::{SignatureError, SigningKeys};
use crate::credential::hasher::Hasher;
use crate::credential::passkey::Passkeys;
use crate::credential::password::Cost;
use crate::domain::challenge::Language;
use crate::domain::clock::{Micros, SharedClock};
use crate::domain::member::ContactChannel;
use crate::domain::randomness::{Randomness, SharedRandomness};
use crate::fault_points::FaultPoints;
use crate::geo::Geo;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::notices::{NoticeErrors, Notices, Placeholders};
use crate::outbound::mail::Mailer;
use crate::outbound::sms::SmsGateway;
use crate::outbound::{Outbound, OutboundBuildError, OutboundSettings};
use crate::policy::{Bundle, BundleErrors, BundleSource};
use crate::store::Store;
use crate::terms::{Terms, TermsErrors};

/// Everything a flow may use.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The secret keys.
    pub keys: Arc<Keys>,
    /// The database.
    pub store: Store,
    /// The hasher of passwords, a few at once.
    pub hasher: Hasher,
    /// Ceremonies of passkeys; none where the service has no name that browsers make passkeys for.
    pub passkeys: Option<Passkeys>,
    /// The bundles in use, swapped as a whole.
    pub bundle: Bundles,
    /// What was counted about decisions and is not written down yet.
    pub figures: Figures,
    /// Decisions that wait for the shadow.
    pub shadow: ShadowQueue,
    /// This process among those on the same database.
    pub instance: Instance,
    /// What cardholders are told about data sharing.
    pub notices: Notices,
    /// What members accept.
    pub terms: Terms,
    /// The looks of programmes.
    pub brands: Brands,
    /// The way to the mail relay, where one is configured.
    pub mailer: Option<Mailer>,
    /// The way to the SMS gateway, where one is configured.
    pub sms: Option<SmsGateway>,
    /// Rung when a message was put into the outbox for which somebody waits, so that it is sent at once.
    pub bell: Notify,
    /// The way to merchants' endpoints.
    pub webhooks: Outbound,
    /// The analysis company, where one is configured.
    pub provider: Option<Arc<dyn Provider>>,
    /// Where IP addresses are, where a database is configured.
    pub geo: Option<Geo>,
    /// Whether this process may share at all.
    pub sharing: Arc<Sharing>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where the figures are read.
    pub registry: Registry,
    /// The time.
    pub clock: SharedClock,
    /// Unguessable bytes.
    pub randomness: SharedRandomness,
    /// Where a test can have this process fail; nothing in a release build.
    pub faults: FaultPoints,
}

impl App {
    /// The program and its version, as records name it.
    pub const PROGRAM: &str = concat!("sekisho ", env!("CARGO_PKG_VERSION"));

    /// Wires the parts. The database must have this program's schema, and says which bundle decides.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn build(config: Config, clock: SharedClock, randomness: SharedRandomness) -> Result<Self, StartError> {
        Self::build_with(config, clock, randomness, Origin::Database).await
    }

    /// Wires the parts, with the bundle from where `origin` says.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn build_with(
        config: Config,
        clock: SharedClock,
        randomness: SharedRandomness,
        origin: Origin,
    ) -> Result<Self, StartError> {
        let notices = load_notices(&config)?;
        let terms = load_terms(&config)?;
        let keys = Arc::new(load_keys(&config, randomness.as_ref(), clock.now())?);
        let store = connect(&config).await?;
        store.check_schema().await.map_err(StartError::of_store)?;
        if !store.belongs_to(key_mark(&keys)).await.map_err(StartError::Database)? {
            return Err(StartError::OtherKeys);
        }
        let provider = provider::provider(&config, &clock)?;
        let loader = Loader {
            store: store.clone(),
            keys: Arc::clone(&keys),
            provider: provider.clone(),
            signing: Arc::new(signing_keys(&config)?),
            clock: clock.clone(),
        };
        let bundle = bundles::start(origin, loader, &config, randomness.as_ref()).await.map_err(StartError::of_load)?;
        let brands = brands(&config, &bundle.load().bundle)?;
        let mailer = if config.mail.host.is_empty() { None } else { Some(Mailer::new(&config.mail)?) };
        let sms = if config.sms.url.is_empty() { None } else { Some(SmsGateway::new(&config.sms, clock.clone())?) };
        let webhooks = webhooks(&config, &clock)?;
        let cost = Cost {
            memory_kib: config.password.memory_kib,
            iterations: config.password.iterations,
            parallel: config.password.parallel,
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let hasher = Hasher::new(Arc::clone(&keys), randomness.clone(), cost, cores, config.password.queue)?;
        let passkeys = Passkeys::new(&config.server.public_url, &config.issuer.name_en);
        let geo = config.geo_database().map(Geo::open).transpose()?;
        let mut registry = Registry::default();
        let metrics = Arc::new(Metrics::new(&mut registry));
        let sharing = Arc::new(Sharing::new(config.checkpoint_file()));
        let shadow = ShadowQueue::new(config.policies.shadow_queue);
        let instance = Instance::of_this_process(clock.now(), randomness.as_ref());
        let faults = FaultPoints::from_environment(randomness.as_ref())?;
        let app = Self {
            config,
            keys,
            store,
            hasher,
            passkeys,
            bundle,
            figures: Figures::default(),
            shadow,
            instance,
            notices,
            terms,
            brands,
            mailer,
            sms,
            bell: Notify::new(),
            webhooks,
            provider,
            geo,
            sharing,
            metrics,
            registry,
            clock,
            randomness,
            faults,
        };
        app.compare_checkpoint().await.map_err(StartError::Database)?;
        Ok(app)
    }

    /// Whether messages can be sent by this way at all.
    pub fn reaches(&self, channel: ContactChannel) -> bool {
        match channel {
            ContactChannel::Email => self.mailer.is_some(),
            ContactChannel::Sms => self.sms.is_some(),
        }
    }

    /// The time now.
    pub fn now(&self) -> Micros {
        self.clock.now()
    }
}

/// The first bundle of a new database: the configured one, or the one that ships.
///
/// # Errors
/// [`BundleErrors`].
pub fn load_bundle(config: &Config) -> Result<Bundle, BundleErrors> {
    Bundle::build(match config.bundle_folder() {
        Some(folder) => BundleSource::read(folder)?,
        None => BundleSource::shipped(),
    })
}

/// The configured notices, or those that ship, with the issuer's name and telephone number filled in.
///
/// # Errors
/// [`NoticeErrors`].
pub fn load_notices(config: &Config) -> Result<Notices, NoticeErrors> {
    Notices::load(config.notices_folder(), |language| placeholders(config, language))
}

/// The configured terms, or those that ship, filled in likewise.
///
/// # Errors
/// [`TermsErrors`].
pub fn load_terms(config: &Config) -> Result<Terms, TermsErrors> {
    Terms::load(config.terms_folder(), |language| placeholders(config, language))
}

fn placeholders(config: &Config, language: Language) -> Placeholders {
    let issuer = &config.issuer;
    let choose = |ja: &String, en: &String| match language {
        Language::Ja => ja.clone(),
        Language::En => en.clone(),
    };
    Placeholders {
        issuer: choose(&issuer.name_ja, &issuer.name_en),
        phone: issuer.phone.clone(),
        hours: choose(&issuer.hours_ja, &issuer.hours_en),
        closed_days: choose(&issuer.closed_days_ja, &issuer.closed_days_en),
        office: choose(&issuer.office_ja, &issuer.office_en),
    }
}

/// The keys that bundles must be signed by, and the bundles that need no signature.
///
/// # Errors
/// [`SignatureError::PublicKey`].
pub fn signing_keys(config: &Config) -> Result<SigningKeys, SignatureError> {
    let keys = &config.policies.signing_keys;
    let keys = SigningKeys::parse(keys.iter().map(|key| (key.name.as_str(), key.public_key.as_str())))?;
    Ok(keys.but_for(config.policies.unsigned_digests.iter().cloned()))
}

/// The looks of programmes. A bundle that drops one of them is no reason not to start: nobody has its cards any more.
fn brands(config: &Config, bundle: &Bundle) -> Result<Brands, BrandErrors> {
    let known = |programme: &str| {
        if bundle.reference().programme(programme).is_none() {
            tracing::warn!(programme, "a look is for a programme that the bundle does not have");
        }
        true
    };
    Brands::load(&config.brand, known)
}

/// The looks of the bundle's programmes, each of which must be there.
///
/// # Errors
/// [`BrandErrors`].
pub fn load_brands(config: &Config, bundle: &Bundle) -> Result<Brands, BrandErrors> {
    Brands::load(&config.brand, |programme| bundle.reference().programme(programme).is_some())
}

/// The keys: from the environment where they are given there, else from the key file, which is made on first start.
///
/// # Errors
/// [`StartError`].
pub fn load_keys(config: &Config, randomness: &dyn Randomness, now: Micros) -> Result<Keys, StartError> {
    if let Some(content) = &config.keys.content {
        return Ok(Keys::from_toml(content.expose_secret())?);
    }
    make_data_folder(config)?;
    Ok(Keys::load_or_create(&config.key_file(), randomness, now)?)
}

/// What a database keeps of the keys it was filled with, to know them again.
pub fn key_mark(keys: &Keys) -> String {
    hex::encode(keys.mac("deployment", &[b"keys"]))
}

/// Connects to the configured database; on SQLite its folder is made.
///
/// # Errors
/// [`StartError`].
pub async fn connect(config: &Config) -> Result<Store, StartError> {
    let url = config.database_url();
    if url.expose_secret().starts_with("sqlite:") {
        make_data_folder(config)?;
    }
    Store::connect(url.expose_secret(), config.database.max_connections).await.map_err(StartError::Database)
}

/// Brings the configured database to this program's schema and says how many migrations that took.
///
/// # Errors
/// [`StartError`].
pub async fn migrate(config: &Config) -> Result<usize, StartError> {
    let store = connect(config).await?;
    let applied = store.migrate().await;
    store.close().await;
    applied.map_err(StartError::of_store)
}

fn make_data_folder(config: &Config) -> Result<(), StartError> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|source| StartError::DataFolder { path: config.data_dir.display().to_string(), source })
}

/// A merchant's endpoint may be far away, so connecting may take longer than to the analysis company.
fn webhooks(config: &Config, clock: &SharedClock) -> Result<Outbound, OutboundBuildError> {
    let settings = OutboundSettings {
        connect_timeout_ms: config.webhooks.timeout_ms,
        idle_connections: 16,
        destinations: config.webhooks.destinations,
        ..OutboundSettings::default()
    };
    Outbound::new(&settings, clock.clone())
}
