//! Time as a parameter: a point in time, and where it comes from.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Microseconds since the Unix epoch, UTC. What the database stores and what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// One second, in microseconds.
    pub const SECOND: i64 = 1_000_000;
    /// One hour, in microseconds.
    pub const HOUR: i64 = 3_600 * Self::SECOND;
    /// One day, in microseconds.
    pub const DAY: i64 = 24 * Self::HOUR;

    /// This time moved by whole seconds (negative: earlier); saturates.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(Self::SECOND)))
    }

    /// This time moved by milliseconds; saturates.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis.saturating_mul(Self::SECOND / 1_000)))
    }

    /// Seconds since the Unix epoch, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(Self::SECOND)
    }

    /// The number of whole hours since the Unix epoch: the bucket of the velocity counters.
    pub fn hour_bucket(self) -> i64 {
        self.0.div_euclid(Self::HOUR)
    }

    /// The same instant as a [`Timestamp`]; the epoch when it lies outside jiff's range.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// RFC 3339 in UTC, to the microsecond.
    pub fn rfc3339(self) -> String {
        format!("{:.6}", self.timestamp())
    }
}

impl From<Timestamp> for Micros {
    fn from(value: Timestamp) -> Self {
        Self(value.as_microsecond())
    }
}

/// Where the time comes from. Production has one implementation, tests another that can be advanced.
pub trait Clock: Send + Sync + 'static {
    /// Wall-clock time.
    fn now(&self) -> Micros;
    /// Nanoseconds on a clock that never goes back and goes on while the machine sleeps.
    fn boot_nanos(&self) -> u64;
}

/// A clock shared by the parts of the service.
pub type SharedClock = Arc<dyn Clock>;

/// For serde: RFC 3339 in UTC, to the microsecond.
pub mod rfc3339 {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Micros;

    /// Writes the text form.
    pub fn serialize<S: Serializer>(at: &Micros, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.rfc3339())
    }

    /// Reads the text form.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Micros, D::Error> {
        Timestamp::deserialize(deserializer).map(Micros::from)
    }

    /// The same for a time that may be missing.
    pub mod option {
        use jiff::Timestamp;
        use serde::{Deserialize, Deserializer, Serializer};

        use crate::domain::clock::Micros;

        /// Writes the text form, or null.
        pub fn serialize<S: Serializer>(at: &Option<Micros>, serializer: S) -> Result<S::Ok, S::Error> {
            match at {
                Some(at) => serializer.serialize_some(&at.rfc3339()),
                None => serializer.serialize_none(),
            }
        }

        /// Reads the text form, or null.
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Micros>, D::Error> {
            Ok(Option::<Timestamp>::deserialize(deserializer)?.map(Micros::from))
        }
    }
}
