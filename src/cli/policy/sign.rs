//! `sekisho policy keygen`, `sign`: keys that bundles are signed by. Needs no database.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use super::which;
use crate::cli::{Failure, Settings};
use crate::credential::bundle_signature;
use crate::system::SystemRandomness;

/// Where to keep a new key.
#[derive(Debug, Args)]
pub(in crate::cli) struct KeygenArgs {
    /// The file, which must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What to sign.
#[derive(Debug, Args)]
pub(in crate::cli) struct SignArgs {
    #[arg(value_name = "BUNDLE", help = which::NAMES)]
    bundle: String,
    /// The key that `sekisho policy keygen` made
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where to write the signature; beside the folder, with `.sig` behind its name, when it is not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn keygen(args: &KeygenArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let (secret, public) = bundle_signature::generate(&SystemRandomness);
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.file);
    let mut file = made.map_err(|error| named(&args.file, &error))?;
    writeln!(file, "{}", secret.as_str())?;
    file.sync_all()?;
    writeln!(out, "the key is in {}; keep it where bundles are signed, and nowhere else", args.file.display())?;
    writeln!(out, "for the settings of every process:")?;
    writeln!(out, "[policies]\nsigning_keys = [{{ name = \"release\", public_key = \"{public}\" }}]")?;
    Ok(0)
}

pub(super) async fn sign(args: &SignArgs, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    let source = which::source(&args.bundle, settings).await?;
    let key = Zeroizing::new(std::fs::read_to_string(&args.key).map_err(|error| named(&args.key, &error))?);
    let digest = source.digest();
    let signature = bundle_signature::sign(&key, &digest).map_err(|error| Failure::failed(error.to_string()))?;
    let folder = Path::new(args.bundle.trim_end_matches('/'));
    let to = args.out.clone().unwrap_or_else(|| folder.with_added_extension("sig"));
    std::fs::write(&to, format!("{signature}\n")).map_err(|error| named(&to, &error))?;
    writeln!(out, "{digest} is signed: {}", to.display())?;
    Ok(0)
}

fn named(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("`{}`: {error}", path.display()))
}
