//! Settings of the looks of programmes.

use std::path::PathBuf;

use serde::Deserialize;

use crate::domain::colour::Colour;

/// The look of one or more programmes; where none is given, the pages look as they are shipped.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrandSettings {
    /// The programmes, by their ids in the bundle.
    pub programmes: Vec<String>,
    /// The colour of headings, links and buttons on light pages.
    pub light: Colour,
    /// The same on dark pages.
    pub dark: Colour,
    /// The colour of text on a button, on light pages.
    #[serde(default = "BrandSettings::on_light")]
    pub on_light: Colour,
    /// The same on dark pages.
    #[serde(default = "BrandSettings::on_dark")]
    pub on_dark: Colour,
    /// A file with the logo, SVG or PNG; empty: the shipped one.
    #[serde(default)]
    pub logo: PathBuf,
    /// The name beside it in Japanese; empty: the issuer's.
    #[serde(default)]
    pub name_ja: String,
    /// The same in English.
    #[serde(default)]
    pub name_en: String,
}

impl BrandSettings {
    fn on_light() -> Colour {
        Colour::new(0xff, 0xff, 0xff)
    }

    fn on_dark() -> Colour {
        Colour::new(0x0d, 0x17, 0x26)
    }
}
