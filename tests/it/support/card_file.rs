//! Card files as a core system writes them.

use std::fmt::Write;

use sekisho::flow::import::COLUMNS;

/// One row, to be changed column by column.
#[derive(Clone)]
pub(crate) struct Row(Vec<(&'static str, String)>);

/// The row of the card number `index`: each has a cardholder of its own.
pub(crate) fn row(index: u64) -> Row {
    let empty = Row(COLUMNS.iter().map(|column| (*column, String::new())).collect());
    let number = number(index);
    [
        ("cardholder_reference", format!("holder-{index}")),
        ("name_kanji", "関口 詩織".to_owned()),
        ("name_latin", "SHIORI SEKIGUCHI".to_owned()),
        ("birth_date", "1988-04-17".to_owned()),
        ("email", format!("shiori.{index}@mail.example")),
        ("phone", "03-5253-4111".to_owned()),
        ("card_reference", format!("card-{index}")),
        ("number", number),
        ("expiry", "2031-11".to_owned()),
        ("programme", "classic".to_owned()),
        ("issued_on", "2024-11-01".to_owned()),
    ]
    .into_iter()
    .fold(empty, |row, (column, value)| row.with(column, value))
}

impl Row {
    /// The row with another value.
    pub(crate) fn with(mut self, column: &str, value: impl Into<String>) -> Self {
        let cell = self.0.iter_mut().find(|(name, _)| *name == column);
        cell.unwrap_or_else(|| panic!("no column `{column}`")).1 = value.into();
        self
    }

    fn line(&self) -> String {
        self.0.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(",")
    }
}

/// A file with a heading row.
pub(crate) fn file(rows: &[Row]) -> String {
    let mut text = COLUMNS.join(",") + "\n";
    for row in rows {
        writeln!(text, "{}", row.line()).unwrap();
    }
    text
}

/// A card number with a right check digit (ISO/IEC 7812-1, annex B).
pub(crate) fn number(index: u64) -> String {
    let body = format!("35280{index:010}");
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}
