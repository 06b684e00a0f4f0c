//! The demo's own keys, made once and kept in the data folder, so that they are the same on the next start.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::DemoError;
use crate::credential::api_key::{ApiKey, KeyHolder};
use crate::domain::clock::Micros;
use crate::domain::id::MerchantId;
use crate::domain::merchant::Environment;
use crate::domain::randomness::Randomness;

const FILE: &str = "demo.toml";

/// API keys in clear text: fit for a demo and for nothing else.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Secrets {
    issuer_api_key: String,
    provider_key: String,
    zakka: MerchantSecrets,
    nami: MerchantSecrets,
}

/// One merchant's.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MerchantSecrets {
    pub(super) id: MerchantId,
    pub(super) api_key: String,
}

impl Secrets {
    /// Reads the file, or makes it with fresh keys (mode 0600).
    pub(super) fn load_or_create(folder: &Path, randomness: &dyn Randomness, now: Micros) -> Result<Self, DemoError> {
        let path = folder.join(FILE);
        let failed = |reason: String| DemoError::Folder { path: folder.display().to_string(), reason };
        let read = |text: String| toml::from_str(&text).map_err(|error| failed(format!("{FILE}: {}", error.message())));
        match fs::read_to_string(&path) {
            Ok(text) => read(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secrets = Self::generate(randomness, now);
                write(folder, &path, &secrets).map_err(|error| failed(error.to_string()))?;
                Ok(secrets)
            }
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn generate(randomness: &dyn Randomness, now: Micros) -> Self {
        let key = |holder| ApiKey::generate(holder, Environment::Test, randomness).expose().to_owned();
        let merchant = || MerchantSecrets { id: MerchantId::new(now, randomness), api_key: key(KeyHolder::Merchant) };
        Self {
            issuer_api_key: key(KeyHolder::Issuer),
            provider_key: hex::encode(randomness.bytes::<16>()),
            zakka: merchant(),
            nami: merchant(),
        }
    }

    pub(super) fn issuer_api_key(&self) -> &str {
        &self.issuer_api_key
    }

    pub(super) fn provider_key(&self) -> &str {
        &self.provider_key
    }

    /// The variety store's and the gift card store's, in this order.
    pub(super) fn merchants(&self) -> [&MerchantSecrets; 2] {
        [&self.zakka, &self.nami]
    }
}

/// Written beside and moved into place, so that half a file is never read.
fn write(folder: &Path, path: &Path, secrets: &Secrets) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = path.with_extension("toml.draft");
    let text = toml::to_string(secrets).map_err(io::Error::other)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()
}
