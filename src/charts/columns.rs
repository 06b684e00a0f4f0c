//! Columns over a scale, such as the hours of a day, several beside one another at each step.

use super::{Drawing, Picture, Tone, WIDTH, length, place};

const TALL: f64 = 120.0;
const TOP: f64 = 18.0;
const THINNEST: f64 = 1.5;
/// A name is written below a step at most so often.
const NAMES: usize = 8;

/// Columns of one colour, one at each step.
#[derive(Clone, Debug)]
pub struct Series {
    /// Their colour.
    pub tone: Tone,
    /// Their heights, in the order of the steps.
    pub values: Vec<u64>,
}

/// Draws the columns; `highest` is how the highest value is written.
pub fn columns(title: &str, steps: &[String], series: &[Series], highest: impl Fn(u64) -> String) -> Picture {
    let mut drawing = Drawing::new(title);
    let most = series.iter().flat_map(|one| one.values.iter().copied()).max().unwrap_or(0);
    let ground = TOP + TALL;
    drawing.text("small", (0.0, 11.0), &highest(most));
    drawing.line("rule", [0.0, TOP, WIDTH, TOP]);
    let step = WIDTH / place(steps.len().max(1));
    let wide = step * 0.76 / place(series.len().max(1));
    let every = steps.len().div_ceil(NAMES).max(1);
    for (at, name) in steps.iter().enumerate() {
        let left = place(at) * step + step * 0.12;
        for (beside, one) in series.iter().enumerate() {
            let value = one.values.get(at).copied().unwrap_or(0);
            if value > 0 {
                let tall = (length(value) / length(most.max(1)) * TALL).max(THINNEST);
                drawing.rectangle(one.tone.class(), [left + place(beside) * wide, ground - tall, wide, tall]);
            }
        }
        if at % every == 0 {
            drawing.text("small middle", (place(at) * step + step / 2.0, ground + 15.0), name);
        }
    }
    drawing.line("axis", [0.0, ground, WIDTH, ground]);
    drawing.finish(ground + 22.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_column_reaches_the_top_and_nothing_has_none() {
        let steps: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
        let mut values = vec![0; 24];
        (values[3], values[4]) = (10, 5);
        let series = [Series { tone: Tone::Before, values }];
        let picture = columns("hours", &steps, &series, |value| value.to_string()).to_string();
        assert_eq!(picture.matches("<rect").count(), 2);
        assert!(picture.contains("height=\"120\"") && picture.contains("height=\"60\""), "{picture}");
    }
}
