//! The currency table: rates into the base currency as ratios of integers, with their day.

use std::collections::BTreeMap;

use iso_currency::Currency;
use serde::Deserialize;

use super::super::fault::{Fault, line_with};
use super::super::source::BundleSource;
use crate::domain::money::Money;

const FILE: &str = "reference/currencies.toml";

/// Rates into the base currency.
#[derive(Clone, Debug)]
pub struct Currencies {
    base: Currency,
    date: String,
    rates: BTreeMap<&'static str, (i64, i64)>,
}

impl Currencies {
    /// The currency that ceilings and sums are stated in.
    pub fn base(&self) -> Currency {
        self.base
    }

    /// An amount in minor units of the base currency, rounded up, with the day of the rate.
    pub fn to_base(&self, money: Money) -> Option<(i64, &str)> {
        if money.currency == self.base {
            return Some((money.amount_minor, &self.date));
        }
        let (numerator, denominator) = *self.rates.get(money.currency.code())?;
        let product = i128::from(money.amount_minor) * i128::from(numerator);
        let denominator = i128::from(denominator);
        let up = i128::from(product.rem_euclid(denominator) != 0);
        let base = product.div_euclid(denominator) + up;
        Some((i64::try_from(base).unwrap_or(i64::MAX), &self.date))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    base: Currency,
    date: String,
    rate: Vec<Rate>,
}

/// `numerator / denominator` minor units of the base currency for one minor unit of `currency`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    currency: Currency,
    numerator: i64,
    denominator: i64,
}

pub(super) fn read(source: &BundleSource, faults: &mut Vec<Fault>) -> Option<Currencies> {
    let file: File = super::parse(source, FILE, faults)?;
    let line = |mark: &str| source.text(FILE).and_then(|text| line_with(text, mark));
    if file.date.parse::<jiff::civil::Date>().is_err() {
        let fault = Fault::new(FILE, format!("`{}` is no date", file.date)).line(line(&file.date));
        faults.push(fault.hint("write the day of the rates as `2026-11-20`"));
    }
    let mut rates = BTreeMap::new();
    for rate in file.rate {
        let code = rate.currency.code();
        let at = line(&format!("currency = \"{code}\""));
        if rate.numerator <= 0 || rate.denominator <= 0 {
            let fault = Fault::new(FILE, format!("the rate of `{code}` is not positive")).line(at);
            faults.push(fault.hint("a rate is `numerator / denominator`, both whole numbers above 0"));
        }
        if rates.insert(code, (rate.numerator, rate.denominator)).is_some() {
            faults.push(Fault::new(FILE, format!("`{code}` stands twice")).line(at).hint("keep one rate per currency"));
        }
    }
    Some(Currencies { base: file.base, date: file.date, rates })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_converted_exactly_and_rounded_up() {
        let rates = BTreeMap::from([("USD", (15_512, 10_000)), ("KWD", (1, 2))]);
        let table = Currencies { base: Currency::JPY, date: "2026-11-20".to_owned(), rates };
        let cases = [
            (Currency::JPY, 980, Some(980)),
            (Currency::USD, 10_000, Some(15_512)),
            (Currency::USD, 1, Some(2)),
            (Currency::USD, 0, Some(0)),
            (Currency::USD, 1_000_000_000_000, Some(1_551_200_000_000)),
            (Currency::KWD, 3, Some(2)),
            (Currency::EUR, 3, None),
        ];
        for (currency, amount_minor, base) in cases {
            let found = table.to_base(Money { amount_minor, currency });
            assert_eq!(found, base.map(|base| (base, "2026-11-20")), "{amount_minor} {currency}");
        }
    }
}
