//! The secret of one-time passwords, as an app takes it in: a picture to point a camera at, and its signs in groups of four.

use std::fmt::Write as _;

use askama::Template;
use qrcode::{Color, QrCode};

/// A secret with its picture.
#[derive(Template)]
#[template(path = "piece_secret.html")]
pub(in crate::pages) struct Secret {
    /// What the picture is, for those who do not see it.
    pub(in crate::pages) picture_name: String,
    /// What to do without a camera.
    pub(in crate::pages) by_hand: String,
    side: usize,
    path: String,
    signs: String,
}

impl Secret {
    /// The secret in a URL of the form `otpauth://totp/…`; none when it does not fit into a picture.
    pub(in crate::pages) fn of(url: &str, picture_name: String, by_hand: String) -> Option<Self> {
        let (side, path) = picture(url)?;
        Some(Self { picture_name, by_hand, side, path, signs: grouped(url) })
    }
}

/// The secret itself, in groups of four, for an app without a camera.
fn grouped(url: &str) -> String {
    let url = url::Url::parse(url).ok();
    let secret = url.and_then(|url| Some(url.query_pairs().find(|(name, _)| name == "secret")?.1.into_owned()));
    let signs: Vec<char> = secret.unwrap_or_default().chars().collect();
    signs.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// A picture of squares: its side in squares, and a path that fills the dark ones.
fn picture(text: &str) -> Option<(usize, String)> {
    let code = QrCode::new(text.as_bytes()).ok()?;
    let side = code.width();
    let squares = code.to_colors();
    let dark = squares.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
    let mut path = String::new();
    for (index, _) in dark {
        write!(path, "M{} {}h1v1h-1z", index % side + 4, index / side + 4).ok()?;
    }
    Some((side + 8, path))
}
