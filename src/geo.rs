//! Where an IP address is, by an optional database file in MaxMind's format. Without one nothing is known.

use std::net::IpAddr;
use std::path::Path;

use maxminddb::{Reader, geoip2};

/// The database, read into memory once.
pub struct Geo {
    reader: Reader<Vec<u8>>,
}

/// What the database says about an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// JIS X 0401 prefecture code (ISO 3166-2:JP), in Japan.
    pub prefecture: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot read the geo database `{path}`: {reason}\nhint: `geo.database` names a file in MaxMind's format (.mmdb), or nothing"
)]
pub struct GeoError {
    path: String,
    reason: String,
}

impl Geo {
    /// Reads the file.
    pub fn open(path: &Path) -> Result<Self, GeoError> {
        let reader = Reader::open_readfile(path)
            .map_err(|error| GeoError { path: path.display().to_string(), reason: error.to_string() })?;
        Ok(Self { reader })
    }

    /// What is known about an address; nothing when it is not in the database.
    pub fn place(&self, ip: IpAddr) -> Place {
        let Ok(Some(city)) = self.reader.lookup(ip).and_then(|found| found.decode::<geoip2::City<'_>>()) else {
            return Place::default();
        };
        let country = city.country.iso_code.map(str::to_owned);
        let prefecture = city.subdivisions.first().and_then(|region| region.iso_code).map(str::to_owned);
        let in_japan = country.as_deref() == Some("JP");
        Place {
            country,
            prefecture: prefecture.filter(|_| in_japan),
            time_zone: city.location.time_zone.map(str::to_owned),
        }
    }
}

impl std::fmt::Debug for Geo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Geo({})", self.reader.metadata().database_type)
    }
}
