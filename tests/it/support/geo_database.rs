//! A geo database of two networks in MaxMind's DB format 2.0: half of IPv4 is Tokyo, the other half Los Angeles.

const SEPARATOR: usize = 16;

/// The file's bytes: a search tree of one node, its data, and the metadata.
pub(crate) fn two_halves() -> Vec<u8> {
    let tokyo = city("JP", "13", "Asia/Tokyo");
    let angeles = city("US", "CA", "America/Los_Angeles");
    let mut file = Vec::new();
    // A record above the count of nodes points into the data, 16 bytes behind the tree.
    for offset in [0, tokyo.len()] {
        let pointer = u32::try_from(1 + SEPARATOR + offset).unwrap().to_be_bytes();
        file.extend(&pointer[1..]);
    }
    file.extend([0; SEPARATOR]);
    file.extend(tokyo);
    file.extend(angeles);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    file.extend(metadata());
    file
}

fn city(country: &str, region: &str, time_zone: &str) -> Vec<u8> {
    let region = map(&[("iso_code", text(region))]);
    map(&[
        ("country", map(&[("iso_code", text(country))])),
        ("subdivisions", array(&[region])),
        ("location", map(&[("time_zone", text(time_zone))])),
    ])
}

fn metadata() -> Vec<u8> {
    map(&[
        ("node_count", number(6, 1)),
        ("record_size", number(5, 24)),
        ("ip_version", number(5, 4)),
        ("database_type", text("Test-City")),
        ("languages", array(&[text("en")])),
        ("binary_format_major_version", number(5, 2)),
        ("binary_format_minor_version", number(5, 0)),
        ("build_epoch", [vec![0x04, 0x02], 1_790_000_000_u32.to_be_bytes().to_vec()].concat()),
        ("description", map(&[("en", text("two halves"))])),
    ])
}

/// A type in the upper three bits, a size below 29 in the lower five.
fn control(kind: u8, size: usize) -> u8 {
    kind << 5 | u8::try_from(size).unwrap()
}

fn text(value: &str) -> Vec<u8> {
    [vec![control(2, value.len())], value.as_bytes().to_vec()].concat()
}

fn number(kind: u8, value: u8) -> Vec<u8> {
    vec![control(kind, 1), value]
}

fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![control(7, entries.len())];
    for (key, value) in entries {
        bytes.extend(text(key));
        bytes.extend(value);
    }
    bytes
}

/// Arrays are an extended type: zero, then the type less seven.
fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [vec![control(0, items.len()), 4], items.concat()].concat()
}
