//! Disclosures for a ledger, each in its place with its hash, so that they can be proved: as a script for psql.

use std::io::{self, Write};

use sekisho::domain::clock::Micros;
use sekisho::domain::consent::Purpose;
use sekisho::domain::consent::chain::RowHash;
use sekisho::domain::consent::line::{Disclosure, DisclosureState, HASH_VERSION, Place};
use sekisho::domain::id::{AuthenticationId, CardholderId, ConsentEventId, DisclosureId};
use uuid::Uuid;

/// 2026-11-22T00:00:00Z.
const DAY: i64 = 1_795_305_600_000_000;

/// Where a person's line ends.
struct Head {
    person: CardholderId,
    sequence: i64,
    hash: RowHash,
    event: ConsentEventId,
}

impl Head {
    /// `person|sequence|hash|event`, as psql prints them.
    fn read(line: &str) -> Self {
        let part = |place: usize| line.split('|').nth(place).expect("four columns");
        let id = |place| Uuid::parse_str(part(place)).expect("an id");
        Self {
            person: CardholderId::from_uuid(id(0)),
            sequence: part(1).parse().expect("a number"),
            hash: RowHash::from_slice(&hex::decode(part(2)).expect("a hash")).expect("a hash"),
            event: ConsentEventId::from_uuid(id(3)),
        }
    }

    /// The next disclosure of the line, as the row of a COPY.
    fn disclose(&mut self, serial: u64, out: &mut impl Write) -> io::Result<()> {
        let at = Micros(DAY + i64::try_from(serial).expect("small"));
        let id = Uuid::from_u128(u128::from(serial) | 0x0193_5000_0000_7000_8000_0000_0000_0000);
        let row = Disclosure {
            hash_version: HASH_VERSION,
            id: DisclosureId::from_uuid(id),
            cardholder_id: self.person,
            card_id: None,
            authentication_id: AuthenticationId::from_uuid(id),
            recipient: "tmx".to_owned(),
            recipient_reuses: true,
            purpose: Purpose::Assess,
            state: DisclosureState::Intended,
            basis: "notice".to_owned(),
            consent_event_id: self.event,
            items: ["amount:plain", "currency:plain", "email:provider_hash", "ip:coarse", "name:keyed"]
                .map(str::to_owned)
                .into(),
            policies: vec!["permitted".to_owned()],
            bundle_digest: "b".repeat(64),
            transform_version: "bench".to_owned(),
            key_id: "bench".to_owned(),
            body_digest: "d".repeat(64),
            limit_ms: 400,
            recorded_at: at,
        };
        let place = Place { sequence: self.sequence + 1, previous_hash: self.hash.bytes().to_vec() };
        let hash = RowHash::of(row.hash(&place));
        writeln!(
            out,
            "{id}\t{}\t{}\t\\\\x{}\t\\\\x{}\t{}\t{id}\t{}\tt\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t\\\\x{}\t{}\t{}",
            self.person.uuid(),
            place.sequence,
            self.hash.hex(),
            hash.hex(),
            row.hash_version,
            row.recipient,
            row.purpose.as_str(),
            row.state.as_str(),
            row.basis,
            self.event.uuid(),
            row.items.join(","),
            row.policies.join(","),
            row.bundle_digest,
            row.transform_version,
            row.key_id,
            row.body_digest,
            row.limit_ms,
            at.0
        )?;
        (self.sequence, self.hash) = (place.sequence, hash);
        Ok(())
    }
}

/// Prints the script: `count` disclosures, shared out among the lines, all of them settled as sent.
pub(super) fn print(heads: &str, count: u64, out: &mut impl Write) -> io::Result<()> {
    let mut heads: Vec<Head> = heads.lines().filter(|line| !line.is_empty()).map(Head::read).collect();
    let people = u64::try_from(heads.len()).expect("small").max(1);
    writeln!(
        out,
        "BEGIN;\nCOPY disclosures (id, cardholder_id, sequence, previous_hash, hash, hash_version, authentication_id, recipient, recipient_reuses, purpose, state, basis, consent_event_id, items, policies, bundle_digest, transform_version, key_id, body_digest, limit_ms, recorded_at) FROM stdin;"
    )?;
    for serial in 0..count {
        let head = &mut heads[usize::try_from(serial % people).expect("small")];
        head.disclose(serial, out)?;
    }
    writeln!(
        out,
        "\\.\nCREATE TEMPORARY TABLE ends (person uuid, sequence bigint, hash bytea) ON COMMIT DROP;\nCOPY ends FROM stdin;"
    )?;
    for head in &heads {
        writeln!(out, "{}\t{}\t\\\\x{}", head.person.uuid(), head.sequence, head.hash.hex())?;
    }
    writeln!(
        out,
        "\\.\nUPDATE consent_states s SET sequence = e.sequence, last_hash = e.hash FROM ends e WHERE e.person = s.cardholder_id;\n\
         INSERT INTO disclosure_settlements (disclosure_id, state, provider_request_id, settled_at)\n\
         SELECT id, 'sent', 'bench', recorded_at FROM disclosures WHERE key_id = 'bench';\nCOMMIT;"
    )
}
