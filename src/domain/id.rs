//! Identifiers: a prefix that says what they name, and a UUIDv7 that sorts by time.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::clock::Micros;
use super::randomness::Randomness;

/// What an [`Id`] names.
pub trait Kind {
    /// The prefix in text, without the underscore: `auth` for `auth_…`.
    const PREFIX: &'static str;
}

/// An identifier, written `prefix_` and 32 hexadecimal digits.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

/// Why a text is no identifier of the wanted kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an id of the form `{prefix}_` and 32 hexadecimal digits")]
pub struct IdError {
    prefix: &'static str,
}

impl<K: Kind> Id<K> {
    /// A new identifier for something that comes to be at `now`.
    pub fn new(now: Micros, randomness: &dyn Randomness) -> Self {
        let millis = u64::try_from(now.0.div_euclid(1_000)).unwrap_or(0);
        let random = randomness.bytes::<10>();
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Before every identifier of something that comes to be at `at` or later, to the millisecond: ids sort by time.
    pub fn before(at: Micros) -> Self {
        let millis = u64::try_from(at.0.div_euclid(1_000)).unwrap_or(0);
        Self::from_uuid(Uuid::from_u128(u128::from(millis) << 80))
    }

    /// The first millisecond that begins after this identifier came to be.
    pub fn after(self) -> Micros {
        let millis = i64::try_from(self.uuid.as_u128() >> 80).unwrap_or(0);
        Micros((millis + 1) * 1_000)
    }

    /// The identifier with this UUID.
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// The UUID inside, as the database keeps it.
    pub fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, self.uuid.simple())
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = IdError { prefix: K::PREFIX };
        text.strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .filter(|hex| hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
            .and_then(|hex| Uuid::try_parse(hex).ok())
            .map(Self::from_uuid)
            .ok_or(error)
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $alias:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        $(#[$doc])*
        pub type $alias = Id<$kind>;
    )*};
}

kinds! {
    /// One authentication.
    AuthenticationKind AuthenticationId "auth";
    /// One card.
    CardKind CardId "card";
    /// One cardholder.
    CardholderKind CardholderId "holder";
    /// One challenge.
    ChallengeKind ChallengeId "chal";
    /// One consent event.
    ConsentEventKind ConsentEventId "consent";
    /// One credential of an enrolment.
    CredentialKind CredentialId "cred";
    /// One device session.
    DeviceSessionKind DeviceSessionId "dev";
    /// One row of the disclosure ledger.
    DisclosureKind DisclosureId "disc";
    /// One enrolment.
    EnrolmentKind EnrolmentId "enrol";
    /// One API key.
    ApiKeyKind ApiKeyId "key";
    /// One merchant.
    MerchantKind MerchantId "mer";
    /// One row of the audit log.
    AuditKind AuditId "audit";
    /// One HTTP request.
    RequestKind RequestId "req";
    /// One person on the issuer's staff.
    StaffKind StaffId "staff";
    /// One session of a staff person.
    StaffSessionKind StaffSessionId "sess";
    /// One request for somebody else's approval.
    ApprovalKind ApprovalId "appr";
    /// One message on its way out.
    OutboxKind OutboxId "out";
    /// One objection whose cardholder is not known yet.
    UnmatchedKind UnmatchedId "unmatched";
    /// One staff person's word that a purchase is the cardholder's own.
    VouchKind VouchId "vouch";
    /// One receipt of a consent event.
    ReceiptKind ReceiptId "rcpt";
    /// One address or number that codes are sent to.
    ContactKind ContactId "contact";
    /// One session of a member on her own pages.
    MemberSessionKind MemberSessionId "msess";
    /// One enrolment's passkey.
    PasskeyKind PasskeyId "passkey";
    /// One code by which the issuer lets a card be registered.
    ActivationKind ActivationId "activation";
    /// One receiver of a merchant's webhooks.
    WebhookEndpointKind WebhookEndpointId "whe";
    /// One bundle's time as live, canary or shadow.
    ActivationOfBundleKind BundleActivationId "act";
    /// One request to a recipient to erase what it got.
    ErasureKind ErasureId "erase";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_prefix_and_lower_case_hex_are_an_id() {
        let id = AuthenticationId::from_uuid(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "auth",
            "auth_",
            "card_00000000000000000000000000000007",
            "auth_0000000000000000000000000000000G",
            "auth_00000000-0000-0000-0000-000000000007",
            "auth_000000000000000000000000000000AB",
        ] {
            assert!(text.parse::<AuthenticationId>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_end_after_an_id_lies_behind_it_and_before_the_next_millisecond() {
        let at = Micros(1_763_996_400_123_456);
        let id = AuthenticationId::from_uuid(
            uuid::Builder::from_unix_timestamp_millis(1_763_996_400_123, &[255; 10]).into_uuid(),
        );
        assert_eq!(id.after(), Micros(1_763_996_400_124_000));
        assert!(AuthenticationId::before(at) < id && id < AuthenticationId::before(id.after()));
    }
}
