//! Colours, and how well one is read on another.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A colour of the sRGB space, without transparency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// A text that is no colour.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no colour of the form `#1d3b66`")]
pub struct ColourError(String);

impl Colour {
    /// The colour with these parts of red, green and blue.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// From 1 for equal colours to 21 for black and white (WCAG 2.2, contrast ratio).
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// From 0 for black to 1 for white (WCAG 2.2, relative luminance).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

impl FromStr for Colour {
    type Err = ColourError;

    /// Reads six hexadecimal digits after `#`.
    fn from_str(text: &str) -> Result<Self, ColourError> {
        let mut parts = [0; 3];
        match text.strip_prefix('#').map(|digits| hex::decode_to_slice(digits, &mut parts)) {
            Some(Ok(())) => Ok(Self::new(parts[0], parts[1], parts[2])),
            _ => Err(ColourError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Colour {
    type Error = ColourError;

    fn try_from(text: String) -> Result<Self, ColourError> {
        text.parse()
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_six_hexadecimal_digits() {
        assert_eq!("#1d3B66".parse::<Colour>().map(|colour| colour.to_string()), Ok("#1d3b66".to_owned()));
        for text in ["", "#", "#fff", "1d3b66", "#1d3b6", "#1d3b667", "#1d3b6g", "#ééé", "red", "#1d3b66;}"] {
            assert!(text.parse::<Colour>().is_err(), "{text}");
        }
    }

    #[test]
    fn contrast_is_as_the_guidelines_state_it() {
        let [black, white] = ["#000000", "#ffffff"].map(|text| text.parse::<Colour>().unwrap());
        assert!((black.contrast(white) - 21.0).abs() < 1e-9);
        assert!((white.contrast(white) - 1.0).abs() < 1e-9);
        // The greys on either side of 4.5:1 on white.
        let [enough, too_little] = ["#767676", "#777777"].map(|text| text.parse::<Colour>().unwrap());
        assert!((enough.contrast(white) - 4.542).abs() < 0.001);
        assert!((white.contrast(too_little) - 4.478).abs() < 0.001);
    }
}
