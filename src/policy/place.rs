//! Where rules and their parts stand in a file, so that a fault points at what it is about.

use cedar_policy::{Policy, PolicySet};

use super::fault::{Fault, Span, line_of};

/// Where the text of a rule begins in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    offset: usize,
    line: usize,
}

impl Place {
    /// The beginning of a file.
    pub(super) const START: Self = Self { offset: 0, line: 1 };

    fn at(file: &str, offset: usize) -> Self {
        Self { offset, line: line_of(file, offset) }
    }

    /// Puts a fault at a stretch of the rule's text.
    pub(super) fn put(self, fault: Fault, text: &str, at: usize, length: usize) -> Fault {
        let span = Span { start: self.offset + at, length: length.max(1) };
        fault.line(self.line_of(text, at)).span(span)
    }

    /// The line of the file on which a byte of the rule's text stands.
    pub(super) fn line_of(self, text: &str, at: usize) -> usize {
        self.line + line_of(text, at) - 1
    }
}

/// The policies of a file with their texts and where these begin, in the order in which they stand.
pub(super) fn placed<'a>(set: &'a PolicySet, file: &str) -> Vec<(&'a Policy, String, Place)> {
    let number = |policy: &Policy| policy.id().to_string().trim_start_matches("policy").parse::<usize>().ok();
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(|policy| number(policy));
    let mut from = 0;
    let one = |policy: &'a Policy| {
        let text = policy.to_cedar()?;
        let found = file.get(from..).and_then(|rest| rest.find(&text));
        let at = found.map_or(from, |found| from + found);
        from = (at + text.len()).min(file.len());
        Some((policy, text, Place::at(file, at)))
    };
    policies.into_iter().filter_map(one).collect()
}

/// Where an annotation stands in a rule's text: the whole word, not one that begins like it.
pub(super) fn annotation_at(text: &str, word: &str) -> Option<usize> {
    let mark = format!("@{word}");
    let whole = |at: &usize| {
        let rest = text.get(at + mark.len()..).unwrap_or_default();
        !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
    };
    text.match_indices(&mark).map(|(at, _)| at).find(whole)
}

/// Where the head of a rule stands in its text: `permit` or `forbid` at the beginning of a line, or else before a bracket.
pub(super) fn head_at(text: &str) -> Option<usize> {
    let mut offset = 0;
    let own_line = text.split_inclusive('\n').find_map(|line| {
        let word = line.trim_start();
        let at = offset + line.len() - word.len();
        offset += line.len();
        (word.starts_with("permit") || word.starts_with("forbid")).then_some(at)
    });
    own_line.or_else(|| ["permit", "forbid"].iter().filter_map(|word| followed_by(text, word, '(')).min())
}

/// Where a word stands that a sign follows.
fn followed_by(text: &str, word: &str, sign: char) -> Option<usize> {
    let followed = |at: &usize| text.get(at + word.len()..).is_some_and(|rest| rest.trim_start().starts_with(sign));
    text.match_indices(word).map(|(at, _)| at).find(followed)
}

/// Where the first condition of a rule stands in its text, from `when` or `unless` on.
pub(super) fn conditions_at(text: &str) -> Option<usize> {
    let head = head_at(text)?;
    let rest = text.get(head..)?;
    let first = ["when", "unless"].iter().filter_map(|word| followed_by(rest, word, '{'));
    first.min().map(|at| head + at)
}

/// Where a text stands in another one, with its length there; blanks between its signs do not count.
pub(super) fn find_loosely(text: &str, mark: &str) -> Option<(usize, usize)> {
    let first = mark.chars().next()?;
    let mut starts = text.char_indices().filter(|(_, letter)| *letter == first);
    starts.find_map(|(start, _)| {
        let mut rest = text.get(start..)?;
        for letter in mark.chars().filter(|letter| !letter.is_whitespace()) {
            rest = rest.trim_start().strip_prefix(letter)?;
        }
        Some((start, text.len() - start - rest.len()))
    })
}
