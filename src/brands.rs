//! The looks of programmes: colours, a logo and a name, read and checked at the start.
//!
//! Knows what can be read on what, and which files are harmless pictures. It does not know what the pages say.

mod logo;
mod svg;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use self::logo::{Logo, LogoFormat};

use crate::config::BrandSettings;
use crate::domain::challenge::Language;
use crate::domain::colour::Colour;

/// What text needs to be read on what lies below it (WCAG 2.2, success criterion 1.4.3).
const CONTRAST_MIN: f64 = 4.5;

/// What stands in colours of the brand on the pages, or below them: the names and colours of the shipped style sheet.
pub const LIGHT: [(&str, Colour); 2] =
    [("sheet", Colour::new(0xff, 0xff, 0xff)), ("tint", Colour::new(0xee, 0xf2, 0xf9))];
/// The same on dark pages.
pub const DARK: [(&str, Colour); 2] =
    [("sheet", Colour::new(0x18, 0x1e, 0x26)), ("tint", Colour::new(0x20, 0x29, 0x36))];

/// The look of one programme.
#[derive(Debug)]
pub struct Brand {
    /// Its style sheet, which goes over the shipped one.
    pub style: String,
    /// Changes when something of it changes.
    pub version: String,
    /// Its logo.
    pub logo: Option<Logo>,
    name_ja: String,
    name_en: String,
}

/// The looks of all programmes that have one of their own.
#[derive(Debug, Default)]
pub struct Brands(BTreeMap<String, Arc<Brand>>);

/// Everything that is wrong with the looks of programmes.
#[derive(Debug)]
pub struct BrandErrors {
    mistakes: Vec<String>,
}

impl fmt::Display for BrandErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the looks of programmes cannot be used:")?;
        self.mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))?;
        write!(f, "\nhint: what a `[[brand]]` may be: docs/branding.md")
    }
}

impl std::error::Error for BrandErrors {}

impl Brands {
    /// Reads the looks. `is_programme` tells whether there is a programme with this id.
    ///
    /// # Errors
    /// [`BrandErrors`]: everything that is wrong with them.
    pub fn load(settings: &[BrandSettings], is_programme: impl Fn(&str) -> bool) -> Result<Self, BrandErrors> {
        let mut brands = BTreeMap::new();
        let mut mistakes = Vec::new();
        for (at, settings) in settings.iter().enumerate() {
            let place = format!("brand {}", at + 1);
            let mut tell = |mistake: String| mistakes.push(format!("{place}: {mistake}"));
            for mistake in unreadable(settings) {
                tell(mistake);
            }
            let logo = logo(&settings.logo).unwrap_or_else(|mistake| {
                tell(mistake);
                None
            });
            if settings.programmes.is_empty() {
                tell("`programmes` names none".to_owned());
            }
            let brand = Arc::new(Brand::new(settings, logo));
            for programme in &settings.programmes {
                if !is_programme(programme) {
                    tell(format!("the bundle has no programme `{programme}`"));
                }
                if brands.insert(programme.clone(), Arc::clone(&brand)).is_some() {
                    tell(format!("the programme `{programme}` has a look already"));
                }
            }
        }
        if mistakes.is_empty() { Ok(Self(brands)) } else { Err(BrandErrors { mistakes }) }
    }

    /// The look of a programme; none: the shipped one.
    pub fn of(&self, programme: &str) -> Option<&Brand> {
        self.0.get(programme).map(AsRef::as_ref)
    }
}

impl Brand {
    fn new(settings: &BrandSettings, logo: Option<Logo>) -> Self {
        let style = style(settings);
        let mut digest = Sha256::new().chain_update(&style);
        if let Some(logo) = &logo {
            digest.update(&logo.bytes);
        }
        let version = hex::encode(digest.finalize()).chars().take(16).collect();
        Self { style, version, logo, name_ja: settings.name_ja.clone(), name_en: settings.name_en.clone() }
    }

