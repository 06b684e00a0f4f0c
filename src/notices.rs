//! What cardholders are told about data sharing: versions of a notice, and of the script that an agent reads, in each
//! language.
//!
//! Knows the folder they stand in and checks all of it at the start. It does not know who was told what.

mod document;
pub(crate) mod folder;

use std::path::Path;

use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::consent::Basis;

pub use self::document::{Block, Document, Section};
pub use self::folder::NoticeErrors;

/// Texts that stand in the place of `{issuer}` and the like.
#[derive(Clone, Debug, Default)]
pub struct Placeholders {
    /// `{issuer}`: the issuer's name.
    pub issuer: String,
    /// `{phone}`: the telephone number.
    pub phone: String,
    /// `{hours}`: when it is answered.
    pub hours: String,
    /// `{closed_days}`: when it is not.
    pub closed_days: String,
    /// `{office}`: the office that answers.
    pub office: String,
}

/// One version, in both languages.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its name, as consent events state it: `2026-04`.
    pub version: String,
    /// From when on it is shown.
    pub valid_from: Micros,
    /// The legal basis that it states.
    pub basis: Basis,
    public: [Document; 2],
    script: [Document; 2],
}

/// Every version, oldest first.
#[derive(Clone, Debug)]
pub struct Notices {
    oldest: Notice,
    later: Vec<Notice>,
}

impl Notices {
    /// Reads the folder, or what is compiled in. `placeholders` are the texts of a language.
    ///
    /// # Errors
    /// [`NoticeErrors`]: everything that is wrong with the texts.
    pub fn load(folder: Option<&Path>, placeholders: impl Fn(Language) -> Placeholders) -> Result<Self, NoticeErrors> {
        let mut versions = folder::read(folder, &placeholders)?.into_iter();
        let oldest = versions.next().ok_or_else(folder::none)?;
        Ok(Self { oldest, later: versions.collect() })
    }

    /// The version that is shown now: the last one that is valid. Before any is valid, the first one.
    pub fn current(&self, now: Micros) -> &Notice {
        self.later.iter().rev().find(|notice| notice.valid_from <= now).unwrap_or(&self.oldest)
    }

    /// The version with this name.
    pub fn by_version(&self, version: &str) -> Option<&Notice> {
        self.all().find(|notice| notice.version == version)
    }

    /// Every version, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Notice> {
        std::iter::once(&self.oldest).chain(&self.later)
    }
}

impl Notice {
    /// What the public is told.
    pub fn notice(&self, language: Language) -> &Document {
        of(&self.public, language)
    }

    /// What an agent reads to a caller.
    pub fn script(&self, language: Language) -> &Document {
        of(&self.script, language)
    }
}

fn of(documents: &[Document; 2], language: Language) -> &Document {
    let [ja, en] = documents;
    match language {
        Language::Ja => ja,
        Language::En => en,
    }
}
