//! `sekisho policy new`, `fmt`, `check`, `test` and `explain`, as a person and a build server see them.

use std::ffi::OsString;
use std::path::Path;

use sekisho::policy::BundleSource;

use crate::support::solvers::cvc5;

fn run(arguments: &[&str]) -> (u8, String) {
    let arguments = ["sekisho", "policy"].iter().chain(arguments).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = sekisho::cli::run(arguments, &mut out, &mut err);
    out.extend(err);
    (code, String::from_utf8(out).unwrap())
}

fn folder(source: &BundleSource) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in source.files() {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let name = folder.path().to_str().unwrap().to_owned();
    (folder, name)
}

/// The shipped bundle with a rule that no case touches.
fn lonely() -> BundleSource {
    let rule = "@id(\"lonely\")\n@title(\"A rule\")\n@reason(\"amount_large\")\n@owner(\"tests\")\nforbid (principal, \
                action == Action::\"approve\", resource)\nwhen { context.purchase.currency == \"XXX\" };\n";
    BundleSource::shipped().with("approve/lonely.cedar", rule)
}

const WRONG: &str = "cases:\n  - name: wrong\n    outcome: reject\n    reasons: [risk_low]\n    policies: [low-risk]\n";

#[test]
fn check_describes_a_sound_bundle_and_warns_of_rules_without_a_case() {
    let (code, text) = run(&["check", "shipped", "--strict"]);
    assert_eq!(code, 0, "{text}");
    let digest = BundleSource::shipped().digest();
    assert!(text.starts_with(&format!("the bundle `shipped` ({}) is sound\n", &digest[..12])), "{text}");
    assert!(text.contains(&digest), "{text}");
    let (_kept, dir) = folder(&lonely());
    let (code, text) = run(&["check", &dir]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(" is sound\n  1 warning\n"), "{text}");
    assert!(text.contains("rule `lonely`: no case makes it match"), "{text}");
    let (code, text) = run(&["check", "--strict", &dir]);
    assert_eq!(code, 1);
    assert!(text.ends_with(" is refused: 0 faults, 1 warning\n"), "{text}");
}

