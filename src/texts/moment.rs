//! Times and amounts as people read them.

use iso_currency::Currency;
use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};

use super::Wording;
use crate::domain::challenge::{Language, TimeBase};
use crate::domain::clock::Micros;
use crate::domain::money::Money;

/// Date and time of day, with the name of the time: `2026年11月22日 15:46（日本時間）`.
pub fn date_and_time(at: Micros, base: TimeBase, wording: Wording<'_>) -> String {
    let local = local(at, base);
    match wording.language() {
        Language::Ja => {
            format!("{} {}（{}）", local.strftime("%Y年%-m月%-d日"), local.strftime("%H:%M"), name(base, wording))
        }
        Language::En => {
            format!("{} {} ({})", local.strftime("%-d %b %Y,"), local.strftime("%H:%M"), name(base, wording))
        }
    }
}

/// The day alone, in Japan: `2026年11月22日`.
pub fn day(at: Micros, wording: Wording<'_>) -> String {
    let local = local(at, TimeBase::Japan);
    match wording.language() {
        Language::Ja => local.strftime("%Y年%-m月%-d日").to_string(),
        Language::En => local.strftime("%-d %b %Y").to_string(),
    }
}

/// The time of day, with the name of the time.
pub fn time_of_day(at: Micros, base: TimeBase, wording: Wording<'_>) -> String {
    let time = local(at, base).strftime("%H:%M").to_string();
    match wording.language() {
        Language::Ja => format!("{time}（{}）", name(base, wording)),
        Language::En => format!("{time} ({})", name(base, wording)),
    }
}

/// Date and time of day in Japan to the second, for tables whose heading names the time: `2026-11-22 15:46:30`.
pub fn stamp(at: Micros) -> String {
    local(at, TimeBase::Japan).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Date and time of day in Japan as a field for a moment takes it: `2026-11-22T15:46`.
pub fn field(at: Micros) -> String {
    local(at, TimeBase::Japan).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// The amount with its currency: `¥12,800`, `USD 19.90`. The sign stands for the yen alone.
pub fn amount(money: Money) -> String {
    let text = money.to_string();
    match (money.currency, text.strip_prefix("JPY ")) {
        (Currency::JPY, Some(number)) => format!("¥{number}"),
        _ => text,
    }
}

fn local(at: Micros, base: TimeBase) -> Zoned {
    let offset = match base {
        TimeBase::Japan => Offset::constant(9),
        TimeBase::Gmt => Offset::UTC,
    };
    at.timestamp().to_zoned(TimeZone::fixed(offset))
}

fn name(base: TimeBase, wording: Wording<'_>) -> String {
    wording.text(match base {
        TimeBase::Japan => "japan-time",
        TimeBase::Gmt => "gmt-time",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Texts;

    #[test]
    fn the_date_is_in_the_time_of_the_merchant() {
        let texts = Texts::new(&["japan-time = 日本時間\n"], &["japan-time = Japan time\ngmt-time = GMT\n"]);
        let at = Micros::from("2026-11-22T15:46:30Z".parse::<jiff::Timestamp>().unwrap());
        let (ja, en) = (texts.in_language(Language::Ja), texts.in_language(Language::En));
        assert_eq!(date_and_time(at, TimeBase::Japan, ja), "2026年11月23日 00:46（日本時間）");
        assert_eq!(date_and_time(at, TimeBase::Gmt, en), "22 Nov 2026, 15:46 (GMT)");
        assert_eq!(time_of_day(at, TimeBase::Japan, en), "00:46 (Japan time)");
        assert_eq!(stamp(at), "2026-11-23 00:46:30");
    }

    #[test]
    fn only_the_yen_has_its_sign() {
        let money = |amount_minor, currency| Money { amount_minor, currency };
        assert_eq!(amount(money(12_800, Currency::JPY)), "¥12,800");
        assert_eq!(amount(money(1_990, Currency::USD)), "USD 19.90");
        assert_eq!(amount(money(1_990, Currency::CNY)), "CNY 19.90");
    }
}
