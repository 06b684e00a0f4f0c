//! Cardholders: the record, and normal forms of it that can be matched.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A postal address, as recorded or typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The postal code.
    pub postal_code: String,
    /// The region: in Japan the prefecture's JIS X 0401 code (`13`) or name.
    #[serde(default)]
    pub region: Option<String>,
    /// The city or ward.
    #[serde(default)]
    pub city: Option<String>,
    /// Street, block, building.
    pub line1: String,
    /// More of it.
    #[serde(default)]
    pub line2: Option<String>,
}

/// A person's data. Stored encrypted; matched by keyed digests of its normal forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardholderRecord {
    /// The name in kanji.
    #[serde(default)]
    pub name_kanji: Option<String>,
    /// The name in kana.
    #[serde(default)]
    pub name_kana: Option<String>,
    /// The name in Latin letters.
    #[serde(default)]
    pub name_latin: Option<String>,
    /// The birth date, `YYYY-MM-DD`.
    #[serde(default)]
    pub birth_date: Option<String>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// The telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// The address.
    #[serde(default)]
    pub address: Option<Address>,
}

/// A field, and what is allowed there.
pub type Mistake = (&'static str, String);

impl Address {
    /// Everything that is wrong with it.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let country = self.country.len() == 2 && self.country.bytes().all(|byte| byte.is_ascii_uppercase());
        let texts = [
            ("postal_code", Some(&self.postal_code), 16),
            ("line1", Some(&self.line1), 200),
            ("region", self.region.as_ref(), 100),
            ("city", self.city.as_ref(), 100),
            ("line2", self.line2.as_ref(), 200),
        ];
        let country = (!country).then(|| ("country", "must be an ISO 3166-1 alpha-2 code such as `JP`".to_owned()));
        let texts = texts.into_iter().filter_map(|(field, text, max)| Some((field, text_mistake(text?, max)?)));
        country.into_iter().chain(texts).collect()
    }
}

impl CardholderRecord {
    /// Everything that is wrong with it but for the address.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let names =
            [("name_kanji", &self.name_kanji), ("name_kana", &self.name_kana), ("name_latin", &self.name_latin)];
        let names = names.into_iter().filter_map(|(field, name)| Some((field, text_mistake(name.as_ref()?, 100)?)));
        let is_date = |text: &String| text.parse::<jiff::civil::Date>().is_ok();
        let is_email = |text: &String| normal_email(text).is_some() && text.len() <= 254;
        let country = self.address.as_ref().map_or("JP", |address| address.country.as_str());
        let is_phone = |text: &String| normal_phone(text, country).is_some();
        let others = [
            ("birth_date", self.birth_date.as_ref().is_none_or(is_date), "must be a date `YYYY-MM-DD`"),
            ("email", self.email.as_ref().is_none_or(is_email), "must be an e-mail address"),
            ("phone", self.phone.as_ref().is_none_or(is_phone), "must be a telephone number of the address's country"),
        ];
        let others = others.into_iter().filter(|(_, fine, _)| !fine).map(|(field, _, text)| (field, text.to_owned()));
        names.chain(others).collect()
    }
}

/// What is wrong with a text that must have 1 to `max` characters and no control characters.
pub fn text_mistake(text: &str, max: usize) -> Option<String> {
    if !(1..=max).contains(&text.chars().count()) {
        return Some(format!("must have 1 to {max} characters"));
    }
    text.chars().any(char::is_control).then(|| "must not hold control characters".to_owned())
}

/// The version of the normal forms below; written into every disclosure that used them.
pub const NORMAL_FORM_VERSION: &str = "1";

/// An e-mail address in its normal form: NFKC, trimmed, lower case, the domain in ASCII (IDNA).
/// Carrier addresses that break RFC 5321 (`x..y@docomo.ne.jp`) are kept. None when there is no domain.
pub fn normal_email(text: &str) -> Option<String> {
    let folded: String = text.trim().nfkc().collect::<String>().to_lowercase();
    let (local, domain) = folded.trim().rsplit_once('@')?;
    let domain = idna::domain_to_ascii(domain).ok().filter(|d| d.contains('.'))?;
    (!local.is_empty()).then(|| format!("{local}@{domain}"))
}

/// An e-mail address to which a letter can go: NFKC, trimmed, the domain in ASCII (IDNA), the local part in the case
/// that was given. A local part that breaks RFC 5321 by its dots, as old carrier addresses do, is quoted (section
/// 4.1.2), which their servers understand. None when there is no domain, or with characters that no address has.
pub fn deliverable_email(text: &str) -> Option<String> {
    let folded: String = text.trim().nfkc().collect();
    let (local, domain) = folded.trim().rsplit_once('@')?;
    let domain = idna::domain_to_ascii(domain).ok().filter(|domain| domain.contains('.'))?;
    if local.is_empty() || local.chars().any(|c| c.is_control() || c.is_whitespace() || "<>,;:\\\"()[]@".contains(c)) {
        return None;
    }
    let has_stray_dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    Some(if has_stray_dots { format!("\"{local}\"@{domain}") } else { format!("{local}@{domain}") })
}