#[test]
fn check_shows_every_fault_with_file_line_and_the_place_underlined() {
    let source = BundleSource::shipped()
        .with("approve/large-amount.cedar", "permit (principal")
        .with("reference/programmes.toml", "[[programme]]\nid = 3\n");
    let (_kept, dir) = folder(&source);
    let (code, text) = run(&["check", &dir]);
    assert_eq!(code, 1);
    let text = text.replace(&dir, "DIR").replace(&source.digest()[..12], "DIGEST");
    insta::assert_snapshot!(text, @r"
      × approve/large-amount.cedar:1: unexpected end of input
       ╭─[approve/large-amount.cedar:1:1]
     1 │ permit (principal
       · ─────────────────
       ╰────
      hint: see docs/policies.md for the form of a rule

      × reference/programmes.toml:2: invalid type: integer `3`, expected a string
       ╭─[reference/programmes.toml:2:6]
     1 │ [[programme]]
     2 │ id = 3
       ·      ─
       ╰────
      hint: compare with `reference/programmes.toml` of the bundle that ships; its comments say how it is written

    the bundle `DIR` (DIGEST) is refused: 2 faults, 0 warnings
    ");
}

#[test]
fn a_rule_that_calculates_with_amounts_is_refused_by_check() {
    let rule = "@id(\"sum\")\n@title(\"A sum\")\n@reason(\"amount_large\")\n@owner(\"tests\")\nforbid (principal, \
                action == Action::\"approve\", resource)\nwhen { context.local_hour == 7 && \
                context.velocity.card_24h_sum + 1 > 500000 };\n";
    let (_kept, dir) = folder(&BundleSource::shipped().with("approve/sum.cedar", rule));
    let (code, text) = run(&["check", &dir]);
    assert!(code == 1 && text.contains("rule `sum`: `context.velocity.card_24h_sum + 1` may overflow"), "{text}");
    let bounded = rule.replace("context.velocity.card_24h_sum + 1 > 500000", "context.local_hour + 24 > 30");
    let (_kept, dir) = folder(&BundleSource::shipped().with("approve/sum.cedar", &bounded));
    assert_eq!(run(&["check", &dir]).0, 0);
}

#[test]
fn reference_data_that_rules_could_not_name_are_refused_by_check() {
    let groups =
        BundleSource::shipped().text("reference/categories.toml").unwrap().replace("\"travel\"", "\"Travel!\"");
    let (_kept, dir) = folder(&BundleSource::shipped().with("reference/categories.toml", &groups));
    let (code, text) = run(&["check", &dir]);
    assert!(code == 1 && text.contains("`Travel!` is no id"), "{text}");
}

#[test]
fn build_servers_read_json_and_junit() {
    let source = lonely().with("cases/wrong.yaml", WRONG);
    let (_kept, dir) = folder(&source);
    let (code, text) = run(&["check", "--format", "json", &dir]);
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &found["passed"], found["warnings"].as_array().unwrap().len()), (0, &true.into(), 1));
    assert_eq!(found["warnings"][0]["file"], "approve/lonely.cedar");
    assert_eq!((&found["bundle"], &found["digest"]), (&dir.clone().into(), &source.digest().into()));
    let (code, text) = run(&["check", "--format", "junit", "--strict", &dir]);
    assert!(
        code == 1 && text.contains("<testsuite name=\"policy check\" tests=\"2\"") && text.contains("failures=\"1\""),
        "{text}"
    );
    let (code, text) = run(&["test", "--format", "json", &dir]);
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &found["failures"][0]["name"]), (1, &"wrong".into()));
    assert_eq!(found["failures"][0]["questions"][0]["question"], "approve");
    assert_eq!(found["coverage"]["never"], serde_json::json!(["lonely"]));
    assert_eq!((&found["bundle"], &found["digest"]), (&dir.clone().into(), &source.digest().into()));
    let (code, text) = run(&["test", "--format", "junit", &dir]);
    assert!(
        code == 1 && text.contains("name=\"wrong\" classname=\"cases/wrong.yaml\"") && text.contains("failures=\"1\""),
        "{text}"
    );
    let broken = folder(&BundleSource::shipped().with("approve/x.cedar", "permit ("));
    let (code, text) = run(&["test", "--format", "junit", &broken.1]);
    assert!(code == 1 && text.contains("errors=\"1\""), "{text}");
}

#[test]
fn test_counts_cases_and_names_the_rules_that_none_touches() {
    assert_eq!(run(&["test", "shipped", "--min-coverage", "100"]).0, 0);
    let source = lonely();
    let (_kept, dir) = folder(&source);
    let (code, text) = run(&["test", &dir]);
    assert_eq!(code, 0);
    let title = format!("cases of `{dir}` ({}), 0 failed\n", &source.digest()[..12]);
    assert!(text.contains(&title) && text.contains("80 of 81 rules matched in a case, 80 decided one\n"), "{text}");
    assert!(text.contains("  without a case: lonely\n"), "{text}");
    assert_eq!(run(&["test", &dir, "--min-coverage", "98"]).0, 0);
    let (code, text) = run(&["test", &dir, "--min-coverage", "99"]);
    assert!(code == 1 && text.ends_with("the cases cover 98 percent of the rules: fewer than 99\n"), "{text}");
    let (code, text) = run(&["test", &dir, "--min-coverage", "99", "--format", "junit"]);
    assert!(code == 1 && text.contains("failures=\"1\"") && text.contains("cover 98 percent"), "{text}");
    let (code, text) = run(&["test", &dir, "--min-coverage", "98", "--format", "junit"]);
    assert!(code == 0 && text.contains("failures=\"0\""), "{text}");
    assert_eq!(run(&["test", "--min-coverage", "101"]).0, 2);
    let (code, text) = run(&["test", "shipped", "--filter", "lost-card"]);
    assert!(code == 0 && text.contains("2 cases of `shipped` ("), "{text}");
}

