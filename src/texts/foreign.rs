//! Texts that others wrote, such as a merchant's name: shown without what cannot be seen or turns what can.

/// The text without control characters, direction marks, zero-width and other invisible characters; line ends
/// become spaces, and after `longest` characters it is cut off.
///
/// A name with U+202E would show a neighbour's text backwards (Unicode Technical Report 36, section 2.1).
/// Variation selectors stay: Japanese names need them (Unicode Technical Standard 37).
pub fn plain(text: &str, longest: usize) -> String {
    let seen: String = text.chars().map(|c| if is_space(c) { ' ' } else { c }).filter(|c| !is_unseen(*c)).collect();
    let mut words = seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = words.char_indices().nth(longest) {
        words.truncate(end);
        words.push('…');
    }
    words
}

fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}')
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_cannot_be_seen_is_not_shown() {
        let cases = [
            ("Shop", "Shop"),
            ("Shop\u{202e}knaB", "ShopknaB"),
            ("Sh\u{200b}op\u{feff}", "Shop"),
            ("Shop\r\nSet-Cookie: a", "Shop Set-Cookie: a"),
            ("\u{2067}Bank\u{2069}\u{0}\u{1b}[31m", "Bank[31m"),
            ("葛\u{e0100}城市 の 店", "葛\u{e0100}城市 の 店"),
            ("  a   b ", "a b"),
            ("abcdefghijkl", "abcdefghij…"),
        ];
        for (text, shown) in cases {
            let longest = if text.len() == 12 { 10 } else { 40 };
            assert_eq!(plain(text, longest), shown, "{text:?}");
        }
    }
}
