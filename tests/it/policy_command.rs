//! `sekisho policy new`, `fmt`, `check`, `test` and `explain`, as a person and a build server see them.

use std::ffi::OsString;
use std::path::Path;

use sekisho::policy::BundleSource;

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

const WRONG: &str = "cases:\n  - name: wrong\n    outcome: reject\n    reasons: [risk_low]\n    policies: [low-risk]\n";

#[test]
fn check_describes_a_sound_bundle_and_warns_of_rules_without_a_case() {
    let (code, text) = run(&["check"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("the bundle is sound\n  2 warnings\n"), "{text}");
    assert!(text.contains(&BundleSource::shipped().digest()), "{text}");
    assert!(text.contains("rule `long-retention`: no case makes it match"), "{text}");
    let (code, text) = run(&["check", "--strict"]);
    assert_eq!(code, 1);
    assert!(text.ends_with("the bundle is refused: 0 faults, 2 warnings\n"), "{text}");
}

#[test]
fn check_shows_every_fault_with_file_line_and_the_place_underlined() {
    let source = BundleSource::shipped()
        .with("approve/large-amount.cedar", "permit (principal")
        .with("reference/programmes.toml", "[[programme]]\nid = 3\n");
    let (_kept, dir) = folder(&source);
    let (code, text) = run(&["check", &dir]);
    assert_eq!(code, 1);
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

    the bundle is refused: 2 faults, 0 warnings
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
    let (_kept, dir) = folder(&BundleSource::shipped().with("cases/wrong.yaml", WRONG));
    let (code, text) = run(&["check", "--format", "json", &dir]);
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &found["passed"], found["warnings"].as_array().unwrap().len()), (0, &true.into(), 2));
    assert_eq!(found["warnings"][0]["file"], "share/long-retention.cedar");
    let (code, text) = run(&["check", "--format", "junit", "--strict", &dir]);
    assert!(
        code == 1 && text.contains("<testsuite name=\"policy check\" tests=\"3\"") && text.contains("failures=\"2\""),
        "{text}"
    );
    let (code, text) = run(&["test", "--format", "json", &dir]);
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &found["failures"][0]["name"]), (1, &"wrong".into()));
    assert_eq!(found["failures"][0]["questions"][0]["question"], "approve");
    assert_eq!(found["coverage"]["never"], serde_json::json!(["long-retention", "sensitive-abroad"]));
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
    let (code, text) = run(&["test"]);
    assert_eq!(code, 0);
    assert!(text.contains("cases, 0 failed\n78 of 80 rules matched in a case, 78 decided one\n"), "{text}");
    assert!(text.contains("  without a case: long-retention\n"), "{text}");
    assert_eq!(run(&["test", "--min-coverage", "97"]).0, 0);
    let (code, text) = run(&["test", "--min-coverage", "98"]);
    assert!(code == 1 && text.ends_with("the cases cover 97 percent of the rules: fewer than 98\n"), "{text}");
    assert_eq!(run(&["test", "--min-coverage", "101"]).0, 2);
    let (code, text) = run(&["test", "--filter", "lost-card"]);
    assert!(code == 0 && text.contains("2 cases, 0 failed\n"), "{text}");
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
      outcome: expected Challenge, came Approve
      reasons: expected ["amount_large"], came ["risk_low"]
      policies: expected ["large-amount"], came ["low-risk"]
      methods: expected [Password], came []
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
    for (question, effect) in questions.into_iter().zip(["--permit", "--forbid"].into_iter().cycle()) {
        let id = format!("new-{question}");
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
    assert!(code == 1 && text.contains("`shipped` is no folder\nhint: "), "{text}");
    assert!(!Path::new(&dir).join(format!("cases/recorded-{id}.yaml")).exists());
}
