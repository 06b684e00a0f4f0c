//! Two texts line by line: what stands in both, what went, what came.

/// Texts whose middle has more pairs of lines than this are not compared line by line.
const PAIRS_MAX: usize = 1_000_000;

/// One row of two texts beside one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Both have it.
    Same(&'a str),
    /// Only the old text has it.
    Gone(&'a str),
    /// Only the new text has it.
    Come(&'a str),
}

/// The rows of two texts, in order: what went before what came in its place.
pub fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (old.get(head..).unwrap_or_default(), new.get(head..).unwrap_or_default());
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old_middle, old_tail) = old_rest.split_at(old_rest.len() - tail);
    let (new_middle, _) = new_rest.split_at(new_rest.len() - tail);
    let mut rows: Vec<Line<'a>> = old.iter().take(head).map(|line| Line::Same(line)).collect();
    rows.extend(middle(old_middle, new_middle));
    rows.extend(old_tail.iter().map(|line| Line::Same(line)));
    rows
}

/// The longest common subsequence of the lines, by the table of its lengths.
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    if old.len().saturating_mul(new.len()) > PAIRS_MAX {
        let gone = old.iter().map(|line| Line::Gone(line));
        return gone.chain(new.iter().map(|line| Line::Come(line))).collect();
    }
    let lengths = lengths(old, new);
    let length = |at: usize, beside: usize| lengths.get(at * (new.len() + 1) + beside).copied().unwrap_or(0);
    let (mut rows, mut at, mut beside) = (Vec::new(), 0, 0);
    loop {
        match (old.get(at), new.get(beside)) {
            (Some(one), Some(other)) if one == other => {
                rows.push(Line::Same(one));
                (at, beside) = (at + 1, beside + 1);
            }
            (Some(one), other) if other.is_none() || length(at + 1, beside) >= length(at, beside + 1) => {
                rows.push(Line::Gone(one));
                at += 1;
            }
            (_, Some(other)) => {
                rows.push(Line::Come(other));
                beside += 1;
            }
            (_, None) => return rows,
        }
    }
}

/// For each pair of places how many lines the rests have in common, row by row.
fn lengths(old: &[&str], new: &[&str]) -> Vec<u32> {
    let wide = new.len() + 1;
    let mut table = vec![0_u32; (old.len() + 1) * wide];
    for (at, one) in old.iter().enumerate().rev() {
        for (beside, other) in new.iter().enumerate().rev() {
            let found = |place: usize| table.get(place).copied().unwrap_or(0);
            let below = (at + 1) * wide + beside;
            let best =
                if one == other { found(below + 1) + 1 } else { found(below).max(found(at * wide + beside + 1)) };
            if let Some(place) = table.get_mut(at * wide + beside) {
                *place = best;
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> Vec<String> {
        let sign = |line: &Line<'_>| match line {
            Line::Same(text) => format!(" {text}"),
            Line::Gone(text) => format!("-{text}"),
            Line::Come(text) => format!("+{text}"),
        };
        lines(old, new).iter().map(sign).collect()
    }

    #[test]
    fn a_changed_line_is_told_as_gone_and_come_between_what_stays() {
        assert_eq!(told("a\nb\nc", "a\nx\nc"), [" a", "-b", "+x", " c"]);
        assert_eq!(told("a\nb\nc\nd", "b\nd\ne"), ["-a", " b", "-c", " d", "+e"]);
        assert_eq!(told("", "a\nb"), ["+a", "+b"]);
        assert_eq!(told("a\nb", ""), ["-a", "-b"]);
        assert_eq!(told("a", "a"), [" a"]);
    }

    #[test]
    fn both_texts_can_be_read_out_of_the_rows() {
        let texts = ["", "a", "a\nb\na\nb", "b\na\nb\nc", "x\ny\nz\na\na", "a\na\na"];
        for (old, new) in texts.iter().flat_map(|old| texts.iter().map(move |new| (*old, *new))) {
            let rows = lines(old, new);
            let side = |wanted: fn(&Line<'_>) -> bool| {
                let text = |line: &Line<'_>| match line {
                    Line::Same(text) | Line::Gone(text) | Line::Come(text) => (*text).to_owned(),
                };
                rows.iter().filter(|line| wanted(line)).map(text).collect::<Vec<_>>().join("\n")
            };
            assert_eq!(side(|line| !matches!(line, Line::Come(_))), old);
            assert_eq!(side(|line| !matches!(line, Line::Gone(_))), new);
        }
    }

    #[test]
    fn texts_that_are_too_long_are_told_as_a_whole() {
        let long = |word: &str| format!("{word}\n").repeat(1_001);
        let rows = lines(&long("a"), &long("b")).len();
        assert_eq!(rows, 2_002);
    }
}
