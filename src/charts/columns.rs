//! Columns over a scale, such as the hours of a day: several beside one another at each step, or one upon another.

use super::{Drawing, Picture, Tone, WIDTH, length, place};

const TALL: f64 = 120.0;
const TOP: f64 = 18.0;
const GROUND: f64 = TOP + TALL;
const THINNEST: f64 = 1.5;
/// A name is written below a step at most so often.
const NAMES: usize = 8;
/// Half as wide as a letter of a name.
const HALF_LETTER: f64 = 3.5;

/// Columns of one colour, one at each step.
#[derive(Clone, Debug)]
pub struct Series {
    /// Their colour.
    pub tone: Tone,
    /// Their heights, in the order of the steps.
    pub values: Vec<u64>,
}

/// Draws the columns beside one another; `highest` is how the highest value is written.
pub fn columns(title: &str, steps: &[String], series: &[Series], highest: impl Fn(u64) -> String) -> Picture {
    let most = series.iter().flat_map(|one| one.values.iter().copied()).max().unwrap_or(0);
    let mut drawing = scale(title, &highest(most));
    let step = WIDTH / place(steps.len().max(1));
    let wide = step * 0.76 / place(series.len().max(1));
    for at in 0..steps.len() {
        let left = place(at) * step + step * 0.12;
        for (beside, one) in series.iter().enumerate() {
            let value = one.values.get(at).copied().unwrap_or(0);
            if value > 0 {
                let tall = (length(value) / length(most.max(1)) * TALL).max(THINNEST);
                drawing.rectangle(one.tone.class(), [left + place(beside) * wide, GROUND - tall, wide, tall]);
            }
        }
    }
    ground(drawing, steps)
}

/// Draws the columns one upon another, the first at the ground; `highest` is how the highest sum is written.
pub fn stacked(title: &str, steps: &[String], series: &[Series], highest: impl Fn(u64) -> String) -> Picture {
    let value = |one: &Series, at: usize| one.values.get(at).copied().unwrap_or(0);
    let sum = |at| series.iter().map(|one| value(one, at)).sum::<u64>();
    let most = (0..steps.len()).map(sum).max().unwrap_or(0);
    let mut drawing = scale(title, &highest(most));
    let step = WIDTH / place(steps.len().max(1));
    for at in 0..steps.len() {
        let mut top = GROUND;
        for one in series.iter().filter(|one| value(one, at) > 0) {
            let tall = length(value(one, at)) / length(most.max(1)) * TALL;
            top -= tall;
            drawing.rectangle(one.tone.class(), [place(at) * step + step * 0.1, top, step * 0.8, tall.max(0.5)]);
        }
    }
    ground(drawing, steps)
}

fn scale(title: &str, highest: &str) -> Drawing {
    let mut drawing = Drawing::new(title);
    drawing.text("small", (0.0, 11.0), highest);
    drawing.line("rule", [0.0, TOP, WIDTH, TOP]);
    drawing.line("rule", [0.0, TOP + TALL / 2.0, WIDTH, TOP + TALL / 2.0]);
    drawing
}

/// The line below, and the names of the steps as far as there is room; where some have none, the caller has chosen.
fn ground(mut drawing: Drawing, steps: &[String]) -> Picture {
    let step = WIDTH / place(steps.len().max(1));
    let chosen = steps.iter().any(String::is_empty);
    let every = if chosen { 1 } else { steps.len().div_ceil(NAMES).max(1) };
    for (at, name) in steps.iter().enumerate().step_by(every).filter(|(_, name)| !name.is_empty()) {
        let middle = place(at) * step + step / 2.0;
        // The first name would stand out to the left, and a long one near the end to the right.
        let half = place(name.chars().count()) * HALF_LETTER;
        let (class, x) = match at {
            0 => ("small", 0.0),
            _ if middle + half > WIDTH => ("small end", WIDTH),
            _ => ("small middle", middle),
        };
        drawing.text(class, (x, GROUND + 15.0), name);
    }
    drawing.line("axis", [0.0, GROUND, WIDTH, GROUND]);
    drawing.finish(GROUND + 22.0)
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

    #[test]
    fn names_that_the_caller_chose_are_all_written() {
        let name = |at: usize| if at.is_multiple_of(8) { format!("day {at}") } else { String::new() };
        let steps: Vec<String> = (0..56).map(name).collect();
        let picture = columns("week", &steps, &[], |value| value.to_string()).to_string();
        for at in (0..56).step_by(8) {
            assert_eq!(picture.matches(&format!(">day {at}<")).count(), 1, "{picture}");
        }
    }

    #[test]
    fn the_last_name_ends_with_the_picture() {
        let steps: Vec<String> = (0..25).map(|hour| format!("{hour:02}:00")).collect();
        let picture = columns("hours", &steps, &[], |value| value.to_string()).to_string();
        assert!(picture.contains(&format!("class=\"small end\" x=\"{WIDTH}\"")), "{picture}");
    }

    #[test]
    fn the_highest_sum_reaches_the_top() {
        let series =
            [Series { tone: Tone::Good, values: vec![30, 60] }, Series { tone: Tone::Bad, values: vec![30, 60] }];
        let steps = ["0:00".to_owned(), "1:00".to_owned()];
        let picture = stacked("sums", &steps, &series, |value| value.to_string()).to_string();
        assert_eq!(picture.matches("<rect").count(), 4);
        assert!(picture.contains(">120<") && picture.contains("y=\"18\""), "{picture}");
        assert_eq!(picture.matches("height=\"60\"").count(), 2);
    }
}
