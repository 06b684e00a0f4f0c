//! `sekisho policy check` and `sekisho policy test`, as a person sees them.

use std::path::Path;

use sekisho::policy::BundleSource;

fn said(verb: &str, bundle: Option<&Path>) -> (u8, String) {
    let mut arguments = vec!["sekisho".into(), "policy".into(), verb.into()];
    arguments.extend(bundle.map(|folder| folder.as_os_str().to_owned()));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = sekisho::cli::run(arguments, &mut out, &mut err);
    out.extend(err);
    (code, String::from_utf8(out).unwrap())
}

fn write(source: &BundleSource, folder: &Path) {
    for (path, text) in source.files() {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

#[test]
fn check_describes_a_sound_bundle() {
    let (code, text) = said("check", None);
    assert_eq!(code, 0);
    assert!(text.contains("the bundle is sound") && text.contains(&BundleSource::shipped().digest()), "{text}");
}

#[test]
fn check_lists_every_fault_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let source = BundleSource::shipped()
        .with("approve/large-amount.cedar", "permit (principal")
        .with("reference/programmes.toml", "[[programme]]\nid = 3\n");
    write(&source, folder.path());
    let (code, text) = said("check", Some(folder.path()));
    assert_eq!(code, 1);
    assert!(text.starts_with("error: approve/large-amount.cedar:1: "), "{text}");
    assert!(text.contains("error: reference/programmes.toml:2: "), "{text}");
    assert!(text.ends_with("the bundle is refused: 2 faults\n"), "{text}");
}

#[test]
fn test_counts_cases_and_names_the_rules_that_none_touches() {
    let (code, text) = said("test", None);
    assert_eq!(code, 0);
    assert!(text.contains("cases, 0 failed\n78 of 80 rules matched in a case\n"), "{text}");
    assert!(text.contains("  without a case: long-retention\n"), "{text}");
}

#[test]
fn test_shows_what_was_expected_and_what_came() {
    let folder = tempfile::tempdir().unwrap();
    let case = "cases:\n  - name: wrong\n    outcome: reject\n    reasons: [risk_low]\n    policies: [low-risk]\n";
    write(&BundleSource::shipped().with("cases/wrong.yaml", case), folder.path());
    let (code, text) = said("test", Some(folder.path()));
    assert_eq!(code, 1);
    assert!(
        text.starts_with("failed: cases/wrong.yaml:2: wrong\n  outcome: expected Reject, came Approve\n"),
        "{text}"
    );
}
