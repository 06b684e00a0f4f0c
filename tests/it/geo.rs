//! Where an IP address is, by the optional database.

use sekisho::geo::{Geo, Place};

use crate::support::geo_database::two_halves;

#[test]
fn an_address_has_country_time_zone_and_in_japan_a_prefecture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("halves.mmdb");
    std::fs::write(&path, two_halves()).unwrap();
    let geo = Geo::open(&path).unwrap();
    let tokyo = geo.place("100.64.0.1".parse().unwrap());
    let expected = |country: &str, prefecture: Option<&str>, zone: &str| Place {
        country: Some(country.to_owned()),
        prefecture: prefecture.map(str::to_owned),
        time_zone: Some(zone.to_owned()),
    };
    assert_eq!(tokyo, expected("JP", Some("13"), "Asia/Tokyo"));
    let angeles = geo.place("203.0.113.9".parse().unwrap());
    assert_eq!(angeles, expected("US", None, "America/Los_Angeles"), "only Japan has prefectures");
    assert_eq!(geo.place("2001:db8::1".parse().unwrap()), Place::default(), "an address that is not in the database");
}

#[test]
fn a_file_that_is_no_geo_database_is_told_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not.mmdb");
    std::fs::write(&path, b"not a database").unwrap();
    for path in [path, folder.path().join("missing.mmdb")] {
        let error = Geo::open(&path).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()) && error.contains("hint:"), "{error}");
    }
}
