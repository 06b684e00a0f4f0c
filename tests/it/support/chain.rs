//! A person's line as it must be: numbered without a gap, chained by hashes, nothing intended while she forbids all.

use sekisho::domain::consent::Purpose;
use sekisho::domain::consent::chain::RowHash;
use sekisho::domain::consent::line::{DisclosureState, LineEntry, LineRow, Place};
use sekisho::domain::consent::standing::Standing;

/// What is wrong with a line, if anything.
pub(crate) fn check(line: &[LineRow]) -> Result<(), String> {
    let mut previous = RowHash::NONE;
    let mut standing = Standing::default();
    for (sequence, row) in (1..).zip(line) {
        if row.sequence != sequence {
            return Err(format!("the number {} stands in the place of {sequence}", row.sequence));
        }
        let place = Place { sequence, previous_hash: previous.bytes().to_vec() };
        if row.previous_hash != previous || row.hash != RowHash::of(row.entry.hash(&place)) {
            return Err(format!("the chain breaks at {sequence}"));
        }
        previous = row.hash;
        match &row.entry {
            LineEntry::Event(event) => standing = standing.after(&event.step()),
            LineEntry::Disclosure(row) => {
                let forbidden = standing.general().as_str() != "permitted" && row.purpose != Purpose::Erase;
                if forbidden && row.state == DisclosureState::Intended {
                    return Err(format!("{} was intended at {sequence} though nothing permitted it", row.id));
                }
            }
        }
    }
    Ok(())
}
