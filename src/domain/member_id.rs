//! The name that a member signs in with: which may be chosen, and its one form.

use unicode_normalization::UnicodeNormalization;

/// The fewest characters.
const SHORTEST: usize = 6;
/// The most characters.
const LONGEST: usize = 32;

/// A member id that may be chosen, in its normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberId(String);

/// Why a text cannot be a member id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberIdError {
    /// Too short, too long, or of other characters.
    #[error(
        "a member id has {SHORTEST} to {LONGEST} letters a-z, digits and the signs . _ - @\nhint: begin with a letter or digit"
    )]
    Form,
    /// Digits alone are taken for a card number or a telephone number.
    #[error("a member id has at least one letter\nhint: never use your card number")]
    OnlyDigits,
}

impl MemberId {
    /// Reads a member id; capitals and full-width characters are taken as people type them.
    ///
    /// # Errors
    /// [`MemberIdError`].
    pub fn parse(text: &str) -> Result<Self, MemberIdError> {
        let id = normal(text);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        let begins = id.chars().next().is_some_and(|first| first.is_ascii_alphanumeric());
        if !(SHORTEST..=LONGEST).contains(&id.len()) || !begins || !id.chars().all(fits) {
            return Err(MemberIdError::Form);
        }
        if id.chars().any(|c| c.is_ascii_alphabetic()) { Ok(Self(id)) } else { Err(MemberIdError::OnlyDigits) }
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The one form of what is typed for a member id: NFKC, lower case, without spaces around it. Nothing long is looked at.
pub fn normal(text: &str) -> String {
    if text.len() > 16 * LONGEST {
        return String::new();
    }
    text.nfkc().collect::<String>().trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_apart_however_they_are_typed() {
        for text in ["hanako.y", " Hanako.Y ", "ＨＡＮＡＫＯ．Ｙ"] {
            assert_eq!(MemberId::parse(text).unwrap().as_str(), "hanako.y", "{text}");
        }
        for text in ["", "short", "hanako y", "花子花子花子", "-hanako", "erased:0123", "hanako<b>", &"a".repeat(33)]
        {
            assert_eq!(MemberId::parse(text), Err(MemberIdError::Form), "{text}");
        }
        assert_eq!(MemberId::parse("3528990000079193"), Err(MemberIdError::OnlyDigits));
        assert_eq!(normal(&"a".repeat(1_000_000)), "");
    }
}
