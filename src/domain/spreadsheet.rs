//! Cells for spreadsheets.

use std::borrow::Cow;

/// What a formula begins with; East Asian editions of spreadsheets take the full-width signs for the same.
const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The cell as no spreadsheet takes it for a formula (CWE-1236); numbers stay numbers.
pub fn harmless(cell: &str) -> Cow<'_, str> {
    let is_number = !cell.starts_with('+') && cell.parse::<i64>().is_ok();
    if cell.starts_with(BEGINNINGS) && !is_number { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_is_a_formula_and_numbers_are_numbers() {
        for cell in [
            "=1+1",
            "+A1",
            "+81",
            "-cmd|' /C calc'!A0",
            "@SUM(1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "＝1+1",
            "＋A1",
            "－A1",
            "＠SUM(1)",
            "-",
        ] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        for cell in ["night large-amount", "-12", "980", "", "みどり＝食品"] {
            assert_eq!(harmless(cell), cell);
        }
    }
}
