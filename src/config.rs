//! The settings of the service: one struct for each section, read from the compiled-in defaults,
//! then a file, then the environment. Knows nothing of what the parts do with them.

mod brand;
mod check;
mod database;
pub mod document;
mod error;
mod load;
mod product;
mod secret;
mod server;

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

pub use self::brand::BrandSettings;
pub use self::database::DatabaseSettings;
pub use self::error::ConfigError;
pub use self::product::{
    ChallengeSettings, IssuerSettings, LogFormat, LogSettings, MemberSettings, PasswordSettings, RateLimitSettings,
    RetentionSettings, SharingSettings, StaffSettings, WebhookSettings,
};
pub use self::server::ServerSettings;
pub use crate::analytics::settings::AnalyticsConfig as AnalyticsSettings;
pub use crate::outbound::mail::MailSettings;
pub use crate::outbound::sms::SmsSettings;

use crate::domain::merchant::Environment;

/// The compiled-in default of every setting, with its comment.
pub const DEFAULTS: &str = include_str!("config/config.default.toml");

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Whether this deployment serves tests or real payments.
    pub environment: Environment,
    /// The folder for what is kept outside the database.
    pub data_dir: PathBuf,
    /// The HTTP server.
    pub server: ServerSettings,
    /// Where everything is stored.
    pub database: DatabaseSettings,
    /// Secret keys.
    pub keys: KeySettings,
    /// Policies and reference data.
    pub bundle: BundleSettings,
    /// The life of bundles.
    pub policies: PoliciesSettings,
    /// What cardholders are told about the issuer.
    pub issuer: IssuerSettings,
    /// Looks of programmes.
    pub brand: Vec<BrandSettings>,
    /// The buyer's proof.
    pub challenge: ChallengeSettings,
    /// Hashing of passwords.
    pub password: PasswordSettings,
    /// Sessions of the issuer's staff.
    pub staff: StaffSettings,
    /// Members on their own pages.
    pub member: MemberSettings,
    /// Requests of one merchant.
    pub rate_limit: RateLimitSettings,
    /// The country of an IP address.
    pub geo: GeoSettings,
    /// What is said about data sharing.
    pub sharing: SharingSettings,
    /// How long records are kept.
    pub retention: RetentionSettings,
    /// The relay that takes mail to cardholders.
    pub mail: MailSettings,
    /// The gateway that takes short messages to cardholders.
    pub sms: SmsSettings,
    /// Messages to merchants.
    pub webhooks: WebhookSettings,
    /// The log.
    pub log: LogSettings,
    /// The outside company that analyses transactions.
    pub analytics: AnalyticsSettings,
}

/// Secret keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The key file; empty: in the data folder.
    pub file: PathBuf,
    /// What `SEKISHO_KEYS` holds: the keys themselves, instead of a file.
    #[serde(skip)]
    pub content: Option<SecretString>,
}

/// Policies and reference data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleSettings {
    /// The folder of a new database's first bundle; empty: the shipped one.
    pub path: PathBuf,
}

/// The life of bundles.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoliciesSettings {
    /// The keys that bundles must be signed by; none: a signature is not asked for.
    pub signing_keys: Vec<SigningKeySettings>,
    /// Digests of bundles that need no signature although there are keys.
    pub unsigned_digests: Vec<String>,
    /// Decisions of a canary before its shares are held against its band.
    pub canary_decisions_min: u32,
    /// Decisions that may wait for the shadow.
    pub shadow_queue: usize,
}

/// A key that bundles are signed by.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKeySettings {
    /// Its name, by which records name it.
    pub name: String,
    /// Its public half: base64 of 32 bytes, or PEM.
    pub public_key: String,
}

/// The country of an IP address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeoSettings {
    /// A database in MaxMind's format; empty: none.
    pub database: PathBuf,
}

impl Config {
    /// Reads the settings: defaults, then `file`, then the variables of `environment` that begin with
    /// `SEKISHO__`. Secrets are resolved. The error lists everything that is wrong at once.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        load::load(file, &environment.into_iter().collect())
    }

    /// The key file.
    pub fn key_file(&self) -> PathBuf {
        given(&self.keys.file).map_or_else(|| self.data_dir.join("keys.toml"), Path::to_owned)
    }

    /// The folder of the first bundle, if it is not the shipped one.
    pub fn bundle_folder(&self) -> Option<&Path> {
        given(&self.bundle.path)
    }

    /// The database of IP countries, if there is one.
    pub fn geo_database(&self) -> Option<&Path> {
        given(&self.geo.database)
    }

    /// The file that remembers, outside of the database, how many objections there are.
    pub fn checkpoint_file(&self) -> PathBuf {
        given(&self.sharing.checkpoint).map_or_else(|| self.data_dir.join("objections.toml"), Path::to_owned)
    }

    /// The folder of notices, if they are not the shipped ones.
    pub fn notices_folder(&self) -> Option<&Path> {
        given(&self.sharing.notices)
    }

    /// The folder of the members' terms, if they are not the shipped ones.
    pub fn terms_folder(&self) -> Option<&Path> {
        given(&self.member.terms)
    }

    /// Whether the database is the embedded one in the data folder.
    pub fn database_url_is_embedded(&self) -> bool {
        self.database.url.expose_secret().is_empty()
    }

    /// The file of the embedded database.
    pub fn embedded_database(&self) -> PathBuf {
        self.data_dir.join(database::EMBEDDED)
    }

    /// The address of the database, password included.
    pub fn database_url(&self) -> SecretString {
        self.database.address(&self.data_dir)
    }
}

fn given(path: &Path) -> Option<&Path> {
    (!path.as_os_str().is_empty()).then_some(path)
}
