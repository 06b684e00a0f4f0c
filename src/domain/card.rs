//! Cards: the number as typed (never stored), its expiry, and a card's state.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::clock::Micros;

/// A card number that passed the Luhn check. Shows only its last four digits; wiped when dropped.
pub struct CardNumber(Zeroizing<String>);

/// Why a text is no card number.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CardNumberError {
    /// Something else than the digits 0–9.
    #[error("a card number has digits 0-9 only, without spaces, hyphens or full-width digits")]
    NotDigits,
    /// Fewer than 12 or more than 19 digits (ISO/IEC 7812-1).
    #[error("a card number has 12 to 19 digits")]
    Length,
    /// The last digit does not fit the others.
    #[error("the card number's check digit is wrong")]
    CheckDigit,
}

/// The longest text that is looked at where a person types a number or an expiry, bytes.
const LONGEST_TYPED: usize = 128;

impl CardNumber {
    /// Reads a card number as a person copies it from her card: in groups, with hyphens, full-width or not.
    ///
    /// # Errors
    /// [`CardNumberError`].
    pub fn typed(text: &str) -> Result<Self, CardNumberError> {
        if text.len() > LONGEST_TYPED {
            return Err(CardNumberError::Length);
        }
        let is_between =
            |c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}');
        let digits: Zeroizing<String> = Zeroizing::new(text.nfkc().filter(|c| !is_between(*c)).collect());
        Self::parse(&digits)
    }

    /// Reads a card number: ASCII digits, 12 to 19 of them, Luhn's check digit (ISO/IEC 7812-1).
    pub fn parse(text: &str) -> Result<Self, CardNumberError> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CardNumberError::NotDigits);
        }
        if !(12..=19).contains(&text.len()) {
            return Err(CardNumberError::Length);
        }
        if !luhn(text) {
            return Err(CardNumberError::CheckDigit);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// All digits, to be hashed and forgotten.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The issuer number: the first eight digits (ISO/IEC 7812-1:2017).
    pub fn issuer_number(&self) -> &str {
        self.0.get(..8).unwrap_or_default()
    }

    /// The last four digits.
    pub fn last_four(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(4)..).unwrap_or_default()
    }
}

impl std::fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CardNumber(…{})", self.last_four())
    }
}

/// Whether a text that somebody typed holds something that reads like a card number: 13 to 19 digits of any width with the
/// right check digit, perhaps in groups.
pub fn mentions_card_number(text: &str) -> bool {
    let folded: String = text.nfkc().filter(|letter| !matches!(letter, ' ' | '-' | '.')).collect();
    let mut runs = folded.split(|letter: char| !letter.is_ascii_digit());
    runs.any(|run| (13..=19).contains(&run.len()) && luhn(run))
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(position, byte)| {
            let digit = u32::from(byte - b'0');
            let doubled = if position % 2 == 1 { digit * 2 } else { digit };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The last month in which a card can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry {
    /// The year, four digits.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: i8,
}

impl Expiry {
    /// Reads an expiry as a person copies it from her card: month and year, `11/29`, `11 / 2029`, full-width or not.
    pub fn typed(text: &str) -> Option<Self> {
        if text.len() > LONGEST_TYPED {
            return None;
        }
        let folded: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
        let (month, year) = folded.split_once(['/', '-'])?;
        let century = if year.len() == 2 { "20" } else { "" };
        Self::parse(&format!("{century}{year}-{month:0>2}"))
    }

    /// Reads `YYYY-MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let expiry = Self { year: year.parse().ok()?, month: month.parse().ok()? };
        ((2000..=2099).contains(&expiry.year) && (1..=12).contains(&expiry.month)).then_some(expiry)
    }

    /// Whether the month is over at `now`, in UTC.
    pub fn is_past(self, now: Micros) -> bool {
        let today = now.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
        (self.year, self.month) < (today.year(), today.month())
    }
}

impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// What the issuer says about a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardStatus {
    /// In use.
    Active,
    /// Reported lost.
    Lost,
    /// Reported stolen.
    Stolen,
    /// Closed by the issuer or the cardholder.
    Closed,
    /// Past its expiry.
    Expired,
}

impl CardStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Active, Self::Lost, Self::Stolen, Self::Closed, Self::Expired];

    /// The word in tables, policies and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Lost => "lost",
            Self::Stolen => "stolen",
            Self::Closed => "closed",
            Self::Expired => "expired",
        }
    }

    /// The status with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_ascii_digits_of_the_right_length_and_check_digit() {
        let cases = [
            ("3569990000000009", Ok(())),
            ("3528000000000007", Ok(())),
            ("3528000000000008", Err(CardNumberError::CheckDigit)),
            ("3528 0000 0000 0007", Err(CardNumberError::NotDigits)),
            ("３５２８００００００００００００", Err(CardNumberError::NotDigits)),
            ("35280", Err(CardNumberError::Length)),
            ("", Err(CardNumberError::Length)),
        ];
        for (text, expected) in cases {
            assert_eq!(CardNumber::parse(text).map(|_| ()), expected, "{text}");
        }
    }

    #[test]
    fn a_card_number_is_seen_however_it_was_typed() {
        for text in [
            "4111111111111111",
            "4111 1111-1111 1111",
            "山田 ４１１１１１１１１１１１１１１１ 様",
            "x3782.822463.10005y",
        ] {
            assert!(mentions_card_number(text), "{text}");
        }
        for text in ["", "4111111111111112", "090-1234-5678", "南青山5-1-22", "411111111111"] {
            assert!(!mentions_card_number(text), "{text}");
        }
    }

    #[test]
    fn a_card_can_be_used_until_the_end_of_its_month() {
        let now: Micros = "2026-11-30T23:59:59Z".parse::<jiff::Timestamp>().map_or(Micros(0), Micros::from);
        assert_eq!(Expiry::parse("2026-11").map(|e| e.is_past(now)), Some(false));
        assert_eq!(Expiry::parse("2026-10").map(|e| e.is_past(now)), Some(true));
        assert_eq!(Expiry::parse("2026-13"), None);
        assert_eq!(Expiry::parse("26-11"), None);
    }

    #[test]
    fn numbers_and_expiries_are_taken_as_people_copy_them() {
        for text in ["3528 9900 0007 9193", "３５２８９９００−０００７９１９３", "3528-9900-0007-9193"]
        {
            assert_eq!(CardNumber::typed(text).map(|number| number.digits().to_owned()), Ok("3528990000079193".into()));
        }
        assert!(CardNumber::typed("3528 9900 0007 919x").is_err());
        assert!(CardNumber::typed(&"1".repeat(1_000)).is_err());
        for text in ["11/29", "１１／２９", "11 / 2029", "11-29"] {
            assert_eq!(Expiry::typed(text), Expiry::parse("2029-11"), "{text}");
        }
        assert_eq!(Expiry::typed("6/31"), Expiry::parse("2031-06"));
        for text in ["", "13/29", "2029", "11/209", "0/29", "a/b", "11/29/30"] {
            assert_eq!(Expiry::typed(text), None, "{text}");
        }
    }
}
