//! The nearest of the known names, for what was misspelt.

/// How many names a hint lists.
const NAMES_MAX: usize = 8;

/// Known names for a hint, the closest first; the rest is counted.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut known: Vec<(usize, &str)> = known.into_iter().map(|name| (distance(word, name), name)).collect();
    known.sort_unstable();
    known.dedup();
    let more = known.len().saturating_sub(NAMES_MAX);
    let names: Vec<&str> = known.into_iter().take(NAMES_MAX).map(|(_, name)| name).collect();
    match (names.is_empty(), more) {
        (true, _) => "none is known".to_owned(),
        (false, 0) => format!("one of {}", names.join(", ")),
        (false, more) => format!("one of {}, or {more} more", names.join(", ")),
    }
}

/// How many letters must be put in, taken out or replaced (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (place, letter) in from.chars().enumerate() {
        let mut before = place;
        let mut left = place + 1;
        let mut next = vec![left];
        for (above, other) in row.iter().skip(1).zip(&to) {
            left = (before + usize::from(letter != *other)).min(left + 1).min(above + 1);
            before = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_stands_first() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!((distance("", "abc"), distance("abc", ""), distance("ab", "ab")), (3, 3, 0));
        assert_eq!(closest("bokshop", ["grocer", "bookshop"]), "one of bookshop, grocer");
        assert_eq!(closest("x", []), "none is known");
        let many: Vec<String> = (0..10).map(|number| format!("rule-{number}")).collect();
        assert!(closest("rule-7", many.iter().map(String::as_str)).starts_with("one of rule-7, "));
        assert!(closest("rule-7", many.iter().map(String::as_str)).ends_with(", or 2 more"));
    }
}
