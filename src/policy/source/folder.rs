//! Reads a bundle's folder from disk, as somebody may have left it there: links, pipes, huge and broken files.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::BundleSource;
use crate::policy::fault::{Fault, line_of};

/// A bundle may hold this many bytes in all.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A bundle may hold this many files.
const FILES_MAX: usize = 4_096;

/// Folders may stand this deep in each other.
const DEPTH_MAX: usize = 8;

/// Reads every file of a folder but hidden ones.
pub(super) fn read(dir: &Path) -> Result<BundleSource, Fault> {
    let root = dir.canonicalize().map_err(|error| unreadable(&dir.display().to_string(), &error))?;
    let mut reader = Reader { root: &root, left: BYTES_MAX, source: BundleSource::default() };
    reader.folder(&root, "", 0)?;
    Ok(reader.source)
}

struct Reader<'a> {
    /// The folder, without links.
    root: &'a Path,
    /// Bytes that may still be read.
    left: u64,
    source: BundleSource,
}

impl Reader<'_> {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), Fault> {
        if depth > DEPTH_MAX {
            let fault = Fault::new(prefix, format!("folders stand more than {DEPTH_MAX} deep in each other"));
            return Err(fault.hint("a bundle's files lie in folders named after their questions"));
        }
        let here = || if prefix.is_empty() { folder.display().to_string() } else { prefix.to_owned() };
        for entry in fs::read_dir(folder).map_err(|error| unreadable(&here(), &error))? {
            let entry = entry.map_err(|error| unreadable(&here(), &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let name = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(|error| unreadable(&name, &error))?;
            if kind.is_dir() {
                self.folder(&entry.path(), &format!("{name}/"), depth + 1)?;
            } else {
                let path = if kind.is_symlink() { self.followed(&entry.path(), &name)? } else { entry.path() };
                self.file(&path, name)?;
            }
        }
        Ok(())
    }

    /// Where a link leads, when that is inside the folder.
    fn followed(&self, link: &Path, name: &str) -> Result<PathBuf, Fault> {
        let target = link.canonicalize().map_err(|error| unreadable(name, &error))?;
        if target.starts_with(self.root) {
            return Ok(target);
        }
        Err(Fault::new(name, "the link leads out of the bundle's folder").hint("put the file itself in its place"))
    }

    fn file(&mut self, path: &Path, name: String) -> Result<(), Fault> {
        if self.source.files.len() >= FILES_MAX {
            return Err(Fault::new(name, format!("a bundle holds at most {FILES_MAX} files")));
        }
        let bytes = self.bytes(path, &name)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(error.as_bytes().get(..at).unwrap_or_default());
            let fault = Fault::new(&name, "the file is not UTF-8 text").line(line_of(&before, before.len()));
            fault.hint("save it as UTF-8; other encodings of Japanese are not read")
        })?;
        self.source.files.insert(name, text);
        Ok(())
    }

    /// The bytes of an ordinary file, as many as there is room for.
    fn bytes(&mut self, path: &Path, name: &str) -> Result<Vec<u8>, Fault> {
        let file = open(path).map_err(|error| unreadable(name, &error))?;
        let metadata = file.metadata().map_err(|error| unreadable(name, &error))?;
        if !metadata.is_file() {
            let fault = Fault::new(name, "is no ordinary file");
            return Err(fault.hint("a bundle holds files and folders: no pipes, sockets or devices"));
        }
        if metadata.len() > self.left {
            return Err(too_large(name));
        }
        let mut bytes = Vec::new();
        // It may have grown since: one byte more than there is room for says enough.
        let read = file.take(self.left.saturating_add(1)).read_to_end(&mut bytes);
        let read = read.map_err(|error| unreadable(name, &error))?;
        let left = u64::try_from(read).ok().and_then(|read| self.left.checked_sub(read));
        self.left = left.ok_or_else(|| too_large(name))?;
        Ok(bytes)
    }
}

fn too_large(name: &str) -> Fault {
    let fault = Fault::new(name, format!("a bundle holds at most {} MiB in all", BYTES_MAX / 1_048_576));
    fault.hint("rules and cases are small: look whether the file belongs here")
}

/// Opens without waiting for anybody at the other end of a pipe.
fn open(path: &Path) -> std::io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

fn unreadable(name: &str, error: &std::io::Error) -> Fault {
    Fault::new(name, format!("cannot be read: {error}"))
}
