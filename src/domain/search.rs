//! What somebody says to be found by, told apart from one line of text: numbers of a member, a card, a telephone; a birth
//! date as people write it in Japan; the last four digits of a card; a name.
//!
//! Nothing here is looked up or kept.

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

use super::assessment::words;
use super::card::{CardNumber, CardNumberError};
use super::cardholder::{normal_name, normal_phone};
use serde::{Deserialize, Serialize};

/// The longest text that is looked at, in characters.
pub const SEARCH_CHARS_MAX: usize = 128;

words! {
    /// By what a person is looked for: what the audit log says instead of the terms.
    SearchKind {
        /// By a member id or the issuer's own reference.
        Reference = "reference",
        /// By a whole card number.
        CardNumber = "card_number",
        /// By the last four digits of a card, with a name.
        LastFour = "last_four",
        /// By a telephone number.
        Phone = "phone",
        /// By a birth date, with a name.
        BirthDate = "birth_date",
    }
}

/// By what a person is looked for.
#[derive(Debug)]
pub enum Terms {
    /// A member id or the issuer's own reference.
    Reference(String),
    /// A whole card number.
    CardNumber(CardNumber),
    /// A telephone number in E.164; the name only where one was given.
    Phone(String, Option<Name>),
    /// The last four digits of a card, and the name.
    LastFour(String, Name),
    /// A birth date `YYYY-MM-DD`, and the name.
    BirthDate(String, Name),
}

/// Why nothing can be looked for. Never with what was typed, which may be a card number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// Nothing was typed.
    #[error("nothing to look for")]
    Empty,
    /// More than anybody types.
    #[error("longer than {SEARCH_CHARS_MAX} characters")]
    TooLong,
    /// Only a name, or a detail that needs one.
    #[error("one more detail is needed")]
    OneMore,
    /// It looks like a card number and is none.
    #[error(transparent)]
    CardNumber(#[from] CardNumberError),
}

impl Terms {
    /// Reads what was typed into the one field, and the name where it was typed apart.
    ///
    /// # Errors
    /// [`TermsError`].
    pub fn read(text: &str, name: &str) -> Result<Self, TermsError> {
        if text.chars().nth(SEARCH_CHARS_MAX).is_some() || name.chars().nth(SEARCH_CHARS_MAX).is_some() {
            return Err(TermsError::TooLong);
        }
        let text: String = text.nfkc().collect();
        let text = text.trim();
        let apart = Name::read(name);
        if text.is_empty() {
            return Err(if apart.is_some() { TermsError::OneMore } else { TermsError::Empty });
        }
        if let Some(terms) = of_detail(text, apart.clone())? {
            return Ok(terms);
        }
        // `1234 山田花子` and `山田花子 1234`, in one field.
        let first = text.split_once(char::is_whitespace);
        let last = text.rsplit_once(char::is_whitespace).map(|(name, detail)| (detail, name));
        for (detail, name) in first.into_iter().chain(last) {
            if let Some(terms) = of_detail(detail, apart.clone().or_else(|| Name::read(name)))? {
                return Ok(terms);
            }
        }
        if text.is_ascii() && !text.contains(char::is_whitespace) {
            return Ok(Self::Reference(text.to_owned()));
        }
        Err(TermsError::OneMore)
    }

    /// By what.
    pub fn kind(&self) -> SearchKind {
        match self {
            Self::Reference(_) => SearchKind::Reference,
            Self::CardNumber(_) => SearchKind::CardNumber,
            Self::Phone(..) => SearchKind::Phone,
            Self::LastFour(..) => SearchKind::LastFour,
            Self::BirthDate(..) => SearchKind::BirthDate,
        }
    }
}

/// Whether a text may hold a card number, so that it must not be shown again: ten digits or more that are no telephone
/// number.
pub fn may_be_card_number(text: &str) -> bool {
    let digits = text.nfkc().filter(char::is_ascii_digit).count();
    digits >= 10 && normal_phone(text, "JP").is_none()
}

fn of_detail(text: &str, name: Option<Name>) -> Result<Option<Terms>, TermsError> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let only_digits =
        text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '+' | '(' | ')' | '\u{2212}' | '\u{30fc}'));
    if let Some(phone) = normal_phone(text, "JP").filter(|_| only_digits && digits.len() >= 9) {
        return Ok(Some(Terms::Phone(phone, name)));
    }
    if only_digits && digits.len() >= 12 {
        return Ok(Some(Terms::CardNumber(CardNumber::parse(&digits)?)));
    }
    if digits.len() == 4 && digits == text {
        let name = name.ok_or(TermsError::OneMore)?;
        return Ok(Some(Terms::LastFour(digits, name)));
    }
    if let Some(date) = birth_date(text) {
        let name = name.ok_or(TermsError::OneMore)?;
        return Ok(Some(Terms::BirthDate(date.to_string(), name)));
    }
    Ok(None)
}

