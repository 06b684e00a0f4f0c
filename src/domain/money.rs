//! Amounts of money: an integer in minor units and an ISO 4217 currency.

use std::fmt;

use iso_currency::Currency;
use serde::{Deserialize, Serialize};

/// The largest amount that is accepted, in minor units.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000;

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// The amount in the currency's minor unit (yen, cents).
    pub amount_minor: i64,
    /// The ISO 4217 currency.
    pub currency: Currency,
}

impl Money {
    /// How many decimal digits the currency's minor unit has (0 for JPY, 2 for USD).
    pub fn exponent(self) -> u32 {
        u32::from(self.currency.exponent().unwrap_or(0))
    }
}

impl fmt::Display for Money {
    /// The amount with grouping and the currency's code: `JPY 12,800`, `USD 19.90`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u64.pow(self.exponent());
        let absolute = self.amount_minor.unsigned_abs();
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        write!(f, "{} {sign}{}", self.currency.code(), grouped(absolute / scale))?;
        if scale > 1 {
            write!(f, ".{:0width$}", absolute % scale, width = self.exponent() as usize)?;
        }
        Ok(())
    }
}

/// A number with commas between thousands: `-12,800`.
pub fn grouped<N: Into<i128>>(number: N) -> String {
    let number: i128 = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_the_currency_own_digits() {
        let cases = [
            (12_800, Currency::JPY, "JPY 12,800"),
            (1_990, Currency::USD, "USD 19.90"),
            (5, Currency::EUR, "EUR 0.05"),
            (1_234_567, Currency::KWD, "KWD 1,234.567"),
            (0, Currency::JPY, "JPY 0"),
        ];
        for (amount_minor, currency, text) in cases {
            assert_eq!(Money { amount_minor, currency }.to_string(), text);
        }
    }

    #[test]
    fn thousands_are_parted_by_commas() {
        let written = [0, 999, 1_000, -12_800, 1_234_567].map(grouped::<i64>);
        assert_eq!(written, ["0", "999", "1,000", "-12,800", "1,234,567"]);
    }
}
