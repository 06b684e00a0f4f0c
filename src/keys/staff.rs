//! The secrets of staff people's one-time passwords, sealed by the ring of personal data.

use zeroize::Zeroizing;

use super::SealError;
use super::person;
use super::ring::Key;
use crate::domain::id::StaffId;
use crate::domain::randomness::Randomness;

/// A secret as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    /// The id of the key that sealed it.
    pub key_id: String,
    /// The sealed secret.
    pub bytes: Vec<u8>,
}

pub(super) fn seal(
    by: &Key,
    staff: StaffId,
    secret: &[u8],
    randomness: &dyn Randomness,
) -> Result<SealedSecret, SealError> {
    let bytes = person::seal(by.secret(), &place(staff, &by.id), secret, randomness)?;
    Ok(SealedSecret { key_id: by.id.clone(), bytes })
}

pub(super) fn open(by: &Key, staff: StaffId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    person::open(by.secret(), &place(staff, &by.id), sealed)
}

/// Table, column, row and key id.
fn place(staff: StaffId, key_id: &str) -> Vec<u8> {
    person::associated_data(&[b"staff", b"totp_secret", staff.uuid().as_bytes(), key_id.as_bytes()])
}
