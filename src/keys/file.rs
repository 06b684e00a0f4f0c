//! The key file: its form, its permissions, and how it comes to be.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::KeyError;
use crate::domain::clock::Micros;
use crate::domain::randomness::Randomness;

/// One key as written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyEntry {
    /// 1 to 8 lower-case letters and digits, unique within the purpose.
    pub(super) id: String,
    /// 32 bytes in base64 (RFC 4648, section 4).
    pub(super) key: String,
    /// When it was made, RFC 3339; for people.
    created_at: String,
}

impl Drop for KeyEntry {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// The file: for each purpose its keys, the active one first.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    pub(super) card_number: Vec<KeyEntry>,
    pub(super) personal_data: Vec<KeyEntry>,
    pub(super) blind_index: Vec<KeyEntry>,
    pub(super) result_signing: Vec<KeyEntry>,
    pub(super) authentication_value: Vec<KeyEntry>,
    pub(super) pepper: Vec<KeyEntry>,
    pub(super) pseudonym: Vec<KeyEntry>,
    pub(super) api_cursor: Vec<KeyEntry>,
}

const HEADING: &str = "\
# Secret keys of this service. Keep a backup apart from the database: what they sealed is lost with them.
# For each purpose the first key does new work; the others read what they made. Keep mode 0600.

";

impl KeyFile {
    /// One fresh key for each purpose.
    fn entries(randomness: &dyn Randomness, now: Micros) -> Self {
        let fresh = || {
            let secret = Zeroizing::new(randomness.bytes::<32>());
            let id = hex::encode(randomness.bytes::<4>());
            vec![KeyEntry { id, key: STANDARD.encode(secret.as_slice()), created_at: now.rfc3339() }]
        };
        Self {
            card_number: fresh(),
            personal_data: fresh(),
            blind_index: fresh(),
            result_signing: fresh(),
            authentication_value: fresh(),
            pepper: fresh(),
            pseudonym: fresh(),
            api_cursor: fresh(),
        }
    }

    /// The text of a new key file.
    pub(super) fn generate(randomness: &dyn Randomness, now: Micros) -> Result<Zeroizing<String>, KeyError> {
        let body = toml::to_string(&Self::entries(randomness, now)).map(Zeroizing::new);
        body.map(|body| Zeroizing::new(format!("{HEADING}{}", *body)))
            .map_err(|error| KeyError::Invalid(error.to_string()))
    }

    /// Reads the text. The error names the place but shows nothing of the text.
    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        toml::from_str(text).map_err(|error| {
            let line =
                error.span().and_then(|span| text.get(..span.start)).map_or(1, |before| before.lines().count().max(1));
            KeyError::Invalid(format!("near line {line}: {}", error.message()))
        })
    }
}

/// The text of the key file, which is made first when there is none.
pub(super) fn read_or_create(
    path: &Path,
    randomness: &dyn Randomness,
    generate: impl FnOnce() -> Result<Zeroizing<String>, KeyError>,
) -> Result<Zeroizing<String>, KeyError> {
    match read(path) {
        Err(KeyError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            create(path, &draft_of(path, randomness), &generate()?)
                .map_err(|source| failed(path, source, "name a writable place in `keys.file`"))?;
            read(path)
        }
        read => read,
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let failed = |source| failed(path, source, "the file must be readable by the user that runs the service");
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.display().to_string(), mode });
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(failed)
}

/// Writes a file beside it and links it into place: half a file is never seen, and of two
/// processes that start at once one wins and the other reads.
fn create(path: &Path, draft: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let linked = write_synced(draft, text).and_then(|()| match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    fs::remove_file(draft).or_else(|error| if linked.is_ok() { Err(error) } else { Ok(()) })?;
    linked?;
    File::open(folder)?.sync_all()
}

fn draft_of(path: &Path, randomness: &dyn Randomness) -> PathBuf {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.draft", hex::encode(randomness.bytes::<8>())));
    draft.into()
}

fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn failed(path: &Path, source: io::Error, hint: &'static str) -> KeyError {
    KeyError::File { path: path.display().to_string(), source, hint }
}
