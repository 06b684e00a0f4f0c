//! The hash of a row in a person's line: bytes in memory, hexadecimal in an export.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// SHA-256 of a row and of the row before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowHash([u8; 32]);

impl RowHash {
    /// What stands before the first row.
    pub const NONE: Self = Self([0; 32]);

    /// A hash as it was computed.
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A hash as it was kept; none when it has another length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Hexadecimal, lower case.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl Serialize for RowHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for RowHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.as_bytes(), &mut bytes)
            .map_err(|_| de::Error::custom("expected 64 hexadecimal digits"))?;
        Ok(Self(bytes))
    }
}