/// A birth date as people write it: `1990-04-01`, `1990/4/1`, `1990年4月1日`, `19900401`, and by eras: `平成2年4月1日`,
/// `H2.4.1`, `昭和64年1月7日`.
pub fn birth_date(text: &str) -> Option<Date> {
    const ERAS: [(&str, &str, i16); 5] =
        [("令和", "R", 2018), ("平成", "H", 1988), ("昭和", "S", 1925), ("大正", "T", 1911), ("明治", "M", 1867)];
    let text: String = text.nfkc().flat_map(char::to_uppercase).filter(|c| !c.is_whitespace()).collect();
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Date::new(text.get(..4)?.parse().ok()?, text.get(4..6)?.parse().ok()?, text.get(6..)?.parse().ok()?)
            .ok();
    }
    let era = ERAS.iter().find_map(|(name, letter, before)| {
        let rest = text.strip_prefix(name).or_else(|| text.strip_prefix(letter))?;
        Some((rest.replacen('元', "1", 1), *before))
    });
    let (rest, before) = era.unwrap_or((text, 0));
    let is_mark = |c: char| matches!(c, '-' | '/' | '.' | '年' | '月' | '日' | '\u{2212}');
    let parts: Vec<&str> = rest.trim_end_matches('日').split(is_mark).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    if before == 0 && year.len() != 4 {
        return None;
    }
    let year: i16 = year.parse().ok()?;
    Date::new(year.checked_add(before)?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A name as somebody hears it, in the spellings that a record may have: hiragana stands for katakana, and Latin names
/// are said in either order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Vec<String>);

impl Name {
    /// The name; none when nothing is left of it in its normal form.
    pub fn read(text: &str) -> Option<Self> {
        let text: String = text.nfkc().collect();
        let mut forms = vec![normal_name(&text)?];
        let turned: Vec<&str> = text.split_whitespace().rev().collect();
        let others = [normal_name(&katakana(&text)), normal_name(&turned.concat())];
        for form in others.into_iter().flatten() {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        Some(Self(forms))
    }

    /// Its normal forms, at most three.
    pub fn forms(&self) -> &[String] {
        &self.0
    }
}

fn katakana(text: &str) -> String {
    let turn = |c: char| match c {
        '\u{3041}'..='\u{3096}' => char::from_u32(u32::from(c).saturating_add(0x60)).unwrap_or(c),
        c => c,
    };
    text.chars().map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str, name: &str) -> Result<&'static str, TermsError> {
        Terms::read(text, name).map(|terms| terms.kind().as_str())
    }

    #[test]
    fn what_is_meant_is_told_from_its_form() {
        for (text, name, expected) in [
            ("member-1", "", Ok("reference")),
            ("holder_0194", "", Ok("reference")),
            ("3569990000000009", "", Ok("card_number")),
            ("3569 9900 0000 0009", "", Ok("card_number")),
            ("３５６９９９００００００００09", "", Ok("card_number")),
            ("3569990000000008", "", Err(TermsError::CardNumber(CardNumberError::CheckDigit))),
            ("090-1234-5678", "", Ok("phone")),
            ("０９０ー１２３４ー５６７８", "山田花子", Ok("phone")),
            ("+81 90 1234 5678", "", Ok("phone")),
            ("0009", "", Err(TermsError::OneMore)),
            ("0009", "山田花子", Ok("last_four")),
            ("0009 山田　花子", "", Ok("last_four")),
            ("Hanako Yamada 0009", "", Ok("last_four")),
            ("1990-04-01", "やまだ はなこ", Ok("birth_date")),
            ("H2.4.1 ヤマダハナコ", "", Ok("birth_date")),
            ("19900401", "", Err(TermsError::OneMore)),
            ("山田花子", "", Err(TermsError::OneMore)),
            ("", "山田花子", Err(TermsError::OneMore)),
            ("  ", "", Err(TermsError::Empty)),
        ] {
            assert_eq!(kind(text, name), expected, "{text:?} {name:?}");
        }
        assert_eq!(kind(&"9".repeat(10_240), ""), Err(TermsError::TooLong));
    }

    #[test]
    fn birth_dates_are_read_by_both_calendars() {
        for text in ["1990-04-01", "1990/4/1", "1990年4月1日", "19900401", "平成2年4月1日", "H2.4.1", "ｈ２．４．１"]
        {
            assert_eq!(birth_date(text).map(|date| date.to_string()).as_deref(), Some("1990-04-01"), "{text}");
        }
        assert_eq!(birth_date("令和元年5月1日").map(|date| date.to_string()).as_deref(), Some("2019-05-01"));
        assert_eq!(birth_date("S64.1.7").map(|date| date.to_string()).as_deref(), Some("1989-01-07"));
        for text in ["1990-02-30", "90-4-1", "2.4.1", "hanako", "1990-04"] {
            assert_eq!(birth_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_is_found_in_each_spelling() {
        assert_eq!(Name::read("やまだ　はなこ").unwrap().forms(), ["やまだはなこ", "ヤマダハナコ", "はなこやまだ"]);
        assert!(Name::read("Hanako Yamada").unwrap().forms().contains(&"YAMADAHANAKO".to_owned()));
        assert!(Name::read(" ・ ").is_none());
    }

    #[test]
    fn what_may_be_a_card_number_is_known_even_when_it_is_mistyped() {
        for text in
            ["3569990000000008", "3569 9900 0000 000", "３５６９９９００００００００08", "山田 3569990000000008"]
        {
            assert!(may_be_card_number(text), "{text}");
        }
        for text in ["090-1234-5678", "1990-04-01 山田", "0009", "member-1"] {
            assert!(!may_be_card_number(text), "{text}");
        }
    }
}