#[test]
fn a_filter_that_matches_no_case_is_a_mistake() {
    for format in ["human", "json", "junit"] {
        let (code, text) = run(&["test", "shipped", "--filter", "lost-crad", "--format", format]);
        assert!(code == 2 && text.contains("matches `lost-crad`\nhint: "), "{format}: {text}");
    }
}

#[test]
fn a_comparison_has_no_junit_form() {
    let (code, text) = run(&["compare", "shipped", "shipped", "--format", "junit"]);
    assert!(code == 2 && text.contains("no JUnit form\nhint: use json"), "{text}");
}

/// Every verb that takes a bundle shows what is wrong with one as `check` does.
#[test]
fn a_broken_bundle_is_shown_with_the_place_underlined_by_every_verb() {
    let (_kept, dir) = folder(&BundleSource::shipped().with("approve/x.cedar", "permit ("));
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    for arguments in [
        &["prove", &dir][..],
        &["compare", "shipped", &dir],
        &["compare", &dir, "shipped"],
        &["new", "approve", "y", "--dir", &dir],
        &["replay", &dir, "--data", data],
        &["test", "--record", "auth_0192f0c1a0b07000800000000000c0de", &dir, "--data", data],
    ] {
        let (code, text) = run(arguments);
        assert_eq!(code, 1, "{arguments:?}: {text}");
        let shown = text.split_once("cannot be used: 1 fault\n\n").unwrap_or_else(|| panic!("{arguments:?}: {text}")).1;
        for part in ["approve/x.cedar:1:", "1 │ permit (", "───", "hint: "] {
            assert!(shown.contains(part), "{part}: {arguments:?}: {text}");
        }
    }
}

#[test]
fn a_bundle_that_cannot_be_read_is_a_document_too_for_build_servers() {
    let (kept, dir) = folder(&BundleSource::shipped());
    let missing = format!("{dir}/nowhere");
    let documents = |dir: &str, code: u8, said: &str| {
        for verb in ["check", "test"] {
            let (came, text) = run(&[verb, dir, "--format", "json"]);
            let found: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{verb}: {text}"));
            assert_eq!((came, &found["passed"], &found["bundle"]), (code, &false.into(), &dir.into()), "{text}");
            assert!(found["faults"][0]["message"].as_str().unwrap().contains(said), "{text}");
            let (came, text) = run(&[verb, dir, "--format", "junit"]);
            assert!(came == code && text.starts_with("<?xml") && text.contains(said), "{verb}: {text}");
            let (came, text) = run(&[verb, dir]);
            assert!(came == code && text.contains(said) && text.contains("hint: "), "{verb}: {text}");
        }
    };
    documents(&missing, 2, "there is no bundle");
    let file = kept.path().join("approve/x.cedar");
    std::fs::write(&file, b"\x93\xfa").unwrap();
    documents(&dir, 1, "not UTF-8");
    std::fs::File::create(&file).unwrap().set_len(50 * 1024 * 1024).unwrap();
    documents(&dir, 1, "at most 16 MiB");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"), &file).unwrap();
    documents(&dir, 1, "leads out of the bundle");
}

#[test]
fn a_name_that_names_nothing_is_a_mistake_and_not_a_failure() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let id = "auth_0192f0c1a0b07000800000000000c0de";
    for arguments in [
        &["check", "nowhere"][..],
        &["test", "nowhere"],
        &["prove", "nowhere"],
        &["compare", "shipped", "nowhere"],
        &["fmt", "nowhere"],
        &["new", "approve", "x", "--dir", "nowhere"],
        &["replay", "nowhere", "--data", data],
        &["test", "--record", id, "nowhere", "--data", data],
        // Seven digits are too few.
        &["check", "0123456"],
    ] {
        let (code, text) = run(arguments);
        assert!(code == 2 && text.contains("hint: "), "{arguments:?}: {text}");
    }
}

