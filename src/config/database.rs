//! Settings of the database.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

/// The embedded database's file in the data folder.
pub(super) const EMBEDDED: &str = "sekisho.db";

/// Where everything is stored.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// The address, which may hold a password; empty: SQLite in the data folder.
    pub url: SecretString,
    /// The password, when it is not in the address; else empty.
    pub password: SecretString,
    /// Connections open at once.
    pub max_connections: u32,
}

impl DatabaseSettings {
    pub(super) fn address(&self, data_dir: &Path) -> SecretString {
        let url = self.url.expose_secret();
        if url.is_empty() {
            return format!("sqlite:{}", data_dir.join(EMBEDDED).display()).into();
        }
        let with_password =
            Some(&self.password).filter(|password| !password.expose_secret().is_empty()).and_then(|password| {
                let mut parsed = Url::parse(url).ok()?;
                parsed.set_password(Some(password.expose_secret())).ok()?;
                Some(String::from(parsed))
            });
        with_password.unwrap_or_else(|| url.to_owned()).into()
    }
}
