//! What callers said who were not found, sealed by the ring of personal data: they have no key of their own yet.

use zeroize::Zeroizing;

use super::ring::Key;
use super::{SealError, SealedSecret, person};
use crate::domain::id::UnmatchedId;
use crate::domain::randomness::Randomness;

pub(super) fn seal(
    by: &Key,
    id: UnmatchedId,
    details: &[u8],
    randomness: &dyn Randomness,
) -> Result<SealedSecret, SealError> {
    let bytes = person::seal(by.secret(), &place(id, &by.id), details, randomness)?;
    Ok(SealedSecret { key_id: by.id.clone(), bytes })
}

pub(super) fn open(by: &Key, id: UnmatchedId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    person::open(by.secret(), &place(id, &by.id), sealed)
}

/// Table, column, row and key id.
fn place(id: UnmatchedId, key_id: &str) -> Vec<u8> {
    person::associated_data(&[b"unmatched_objections", b"details", id.uuid().as_bytes(), key_id.as_bytes()])
}
