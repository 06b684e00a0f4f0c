//! Pictures as inline SVG, for pages and reports: flows between two columns, bars, and columns over a scale.
//!
//! They know places, sizes and labels, and nothing of what is shown. Colours are classes: whoever embeds a picture puts
//! [`STYLE`] into its style sheet, which holds both schemes. Every picture is 420 units wide, so that its labels can be
//! read on a telephone, and carries a title for those who do not see it; the figures stand in a table beside it.

pub mod bars;
pub mod columns;
pub mod flow;
pub mod gauge;

use std::fmt;

/// The rules for the classes that the pictures use.
pub const STYLE: &str = include_str!("charts/charts.css");

/// The width of every picture, in its own units.
pub const WIDTH: f64 = 420.0;

/// What a part of a picture is about; each tone is a colour of [`STYLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// What passes.
    Good,
    /// What costs a little.
    Effort,
    /// What cannot be done.
    Blocked,
    /// What is turned back.
    Bad,
    /// What cannot be said.
    Open,
    /// What was before.
    Before,
    /// What is afterwards.
    After,
}

impl Tone {
    /// The class of the colour.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "tone-good",
            Self::Effort => "tone-effort",
            Self::Blocked => "tone-blocked",
            Self::Bad => "tone-bad",
            Self::Open => "tone-open",
            Self::Before => "tone-before",
            Self::After => "tone-after",
        }
    }
}

/// A finished picture: markup that may stand in a template as it is (`|safe`), for every text in it was escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture(String);

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A picture being drawn.
struct Drawing {
    title: String,
    parts: String,
}

impl Drawing {
    fn new(title: &str) -> Self {
        Self { title: escape(title), parts: String::new() }
    }

    fn rectangle(&mut self, class: &str, [x, y, width, height]: [f64; 4]) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        self.add(&format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"));
    }

    fn line(&mut self, class: &str, [x1, y1, x2, y2]: [f64; 4]) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(number);
        self.add(&format!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"));
    }

    fn text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let (x, y, text) = (number(x), number(y), escape(text));
        self.add(&format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>"));
    }

    fn path(&mut self, class: &str, path: &str, title: &str) {
        self.add(&format!("<path class=\"{class}\" d=\"{path}\"><title>{}</title></path>", escape(title)));
    }

    fn add(&mut self, part: &str) {
        self.parts.push_str(part);
        self.parts.push('\n');
    }

    fn finish(self, height: f64) -> Picture {
        let (title, parts, width, height) = (self.title, self.parts, number(WIDTH), number(height));
        Picture(format!(
            "<svg class=\"picture\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\" \
             focusable=\"false\">\n{parts}</svg>"
        ))
    }
}

/// A number with at most two decimals.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A count as a length; pictures need no more than 52 bits.
#[expect(clippy::cast_precision_loss, reason = "a picture is no ledger")]
fn length(value: u64) -> f64 {
    value as f64
}

/// A place in a list as a length.
fn place(at: usize) -> f64 {
    length(at as u64)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::bars::{Part, Row, stacked};
    use super::*;

    #[test]
    fn a_label_cannot_become_markup() {
        let row = Row { label: "<script>\"'&".to_owned(), parts: vec![Part::new(Tone::Bad, 1, "1 <b>")] };
        let picture = stacked("\"><x>", &[row]).to_string();
        assert!(!picture.contains("<script") && !picture.contains("<b>") && !picture.contains("<x>"), "{picture}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([1.0, 0.5, 2.346, 100.0].map(number), ["1", "0.5", "2.35", "100"]);
    }
}
