//! The folder of notices: `<version>/notice.toml` beside `notice.ja.md`, `notice.en.md`, `script.ja.md`, `script.en.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Document, Notice, Placeholders};
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::consent::Basis;

const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped_notices.rs"));
const FILES: [&str; 5] = ["notice.toml", "notice.ja.md", "notice.en.md", "script.ja.md", "script.en.md"];
/// A text may have so many bytes.
const BYTES_MAX: u64 = 256 * 1024;

/// Everything that is wrong with the notices.
#[derive(Debug, PartialEq, Eq)]
pub struct NoticeErrors {
    mistakes: Vec<String>,
}

impl fmt::Display for NoticeErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the notices about data sharing cannot be used:")?;
        self.mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))?;
        write!(f, "\nhint: compare with the folder `notices` of the program's repository")
    }
}

impl std::error::Error for NoticeErrors {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: String,
    valid_from: Timestamp,
    basis: Basis,
}

/// Texts by the version's folder and the file's name.
pub(crate) type FolderTexts = BTreeMap<String, BTreeMap<String, String>>;

/// What a version may be called.
pub(crate) const VERSION_RULE: &str = "`version` must be 1 to 64 letters, digits, `-`, `.` or `_`";

/// The error for a folder without any version.
pub(super) fn none() -> NoticeErrors {
    NoticeErrors { mistakes: vec!["there is no version".to_owned()] }
}

/// Reads every version, oldest first.
pub(super) fn read(
    folder: Option<&Path>,
    placeholders: &impl Fn(Language) -> Placeholders,
) -> Result<Vec<Notice>, NoticeErrors> {
    let texts = texts(folder, SHIPPED).map_err(|mistake| NoticeErrors { mistakes: vec![mistake] })?;
    let mut mistakes = Vec::new();
    let mut notices: Vec<Notice> =
        texts.iter().filter_map(|(name, files)| notice(name, files, placeholders, &mut mistakes)).collect();
    notices.sort_by_key(|notice| notice.valid_from);
    let (mut versions, mut dates) = (BTreeSet::new(), BTreeSet::new());
    for notice in &notices {
        if !versions.insert(notice.version.as_str()) {
            mistakes.push(format!("the version `{}` stands twice", notice.version));
        }
        if !dates.insert(notice.valid_from) {
            mistakes.push(format!("`{}` is valid from the same moment as another version", notice.version));
        }
    }
    if mistakes.is_empty() { Ok(notices) } else { Err(NoticeErrors { mistakes }) }
}

/// The texts of a folder of versions, or those that are compiled in.
pub(crate) fn texts(folder: Option<&Path>, shipped: &[(&str, &str)]) -> Result<FolderTexts, String> {
    folder.map_or_else(|| Ok(compiled_in(shipped)), on_disk)
}

fn compiled_in(shipped: &[(&str, &str)]) -> FolderTexts {
    let mut texts = FolderTexts::new();
    for (path, text) in shipped {
        if let Some((version, file)) = path.split_once('/') {
            texts.entry(version.to_owned()).or_default().insert(file.to_owned(), (*text).to_owned());
        }
    }
    texts
}

fn on_disk(folder: &Path) -> Result<FolderTexts, String> {
    let unreadable = |path: &Path, error: std::io::Error| format!("`{}` cannot be read: {error}", path.display());
    let list = |path: &Path| -> Result<Vec<std::fs::DirEntry>, String> {
        let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        entries.map_err(|error| unreadable(path, error))
    };
    let visible = |entry: &std::fs::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    let mut texts = FolderTexts::new();
    for version in list(folder)?.into_iter().filter(visible).filter(|entry| entry.path().is_dir()) {
        let files = texts.entry(version.file_name().to_string_lossy().into_owned()).or_default();
        for file in list(&version.path())?.into_iter().filter(visible) {
            let path = file.path();
            let length = file.metadata().map_err(|error| unreadable(&path, error))?.len();
            if length > BYTES_MAX {
                return Err(format!("`{}` is larger than {BYTES_MAX} bytes", path.display()));
            }
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            files.insert(file.file_name().to_string_lossy().into_owned(), text);
        }
    }
    Ok(texts)
}

fn notice(
    name: &str,
    files: &BTreeMap<String, String>,
    placeholders: &impl Fn(Language) -> Placeholders,
    mistakes: &mut Vec<String>,
) -> Option<Notice> {
    check_files(name, files, &FILES, mistakes);
    let mut read = |file: &str, language| document(name, file, files, &placeholders(language), mistakes);
    let notices = [read("notice.ja.md", Language::Ja), read("notice.en.md", Language::En)];
    let scripts = [read("script.ja.md", Language::Ja), read("script.en.md", Language::En)];
    let head = head(name, files.get("notice.toml")?, mistakes)?;
    let ([Some(notice_ja), Some(notice_en)], [Some(script_ja), Some(script_en)]) = (notices, scripts) else {
        return None;
    };
    Some(Notice {
        version: head.version,
        valid_from: Micros::from(head.valid_from),
        basis: head.basis,
        public: [notice_ja, notice_en],
        script: [script_ja, script_en],
    })
}

/// Notes files that are missing or not known.
pub(crate) fn check_files(name: &str, files: &BTreeMap<String, String>, known: &[&str], mistakes: &mut Vec<String>) {
    for file in files.keys().filter(|file| !known.contains(&file.as_str())) {
        mistakes.push(format!("{name}/{file}: no such file is known"));
    }
    for file in known.iter().filter(|file| !files.contains_key(**file)) {
        mistakes.push(format!("{name}/{file}: missing"));
    }
}

/// The text in a file of a version; its mistakes are noted with their lines.
pub(crate) fn document(
    name: &str,
    file: &str,
    files: &BTreeMap<String, String>,
    placeholders: &Placeholders,
    mistakes: &mut Vec<String>,
) -> Option<Document> {
    let parsed = Document::parse(files.get(file)?, placeholders);
    let tell = |(line, mistake): (usize, String)| format!("{name}/{file}:{line}: {mistake}");
    parsed.map_err(|wrong| mistakes.extend(wrong.into_iter().map(tell))).ok()
}

/// Whether a version may be called so.
pub(crate) fn is_version(version: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_');
    !version.is_empty() && version.len() <= 64 && version.chars().all(plain)
}

fn head(name: &str, text: &str, mistakes: &mut Vec<String>) -> Option<Head> {
    let head: Head =
        toml::from_str(text).map_err(|error| mistakes.push(format!("{name}/notice.toml: {}", error.message()))).ok()?;
    if !is_version(&head.version) {
        mistakes.push(format!("{name}/notice.toml: {VERSION_RULE}"));
        return None;
    }
    Some(head)
}
