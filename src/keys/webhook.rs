//! The secrets of merchants' webhooks, sealed by the ring of personal data: they must be readable to sign.

use zeroize::Zeroizing;

use super::ring::Key;
use super::{SealError, SealedSecret, person};
use crate::domain::id::WebhookEndpointId;
use crate::domain::randomness::Randomness;

pub(super) fn seal(
    by: &Key,
    id: WebhookEndpointId,
    secret: &[u8],
    randomness: &dyn Randomness,
) -> Result<SealedSecret, SealError> {
    let bytes = person::seal(by.secret(), &place(id, &by.id), secret, randomness)?;
    Ok(SealedSecret { key_id: by.id.clone(), bytes })
}

pub(super) fn open(by: &Key, id: WebhookEndpointId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    person::open(by.secret(), &place(id, &by.id), sealed)
}

/// Table, column, row and key id.
fn place(id: WebhookEndpointId, key_id: &str) -> Vec<u8> {
    person::associated_data(&[b"webhook_endpoints", b"secret", id.uuid().as_bytes(), key_id.as_bytes()])
}
