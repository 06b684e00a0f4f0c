//! Bounded argon2id.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Interim bounded hasher.
#[derive(Debug)]
pub struct Hasher {
    permits: Arc<Semaphore>,
}

/// Too many at once.
#[derive(Debug, thiserror::Error)]
#[error("too many passwords are being compared")]
pub struct Busy;

/// Leave to compare one password.
#[derive(Debug)]
pub struct Permit(OwnedSemaphorePermit);

impl Hasher {
    /// A hasher for so many at once.
    pub fn new(at_once: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(at_once)) }
    }

    /// Waits for leave.
    pub async fn permit(&self) -> Result<Permit, Busy> {
        let wait = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(std::time::Duration::from_secs(2), wait).await {
            Ok(Ok(permit)) => Ok(Permit(permit)),
            _ => Err(Busy),
        }
    }
}

impl Permit {
    /// Compares.
    pub async fn verify(self, password: String, secret: String) -> bool {
        tokio::task::spawn_blocking(move || {
            let _permit = self.0;
            let Ok(hash) = argon2::password_hash::phc::PasswordHash::new(&secret) else { return false };
            argon2::Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
        })
        .await
        .unwrap_or(false)
    }
}

/// Hashes.
pub fn hash(password: &str, salt: &[u8]) -> String {
    argon2::Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map(|hash: argon2::password_hash::phc::PasswordHash| hash.to_string())
        .unwrap_or_default()
}
