//! The words of the page, and how numbers, money and times are written in it.

use std::sync::LazyLock;

use iso_currency::Currency;
use jiff::tz::TimeZone;

use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::money::grouped;
use crate::domain::replay::Course;
use crate::texts::{Texts, Wording};

const JA: &str = include_str!("../translations/replay.ja.ftl");
const EN: &str = include_str!("../translations/replay.en.ftl");

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::new(&[JA], &[EN]));

/// The words of one language, for money in one currency.
pub(super) struct Words {
    wording: Wording<'static>,
    currency: String,
    /// Digits behind the point.
    exponent: u32,
}

impl Words {
    pub(super) fn new(language: Language, currency: &str) -> Self {
        let exponent = Currency::from_code(currency).and_then(Currency::exponent).map_or(0, u32::from);
        Self { wording: TEXTS.in_language(language), currency: currency.to_owned(), exponent }
    }

    pub(super) fn text(&self, key: &str) -> String {
        self.wording.text(key)
    }

    pub(super) fn all(&self, key: &str, values: &[(&'static str, &str)]) -> String {
        self.wording.with_all(key, values)
    }

    pub(super) fn course(&self, course: Course) -> String {
        self.text(&format!("replay-c-{}", course.as_str().replace('_', "-")))
    }

    /// An amount in minor units.
    pub(super) fn money(&self, minor: i64) -> String {
        let scale = 10_u64.pow(self.exponent);
        let (sign, minor) = (if minor < 0 { "−" } else { "" }, minor.unsigned_abs());
        let mut amount = grouped(minor / scale);
        if self.exponent > 0 {
            let digits = usize::try_from(self.exponent).unwrap_or(0);
            amount = format!("{amount}.{:0digits$}", minor % scale);
        }
        let unit = if self.currency == "JPY" { self.text("replay-yen") } else { format!(" {}", self.currency) };
        format!("{sign}{amount}{unit}")
    }

    /// A time at the issuer.
    pub(super) fn moment(&self, at: Micros) -> String {
        let zoned = at.timestamp().to_zoned(TimeZone::fixed(jiff::tz::offset(9)));
        let format = match self.wording.language() {
            Language::Ja => "%Y年%-m月%-d日 %H:%M（日本時間）",
            Language::En => "%Y-%m-%d %H:%M (Japan time)",
        };
        zoned.strftime(format).to_string()
    }
}

/// A share in percent: with more digits where it is small.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 { format!("{percent:.3}%") } else { format!("{percent:.1}%") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_in_both_languages_and_can_be_read() {
        crate::texts::hold_complete(&[JA], &[EN]);
    }

    #[test]
    fn every_course_and_every_reason_to_leave_out_has_its_words() {
        let words = Words::new(Language::Ja, "JPY");
        for reason in [
            "facts-missing",
            "verdict-missing",
            "bundle-missing",
            "facts-unreadable",
            "verdict-unreadable",
            "facts-too-old",
            "facts-too-new",
            "other-base-currency",
            "base-currency-unknown",
        ] {
            let key = format!("replay-skip-{reason}");
            assert_ne!(words.text(&key), key);
        }
        for course in Course::ALL {
            assert!(!words.course(*course).starts_with("replay-"), "{course:?}");
        }
    }

    #[test]
    fn money_and_counts_are_written_in_groups() {
        let (yen, dollars) = (Words::new(Language::En, "JPY"), Words::new(Language::En, "USD"));
        assert_eq!(yen.money(1_234_567), "1,234,567 yen");
        assert_eq!(dollars.money(1_234_567), "12,345.67 USD");
        assert_eq!(dollars.money(5), "0.05 USD");
        assert_eq!([0.0, 0.001_234, 0.5].map(percent), ["0.0%", "0.123%", "50.0%"]);
    }
}
