//! Settings of the database.

use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

/// Where everything is stored.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// The address, which may hold a password; empty: SQLite in the data folder.
    pub url: SecretString,
    /// The password, when it is not in the address.
    pub password: Option<SecretString>,
    /// Connections open at once.
    pub max_connections: u32,
    /// Time to wait for a free connection, milliseconds.
    pub acquire_timeout_ms: u64,
}

impl DatabaseSettings {
    /// Time to wait for a free connection.
    pub fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    pub(super) fn address(&self, data_dir: &Path) -> SecretString {
        let url = self.url.expose_secret();
        if url.is_empty() {
            return format!("sqlite:{}", data_dir.join("sekisho.db").display()).into();
        }
        let with_password = self.password.as_ref().and_then(|password| {
            let mut parsed = Url::parse(url).ok()?;
            parsed.set_password(Some(password.expose_secret())).ok()?;
            Some(String::from(parsed))
        });
        with_password.unwrap_or_else(|| url.to_owned()).into()
    }
}
