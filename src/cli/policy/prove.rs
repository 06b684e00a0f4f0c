//! `sekisho policy prove`: what holds of every possible request. Needs the solver cvc5, and no server, database or network.
//! Writes a case file for each claim that does not hold.

mod shown;

pub(super) use shown::{example_document, example_lines};

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::files::unwritable;
use super::report::Format;
use super::which;
use crate::cli::{FAILED, Failure, OURS, Settings, USAGE};
use crate::policy::Bundle;
use crate::policy::prove::{Item, Options, Proof, prove, prove_between};

/// How many counterexamples of one claim a folder may hold.
const NAMES_MAX: u32 = 999;

/// What to prove, and how strictly.
#[derive(Debug, Args)]
pub(in crate::cli) struct ProveArgs {
    #[arg(value_name = "BUNDLE", default_value_t = which::usual(), help = which::NAMES)]
    bundle: String,
    /// Judge it by the invariants and assumptions of this bundle, too
    #[arg(long, value_name = "BUNDLE")]
    against: Option<String>,
    /// Prove only this: an invariant, a rule, or a claim such as `never-errors`
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Fail on warnings too: rules that change nothing
    #[arg(long)]
    strict: bool,
    /// How to write the results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The folder for counterexamples as case files; without it `counterexamples` beside the bundle's folder
    #[arg(long, value_name = "DIR")]
    counterexamples: Option<PathBuf>,
    /// The solver cvc5; without it the one on PATH
    #[arg(long, env = "CVC5", value_name = "PATH", default_value = "cvc5")]
    solver: PathBuf,
}

pub(super) async fn run(args: ProveArgs, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    let folder = folder(&args)?;
    let bundle = which::bundle(&args.bundle, settings).await?;
    let options = Options { solver: args.solver.clone(), only: args.only.clone(), ..Options::default() };
    let proof = match &args.against {
        None => prove(&bundle, &options).await,
        Some(live) => prove_between(&which::bundle(live, settings).await?, &bundle, &options).await,
    };
    let written = write_cases(&proof, &bundle, &folder)?;
    let passed = if args.strict { proof.passed_strictly() } else { proof.passed() };
    match args.format {
        Format::Human if proof.unavailable.is_some() => {}
        Format::Human => {
            writeln!(out, "the bundle is {}", which::titled(&args.bundle, bundle.digest()))?;
            shown::tell(&proof, &written, passed, out)?;
        }
        Format::Json => {
            let mut document = shown::document(&proof, passed);
            if let Some(fields) = document.as_object_mut() {
                fields.insert("bundle".to_owned(), args.bundle.as_str().into());
            }
            writeln!(out, "{document:#}")?;
        }
        Format::Junit => writeln!(out, "{}", shown::junit(&proof, args.strict)?)?,
    }
    match proof.unavailable {
        Some(why) => Err(Failure { code: OURS, message: format!("nothing is proved: {why}") }),
        None => Ok(if passed { 0 } else { FAILED }),
    }
}

/// Where counterexamples go: never into the bundle, whose digest they would change.
fn folder(args: &ProveArgs) -> Result<PathBuf, Failure> {
    let bundle = Path::new(&args.bundle);
    let beside = || {
        let parent = bundle.is_dir().then(|| bundle.canonicalize().ok()?.parent().map(Path::to_owned)).flatten();
        parent.unwrap_or_default().join("counterexamples")
    };
    let folder = args.counterexamples.clone().unwrap_or_else(beside);
    let inside = bundle.is_dir() && is_inside(&folder, bundle);
    if inside {
        let message = format!("`{}` lies in the bundle\nhint: name a folder outside of it", folder.display());
        return Err(Failure { code: USAGE, message });
    }
    Ok(folder)
}

/// Whether a folder, which need not exist yet, lies in another.
fn is_inside(folder: &Path, bundle: &Path) -> bool {
    let Ok(bundle) = bundle.canonicalize() else { return false };
    let Ok(folder) = std::path::absolute(folder) else { return false };
    let there = folder.ancestors().find_map(|part| part.canonicalize().ok());
    there.is_some_and(|there| there.starts_with(&bundle))
}

/// A case file that was written, by the item's id.
struct Written {
    id: String,
    file: PathBuf,
}

fn write_cases(proof: &Proof, bundle: &Bundle, folder: &Path) -> Result<Vec<Written>, Failure> {
    let mut written: Vec<Written> = Vec::new();
    for (item, case) in proof.items.iter().filter_map(|item| Some((item, item.case(bundle)?))) {
        let taken = written.iter().map(|written| written.file.clone()).collect::<Vec<_>>();
        let put = std::fs::create_dir_all(folder).and_then(|()| write_case(folder, &name(item), &case, &taken));
        let file = put.map_err(|error| unwritable(folder, &error))?;
        written.push(Written { id: item.id.clone(), file });
    }
    Ok(written)
}

/// Writes a case under this name, or with a number behind it: a file that says something else was edited by somebody.
fn write_case(folder: &Path, name: &str, case: &str, taken: &[PathBuf]) -> io::Result<PathBuf> {
    let names = std::iter::once(name.to_owned()).chain((2..=NAMES_MAX).map(|number| format!("{name}-{number}")));
    for file in names.map(|name| folder.join(format!("{name}.yaml"))).filter(|file| !taken.contains(file)) {
        match std::fs::File::create_new(&file) {
            Ok(mut created) => return created.write_all(case.as_bytes()).map(|()| file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if std::fs::read(&file).is_ok_and(|there| there == case.as_bytes()) {
                    return Ok(file);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("`{}` holds too many counterexamples of `{name}`: take some away", folder.display())))
}

/// The item's id as a file's name.
fn name(item: &Item) -> String {
    let plain = |letter: char| match letter {
        // A claim of the live bundle, `live:x`, is another than one named `live-x`.
        ':' => '.',
        letter if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.') => letter,
        _ => '-',
    };
    item.id.chars().map(plain).collect()
}
