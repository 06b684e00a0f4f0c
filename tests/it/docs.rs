//! What the documents say, compared with the code. `SEKISHO_BLESS=1` writes the generated ones anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use sekisho::api::problem::Kind;

#[test]
fn the_committed_openapi_document_is_the_one_that_is_served() {
    let served = format!("{}\n", sekisho::api::openapi().to_pretty_json().unwrap());
    let path = root().join("docs/openapi.json");
    if env::var_os("SEKISHO_BLESS").is_some() {
        fs::write(&path, &served).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == served, "docs/openapi.json is out of date; hint: SEKISHO_BLESS=1 cargo test --test it docs");
}

#[test]
fn every_kind_of_problem_is_explained() {
    let api = read("docs/api.md");
    let missing = |kind: &&Kind| !api.contains(&format!("| `{}` | {} |", kind.slug(), kind.status().as_u16()));
    let missing: Vec<_> = Kind::ALL.iter().filter(missing).collect();
    assert!(missing.is_empty(), "docs/api.md does not explain {missing:?}");
}

#[test]
fn every_public_reason_is_explained() {
    let reasons: toml::Table = read("policies/reasons.toml").parse().unwrap();
    let mut codes: Vec<&String> = reasons["public_codes"].as_table().unwrap().keys().collect();
    let api = read("docs/api.md");
    codes.retain(|code| !api.contains(&format!("| `{code}` |")));
    assert!(codes.is_empty(), "docs/api.md does not explain {codes:?}");
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let architecture = read("docs/architecture.md");
    for table in ["dependencies", "dev-dependencies"] {
        for name in manifest[table].as_table().unwrap().keys() {
            let row = architecture.lines().find(|line| line.starts_with("| ") && line.contains(&format!("`{name}`")));
            assert!(row.is_some(), "docs/architecture.md gives no reason for `{name}`");
        }
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for target in links(&text)
            .filter(|target| !target.contains("://") && !target.starts_with("mailto:") && !target.starts_with('$'))
        {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let linked = if file.is_empty() { document.clone() } else { document.with_file_name("").join(file) };
            let is_there = linked.exists() && (anchor.is_empty() || anchors(&linked).iter().any(|one| one == anchor));
            if !is_there {
                broken.push(format!("{}: {target}", document.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn documents() -> Vec<PathBuf> {
    let in_folder = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = [root(), root().join("docs"), root().join("docs/decisions"), root().join("policies")]
        .into_iter()
        .flat_map(in_folder)
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    found.sort();
    assert!(found.len() > 8, "the documents have moved");
    found
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    let after = |opening| text.split(opening).skip(1).filter_map(|rest| rest.split([')', ' ', '"']).next());
    after("](").chain(after("src=\""))
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(document: &Path) -> Vec<String> {
    let of_heading = |line: &str| {
        let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        heading.chars().filter(kept).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    };
    let text = fs::read_to_string(document).unwrap_or_default();
    text.lines().filter(|line| line.starts_with('#')).map(of_heading).collect()
}
