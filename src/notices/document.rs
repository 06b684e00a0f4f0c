//! The form of a notice's text: a title, headings, paragraphs and lists. Nothing else, and no HTML.

use super::Placeholders;

/// A text that can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// What stands before the first heading.
    pub lead: Vec<Block>,
    /// The rest, by its headings.
    pub sections: Vec<Section>,
}

/// A heading and what stands under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Paragraph(String),
    /// A list.
    List(Vec<String>),
}

impl Document {
    /// Reads a text: `# title`, `## heading`, lists of `- ` lines, and paragraphs between empty lines, with
    /// placeholders filled. Every mistake has its line.
    ///
    /// # Errors
    /// Lines, from 1, and what is wrong with them.
    pub(super) fn parse(text: &str, placeholders: &Placeholders) -> Result<Self, Vec<(usize, String)>> {
        let mut reader = Reader::default();
        let mut mistakes = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim_end();
            let read = filled(line, placeholders).and_then(|line| reader.take(&line));
            if let Err(mistake) = read {
                mistakes.push((number, mistake));
            }
        }
        if reader.title.is_none() && mistakes.is_empty() {
            mistakes.push((1, "the first line must be `# ` and the title".to_owned()));
        }
        if mistakes.is_empty() { Ok(reader.document()) } else { Err(mistakes) }
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    title: Option<String>,
    lead: Vec<Block>,
    sections: Vec<Section>,
    /// Whether the next line goes on with the last block.
    open: bool,
}

impl Reader {
    fn take(&mut self, line: &str) -> Result<(), String> {
        if let Some(title) = line.strip_prefix("# ") {
            return match self.title.replace(title.trim().to_owned()) {
                None => Ok(()),
                Some(_) => Err("there is a title already; a heading begins with `## `".to_owned()),
            };
        }
        if self.title.is_none() {
            return if line.is_empty() { Ok(()) } else { Err("the title must come first: `# ` and a text".to_owned()) };
        }
        if let Some(heading) = line.strip_prefix("## ") {
            self.sections.push(Section { heading: heading.trim().to_owned(), blocks: Vec::new() });
            self.open = false;
            return Ok(());
        }
        if line.starts_with('#') {
            return Err("only `# ` (title) and `## ` (heading) are known".to_owned());
        }
        self.text(line);
        Ok(())
    }

    fn text(&mut self, line: &str) {
        let open = std::mem::replace(&mut self.open, !line.is_empty());
        let blocks = match self.sections.last_mut() {
            Some(section) => &mut section.blocks,
            None => &mut self.lead,
        };
        if line.is_empty() {
            return;
        }
        let item = line.strip_prefix("- ");
        match (blocks.last_mut().filter(|_| open), item) {
            (Some(Block::List(items)), Some(item)) => items.push(item.trim().to_owned()),
            (Some(Block::List(items)), None) => {
                if let Some(last) = items.last_mut() {
                    join(last, line);
                }
            }
            (Some(Block::Paragraph(text)), None) => join(text, line),
            (_, Some(item)) => blocks.push(Block::List(vec![item.trim().to_owned()])),
            (None, None) => blocks.push(Block::Paragraph(line.trim().to_owned())),
        }
    }

    fn document(self) -> Document {
        Document { title: self.title.unwrap_or_default(), lead: self.lead, sections: self.sections }
    }
}

/// Joins a line to the one before; between Japanese letters there is no space.
fn join(text: &mut String, line: &str) {
    if text.chars().next_back().is_some_and(|last| last.is_ascii()) {
        text.push(' ');
    }
    text.push_str(line.trim());
}

/// The line with its placeholders filled.
fn filled(line: &str, placeholders: &Placeholders) -> Result<String, String> {
    if line.contains(['<', '>']) || line.chars().any(char::is_control) {
        return Err("neither HTML nor control characters have a place here".to_owned());
    }
    let mut rest = line;
    let mut text = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("a `{` without its `}`")?;
        text.push_str(before);
        text.push_str(placeholders.get(name).ok_or_else(|| unknown(name))?);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

fn unknown(name: &str) -> String {
    format!("`{{{name}}}` is no placeholder; known are {}", Placeholders::NAMES.join(", "))
}

impl Placeholders {
    const NAMES: [&str; 5] = ["{issuer}", "{phone}", "{hours}", "{closed_days}", "{office}"];

    fn get(&self, name: &str) -> Option<&str> {
        match name {
            "issuer" => Some(&self.issuer),
            "phone" => Some(&self.phone),
            "hours" => Some(&self.hours),
            "closed_days" => Some(&self.closed_days),
            "office" => Some(&self.office),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Document, Vec<(usize, String)>> {
        Document::parse(text, &Placeholders { phone: "0120".to_owned(), ..Placeholders::default() })
    }

    #[test]
    fn a_text_has_a_title_headings_paragraphs_and_lists() {
        let text = "# Title\n\nFirst\nline.\n\n## Heading\nText {phone}.\n- one\n- two\n  goes on\n\nEnd\n";
        let document = parse(text).unwrap();
        assert_eq!((document.title.as_str(), document.lead), ("Title", vec![Block::Paragraph("First line.".into())]));
        let blocks = vec![
            Block::Paragraph("Text 0120.".into()),
            Block::List(vec!["one".into(), "two goes on".into()]),
            Block::Paragraph("End".into()),
        ];
        assert_eq!(document.sections, [Section { heading: "Heading".into(), blocks }]);
        assert_eq!(parse("# T\n\n一行目。\n二行目。\n").unwrap().lead, [Block::Paragraph("一行目。二行目。".into())]);
    }

    #[test]
    fn what_does_not_belong_there_is_told_with_its_line() {
        let cases = [
            ("", 1, "title"),
            ("text\n# T\n", 1, "title must come first"),
            ("# T\n# T\n", 2, "already"),
            ("# T\n### deep\n", 2, "known"),
            ("# T\n\n<b>x</b>\n", 3, "HTML"),
            ("# T\nsee {phone} and {name}\n", 2, "`{name}`"),
            ("# T\nsee {phone\n", 2, "without"),
            ("# T\na\u{7}b\n", 2, "control"),
        ];
        for (text, line, part) in cases {
            let mistakes = parse(text).unwrap_err();
            assert!(mistakes[0].0 == line && mistakes[0].1.contains(part), "{text:?}: {mistakes:?}");
        }
    }
}
