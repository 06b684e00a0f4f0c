//! Makes a stored bundle ready, and holds it against this deployment: its signature, the recipient that is asked here, the
//! modes that the company's interface takes.

use std::sync::Arc;

use super::LoadedBundle;
use crate::analytics::Provider;
use crate::analytics::pseudonym::Pseudonyms;
use crate::analytics::settings::SettingsError;
use crate::credential::bundle_signature::{SignatureError, SigningKeys};
use crate::domain::bundle::{BundleSignature, StoredBundle};
use crate::domain::clock::SharedClock;
use crate::keys::Keys;
use crate::policy::{Bundle, BundleErrors, BundleSource};
use crate::store::{Store, StoreError};

/// Why a bundle cannot be used here.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database does not hold it.
    #[error("the database has no bundle `{0}`")]
    Unknown(String),
    /// Its files are not the ones that were submitted.
    #[error("the stored files of the bundle `{0}` do not have its digest\nhint: find out who changed the database")]
    Altered(String),
    /// It is not signed as the settings ask.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// This program cannot make it ready.
    #[error("{0}")]
    Unsound(#[from] BundleErrors),
    /// It does not know the recipient that is asked here.
    #[error(
        "the bundle has no recipient `{0}`\nhint: `analytics.recipient` must stand in the bundle's register of recipients"
    )]
    UnknownRecipient(String),
    /// It would send data in a form that the company's interface does not take.
    #[error(transparent)]
    Modes(#[from] SettingsError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Building it broke down.
    #[error("making the bundle ready broke down")]
    Broken,
}

/// What a bundle is held against here.
#[derive(Clone)]
pub struct Loader {
    pub(in crate::app) store: Store,
    pub(in crate::app) keys: Arc<Keys>,
    pub(in crate::app) provider: Option<Arc<dyn Provider>>,
    pub(in crate::app) signing: Arc<SigningKeys>,
    pub(in crate::app) clock: SharedClock,
}

impl Loader {
    /// The stored bundle with this digest, made ready on a thread where that may take its time.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn load(&self, digest: &str) -> Result<LoadedBundle, LoadError> {
        let stored = self.store.bundle(digest).await?.ok_or_else(|| LoadError::Unknown(digest.to_owned()))?;
        self.check_signature(digest, stored.head.signature.as_ref())?;
        self.prepare(stored).await
    }

    async fn prepare(&self, stored: StoredBundle) -> Result<LoadedBundle, LoadError> {
        let source = BundleSource::of(stored.files);
        if source.digest() != stored.head.digest {
            return Err(LoadError::Altered(stored.head.digest));
        }
        let built = tokio::task::spawn_blocking(move || Bundle::build(source)).await;
        self.fit(built.map_err(|_| LoadError::Broken)??)
    }

    /// Whether a bundle is signed as the settings ask. The one that ships needs no signature: it is part of the program.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn check_signature(&self, digest: &str, signature: Option<&BundleSignature>) -> Result<(), SignatureError> {
        if digest == BundleSource::shipped().digest() {
            return Ok(());
        }
        self.signing.check(digest, signature)
    }

    /// The keys that bundles are signed by.
    pub fn signing(&self) -> &SigningKeys {
        &self.signing
    }

    /// Puts a bundle together with this deployment's company.
    ///
    /// # Errors
    /// [`LoadError::UnknownRecipient`], [`LoadError::Modes`].
    pub fn fit(&self, bundle: Bundle) -> Result<LoadedBundle, LoadError> {
        let pseudonyms = match self.provider.as_deref() {
            None => None,
            Some(provider) => Some(self.pseudonyms(provider, &bundle)?),
        };
        Ok(LoadedBundle { bundle, pseudonyms, loaded_at: self.clock.now() })
    }

    fn pseudonyms(&self, provider: &dyn Provider, bundle: &Bundle) -> Result<Pseudonyms, LoadError> {
        let id = &provider.describe().recipient;
        let unknown = || LoadError::UnknownRecipient(id.clone());
        let modes = bundle.reference().recipient(id).ok_or_else(unknown)?.data_modes();
        let older = self.keys.older_pseudonym_secrets();
        let pseudonyms = Pseudonyms::new(self.keys.pseudonym_secret(), older, id, modes);
        provider.check(&pseudonyms)?;
        Ok(pseudonyms)
    }
}
