//! A logo: a small picture whose kind is told by its content, never by its name.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::svg::{self, SvgError};

/// So large may the file be, bytes.
const BYTES_MAX: usize = 64 * 1024;
/// So wide and high may a PNG be, pixels.
const PIXELS_MAX: u32 = 1024;
/// What every PNG begins with (RFC 2083, section 3.1), and the head of its first chunk.
const PNG: [u8; 16] = *b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";

/// A logo that may be shown.
#[derive(Debug)]
pub struct Logo {
    /// Its kind.
    pub format: LogoFormat,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The kinds of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoFormat {
    /// Portable Network Graphics.
    Png,
    /// Scalable Vector Graphics without anything that acts or loads.
    Svg,
}

impl LogoFormat {
    /// The end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
        }
    }
}

/// Why a file is no logo; each goes on after its name.
#[derive(Debug, thiserror::Error)]
pub(super) enum LogoError {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("is larger than {} KiB", BYTES_MAX / 1024)]
    TooLarge,
    #[error("is neither a PNG nor an SVG by its content")]
    OtherKind,
    #[error("has no side from 1 to {PIXELS_MAX} pixels: it is {width} by {height}")]
    Pixels { width: u32, height: u32 },
    #[error("is an SVG that is not accepted: {0}")]
    Svg(#[from] SvgError),
}

impl Logo {
    pub(super) fn read(path: &Path) -> Result<Self, LogoError> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(BYTES_MAX + 1).unwrap_or(u64::MAX);
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
        if bytes.len() > BYTES_MAX {
            return Err(LogoError::TooLarge);
        }
        Self::accept(bytes)
    }

    fn accept(bytes: Vec<u8>) -> Result<Self, LogoError> {
        if let Some(head) = bytes.strip_prefix(&PNG) {
            let (width, height) = sides(head).ok_or(LogoError::OtherKind)?;
            let fits = |side| (1..=PIXELS_MAX).contains(&side);
            if !fits(width) || !fits(height) {
                return Err(LogoError::Pixels { width, height });
            }
            return Ok(Self { format: LogoFormat::Png, bytes });
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| LogoError::OtherKind)?;
        if !text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
            return Err(LogoError::OtherKind);
        }
        svg::check(text)?;
        Ok(Self { format: LogoFormat::Svg, bytes })
    }
}

/// Width and height from the first chunk of a PNG (RFC 2083, section 4.1.1).
fn sides(head: &[u8]) -> Option<(u32, u32)> {
    let (width, rest) = head.split_first_chunk()?;
    let (height, _) = rest.split_first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        [PNG.as_slice(), &width.to_be_bytes(), &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat()
    }

    #[test]
    fn the_kind_is_told_by_the_content() {
        let kind = |bytes: &[u8]| Logo::accept(bytes.to_vec()).map(|logo| logo.format).map_err(|e| e.to_string());
        assert_eq!(kind(&png(200, 64)), Ok(LogoFormat::Png));
        assert_eq!(kind(b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/>"), Ok(LogoFormat::Svg));
        let other = Err("is neither a PNG nor an SVG by its content".to_owned());
        for bytes in [b"GIF89a\x01\0\x01\0".as_slice(), b"\xff\xd8\xff\xe0", b"", b"%PDF-1.7", &PNG[..12], b"body{}"] {
            assert_eq!(kind(bytes), other, "{bytes:?}");
        }
        assert!(kind(b"<html><script>alert(1)</script></html>").is_err());
        assert!(kind(&png(1025, 64)).unwrap_err().contains("1025 by 64"));
        assert!(kind(&png(0, 64)).is_err());
    }

    #[test]
    fn a_large_file_is_not_read_to_its_end() {
        let error = Logo::read(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.to_string(), "is larger than 64 KiB");
    }
}