#[test]
fn a_database_that_cannot_be_reached_is_a_fault_of_ours() {
    let data = tempfile::tempdir().unwrap();
    // A folder is no database.
    let (data, url) = (data.path().to_str().unwrap(), format!("sqlite:{}", data.path().display()));
    let at = ["--database-url", &url, "--data", data];
    for arguments in [
        &["check", "live"][..],
        &["test", "0123456789ab"],
        &["replay", "shipped"],
        &["history"],
        &["explain", "auth_0192f0c1a0b07000800000000000c0de"],
    ] {
        let (code, text) = run(&[arguments, &at].concat());
        assert_eq!(code, 3, "{arguments:?}: {text}");
    }
}

#[test]
fn a_folder_that_cannot_hold_counterexamples_is_named_too() {
    let broken = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundles/broken-blocked-card-stays-blocked");
    let broken = BundleSource::read(&broken).unwrap();
    let laid = broken.files().fold(BundleSource::shipped(), |source, (path, text)| source.with(path, text));
    let (kept, dir) = folder(&laid);
    let outside = tempfile::NamedTempFile::new().unwrap();
    let solver = cvc5(&[]).solver.display().to_string();
    let at = outside.path().to_str().unwrap();
    let id = "blocked-card-stays-blocked";
    let (code, text) = run(&["prove", &dir, "--only", id, "--counterexamples", at, "--solver", &solver]);
    assert!(code == 3 && text.contains(&format!("cannot write `{at}`: ")), "{text}");
    assert!(text.contains("hint: see to it"), "{text}");
    drop(kept);
}

/// Somebody else's file stands where the new one is written first.
#[test]
fn a_file_that_cannot_be_written_is_named_with_what_to_do() {
    let rule = "@id(\"x\") @title(\"t\") @reason(\"amount_large\") @owner(\"tests\") forbid (principal, action == \
                Action::\"approve\", resource) when { context.vouched };\n";
    let (kept, dir) = folder(&BundleSource::shipped().with("approve/x.cedar", rule));
    for (name, arguments) in [("x", &["fmt", &dir][..]), ("y", &["new", "approve", "y", "--dir", &dir])] {
        std::fs::create_dir(kept.path().join(format!("approve/.{name}.cedar.{}", std::process::id()))).unwrap();
        let (code, text) = run(arguments);
        assert!(code == 3 && text.contains(&format!("approve/{name}.cedar`: ")), "{text}");
        assert!(text.contains("\nhint: see to it that the folder can be written"), "{text}");
    }
}

