//! What members accept: versions of the terms, in each language.
//!
//! Knows the folder they stand in and checks all of it at the start. It does not know who accepted what.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::notices::folder::{self, FolderTexts};
use crate::notices::{Document, Placeholders};

const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped_terms.rs"));
const FILES: [&str; 3] = ["terms.toml", "ja.md", "en.md"];

/// One version, in both languages.
#[derive(Clone, Debug)]
pub struct TermsVersion {
    /// Its name, as acceptances state it: `2026-04`.
    pub version: String,
    /// From when on it is asked for.
    pub valid_from: Micros,
    texts: [Document; 2],
}

/// Every version, oldest first.
#[derive(Clone, Debug)]
pub struct Terms {
    oldest: TermsVersion,
    later: Vec<TermsVersion>,
}

/// Everything that is wrong with the terms.
#[derive(Debug, PartialEq, Eq)]
pub struct TermsErrors {
    mistakes: Vec<String>,
}

impl fmt::Display for TermsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the members' terms cannot be used:")?;
        self.mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))?;
        write!(f, "\nhint: compare with the folder `terms` of the program's repository")
    }
}

impl std::error::Error for TermsErrors {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: String,
    valid_from: Timestamp,
}

impl Terms {
    /// Reads the folder, or what is compiled in. `placeholders` are the texts of a language.
    ///
    /// # Errors
    /// [`TermsErrors`]: everything that is wrong with the texts.
    pub fn load(folder: Option<&Path>, placeholders: impl Fn(Language) -> Placeholders) -> Result<Self, TermsErrors> {
        let texts = folder::texts(folder, SHIPPED).map_err(|mistake| TermsErrors { mistakes: vec![mistake] })?;
        let mut mistakes = Vec::new();
        let mut versions = read(&texts, &placeholders, &mut mistakes);
        versions.sort_by_key(|terms| terms.valid_from);
        mistakes.extend(versions.windows(2).filter_map(|pair| match pair {
            [one, other] if one.valid_from == other.valid_from => {
                Some(format!("`{}` is valid from the same moment as `{}`", other.version, one.version))
            }
            _ => None,
        }));
        let mut names: Vec<&str> = versions.iter().map(|terms| terms.version.as_str()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first());
        mistakes.extend(twice.map(|name| format!("the version `{name}` stands twice")));
        let mut versions = versions.into_iter();
        match versions.next() {
            Some(oldest) if mistakes.is_empty() => Ok(Self { oldest, later: versions.collect() }),
            None if mistakes.is_empty() => Err(TermsErrors { mistakes: vec!["there is no version".to_owned()] }),
            _ => Err(TermsErrors { mistakes }),
        }
    }

    /// The version that is asked for now: the last one that is valid. Before any is valid, the first one.
    pub fn current(&self, now: Micros) -> &TermsVersion {
        self.later.iter().rev().find(|terms| terms.valid_from <= now).unwrap_or(&self.oldest)
    }
}

impl TermsVersion {
    /// The text.
    pub fn text(&self, language: Language) -> &Document {
        let [ja, en] = &self.texts;
        match language {
            Language::Ja => ja,
            Language::En => en,
        }
    }
}

fn read(
    texts: &FolderTexts,
    placeholders: &impl Fn(Language) -> Placeholders,
    mistakes: &mut Vec<String>,
) -> Vec<TermsVersion> {
    texts.iter().filter_map(|(name, files)| version(name, files, placeholders, mistakes)).collect()
}

fn version(
    name: &str,
    files: &BTreeMap<String, String>,
    placeholders: &impl Fn(Language) -> Placeholders,
    mistakes: &mut Vec<String>,
) -> Option<TermsVersion> {
    folder::check_files(name, files, &FILES, mistakes);
    let ja = folder::document(name, "ja.md", files, &placeholders(Language::Ja), mistakes);
    let en = folder::document(name, "en.md", files, &placeholders(Language::En), mistakes);
    let head: Head = toml::from_str(files.get("terms.toml")?)
        .map_err(|error| mistakes.push(format!("{name}/terms.toml: {}", error.message())))
        .ok()?;
    if !folder::is_version(&head.version) {
        mistakes.push(format!("{name}/terms.toml: {}", folder::VERSION_RULE));
        return None;
    }
    Some(TermsVersion { version: head.version, valid_from: Micros::from(head.valid_from), texts: [ja?, en?] })
}
