//! Horizontal bars: stacked ones on one scale, and pairs that go out from a middle line.

use super::{Drawing, Picture, Tone, WIDTH, length, place};

const ROW: f64 = 44.0;
const BAR: f64 = 18.0;
/// From the row's top to its bar: the label stands above, so that long names have room.
const ABOVE: f64 = 17.0;
const THINNEST: f64 = 1.5;
/// A figure is written into a part that is at least so wide.
const ROOM: f64 = 60.0;

/// A part of a bar.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its colour.
    pub tone: Tone,
    /// Its length.
    pub value: u64,
    /// Its figure, as it is written.
    pub figure: String,
}

impl Part {
    /// A part.
    pub fn new(tone: Tone, value: u64, figure: impl Into<String>) -> Self {
        Self { tone, value, figure: figure.into() }
    }
}

/// A bar with its name.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is called.
    pub label: String,
    /// Its parts, from the left.
    pub parts: Vec<Part>,
}

/// Bars of parts one behind another, all on one scale.
pub fn stacked(title: &str, rows: &[Row]) -> Picture {
    let mut drawing = Drawing::new(title);
    let sum = |row: &Row| row.parts.iter().map(|part| part.value).sum::<u64>();
    let scale = WIDTH / length(rows.iter().map(sum).max().unwrap_or(0).max(1));
    for (at, row) in rows.iter().enumerate() {
        let top = place(at) * ROW;
        drawing.text("strong", (0.0, top + 12.0), &row.label);
        let mut x = 0.0;
        for part in row.parts.iter().filter(|part| part.value > 0) {
            let wide = (length(part.value) * scale).max(THINNEST);
            drawing.rectangle(part.tone.class(), [x, top + ABOVE, wide, BAR]);
            x += wide;
        }
    }
    drawing.finish(place(rows.len()) * ROW)
}

/// For each row what goes to the left of a middle line and what to the right, all on one scale.
pub fn pairs(title: &str, rows: &[(String, Part, Part)]) -> Picture {
    let mut drawing = Drawing::new(title);
    let middle = WIDTH / 2.0;
    let highest = rows.iter().map(|(_, left, right)| left.value.max(right.value)).max().unwrap_or(0).max(1);
    let scale = (middle - ROOM) / length(highest);
    for (at, (label, left, right)) in rows.iter().enumerate() {
        let top = place(at) * ROW;
        drawing.text("strong middle", (middle, top + 12.0), label);
        let wide = |part: &Part| if part.value == 0 { 0.0 } else { (length(part.value) * scale).max(THINNEST) };
        let (out, into) = (wide(left), wide(right));
        let baseline = top + ABOVE + BAR - 5.0;
        if left.value > 0 {
            drawing.rectangle(left.tone.class(), [middle - out, top + ABOVE, out, BAR]);
            drawing.text("small end", (middle - out - 5.0, baseline), &left.figure);
        }
        if right.value > 0 {
            drawing.rectangle(right.tone.class(), [middle, top + ABOVE, into, BAR]);
            drawing.text("small", (middle + into + 5.0, baseline), &right.figure);
        }
        drawing.line("axis", [middle, top + ABOVE - 2.0, middle, top + ABOVE + BAR + 2.0]);
    }
    drawing.finish(place(rows.len()) * ROW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fill_the_width_and_no_more() {
        let part = |value| Part::new(Tone::Good, value, value.to_string());
        let rows = [Row { label: "a".to_owned(), parts: vec![part(3), part(0), part(1)] }];
        let picture = stacked("bars", &rows).to_string();
        assert!(picture.contains("width=\"315\"") && picture.contains("x=\"315\""), "{picture}");
        assert_eq!(picture.matches("<rect").count(), 2);
        let pairs = pairs("pairs", &[("a".to_owned(), part(10), part(5))]).to_string();
        assert!(pairs.contains("x=\"60\"") && pairs.contains("width=\"75\""), "{pairs}");
    }

    #[test]
    fn nothing_is_drawn_without_rows() {
        assert!(stacked("bars", &[]).to_string().contains("viewBox=\"0 0 420 0\""));
    }
}