#[test]
fn test_shows_what_was_expected_what_came_and_why() {
    let near = "cases:\n  - name: wrong\n    facts: { purchase.amount_base_minor: 300000 }\n    outcome: challenge\n    \
                reasons: [amount_large]\n    policies: [large-amount]\n    methods: [password]\n";
    let (_kept, dir) = folder(&BundleSource::shipped().with("cases/wrong.yaml", near));
    let (code, text) = run(&["test", "--filter", "wrong.yaml", &dir]);
    assert_eq!(code, 1);
    let head = text.split("    near miss: forbid blocked-card").next().unwrap();
    insta::assert_snapshot!(head, @r#"
    failed: cases/wrong.yaml:2: wrong
      outcome: expected challenge, came approve
      reasons: expected [amount_large], came [risk_low]
      policies: expected [large-amount], came [low-risk]
      methods: expected [password], came []
      approve: yes
        matched: permit low-risk
        near miss: forbid large-amount
          when context.purchase.amount_base_minor > 300000
            context.purchase.amount_base_minor = 300000
    "#);
    assert!(text.contains(" more near misses\n"), "{text}");
}

#[test]
fn new_writes_a_sound_rule_for_every_question_and_overwrites_nothing() {
    let (kept, dir) = folder(&BundleSource::shipped());
    let questions = ["share", "approve", "challenge", "offer", "authenticate", "staff"];
    for (question, effect) in
        questions.into_iter().zip(["--permit", "--forbid"].into_iter().cycle()).chain([("staff", "--permit")])
    {
        let id = if effect == "--permit" && question == "staff" {
            "new-right".to_owned()
        } else {
            format!("new-{question}")
        };
        let (code, text) = run(&["new", question, &id, effect, "--dir", &dir]);
        assert_eq!(code, 0, "{question} {effect}: {text}");
        let path = kept.path().join(format!("{question}/{id}.cedar"));
        let written = std::fs::read_to_string(&path).unwrap();
        let (code, text) = run(&["new", question, &id, "--dir", &dir]);
        assert!(code == 1 && text.contains("is there already\nhint: "), "{text}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    }
    for (question, effect) in [("approve", "--permit"), ("offer", "--permit"), ("share", "--forbid")] {
        let (code, text) = run(&["new", question, &format!("{question}-always"), effect, "--invariant", "--dir", &dir]);
        assert_eq!(code, 0, "{question} {effect}: {text}");
    }
    let (code, text) = run(&["check", &dir]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("rule `new-approve`: no case makes it match"), "{text}");
    let (code, text) = run(&["test", &dir]);
    assert!(code == 0 && text.contains(", 0 failed\n"), "a rule from a template changes nothing: {text}");
    assert_eq!(run(&["fmt", "--check", &dir]).0, 0);
    let (code, text) = run(&["new", "approve", "lost-card", "--dir", &dir]);
    assert!(code == 1 && text.ends_with("nothing was written\n"), "{text}");
    assert!(!kept.path().join("approve/lost-card.cedar").exists());
    for wrong in [&["new", "later", "x"][..], &["new", "approve", "../x"], &["new", "approve", "X"]] {
        assert_eq!(run(wrong).0, 2, "{wrong:?}");
    }
}

#[test]
fn fmt_keeps_comments_and_check_lists_what_is_not_in_form() {
    let (_kept, shipped) = folder(&BundleSource::shipped());
    assert_eq!(run(&["fmt", "--check", &shipped]), (0, String::new()));
    let rule = "// Why it is there.\n@id(\"x\") @title(\"t\") @reason(\"amount_large\")\n@owner(\"tests\")\nforbid(principal, \
                action==Action::\"approve\",resource) when { context.vouched // not hers\n};\n";
    let (kept, dir) = folder(&BundleSource::shipped().with("approve/x.cedar", rule));
    assert_eq!(run(&["fmt", "--check", &dir]), (1, "not in form: approve/x.cedar\n".to_owned()));
    let path = kept.path().join("approve/x.cedar");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), rule, "--check writes nothing");
    assert_eq!(run(&["fmt", &dir]), (0, "formatted: approve/x.cedar\n".to_owned()));
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains("// Why it is there.") && written.contains("// not hers"), "{written}");
    assert_eq!(run(&["fmt", "--check", &dir]), (0, String::new()));
    std::fs::write(&path, "permit (").unwrap();
    let (code, text) = run(&["fmt", &dir]);
    assert!(code == 1 && text.contains("1 file cannot be read and stayed as it was"), "{text}");
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().filter_map(Result::ok).collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn colours_are_for_terminals_alone() {
    let (_kept, dir) = folder(&BundleSource::shipped().with("approve/x.cedar", "permit ("));
    let mut out = Vec::new();
    let arguments = ["sekisho", "policy", "check", &dir].map(OsString::from);
    sekisho::cli::run_at(true, arguments, &mut out, &mut Vec::new());
    assert!(String::from_utf8(out).unwrap().contains("\u{1b}["));
    assert!(!run(&["check", &dir]).1.contains("\u{1b}["));
}

#[test]
fn explain_and_record_need_somebody_who_is_signed_in() {
    let data = tempfile::tempdir().unwrap();
    let (_kept, dir) = folder(&BundleSource::shipped());
    let id = "auth_0192f0c1a0b07000800000000000c0de";
    let data = data.path().to_str().unwrap();
    assert_eq!(run(&["explain", "nonsense"]).0, 2);
    for arguments in [&["explain", id, "--data", data][..], &["test", "--record", id, &dir, "--data", data]] {
        let (code, text) = run(arguments);
        assert!(code != 0 && !text.contains("wrote"), "{arguments:?}: {text}");
    }
    let (code, text) = run(&["test", "--record", id, "shipped"]);
    assert!(code == 2 && text.contains("`shipped` is no folder\nhint: "), "{text}");
    assert!(!Path::new(&dir).join(format!("cases/recorded-{id}.yaml")).exists());
}