    /// Its name, where it has one of its own.
    pub fn name(&self, language: Language) -> Option<&str> {
        let name = match language {
            Language::Ja => &self.name_ja,
            Language::En => &self.name_en,
        };
        Some(name.as_str()).filter(|name| !name.is_empty())
    }
}

/// On paper everything is black: the colours are for screens.
fn style(settings: &BrandSettings) -> String {
    let BrandSettings { light, dark, on_light, on_dark, .. } = settings;
    format!(
        "@media screen {{ :root {{ --brand: {light}; --on-brand: {on_light}; }} }}\n\
         @media screen and (prefers-color-scheme: dark) {{ :root {{ --brand: {dark}; --on-brand: {on_dark}; }} }}\n"
    )
}

/// Every pair of text and ground that cannot be read, with its contrast.
fn unreadable(settings: &BrandSettings) -> Vec<String> {
    let sides = [("light", settings.light, settings.on_light, LIGHT), ("dark", settings.dark, settings.on_dark, DARK)];
    let pairs = sides.into_iter().flat_map(|(side, brand, on_brand, grounds)| {
        let below =
            grounds.map(|(name, ground)| (format!("`{side}` {brand} on the {side} {name} {ground}"), brand, ground));
        let above = (format!("`on_{side}` {on_brand} on `{side}` {brand}"), on_brand, brand);
        below.into_iter().chain([above])
    });
    pairs
        .map(|(told, text, ground)| (told, text.contrast(ground)))
        .filter(|(_, ratio)| *ratio < CONTRAST_MIN)
        // Rounded down: 4.499 is not to be told as 4.50.
        .map(|(told, ratio)| {
            format!(
                "{told} has a contrast of {:.2}:1, and text needs {CONTRAST_MIN}:1",
                (ratio * 100.0).floor() / 100.0
            )
        })
        .collect()
}

fn logo(path: &Path) -> Result<Option<Logo>, String> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    Logo::read(path).map(Some).map_err(|error| format!("the logo `{}` {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> BrandSettings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn colours_that_cannot_be_read_are_told_with_their_contrast() {
        let told = unreadable(&settings("programmes = ['gold']\nlight = '#c9a227'\ndark = '#c9a227'"));
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(told[0].contains("`light` #c9a227 on the light sheet #ffffff has a contrast of 2.41:1"), "{told:#?}");
        assert!(told[2].contains("`on_light` #ffffff on `light` #c9a227"), "{told:#?}");
        let fine = settings("programmes = ['gold']\nlight = '#6b5310'\ndark = '#e3c46a'");
        assert!(unreadable(&fine).is_empty());
        let dark = settings("programmes = ['gold']\nlight = '#6b5310'\ndark = '#6b5310'\non_dark = '#6b5310'");
        assert_eq!(unreadable(&dark).len(), 3);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let first = settings("programmes = ['gold', 'golf']\nlight = '#6b5310'\ndark = '#000000'");
        let second =
            settings("programmes = ['gold']\nlight = '#6b5310'\ndark = '#e3c46a'\nlogo = '/nowhere/at/all.svg'");
        let none = settings("programmes = []\nlight = '#6b5310'\ndark = '#e3c46a'");
        let told = Brands::load(&[first, second, none], |id| id == "gold").unwrap_err().to_string();
        for part in [
            "brand 1: the bundle has no programme `golf`",
            "brand 1: `dark` #000000 on the dark sheet",
            "brand 2: the programme `gold` has a look already",
            "brand 2: the logo `/nowhere/at/all.svg` cannot be read",
            "brand 3: `programmes` names none",
            "hint: ",
        ] {
            assert!(told.contains(part), "`{part}` is not in {told}");
        }
    }

    #[test]
    fn a_change_changes_the_version() {
        let version = |text: &str| {
            let brands = Brands::load(&[settings(text)], |_| true).unwrap();
            brands.of("gold").unwrap().version.clone()
        };
        let one = "programmes = ['gold']\nlight = '#6b5310'\ndark = '#e3c46a'";
        assert_eq!(version(one), version(one));
        assert_ne!(version(one), version("programmes = ['gold']\nlight = '#6b5311'\ndark = '#e3c46a'"));
    }
}
