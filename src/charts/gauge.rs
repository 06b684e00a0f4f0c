//! Gauges: shares beside one another on one scale, before the band in which they should stay.

use super::{Drawing, Picture, Tone, WIDTH, length, place};

const LANE: f64 = 20.0;
const BAR: f64 = 12.0;
/// From a gauge's top to its lanes: its name stands above.
const ABOVE: f64 = 20.0;
const BELOW: f64 = 14.0;
/// Figures are written to the right of the scale.
const ROOM: f64 = 130.0;
const THINNEST: f64 = 1.5;

/// One share.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its colour.
    pub tone: Tone,
    /// How much, on the scale.
    pub value: u64,
    /// What it is and how much, as it is written.
    pub label: String,
}

/// Shares of one thing.
#[derive(Clone, Debug)]
pub struct Gauge {
    /// What they are shares of.
    pub label: String,
    /// From where to where they should stay.
    pub band: Option<(u64, u64)>,
    /// The shares.
    pub lanes: Vec<Lane>,
}

/// Draws gauges on one scale from nothing to a little more than the highest share and the highest bound.
pub fn gauges(title: &str, gauges: &[Gauge]) -> Picture {
    let mut drawing = Drawing::new(title);
    let bounds = gauges.iter().filter_map(|gauge| gauge.band).map(|(_, upper)| upper);
    let shares = gauges.iter().flat_map(|gauge| gauge.lanes.iter().map(|lane| lane.value));
    let highest = length(bounds.chain(shares).max().unwrap_or(0).max(1)) * 1.08;
    let scale = (WIDTH - ROOM) / highest;
    let mut top = 0.0;
    for gauge in gauges {
        let tall = place(gauge.lanes.len()) * LANE;
        drawing.text("strong", (0.0, top + 13.0), &gauge.label);
        if let Some((lower, upper)) = gauge.band {
            let (left, right) = (length(lower) * scale, length(upper) * scale);
            drawing.rectangle("within-band", [left, top + ABOVE, right - left, tall]);
            for bound in [left, right] {
                drawing.line("bound", [bound, top + ABOVE - 3.0, bound, top + ABOVE + tall + 3.0]);
            }
        }
        for (at, lane) in gauge.lanes.iter().enumerate() {
            let y = top + ABOVE + place(at) * LANE + (LANE - BAR) / 2.0;
            let wide = (length(lane.value) * scale).max(THINNEST);
            drawing.rectangle(lane.tone.class(), [0.0, y, wide, BAR]);
            drawing.text("small", (WIDTH - ROOM + 8.0, y + BAR - 2.5), &lane.label);
        }
        top += ABOVE + tall + BELOW;
    }
    drawing.finish(top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_within_its_band_is_drawn_within_it() {
        let lane = |value| Lane { tone: Tone::After, value, label: format!("{value}") };
        let gauge = Gauge { label: "challenge".to_owned(), band: Some((100, 1_000)), lanes: vec![lane(500), lane(0)] };
        let picture = gauges("shares", &[gauge]).to_string();
        // 290 units are 1,080.
        assert!(picture.contains("x=\"26.85\" y=\"20\" width=\"241.67\" height=\"40\""), "{picture}");
        assert!(picture.contains("width=\"134.26\"") && picture.contains("width=\"1.5\""), "{picture}");
        assert_eq!(picture.matches("class=\"bound\"").count(), 2);
    }
}
