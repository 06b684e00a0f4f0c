//! A person's line as it must be, by the service's own verifier and, where it matters most, by eye: nothing is intended
//! while she forbids everything.

use sekisho::domain::consent::Purpose;
use sekisho::domain::consent::line::{DisclosureState, LineEntry, LineRow};
use sekisho::domain::consent::proof::{LineCheck, Totals};
use sekisho::domain::id::CardholderId;

/// What is wrong with a line, if anything.
pub(crate) fn check(cardholder: CardholderId, line: &[LineRow]) -> Result<(), String> {
    let (mut check, mut totals) = (LineCheck::begin(cardholder, None), Totals::default());
    let mut forbidden = false;
    for row in line {
        check.add(row, &mut totals).map_err(|violation| violation.to_string())?;
        match &row.entry {
            LineEntry::Event(event) => forbidden = matches!(event.state.as_str(), "opted_out" | "pending"),
            LineEntry::Disclosure(disclosure) => {
                let sends = disclosure.state == DisclosureState::Intended && disclosure.purpose != Purpose::Erase;
                if forbidden && sends {
                    return Err(format!("{} was intended at {} though she forbade all", disclosure.id, row.sequence));
                }
            }
        }
    }
    Ok(())
}
