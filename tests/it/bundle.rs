//! Bundles: the one that ships is sound, and each fault of another is said clearly.

use sekisho::policy::{Bundle, BundleSource};

#[test]
fn the_bundle_that_ships_is_sound() {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(bundle.rules().len() >= 25);
}

#[test]
fn the_cases_of_the_bundle_that_ships_come_out_as_stated_and_cover_its_rules() {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap();
    let report = sekisho::policy::case::run(&bundle).unwrap_or_else(|errors| panic!("{errors}"));
    let failures: Vec<_> =
        report.failures.iter().map(|failure| format!("{}: {}", failure.name, failure.differences.join("; "))).collect();
    assert_eq!(failures, Vec::<String>::new());
    assert!(report.run >= 60, "{} cases", report.run);
    assert_eq!(report.uncovered, Vec::<String>::new());
}

const RULE: &str = "@id(\"extra\")\n@title(\"An extra rule\")\n@reason(\"amount_large\")\n@owner(\"tests\")\n";

/// What is said about the shipped bundle with one file put in.
fn refusal(path: &str, text: &str) -> String {
    said(BundleSource::shipped().with(path, text))
}

fn said(source: BundleSource) -> String {
    Bundle::build(source).err().map_or_else(|| "accepted".to_owned(), |errors| errors.to_string())
}

fn extra(rule: &str) -> String {
    refusal("approve/extra.cedar", &format!("{RULE}{rule}"))
}

#[test]
fn a_missing_or_empty_folder_is_named_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let empty = BundleSource::read(folder.path()).unwrap_err().to_string();
    assert!(empty.contains("the bundle folder is empty\n  hint: "), "{empty}");
    let missing = BundleSource::read(&folder.path().join("nowhere")).unwrap_err().to_string();
    assert!(missing.contains("nowhere: there is no such bundle folder\n  hint: "), "{missing}");
}

