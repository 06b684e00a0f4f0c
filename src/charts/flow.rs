//! A flow from a left column to a right one (after Sankey): how much of each kind went where.

use super::{Drawing, Picture, Tone, WIDTH, length, number};

/// The height of both columns without their gaps.
const TALL: f64 = 250.0;
const GAP: f64 = 32.0;
/// Space for the columns' headings.
const TOP: f64 = 34.0;
/// Where the columns stand: names are written outside.
const LEFT: f64 = 104.0;
const NODE: f64 = 9.0;
/// What is there can be seen.
const THINNEST: f64 = 1.2;

/// One kind, on one side.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is called.
    pub label: String,
    /// Its figure, as it is written.
    pub figure: String,
    /// Its colour.
    pub tone: Tone,
}

/// So much of one left kind went to one right kind.
#[derive(Clone, Debug)]
pub struct Link {
    /// The place of the left kind in its column.
    pub from: usize,
    /// The place of the right kind.
    pub to: usize,
    /// How much.
    pub value: u64,
    /// What is said of it when it is pointed at.
    pub title: String,
}

/// Draws the flow. Links of kinds that are not there are left out.
pub fn flow(title: &str, headings: [&str; 2], left: &[Node], right: &[Node], links: &[Link]) -> Picture {
    let mut drawing = Drawing::new(title);
    let total = links.iter().map(|link| link.value).sum::<u64>().max(1);
    let scale = TALL / length(total);
    let far = WIDTH - LEFT;
    drawing.text("small end", (LEFT + NODE, 14.0), headings[0]);
    drawing.text("small", (far - NODE, 14.0), headings[1]);
    let left_places = column(left.len(), |at| height(links, scale, |link| link.from == at));
    let right_places = column(right.len(), |at| height(links, scale, |link| link.to == at));
    let mut left_used = vec![0.0; left.len()];
    let mut right_used = vec![0.0; right.len()];
    let mut ordered: Vec<&Link> = links.iter().filter(|link| link.value > 0).collect();
    ordered.sort_by_key(|link| (link.from, link.to));
    for link in ordered {
        let places = (left_places.get(link.from), right_places.get(link.to));
        let used = (left_used.get_mut(link.from), right_used.get_mut(link.to));
        let ((Some(from), Some(to)), (Some(used_left), Some(used_right))) = (places, used) else { continue };
        let thick = (length(link.value) * scale).max(THINNEST);
        let tone = right.get(link.to).map_or(Tone::Open, |node| node.tone);
        let path = band((LEFT + NODE, from.0 + *used_left), (far - NODE, to.0 + *used_right), thick);
        drawing.path(&format!("band {}", tone.class()), &path, &link.title);
        *used_left += thick;
        *used_right += thick;
    }
    nodes(&mut drawing, left, &left_places, LEFT, true);
    nodes(&mut drawing, right, &right_places, far - NODE, false);
    let end = |places: &[(f64, f64)]| places.last().map_or(TOP, |(top, tall)| top + tall);
    drawing.finish(end(&left_places).max(end(&right_places)) + 26.0)
}

fn height(links: &[Link], scale: f64, of: impl Fn(&Link) -> bool) -> f64 {
    links.iter().filter(|link| link.value > 0 && of(link)).map(|link| (length(link.value) * scale).max(THINNEST)).sum()
}

/// Top and height of each kind of a column.
fn column(count: usize, height: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
    let mut top = TOP;
    (0..count)
        .map(|at| {
            let tall = height(at);
            let place = (top, tall);
            top += tall + GAP;
            place
        })
        .collect()
}

fn band((x1, y1): (f64, f64), (x2, y2): (f64, f64), thick: f64) -> String {
    let middle = f64::midpoint(x1, x2);
    let [x1, y1, x2, y2, middle, low1, low2] = [x1, y1, x2, y2, middle, y1 + thick, y2 + thick].map(number);
    format!("M{x1},{y1}C{middle},{y1} {middle},{y2} {x2},{y2}L{x2},{low2}C{middle},{low2} {middle},{low1} {x1},{low1}Z")
}

fn nodes(drawing: &mut Drawing, nodes: &[Node], places: &[(f64, f64)], x: f64, is_left: bool) {
    for (node, (top, tall)) in nodes.iter().zip(places) {
        drawing.rectangle(node.tone.class(), [x, *top, NODE, tall.max(THINNEST)]);
        let (at, class) = if is_left { (x - 6.0, " end") } else { (x + NODE + 6.0, "") };
        let middle = top + tall / 2.0;
        drawing.text(&format!("strong{class}"), (at, middle - 1.0), &node.label);
        drawing.text(&format!("small{class}"), (at, middle + 13.0), &node.figure);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_is_drawn_and_no_kind_overlaps_the_next() {
        let node = |label: &str| Node { label: label.to_owned(), figure: "1".to_owned(), tone: Tone::Good };
        let nodes = [node("a"), node("b")];
        let link = |from, to, value| Link { from, to, value, title: format!("{from}-{to}") };
        let links = [link(0, 0, 900), link(0, 1, 1), link(1, 1, 99), link(1, 0, 0), link(7, 0, 5)];
        let picture = flow("flow", ["old", "new"], &nodes, &nodes, &links).to_string();
        assert_eq!(picture.matches("<path").count(), 3);
        let places = column(2, |at| height(&links, 0.25, |link| link.from == at));
        assert!(places[0].0 + places[0].1 < places[1].0);
    }
}
