//! Where a bundle comes from: the folder compiled in, or one on disk. Knows paths and texts, not what they mean.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::fault::{BundleErrors, Fault};

const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped_bundle.rs"));

/// A bundle may hold this many bytes in all.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

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

    /// Reads a bundle's folder. Hidden files are left out.
    pub fn read(dir: &Path) -> Result<Self, BundleErrors> {
        let root = dir.display().to_string();
        if !dir.is_dir() {
            let hint = "name a folder that holds `bundle.toml`, or leave the setting out to use the bundle that ships";
            return Err(Fault::new(root, "there is no such bundle folder").hint(hint).into());
        }
        let mut source = Self::default();
        let mut left = BYTES_MAX;
        source
            .collect(dir, "", &mut left)
            .map_err(|(path, error)| Fault::new(path, format!("cannot be read: {error}")))?;
        if source.files.is_empty() {
            let hint = "copy the folder `policies` of the program's repository and edit that";
            return Err(Fault::new(root, "the bundle folder is empty").hint(hint).into());
        }
        Ok(source)
    }

    fn collect(&mut self, folder: &Path, prefix: &str, left: &mut u64) -> Result<(), (String, io::Error)> {
        let at = |path: &Path| path.display().to_string();
        for entry in std::fs::read_dir(folder).map_err(|error| (at(folder), error))? {
            let entry = entry.map_err(|error| (at(folder), error))?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let metadata = std::fs::metadata(&path).map_err(|error| (at(&path), error))?;
            if metadata.is_dir() {
                self.collect(&path, &format!("{prefix}{name}/"), left)?;
                continue;
            }
            let too_large = || (at(&path), io::Error::other("a bundle holds at most 16 MiB"));
            *left = left.checked_sub(metadata.len()).ok_or_else(too_large)?;
            let text = std::fs::read_to_string(&path).map_err(|error| (at(&path), error))?;
            self.files.insert(format!("{prefix}{name}"), text);
        }
        Ok(())
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