#[test]
fn a_folder_on_disk_and_the_compiled_in_bundle_have_the_same_digest() {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in BundleSource::shipped().files() {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::write(folder.path().join(".hidden"), "left out").unwrap();
    let read = BundleSource::read(folder.path()).unwrap();
    assert_eq!(read.digest(), BundleSource::shipped().digest());
    let other = read.with("README.md", "other words");
    assert_ne!(other.digest(), BundleSource::shipped().digest());
}

#[test]
fn a_syntax_error_is_named_with_file_line_and_hint() {
    insta::assert_snapshot!(extra("forbid (principal, action == Action::\"approve\", resource)\nwhen { context.card.status = \"lost\" };"), @r#"
approve/extra.cedar:6: '=' is not a valid operator in Cedar
  hint: try using '==' instead
"#);
}

#[test]
fn a_duplicate_id_is_named_with_both_files() {
    let rule = RULE.replace("extra", "lost-card") + "forbid (principal, action == Action::\"approve\", resource);";
    insta::assert_snapshot!(refusal("approve/lost-card.cedar", &rule), @r#"
authenticate/lost-card.cedar:1: the id `lost-card` stands in `approve/lost-card.cedar` already
  hint: ids are unique in a bundle: rename one
"#);
}

#[test]
fn an_unknown_annotation_is_named_with_the_known_ones() {
    let rule = "@tiket(\"A-1\")\nforbid (principal, action == Action::\"approve\", resource);";
    insta::assert_snapshot!(extra(rule), @r#"
approve/extra.cedar:5: rule `extra`: unknown annotation `@tiket`
  hint: one of @id, @owner, @reason, @since, @ticket, @title, or declare it in bundle.toml
"#);
}

#[test]
fn a_type_error_is_named_with_its_line() {
    insta::assert_snapshot!(extra("forbid (principal, action == Action::\"approve\", resource)\nwhen {\n    context.card.status > 3\n};"), @r#"
approve/extra.cedar:7: rule `extra`: unexpected type: expected Long but saw String
  hint: the rule does not fit the schema: see schema.cedarschema
"#);
}

#[test]
fn an_unknown_reason_code_is_named_with_its_line() {
    let rule =
        RULE.replace("amount_large", "no_such_reason") + "forbid (principal, action == Action::\"approve\", resource);";
    insta::assert_snapshot!(refusal("approve/extra.cedar", &rule), @r#"
approve/extra.cedar:3: rule `extra`: unknown reason code `no_such_reason`
  hint: add it to reasons.toml, or use one that stands there
"#);
}

#[test]
fn a_missing_annotation_is_named() {
    let rule = RULE.replace("@owner(\"tests\")\n", "") + "forbid (principal, action == Action::\"approve\", resource);";
    insta::assert_snapshot!(refusal("approve/extra.cedar", &rule), @r#"
approve/extra.cedar:1: rule `extra`: `@owner` is missing
  hint: add `@owner("…")` below `@id`
"#);
}

#[test]
fn a_missing_id_is_named_with_the_line_of_its_own_rule() {
    let head = "forbid (principal, action == Action::\"approve\", resource)\nwhen { context.vouched };\n";
    let first = format!("{}{head}", RULE.replace("extra", "extra.one"));
    let second = format!("{}{head}", RULE.replace("@id(\"extra\")\n", ""));
    insta::assert_snapshot!(refusal("approve/extra.cedar", &format!("{first}\n// Another one.\n{second}")), @r#"
approve/extra.cedar:12: a rule has no `@id`
  hint: begin it with `@id("…")`, the file's name without `.cedar`
"#);
}

#[test]
fn an_id_that_stands_twice_in_one_file_is_named_with_the_second_place() {
    let rule = RULE.replace("extra", "extra.one") + "forbid (principal, action == Action::\"approve\", resource);";
    let said = refusal("approve/extra.cedar", &format!("{rule}\n{rule}"));
    let begin = "approve/extra.cedar:6: the id `extra.one` stands in `approve/extra.cedar` already\n  hint: ";
    assert!(said.starts_with(begin), "{said}");
}

#[test]
fn a_rule_in_a_folder_within_a_folder_is_refused() {
    let rule = RULE.to_owned() + "forbid (principal, action == Action::\"approve\", resource);";
    let said = refusal("approve/sub/extra.cedar", &rule);
    assert!(
        said.contains("approve/sub/extra.cedar: rules live in a folder named after their question\n  hint: "),
        "{said}"
    );
}

/// What is underlined of the second rule of a file.
fn underlined(rule: &str) -> (Option<usize>, String) {
    let first = RULE.replace("extra", "extra.one") + "forbid (principal, action == Action::\"approve\", resource);\n";
    let text = format!("{first}{rule}");
    let errors = Bundle::build(BundleSource::shipped().with("approve/extra.cedar", &text)).unwrap_err();
    let fault = errors.0.into_iter().find(|fault| fault.file == "approve/extra.cedar").unwrap();
    let underlined = fault.span.map(|span| text[span.start..span.start + span.length].to_owned());
    (fault.line, underlined.unwrap_or_default())
}

#[test]
fn what_is_underlined_is_the_condition_of_the_rule_that_is_meant() {
    let head = RULE.replace("extra", "extra.two") + "forbid (principal, action == Action::\"approve\", resource)\n";
    for (condition, expected) in [
        ("when { context.assessment  has  risk }", "context.assessment  has  risk"),
        ("when { context.card.status == \"stollen\" }", "\"stollen\""),
        ("when { action == Action::\"approve\" }", "action"),
        ("when { principal in Programme::\"glod\" }", "Programme::\"glod\""),
        ("when { Recipient::\"tmx\".reuse }", "Recipient::\"tmx\""),
    ] {
        assert_eq!(underlined(&format!("{head}{condition};")), (Some(11), expected.to_owned()), "{condition}");
    }
    let reason = head.replace("amount_large", "no_such") + "when { context.vouched };";
    assert_eq!(underlined(&reason), (Some(8), "@reason(\"no_such\")".to_owned()));
    let elsewhere = head.replace("\"approve\"", "\"offer\"") + "when { true };";
    assert_eq!(underlined(&elsewhere), (Some(10), "action".to_owned()));
    // `@own` is not the `@owner` above it.
    let annotation = head.replace("forbid", "@own(\"x\")\nforbid") + "when { context.vouched };";
    assert_eq!(underlined(&annotation).0, Some(10));
}

#[test]
fn a_calculation_that_may_overflow_is_underlined() {
    let condition = "when { context.local_hour == 7 && context.velocity.card_24h_sum + 1 > 5 };";
    let rule = format!("{RULE}forbid (principal, action == Action::\"approve\", resource)\n{condition}");
    let bundle = Bundle::build(BundleSource::shipped().with("approve/extra.cedar", &rule)).unwrap();
    let fault = sekisho::policy::scrutiny::scrutinise(&bundle).faults.remove(0);
    let span = fault.span.unwrap();
    assert_eq!(&rule[span.start..span.start + span.length], "context.velocity.card_24h_sum + 1");
}

#[test]
fn every_fault_of_an_invariant_has_its_line() {
    let sound = BundleSource::shipped().text("invariants/ladder.cedar").unwrap().to_owned();
    let id = sound.lines().position(|line| line.starts_with("@id")).unwrap() + 1;
    for (text, line) in [
        (sound.replace("@id(\"ladder\")", "@id(\"other\")"), id),
        (sound.replace("@title(", "@tilte("), id),
        (sound.replace("@then(\"challenge\")", "@then(\"nothing\")"), id + 2),
        (format!("{sound}\n{sound}"), sound.lines().count() + 1 + id),
    ] {
        let said = refusal("invariants/ladder.cedar", &text);
        assert!(said.starts_with(&format!("invariants/ladder.cedar:{line}: ")), "{line}: {said}\n{text}");
    }
}

#[test]
fn an_edited_schema_is_refused() {
    let source = BundleSource::shipped();
    let edited = source.text("schema.cedarschema").unwrap().replace("status: String", "status: Long");
    insta::assert_snapshot!(refusal("schema.cedarschema", &edited), @r#"
schema.cedarschema:32: the schema was edited
  hint: the schema belongs to the program: copy it from the bundle that ships with this version
"#);
    let missing = said(BundleSource::shipped().without("schema.cedarschema"));
    assert!(missing.contains("schema.cedarschema: the schema is missing"), "{missing}");
}

#[test]
fn an_edited_schema_of_staff_rights_is_refused() {
    let edited =
        BundleSource::shipped().text("staff/schema.cedarschema").unwrap().replace("own_request: Bool", "x: Bool");
    assert!(refusal("staff/schema.cedarschema", &edited).contains("staff/schema.cedarschema:9: the schema was edited"));
    let missing = said(BundleSource::shipped().without("staff/schema.cedarschema"));
    assert!(missing.contains("staff/schema.cedarschema: the schema is missing"), "{missing}");
}

#[test]
fn rules_of_staff_rights_are_held_against_their_own_schema_and_name_their_acts() {
    let head = "@id(\"extra\")\n@title(\"t\")\n@owner(\"tests\")\n";
    let rule = |body: &str| refusal("staff/extra.cedar", &format!("{head}{body}"));
    let unknown = rule("permit (principal, action == Action::\"cardholder_burn\", resource);");
    assert!(unknown.contains("staff/extra.cedar:4: rule `extra`: unrecognized action"), "{unknown}");
    let all = rule("permit (principal, action, resource);");
    assert!(all.contains("its action does not fit its folder\n  hint: name the acts in its head"), "{all}");
    let facts =
        rule("permit (principal, action == Action::\"staff_look\", resource) when { context.card.age_days > 1 };");
    assert!(facts.contains("rule `extra`: attribute"), "{facts}");
    assert!(refusal("staff/notes.txt", "x").contains("staff/notes.txt: the file has no place in a bundle"));
}

#[test]
fn a_rule_of_staff_rights_that_cannot_be_evaluated_is_refused() {
    let rule = "@id(\"extra\")\n@title(\"t\")\n@owner(\"tests\")\nforbid (principal, action == Action::\"staff_look\", \
                resource) when { context.role_count * 9223372036854775807 > 9223372036854775807 };";
    let refused = refusal("staff/extra.cedar", rule);
    assert!(refused.contains("rule `extra`: cannot be evaluated: a calculation overflowed"), "{refused}");
}

#[test]
fn a_bundle_without_rules_is_refused() {
    let mut source = BundleSource::shipped();
    for folder in ["share/", "approve/", "challenge/", "offer/", "authenticate/"] {
        source = source.without(folder);
    }
    insta::assert_snapshot!(said(source), @r#"
approve/: the bundle holds no rule
  hint: without rules everything is rejected: add at least one permit
"#);
}

#[test]
fn a_bundle_for_other_facts_is_refused() {
    let text = BundleSource::shipped().text("bundle.toml").unwrap().replace("facts_version = 2", "facts_version = 7");
    insta::assert_snapshot!(refusal("bundle.toml", &text), @r#"
bundle.toml:2: the bundle is written for facts version 7
  hint: this program gathers facts version 2 and knows 1: port the rules, then change the number
"#);
}

#[test]
fn a_broken_reference_file_is_named_with_its_line() {
    insta::assert_snapshot!(refusal("reference/currencies.toml", "base = \"JPY\"\ndate = \"yesterday\"\nrate = [\n    { currency = \"USD\", numerator = 1, denominator = 0 },\n]\n"), @r#"
reference/currencies.toml:2: `yesterday` is no date
  hint: write the day of the rates as `2026-11-20`
reference/currencies.toml:4: the rate of `USD` is not positive
  hint: a rate is `numerator / denominator`, both whole numbers above 0
"#);
    insta::assert_snapshot!(refusal("reference/currencies.toml", "base = \"JPY\"\ndate = \"2026-11-20\"\nrate = [{ currency = \"USD\", numerator = 1.5, denominator = 1 }]\n"), @r#"
reference/currencies.toml:3: invalid type: floating point `1.5`, expected i64
  hint: compare with `reference/currencies.toml` of the bundle that ships; its comments say how it is written
"#);
}

#[test]
fn a_file_that_nobody_reads_is_refused() {
    let said = refusal("approve/notes.txt", "remember");
    assert!(said.contains("approve/notes.txt: the file has no place in a bundle\n  hint: "), "{said}");
}

#[test]
fn what_cedar_accepts_and_would_answer_wrongly_is_refused() {
    let head = "(principal, action == Action::\"approve\", resource)";
    let cases = [
        (
            format!("forbid {head} when {{ context.assessment has risk && context.assessment.risk > 1 }};"),
            "a forbid hangs on `has`",
        ),
        (
            format!("permit {head} when {{ !(context.assessment has risk) }};"),
            "a permit hangs on the absence of a fact",
        ),
        (format!("permit {head} unless {{ context.assessment has risk }};"), "a permit hangs on the absence of a fact"),
        (
            format!("permit {head} when {{ (context.assessment has risk) == false }};"),
            "a permit hangs on the absence of a fact",
        ),
        (
            format!("permit {head} when {{ (context.assessment has risk) != true }};"),
            "a permit hangs on the absence of a fact",
        ),
        (format!("forbid {head} when {{ false != (context.assessment has risk) }};"), "a forbid hangs on `has`"),
        (
            format!("forbid {head} when {{ (context.assessment has risk) == context.vouched }};"),
            "a forbid hangs on `has`",
        ),
        (format!("forbid {head} when {{ action == Action::\"approve\" }};"), "reads `action` in a condition"),
        (
            format!("forbid {head} when {{ context.card.status == \"stollen\" }};"),
            "`context.card.status` is never `stollen`",
        ),
        (
            format!("forbid {head} when {{ [\"no\", \"nope\"].contains(context.matches.name) }};"),
            "`context.matches.name` is never `nope`",
        ),
        (format!("forbid {head} when {{ context.location.regions.contains(\"moon\") }};"), "there is no region `moon`"),
        (format!("forbid {head} when {{ principal in Programme::\"glod\" }};"), "there is no `Programme::\"glod\"`"),
        (
            format!("forbid {head} when {{ resource in CategoryGroup::\"giftcards\" }};"),
            "there is no `CategoryGroup::\"giftcards\"`",
        ),
        (format!("forbid {head} when {{ principal == Card::\"gold\" }};"), "names a single card"),
        (format!("forbid {head} when {{ Recipient::\"tmx\".reuse }};"), "reads an attribute of a named entity"),
        (
            format!("forbid {head} when {{ context.purchase.amount_minor * 1000000000 > 5 }};"),
            "a calculation overflowed",
        ),
        ("forbid (principal == ?principal, action == Action::\"approve\", resource);".to_owned(), "templates"),
        ("forbid (principal, action, resource);".to_owned(), "its action does not fit its folder"),
        (
            "forbid (principal, action in Action::\"authenticate\", resource);".to_owned(),
            "its action does not fit its folder",
        ),
        ("forbid (principal, action == Action::\"offer\", resource);".to_owned(), "its action does not fit its folder"),
    ];
    for (rule, expected) in cases {
        let said = extra(&rule);
        assert!(said.contains(expected) && said.contains("hint: "), "{rule}\n{said}");
    }
}

#[test]
fn a_guard_that_states_both_cases_is_accepted() {
    let head = "forbid (principal, action == Action::\"approve\", resource)";
    for condition in [
        "when { if context.assessment has risk then context.assessment.risk > 9999 else false }",
        "unless { context.assessment has risk && context.assessment.risk < 10001 }",
        "when { (context.assessment has risk) == false }",
    ] {
        assert_eq!(extra(&format!("{head} {condition};")), "accepted", "{condition}");
    }
}

#[test]
fn an_id_that_does_not_fit_its_file_is_refused() {
    let rule = format!("{RULE}forbid (principal, action == Action::\"approve\", resource);");
    let said = refusal("approve/other.cedar", &rule);
    assert!(said.contains("approve/other.cedar:1: the id `extra` does not fit the file's name"), "{said}");
    let family = [".one", ".two"].map(|end| rule.replace("extra", &format!("extra{end}"))).join("\n");
    assert_eq!(refusal("approve/extra.cedar", &family), "accepted");
}

#[test]
fn a_rule_that_can_reject_needs_a_message_for_the_cardholder() {
    let rule = format!("{RULE}forbid (principal, action in Action::\"authenticate\", resource);");
    let said = refusal("authenticate/extra.cedar", &rule);
    assert!(said.contains("rule `extra`: can reject, but `amount_large` has no cardholder message"), "{said}");
}

#[test]
fn every_reason_that_can_reject_speaks_to_the_cardholder_within_128_characters() {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap();
    let contact = "0120-000-000 (9:00-17:00, weekdays only)";
    for (code, reason) in bundle.reference().reasons() {
        for text in [&reason.cardholder_ja, &reason.cardholder_en].into_iter().flatten() {
            let filled = text.replace("{contact}", contact);
            assert!(text.contains("{contact}") && filled.chars().count() <= 128, "{code}: {filled}");
        }
    }
}

#[test]
fn a_case_that_comes_out_otherwise_is_reported_with_file_line_and_both_values() {
    let case =
        "cases:\n  - name: wrong on purpose\n    outcome: reject\n    reasons: [risk_low]\n    policies: [low-risk]\n";
    let bundle = Bundle::build(BundleSource::shipped().with("cases/wrong.yaml", case)).unwrap();
    let report = sekisho::policy::case::run(&bundle).unwrap();
    let [failure] = report.failures.as_slice() else { panic!("{:?}", report.failures) };
    assert_eq!((failure.file.as_str(), failure.line), ("cases/wrong.yaml", Some(2)));
    assert_eq!(failure.differences, ["outcome: expected reject, came approve"]);
}
