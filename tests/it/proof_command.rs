//! `sekisho policy prove` and `compare`: what they say, write and exit with.

use std::fs;
use std::path::Path;

use sekisho::policy::BundleSource;
use serde_json::Value;

use crate::support::solvers::{cvc5, fake};

struct Said {
    code: u8,
    out: String,
    err: String,
}

fn policy(arguments: &[&str], solver: &Path) -> Said {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let solver = solver.display().to_string();
    let all = ["sekisho", "policy"].iter().chain(arguments).copied().chain(["--solver", &solver]);
    let code = sekisho::cli::run(all.map(Into::into), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code, out: text(out), err: text(err) }
}

fn prove(arguments: &[&str]) -> Said {
    policy(&[&["prove"], arguments].concat(), &cvc5(&[]).solver)
}

/// The shipped bundle in a folder, with the files of a broken one laid over it.
fn folder(at: &Path, broken: Option<&str>) -> String {
    let over = broken.map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/bundles/broken-{name}")));
    let over = over.map(|folder| BundleSource::read(&folder).unwrap()).unwrap_or_default();
    let laid = over.files().fold(BundleSource::shipped(), |source, (path, text)| source.with(path, text));
    let root = at.join(format!("bundle-{}", broken.unwrap_or("shipped")));
    for (path, text) in laid.files() {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    root.display().to_string()
}

#[test]
fn a_claim_that_holds_is_proved_and_exits_with_0() {
    let said = prove(&["--only", "lost-or-stolen", "--only", "lost-card"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("4 of 4 claims proved"), "{}", said.out);
    assert!(said.out.contains("everything holds of every request"), "{}", said.out);
}

#[test]
fn a_refuted_claim_is_told_as_a_purchase_and_written_as_a_case_beside_the_bundle() {
    let home = tempfile::tempdir().unwrap();
    let bundle = folder(home.path(), Some("blocked-card-stays-blocked"));
    let said = prove(&[&bundle, "--only", "blocked-card-stays-blocked"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    for part in [
        "refuted: blocked-card-stays-blocked: A card that its holder blocked",
        "for example, approve: ",
        "card.blocked: true, ordinarily false",
        "vouched: true, ordinarily false",
        "this purchase is decided: approve by ",
        "Cedar's own engine says the same",
        "the bundle is not proved",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let file = home.path().join("counterexamples/blocked-card-stays-blocked.yaml");
    let case = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}: {}", said.out));
    assert!(case.starts_with("# A card that its holder blocked"), "{case}");
    // It is a case of the bundle, which says what comes out now.
    fs::copy(&file, Path::new(&bundle).join("cases/found.yaml")).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = sekisho::cli::run(["sekisho", "policy", "test", &bundle].map(Into::into), &mut out, &mut err);
    let out = String::from_utf8(out).unwrap();
    assert!(code == 0 && out.contains(" 0 failed"), "{out}");
}

fn test_of(bundle: &str) -> (u8, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = sekisho::cli::run(["sekisho", "policy", "test", bundle].map(Into::into), &mut out, &mut err);
    (code, String::from_utf8(out).unwrap())
}

#[test]
fn a_claim_about_two_requests_is_told_and_written_as_two_cases() {
    let home = tempfile::tempdir().unwrap();
    let bundle = folder(home.path(), Some("opted-out-challenge"));
    let said = prove(&[&bundle, "--only", "opted-out-challenge"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    for part in
        ["this purchase is decided: challenge by ", "with the other facts: ", "and then it is decided: reject by "]
    {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let file = home.path().join("counterexamples/opted-out-challenge.yaml");
    let case = fs::read_to_string(&file).unwrap();
    let count = |part: &str| case.matches(part).count();
    assert_eq!((count("- name: "), count("outcome: challenge"), count("outcome: reject")), (2, 1, 1), "{case}");
    fs::copy(&file, Path::new(&bundle).join("cases/found.yaml")).unwrap();
    let (code, out) = test_of(&bundle);
    assert!(code == 0 && out.contains(" 0 failed"), "{out}");
    let json = prove(&[&bundle, "--only", "opted-out-challenge", "--format", "json"]);
    let document: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(document["items"][0]["counterexample"]["purchase"]["instead"]["verdict"]["outcome"], "reject");
}

#[test]
fn a_counterexample_that_somebody_edited_is_not_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let bundle = folder(home.path(), Some("blocked-card-stays-blocked"));
    let file = home.path().join("counterexamples/blocked-card-stays-blocked.yaml");
    let numbered = home.path().join("counterexamples/blocked-card-stays-blocked-2.yaml");
    let run = || prove(&[&bundle, "--only", "blocked-card-stays-blocked"]);
    assert_eq!(run().code, 1);
    let written = fs::read_to_string(&file).unwrap();
    fs::write(&file, "# mine\n").unwrap();
    let said = run();
    assert!(said.out.contains("blocked-card-stays-blocked-2.yaml"), "{}", said.out);
    assert_eq!(fs::read_to_string(&file).unwrap(), "# mine\n");
    assert_eq!(fs::read_to_string(&numbered).unwrap(), written);
    // What says the same already is not written again.
    run();
    assert_eq!(fs::read_dir(home.path().join("counterexamples")).unwrap().count(), 2);
}

#[test]
fn an_overlay_that_is_no_bundle_by_itself_says_so() {
    let overlay = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundles/broken-ladder").display().to_string();
    let said = prove(&[&overlay]);
    assert_ne!(said.code, 0);
    assert!(
        format!("{}{}", said.out, said.err).contains("bundle.toml") && !said.out.contains("proved"),
        "{}{}",
        said.out,
        said.err
    );
}

#[test]
fn counterexamples_never_go_into_the_bundle() {
    let home = tempfile::tempdir().unwrap();
    let bundle = folder(home.path(), Some("stronger-method"));
    for inside in [format!("{bundle}/cases"), format!("{bundle}/new/folder"), bundle.clone()] {
        let said = prove(&[&bundle, "--only", "stronger-method", "--counterexamples", &inside]);
        assert_eq!(said.code, 2, "{}{}", said.out, said.err);
        assert!(said.err.contains("lies in the bundle"), "{}", said.err);
    }
    let outside = home.path().join("found").display().to_string();
    let said = prove(&[&bundle, "--only", "stronger-method", "--counterexamples", &outside, "--format", "json"]);
    assert_eq!(said.code, 1);
    assert!(Path::new(&outside).join("stronger-method.yaml").is_file());
    let document: Value = serde_json::from_str(&said.out).unwrap();
    let item = &document["items"][0];
    assert_eq!((&document["passed"], &item["outcome"]), (&Value::Bool(false), &Value::from("refuted")));
    assert_eq!(item["counterexample"]["purchase"]["question"], "offer password");
    assert_eq!(item["counterexample"]["confirmed"], true);
}

#[test]
fn a_warning_fails_only_strictly() {
    let home = tempfile::tempdir().unwrap();
    let bundle = folder(home.path(), Some("shadowed"));
    let loose = prove(&[&bundle, "--only", "dear"]);
    assert_eq!(loose.code, 0, "{}", loose.err);
    assert!(loose.out.contains("warning: matters:dear"), "{}", loose.out);
    let strict = prove(&[&bundle, "--only", "dear", "--strict", "--format", "junit"]);
    assert_eq!(strict.code, 1);
    assert!(strict.out.contains("<testsuite name=\"policy prove\" tests=\"3\"") && strict.out.contains("<failure"));
    assert!(!home.path().join("counterexamples").exists());
}

#[test]
fn without_a_solver_the_exit_is_3_and_says_how_to_install_it() {
    for command in [vec!["prove"], vec!["compare", "shipped", "shipped", "--fail-if-looser", "approve"]] {
        let said = policy(&command, Path::new("/nowhere/cvc5"));
        assert_eq!(said.code, 3, "{}{}", said.out, said.err);
        assert!(said.err.contains("cannot be started") && said.err.contains("apt install cvc5"), "{}", said.err);
    }
    let said = policy(&["prove", "--only", "share-only-permitted"], &fake("crashes"));
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.contains("not proved: share-only-permitted"), "{}", said.out);
    let json = policy(&["prove", "--only", "ladder", "--format", "json"], Path::new("/nowhere/cvc5"));
    let document: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json.code, &document["items"][0]["outcome"]), (3, &Value::from("not proved")));
}

#[test]
fn a_comparison_is_a_gate() {
    let home = tempfile::tempdir().unwrap();
    let bundle = folder(home.path(), Some("share-only-permitted"));
    let compare = |more: &[&str]| policy(&[&["compare", "shipped", &bundle], more].concat(), &cvc5(&[]).solver);
    let said = compare(&["--fail-if-looser", "approve"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    for part in [
        "approve: equivalent",
        "share device with tmx: looser",
        "consent: unknown",
        "changed: rule of share `permitted`",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let said = compare(&["--fail-if-looser", "share", "--fail-if-looser", "offer"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("failed: `share` is looser") && !said.out.contains("`offer` is"), "{}", said.out);
    let unsure =
        policy(&["compare", "shipped", &bundle, "--fail-if-looser", "share", "--format", "json"], &fake("unsure"));
    let document: Value = serde_json::from_str(&unsure.out).unwrap();
    assert_eq!((unsure.code, &document["passed"]), (1, &Value::Bool(false)));
    assert_eq!(policy(&["compare", "shipped", &bundle, "--fail-if-looser", "staff"], &cvc5(&[]).solver).code, 2);
}
