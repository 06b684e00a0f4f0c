//! The conditions of a rule as they are written: `when` split at `&&`, `unless` at `||`. Knows brackets, texts in
//! quotes and comments, not what a condition means.

use super::weigh::Part;

/// A character of the code, outside texts and comments.
struct Mark {
    at: usize,
    byte: u8,
    /// How many brackets stand around it; the two of a pair have the same.
    depth: usize,
}

/// The conditions in a rule's text, in their order.
pub(super) fn conditions(text: &str) -> Vec<(Part, String)> {
    let mut found = Vec::new();
    for (part, body) in clauses(text) {
        let operator = if part == Part::Unless { b'|' } else { b'&' };
        found.extend(split(body, operator).into_iter().map(|condition| (part, tidy(condition))));
    }
    found
}

/// What stands in the braces of each `when` and `unless`.
fn clauses(text: &str) -> Vec<(Part, &str)> {
    let (mut found, mut word, mut opened) = (Vec::new(), String::new(), None);
    let mut before = usize::MAX;
    for mark in marks(text).into_iter().filter(|mark| mark.depth == 0) {
        match (mark.byte, opened) {
            (b'{', None) => {
                let part = if word == "unless" { Part::Unless } else { Part::When };
                opened = Some((part, mark.at + 1));
            }
            (b'}', Some((part, from))) => {
                found.extend(text.get(from..mark.at).map(|body| (part, body)));
                opened = None;
            }
            (letter, None) if letter.is_ascii_alphabetic() => {
                if before.wrapping_add(1) != mark.at {
                    word.clear();
                }
                word.push(char::from(letter));
                before = mark.at;
            }
            _ => {}
        }
    }
    found
}

/// Splits at an operator of two equal signs, where it binds the whole.
fn split(text: &str, operator: u8) -> Vec<&str> {
    let text = unwrapped(text.trim());
    let marks = marks(text);
    let doubled = |sign: u8| -> Vec<usize> {
        let pairs = marks.windows(2).filter_map(|pair| match pair {
            [one, two] => Some((one, two)),
            _ => None,
        });
        let both =
            pairs.filter(|(one, two)| one.depth == 0 && one.byte == sign && two.byte == sign && two.at == one.at + 1);
        both.map(|(one, _)| one.at).collect()
    };
    let whole = begins_with_if(text) || (operator == b'&' && !doubled(b'|').is_empty());
    let places = doubled(operator);
    if whole || places.is_empty() {
        return vec![text];
    }
    let (mut pieces, mut from) = (Vec::new(), 0);
    for end in places.into_iter().chain([text.len()]) {
        pieces.extend(text.get(from..end).into_iter().flat_map(|piece| split(piece, operator)));
        from = end + 2;
    }
    pieces
}

fn begins_with_if(text: &str) -> bool {
    text.strip_prefix("if").is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
}

/// Takes away a pair of parentheses that holds the whole.
fn unwrapped(text: &str) -> &str {
    let marks = marks(text);
    let closing = marks.iter().find(|mark| mark.depth == 0 && mark.byte == b')');
    match closing {
        Some(closing) if text.starts_with('(') && closing.at + 1 == text.len() => {
            text.get(1..closing.at).map_or(text, |inner| unwrapped(inner.trim()))
        }
        _ => text,
    }
}

fn marks(text: &str) -> Vec<Mark> {
    let (mut found, mut depth) = (Vec::new(), 0_usize);
    walk(text, |at, byte, kind| {
        if kind != Kind::Code {
            return;
        }
        if matches!(byte, b')' | b']' | b'}') {
            depth = depth.saturating_sub(1);
        }
        found.push(Mark { at, byte, depth });
        if matches!(byte, b'(' | b'[' | b'{') {
            depth += 1;
        }
    });
    found
}

/// Without comments, and with one space where there were several or a line's end.
fn tidy(text: &str) -> String {
    let (mut kept, mut space) = (Vec::new(), false);
    walk(text, |_, byte, kind| {
        if kind == Kind::Comment || (kind == Kind::Code && byte.is_ascii_whitespace()) {
            space = true;
        } else {
            if std::mem::take(&mut space) && !kept.is_empty() {
                kept.push(b' ');
            }
            kept.push(byte);
        }
    });
    String::from_utf8(kept).unwrap_or_default()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Quoted,
    Comment,
}

/// Shows every byte with what it is part of.
fn walk(text: &str, mut show: impl FnMut(usize, u8, Kind)) {
    let (mut kind, mut escaped) = (Kind::Code, false);
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        let comment = byte == b'/' && bytes.peek().is_some_and(|(_, next)| *next == b'/');
        let (now, next) = match (kind, byte) {
            (Kind::Code, b'"') => (Kind::Quoted, Kind::Quoted),
            (Kind::Code, _) if comment => (Kind::Comment, Kind::Comment),
            (Kind::Comment, b'\n') => (Kind::Comment, Kind::Code),
            (Kind::Quoted, b'"') if !escaped => (Kind::Quoted, Kind::Code),
            _ => (kind, kind),
        };
        escaped = kind == Kind::Quoted && byte == b'\\' && !escaped;
        show(at, byte, now);
        kind = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_of(body: &str) -> Vec<(Part, String)> {
        conditions(&format!("@id(\"when {{\")\npermit (principal, action, resource) {body};"))
    }

    #[test]
    fn when_is_split_at_and_and_unless_at_or() {
        let found = split_of("when { a && (b || c) &&\n  d // why: x && y\n } unless { e || (f && g) }");
        let texts: Vec<_> = found.iter().map(|(part, text)| (*part, text.as_str())).collect();
        let (when, unless) = (Part::When, Part::Unless);
        assert_eq!(texts, [(when, "a"), (when, "b || c"), (when, "d"), (unless, "e"), (unless, "f && g")]);
    }

    #[test]
    fn what_binds_the_whole_is_left_whole() {
        for whole in
            ["a && b || c", "if a then b && c else d && e", "x.contains(\"a && b\")", "[\"(\", a && b].c(\"\\\"&&\")"]
        {
            let found = split_of(&format!("when {{ {whole} }}"));
            assert_eq!(found, [(Part::When, whole.to_owned())]);
        }
        assert_eq!(split_of("when { (a && b) && (c) }").len(), 3);
        assert_eq!(split_of("when { (a) && (b) }").len(), 2);
        assert_eq!(split_of("").len(), 0);
    }
}
