//! The arrows between modules, as data, and the other walls: read from the text of the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module, and the modules that it may name. Nothing points back.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("brands", &["config", "domain"]),
    ("charts", &[]),
    ("config", &["analytics", "domain", "outbound"]),
    ("keys", &["domain"]),
    ("policy", &["domain"]),
    ("store", &["domain"]),
    ("system", &["domain"]),
    ("outbound", &["domain"]),
    ("geo", &[]),
    ("fault_points", &["domain"]),
    ("notices", &["domain"]),
    ("terms", &["domain", "notices"]),
    ("texts", &["domain"]),
    ("metrics", &[]),
    ("telemetry", &["config"]),
    ("credential", &["domain", "keys"]),
    ("analytics", &["domain", "outbound"]),
    (
        "app",
        &[
            "analytics",
            "brands",
            "config",
            "credential",
            "domain",
            "fault_points",
            "geo",
            "keys",
            "metrics",
            "notices",
            "outbound",
            "policy",
            "store",
            "terms",
        ],
    ),
    ("delivery", &["app", "credential", "domain", "keys", "outbound", "store", "texts"]),
    (
        "flow",
        &[
            "analytics",
            "app",
            "credential",
            "delivery",
            "domain",
            "fault_points",
            "geo",
            "keys",
            "notices",
            "policy",
            "store",
        ],
    ),
    ("api", &["app", "config", "credential", "domain", "flow", "store"]),
    (
        "pages",
        &[
            "app",
            "brands",
            "charts",
            "config",
            "credential",
            "delivery",
            "domain",
            "flow",
            "notices",
            "policy",
            "server",
            "store",
            "texts",
        ],
    ),
    ("reports", &["charts", "domain", "flow", "texts"]),
    ("server", &["config", "domain", "metrics"]),
    ("service", &["api", "app", "domain", "flow", "metrics", "pages", "server", "store"]),
    (
        "demo",
        &[
            "analytics",
            "app",
            "config",
            "credential",
            "domain",
            "flow",
            "keys",
            "outbound",
            "pages",
            "policy",
            "service",
            "store",
            "system",
        ],
    ),
    (
        "cli",
        &[
            "analytics",
            "app",
            "config",
            "credential",
            "demo",
            "domain",
            "flow",
            "outbound",
            "policy",
            "reports",
            "service",
            "store",
            "system",
            "telemetry",
        ],
    ),
    ("lib", &[]),
    ("main", &["cli", "outbound"]),
];

/// A crate, and the modules that may name it.
const CRATES: &[(&str, &[&str])] = &[
    ("cedar_policy", &["policy"]),
    ("sea_orm", &["store"]),
    ("sqlx", &["store"]),
    ("migrations", &["store"]),
    ("reqwest", &["outbound"]),
    ("lettre", &["outbound"]),
    ("axum", &["api", "pages", "server", "service", "demo"]),
];

const MAX_LINES: usize = 400;

/// One file of code.
pub(crate) struct Source {
    pub(crate) path: String,
    module: String,
    /// Its text without lines that are comments.
    pub(crate) code: String,
    lines: usize,
}

impl Source {
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }
}

#[test]
fn modules_name_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    for source in sources("src").iter().filter(|source| !source.is_test()) {
        let Some((_, below)) = ARROWS.iter().find(|(module, _)| *module == source.module) else {
            wrong.push(format!("{}: `{}` has no row among the arrows", source.path, source.module));
            continue;
        };
        let own = source.module.as_str();
        for named in named_modules(&source.code).into_iter().filter(|named| named != own) {
            if !below.contains(&named.as_str()) {
                wrong.push(format!("{}: `{own}` may not name `{named}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_are_named_behind_their_wall_only() {
    let mut wrong = Vec::new();
    for source in sources("src").iter().filter(|source| !source.is_test()) {
        for (name, modules) in CRATES {
            if !modules.contains(&source.module.as_str()) && names_path(&source.code, name) {
                wrong.push(format!("{}: only {modules:?} may name `{name}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_gate_grants_a_clearance() {
    let grants = |source: &&Source| source.code.contains("Clearance::grant(") && !source.is_test();
    let found: Vec<String> = sources("src").iter().filter(grants).map(|source| source.path.clone()).collect();
    assert_eq!(found, ["src/flow/gate.rs"]);
}

#[test]
fn a_release_build_has_no_fault_points() {
    let named: Vec<String> = sources("src")
        .into_iter()
        .filter(|source| source.code.contains("SEKISHO_FAULT_POINTS"))
        .map(|source| source.path)
        .collect();
    assert_eq!(named, ["src/fault_points/armed.rs", "src/fault_points/plan.rs"]);
    let gate = sources("src").into_iter().find(|source| source.path == "src/fault_points.rs").unwrap().code;
    for module in ["mod armed;", "mod plan;", "pub use armed::FaultPoints;", "pub use plan::PlanError;"] {
        assert!(gate.contains(&format!("#[cfg(debug_assertions)]\n{module}")), "`{module}` is for debug builds");
    }
    assert!(gate.contains("#[cfg(not(debug_assertions))]\nimpl FaultPoints"));
}

#[test]
fn files_stay_short_and_promise_nothing() {
    let promises = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!("), concat!("unimple", "mented!(")];
    let mut wrong = Vec::new();
    for source in ["src", "tests", "migrations/src", "benches"].into_iter().flat_map(sources) {
        if source.lines > MAX_LINES {
            wrong.push(format!("{}: {} lines, at most {MAX_LINES}", source.path, source.lines));
        }
        let text = fs::read_to_string(root().join(&source.path)).unwrap();
        for promise in promises.iter().filter(|promise| text.contains(**promise)) {
            wrong.push(format!("{}: `{promise}`", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(source(&path));
            }
        }
    }
    assert!(!found.is_empty(), "`{folder}` holds no code");
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn source(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    let module = path.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs").to_owned();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code = text.lines().filter(is_code).collect::<Vec<_>>().join("\n").replace("sekisho::", "crate::");
    Source { path, module, lines: text.lines().count(), code }
}

/// The modules in `crate::name` and `crate::{name::…, name}`, in `use` lines and inline.
fn named_modules(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, rest) in code.match_indices("crate::").map(|(at, word)| (at, &code[at + word.len()..])) {
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let is_own_level = |letter: char| {
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                depth < 0 || (depth == 0 && letter == ',')
            };
            let end = group.find("};").unwrap_or(group.len());
            found.extend(group[..end].split(is_own_level).map(|item| ident(item.trim())));
        } else {
            found.insert(ident(rest));
        }
    }
    found.remove("");
    found
}

/// Whether a path of this crate begins anywhere: `name::`, but not `other::name::`.
fn names_path(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        !before.is_alphanumeric() && before != '_' && (before != ':' || code[..at].ends_with(" ::"))
    })
}

fn ident(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn the_reader_of_paths_sees_groups_and_inline_paths() {
    let code = "use crate::{app::App, domain::{id::Id, money}};\nlet x = crate::flow::enrol::run(store::x);";
    assert_eq!(named_modules(code).into_iter().collect::<Vec<_>>(), ["app", "domain", "flow"]);
    assert!(names_path("let x = axum::Json(1);", "axum"));
    assert!(!names_path("let x = cedar::migrations::all(); my_axum::x()", "migrations"));
    assert!(!names_path("my_axum::x()", "axum"));
}
