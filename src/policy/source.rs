//! Where a bundle comes from: the folder compiled in, or one on disk. Knows paths and texts, not what they mean.

mod folder;

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::fault::{BundleErrors, Fault};

const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped_bundle.rs"));

/// The files of a bundle: path inside the bundle, with `/`, and text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BundleSource {
    files: BTreeMap<String, String>,
}

impl BundleSource {
    /// The bundle that is compiled into the program.
    pub fn shipped() -> Self {
        Self { files: SHIPPED.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    /// The bundle with these files, by their paths.
    pub fn of(files: BTreeMap<String, String>) -> Self {
        Self { files }
    }

    /// Reads a bundle's folder. Hidden files are left out; a link must not lead out of the folder.
    pub fn read(dir: &Path) -> Result<Self, BundleErrors> {
        let root = dir.display().to_string();
        if !dir.is_dir() {
            let hint = "name a folder that holds `bundle.toml`, or leave the setting out to use the bundle that ships";
            return Err(Fault::new(root, "there is no such bundle folder").hint(hint).into());
        }
        let source = folder::read(dir)?;
        if source.files.is_empty() {
            let hint = "copy the folder `policies` of the program's repository and edit that";
            return Err(Fault::new(root, "the bundle folder is empty").hint(hint).into());
        }
        Ok(source)
    }

    /// The same bundle with one file put in or replaced.
    #[must_use]
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    /// The same bundle without the files whose path begins so.
    #[must_use]
    pub fn without(mut self, prefix: &str) -> Self {
        self.files.retain(|path, _| !path.starts_with(prefix));
        self
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Paths and texts, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Paths and texts of the files of rules and invariants.
    pub fn rule_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| has_extension(path, "cedar"))
    }

    /// SHA-256 over every path and text, each after its length, sorted by path; 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (path, text) in &self.files {
            for part in [path, text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        hex::encode(hash.finalize())
    }
}

/// Whether a path ends in this extension, in lower case as the bundle writes it.
pub(super) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}
