//! What an agent reads to a caller: the version of the script that is current, part by part.

use crate::app::App;
use crate::domain::challenge::Language;
use crate::domain::consent::Basis;
use crate::notices::Block;

/// A part of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A heading.
    Heading(String),
    /// A paragraph, read out.
    Paragraph(String),
    /// Advice for the agent, a line each.
    List(Vec<String>),
}

/// The version that is current.
pub fn version(app: &App) -> String {
    app.notices.current(app.now()).version.clone()
}

/// The legal basis that the current notice states.
pub fn basis(app: &App) -> Basis {
    app.notices.current(app.now()).basis
}

/// The current script in a language.
pub fn current(app: &App, language: Language) -> Vec<Part> {
    let document = app.notices.current(app.now()).script(language);
    let heads = document.sections.iter().map(|section| (Some(&section.heading), &section.blocks));
    let mut parts = Vec::new();
    for (heading, blocks) in std::iter::once((None, &document.lead)).chain(heads) {
        parts.extend(heading.map(|heading| Part::Heading(heading.clone())));
        parts.extend(blocks.iter().map(|block| match block {
            Block::Paragraph(text) => Part::Paragraph(text.clone()),
            Block::List(lines) => Part::List(lines.clone()),
        }));
    }
    parts
}
