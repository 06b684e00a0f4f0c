//! Why the service cannot start.

use super::bundles::LoadError;
use crate::analytics::settings::SettingsError;
use crate::brands::BrandErrors;
use crate::credential::bundle_signature::SignatureError;
use crate::credential::password::HashError;
use crate::fault_points::PlanError;
use crate::geo::GeoError;
use crate::keys::KeyError;
use crate::notices::NoticeErrors;
use crate::outbound::OutboundBuildError;
use crate::outbound::mail::MailBuildError;
use crate::outbound::sms::SmsBuildError;
use crate::store::StoreError;
use crate::terms::TermsErrors;

/// Why the service cannot start. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or written.
    #[error(
        "cannot write the data folder `{path}`: {source}\nhint: set `data_dir` (or --data) to a folder that this user may write"
    )]
    DataFolder {
        /// The folder.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The keys cannot be read or made.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database does not answer.
    #[error(
        "cannot open the database: {0}\nhint: check `database.url`: PostgreSQL must run there and let this user in, SQLite needs a folder that can be written"
    )]
    Database(#[source] StoreError),
    /// The database has another schema than this program.
    #[error("{0}\nhint: {hint}", hint = schema_hint(.0))]
    Schema(#[source] StoreError),
    /// The keys are not those that the database was filled with.
    #[error(
        "the keys are not the ones that this database was filled with\nhint: start with the key file that belongs to the database; with others no card would be found"
    )]
    OtherKeys,
    /// The bundle cannot be used.
    #[error("{0}")]
    Bundle(#[source] LoadError),
    /// A key that bundles are signed by cannot be read.
    #[error(transparent)]
    SigningKey(#[from] SignatureError),
    /// The notices cannot be used.
    #[error(transparent)]
    Notices(#[from] NoticeErrors),
    /// The members' terms cannot be used.
    #[error(transparent)]
    Terms(#[from] TermsErrors),
    /// The looks of programmes cannot be used.
    #[error(transparent)]
    Brands(#[from] BrandErrors),
    /// The settings of the analysis company are wrong.
    #[error(transparent)]
    Analytics(#[from] SettingsError),
    /// The client for calls to the outside cannot be built.
    #[error(transparent)]
    Outbound(#[from] OutboundBuildError),
    /// The way to the mail relay cannot be built.
    #[error(transparent)]
    Mail(#[from] MailBuildError),
    /// The way to the SMS gateway cannot be built.
    #[error(transparent)]
    Sms(#[from] SmsBuildError),
    /// Passwords cannot be hashed.
    #[error("cannot hash passwords: {0}")]
    Hasher(#[from] HashError),
    /// The geo database cannot be read.
    #[error(transparent)]
    Geo(#[from] GeoError),
    /// The plan of the fault points cannot be read.
    #[error("{0}")]
    Faults(#[from] PlanError),
}

impl StartError {
    /// What it means at the start that no bundle can decide.
    pub(super) fn of_load(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => Self::of_store(error),
            error => Self::Bundle(error),
        }
    }

    /// What it means at the start that the store failed.
    pub(super) fn of_store(error: StoreError) -> Self {
        match error {
            StoreError::OlderSchema { .. } | StoreError::NewerSchema { .. } => Self::Schema(error),
            error => Self::Database(error),
        }
    }
}

fn schema_hint(error: &StoreError) -> &'static str {
    match error {
        StoreError::NewerSchema { .. } => {
            "run the version of the program that this database was migrated with, or a newer one"
        }
        _ => "run `sekisho migrate`",
    }
}
