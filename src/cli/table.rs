//! CSV files that people hand over: read row by row, each with its line, and never with their values in an error.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::Failure;

/// Rows with their lines; one that cannot be read is kept as what is wrong with it.
pub(super) type Rows<T> = Vec<(u64, Result<T, String>)>;

/// Reads a file whose heading row names these columns, in any order.
pub(super) fn read<T: DeserializeOwned>(file: &Path, columns: &[&str]) -> Result<Rows<T>, Failure> {
    let unreadable = |error: String| {
        Failure::failed(format!(
            "cannot read `{}`: {error}\nhint: a CSV file in UTF-8 with a heading row",
            file.display()
        ))
    };
    let mut reader = csv::ReaderBuilder::new().from_path(file).map_err(|error| unreadable(error.to_string()))?;
    let headings = reader.headers().map_err(|error| unreadable(error.to_string()))?.clone();
    if let Some(mistake) = heading_mistake(&headings, columns) {
        return Err(unreadable(mistake));
    }
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(rows),
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                let row = record.deserialize(Some(&headings)).map_err(|error| without_values(&error));
                rows.push((line, row));
            }
            Err(error) => {
                let line = error.position().map_or(line, csv::Position::line);
                rows.push((line, Err(without_values(&error))));
            }
        }
    }
}

/// What is wrong with the heading row. Foreign headings are told by their place: they may be data of a file without one.
fn heading_mistake(headings: &csv::StringRecord, columns: &[&str]) -> Option<String> {
    let of = |column: &str| headings.iter().filter(|name| *name == column).count();
    let missing: Vec<&str> = columns.iter().copied().filter(|column| of(column) == 0).collect();
    if !missing.is_empty() {
        return Some(format!("the heading row lacks {}", missing.join(", ")));
    }
    let twice: Vec<&str> = columns.iter().copied().filter(|column| of(column) > 1).collect();
    if !twice.is_empty() {
        return Some(format!("the heading row has {} more than once", twice.join(", ")));
    }
    let foreign = headings.iter().position(|name| !columns.contains(&name))?;
    Some(format!("column {} of the heading row is none that is known", foreign + 1))
}

/// What is wrong with a row, without its values: they are personal data.
fn without_values(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("{len} fields instead of {expected_len}"),
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        csv::ErrorKind::Deserialize { err, .. } => match err.field() {
            Some(field) => format!("field {} cannot be read", field + 1),
            None => "cannot be read".to_owned(),
        },
        _ => "cannot be read".to_owned(),
    }
}