/// A telephone number in E.164, read in the region of `country` (ISO 3166-1 alpha-2; unknown: Japan).
/// None when the number is not valid there.
pub fn normal_phone(text: &str, country: &str) -> Option<String> {
    let region = country.parse().unwrap_or(phonenumber::country::Id::JP);
    let folded = fold_hyphens(&text.nfkc().collect::<String>());
    let number = phonenumber::parse(Some(region), folded).ok()?;
    phonenumber::is_valid(&number).then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

/// The country code (E.164) and the national number of a telephone number in E.164: `81` and `9012345678`.
pub fn country_code_and_national(e164: &str) -> Option<(String, String)> {
    let number = phonenumber::parse(None, e164).ok()?;
    Some((number.country().code().to_string(), number.national().to_string()))
}

/// A birth date in its normal form, `YYYY-MM-DD`. None when it is no date of that form.
pub fn normal_birth_date(text: &str) -> Option<String> {
    text.parse::<jiff::civil::Date>().ok().map(|date| date.to_string())
}

/// A name in its normal form: NFKC, upper case, without spaces, dots and hyphens.
pub fn normal_name(text: &str) -> Option<String> {
    let folded: String = text
        .nfkc()
        .flat_map(char::to_uppercase)
        .filter(|c| !c.is_whitespace() && !matches!(c, '.' | ',' | '-' | '・' | '\''))
        .collect();
    (!folded.is_empty()).then_some(folded)
}

/// An address in the form that is matched: country, postal code and the block digits of its first line.
/// Nothing is promised about the spelling of Japanese addresses.
pub fn normal_address(address: &Address) -> Option<String> {
    let postal: String =
        address.postal_code.nfkc().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let line = fold_hyphens(&address.line1.nfkc().collect::<String>());
    let blocks: Vec<&str> = line.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    (!postal.is_empty()).then(|| format!("{} {postal} {}", address.country.to_ascii_uppercase(), blocks.join("-")))
}

/// Replaces the hyphen look-alikes that NFKC leaves alone, where they stand between digits.
fn fold_hyphens(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let digit_at = |index: Option<usize>| index.and_then(|i| chars.get(i)).is_some_and(char::is_ascii_digit);
    chars
        .iter()
        .enumerate()
        .map(|(index, c)| {
            let between = digit_at(index.checked_sub(1)) && digit_at(index.checked_add(1));
            if between && matches!(c, '\u{2212}' | '\u{2010}'..='\u{2015}' | '\u{30FC}' | '\u{301C}') {
                '-'
            } else {
                *c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_writes_her_data_in_many_ways() {
        for text in ["hanako@example.jp", " Hanako@Example.JP ", "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ"]
        {
            assert_eq!(normal_email(text).as_deref(), Some("hanako@example.jp"), "{text}");
        }
        assert_eq!(normal_email("x..y@docomo.ne.jp").as_deref(), Some("x..y@docomo.ne.jp"));
        assert_eq!(deliverable_email(" Hanako@Example.JP ").as_deref(), Some("Hanako@example.jp"));
        assert_eq!(deliverable_email("x..y.@docomo.ne.jp").as_deref(), Some("\"x..y.\"@docomo.ne.jp"));
        for text in ["hanako", "@example.jp", "a\r\nBcc: b@example.jp", "a, b@example.jp", "a@b"] {
            assert_eq!(deliverable_email(text), None, "{text:?}");
        }
        for text in ["090-1234-5678", "０９０−１２３４−５６７８", "+81 90 1234 5678", "09012345678", "090ー1234ー5678"]
        {
            assert_eq!(normal_phone(text, "JP").as_deref(), Some("+819012345678"), "{text}");
        }
        assert_eq!(normal_phone("12", "JP"), None);
        for text in ["ﾔﾏﾀﾞ ﾊﾅｺ", "ヤマダ　ハナコ", "ヤマダハナコ"] {
            assert_eq!(normal_name(text).as_deref(), Some("ヤマダハナコ"), "{text}");
        }
    }

    #[test]
    fn addresses_match_by_postal_code_and_block_digits() {
        let address = |postal_code: &str, line1: &str| Address {
            country: "JP".into(),
            postal_code: postal_code.into(),
            line1: line1.into(),
            ..Address::default()
        };
        let expected = Some("JP 1070062 5-1-22".to_owned());
        for (postal, line) in [
            ("107-0062", "南青山5-1-22"),
            ("１０７００６２", "南青山５丁目１番２２号"),
            ("1070062", "南青山５ー１ー２２"),
        ] {
            assert_eq!(normal_address(&address(postal, line)), expected, "{line}");
        }
    }
}
