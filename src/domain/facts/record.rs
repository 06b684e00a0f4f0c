//! Facts as a record keeps them: read as they were written, and never guessed.

use serde::Deserialize;

use super::Facts;

impl Facts {
    /// Facts as a record keeps them. What has a meaning when it is absent may be absent in facts of version 1 only, which
    /// did not know it: in any other the record is not whole, and nothing is guessed.
    ///
    /// # Errors
    /// What cannot be read, or what is missing.
    pub fn of_record(text: &str) -> serde_json::Result<Self> {
        let since_2: SinceVersion2 = serde_json::from_str(text)?;
        if since_2.version > FACTS_VERSION_1 {
            let missing = |name| <serde_json::Error as serde::de::Error>::missing_field(name);
            since_2.vouched.ok_or_else(|| missing("vouched"))?;
            since_2.card.blocked.ok_or_else(|| missing("card.blocked"))?;
        }
        serde_json::from_str(text)
    }
}

/// The version that knew neither vouching nor blocking.
const FACTS_VERSION_1: u16 = 1;

/// What facts hold since version 2.
#[derive(Deserialize)]
struct SinceVersion2 {
    version: u16,
    vouched: Option<bool>,
    card: CardSinceVersion2,
}

#[derive(Deserialize)]
struct CardSinceVersion2 {
    blocked: Option<bool>,
}
