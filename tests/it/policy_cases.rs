//! Cases of a bundle: how they are written, what is said of one that cannot be read, and what is said of one that fails.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};
use sekisho::policy::case::{self, Fixtures, render, render_share};
use sekisho::policy::explanation::Standing;
use sekisho::policy::{Bundle, BundleSource, decide, share};

use crate::facts::{CHOICES, facts};

fn with_case(file: &str, text: &str) -> Bundle {
    Bundle::build(BundleSource::shipped().with(file, text)).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What is said of the shipped bundle's cases with this one beside them.
fn refused(text: &str) -> String {
    case::run(&with_case("cases/wrong.yaml", text)).unwrap_err().to_string()
}

#[test]
fn a_case_naming_an_unknown_fixture_is_refused_with_the_known_ones_closest_first() {
    let case = "cases:\n  - name: misspelt\n    merchant: bokshop\n    outcome: reject\n    reasons: []\n";
    insta::assert_snapshot!(refused(case), @"
    cases/wrong.yaml:3: case `misspelt`: there is no merchant `bokshop`
      hint: one of bookshop, betting-shop, grocer, gift-card-shop, electronics-shop, crypto-exchange, shop-in-america, digital-gift-card-shop in `cases/fixtures.yaml`
    ");
}

#[test]
fn a_case_with_an_unknown_fact_is_refused_with_the_known_ones_closest_first() {
    for facts in ["{ card.statsu: lost }", "{ card: { statsu: lost } }"] {
        let case = format!("cases:\n  - name: misspelt\n    facts: {facts}\n    outcome: reject\n    reasons: []\n");
        let said = refused(&case);
        let begin = "cases/wrong.yaml:3: case `misspelt`: there is no fact `card.statsu`\n  hint: one of card.status, ";
        assert!(said.starts_with(begin), "{said}");
    }
}

#[test]
fn a_case_with_an_unknown_rule_or_reason_is_refused() {
    let case = |reason: &str, rule: &str| {
        format!("cases:\n  - name: old\n    outcome: approve\n    reasons: [{reason}]\n    policies: [{rule}]\n")
    };
    let rule = refused(&case("risk_low", "low-risks"));
    assert!(
        rule.starts_with("cases/wrong.yaml:5: case `old`: there is no rule `low-risks`\n  hint: one of low-risk, ")
    );
    let reason = refused(&case("risk_lower", "low-risk"));
    assert!(
        reason.starts_with("cases/wrong.yaml:4: case `old`: there is no reason `risk_lower`\n  hint: one of risk_low")
    );
}

#[test]
fn a_case_file_that_cannot_be_read_is_named_with_its_line() {
    for (text, line, said) in [
        ("cases:\n  - name: a\n    outcom: reject\n", 3, "outcom"),
        ("cases:\n  - name: a\n    outcome: perhaps\n    reasons: []\n", 3, "perhaps"),
        ("cases:\n  - name: [a\n", 2, ""),
        ("cases:\n  - outcome: reject\n    reasons: []\n", 3, "name"),
        ("cases:\n  - name: a\n    name: b\n    outcome: reject\n    reasons: []\n", 3, "name"),
    ] {
        let found = refused(text);
        assert!(found.starts_with(&format!("cases/wrong.yaml:{line}: ")) && found.contains(said), "{text}\n{found}");
    }
    let wrong = refused("cases:\n  - name: a\n    facts: { local_hour: noon }\n    outcome: reject\n    reasons: []\n");
    assert!(wrong.starts_with("cases/wrong.yaml:3: case `a`: `local_hour`: invalid type"), "{wrong}");
    let left = refused("cases:\n  - name: a\n    without: [claims.reorder]\n    outcome: reject\n    reasons: []\n");
    assert!(left.contains("wrong.yaml:3: case `a`: there is no fact `claims.reorder` to leave out"), "{left}");
}

#[test]
fn cases_may_be_json_and_yes_is_a_word() {
    let json = r#"{"cases": [{"name": "j", "facts": {"card": {"status": "lost"}}, "outcome": "reject", "reasons": ["card_lost"], "policies": ["lost-card"]}]}"#;
    let yaml = "cases:\n  - name: y\n    facts: { matches.name: no }\n    outcome: challenge\n    reasons: [identity_mismatch]\n    \
                policies: [other-identity]\n    methods: [password]\n";
    let before = case::run(&Bundle::build(BundleSource::shipped()).unwrap()).unwrap().run;
    let source = BundleSource::shipped().with("cases/j.json", json).with("cases/y.yaml", yaml);
    let report = case::run(&Bundle::build(source).unwrap()).unwrap();
    assert_eq!((report.run, report.failures.len()), (before + 2, 0));
}

#[test]
fn a_case_can_say_what_is_shared_with_whom() {
    let case = |classes: &str| {
        format!(
            "cases:\n  - name: shared\n    outcome: approve\n    reasons: [risk_low]\n    policies: [low-risk]\n    \
             shared: {{ minfraud: {classes} }}\n"
        )
    };
    let run = |classes| case::run(&with_case("cases/s.yaml", &case(classes))).unwrap();
    assert!(run("[transaction, identity, device, location]").failures.is_empty());
    let report = run("[transaction, identity, address, device]");
    let [failure] = report.failures.as_slice() else { panic!("{:?}", report.failures) };
    let came = "shared with minfraud: expected [transaction, identity, address, device], came [transaction, identity, \
                device, location]";
    assert_eq!(failure.differences, [came]);
}

#[test]
fn a_recipient_that_nobody_knows_is_refused_with_the_closest_name() {
    let shared = "cases:\n  - name: a\n    outcome: approve\n    reasons: [risk_low]\n    policies: [low-risk]\n    \
                  shared: { minfruad: [] }\n";
    let share = "share:\n  - name: a\n    recipient: minfruad\n    data_class: device\n    allowed: false\n";
    for (case, line) in [(shared, 6), (share, 3)] {
        let said = refused(case);
        let begin =
            format!("cases/wrong.yaml:{line}: case `a`: there is no recipient `minfruad`\n  hint: one of minfraud, ");
        assert!(said.starts_with(&begin), "{said}");
    }
    let meant = share.replace("    data_class", "    unknown_recipient: true\n    data_class");
    assert!(case::run(&with_case("cases/u.yaml", &meant)).unwrap().failures.is_empty());
    let known = refused(&meant.replace("minfruad", "minfraud"));
    assert!(known.contains("wrong.yaml:4: case `a`: `unknown_recipient` is stated, and there is"), "{known}");
}

/// A rule of sharing is covered by what a case about a purchase says of sharing, and its failure is told.
#[test]
fn what_a_case_says_of_sharing_covers_rules_and_shows_errors() {
    let fixtures = BundleSource::shipped().text("cases/fixtures.yaml").unwrap().to_owned();
    let case = "cases:\n  - name: only\n    outcome: approve\n    reasons: [risk_low]\n    policies: [low-risk]\n    \
                shared: { minfraud: [transaction, identity, device, location] }\n";
    let source = BundleSource::shipped().without("cases/").with("cases/fixtures.yaml", &fixtures);
    let report = case::run(&Bundle::build(source.with("cases/only.yaml", case)).unwrap()).unwrap();
    assert!(report.failures.is_empty());
    for rule in ["permitted", "omitted-class"] {
        assert!(report.decided.contains(&rule.to_owned()), "{rule}: {:?}", report.decided);
    }
    // A rule that no recipient of the register makes fail, and one of the fixtures does.
    let rule = "@id(\"sum\")\n@title(\"A sum\")\n@reason(\"retention_too_long\")\n@owner(\"tests\")\nforbid (principal, action \
                == Action::\"share\", resource)\nwhen { resource.retention_days * 3000000000 > 9000000000000000000 };\n";
    let fixtures =
        fixtures.replace("recipients:\n", "recipients:\n  huge: { like: tmx, retention_days: 4294967295 }\n");
    let case = case.replace("minfraud: [transaction, identity, device, location]", "huge: []");
    let source = BundleSource::shipped().with("cases/fixtures.yaml", &fixtures).with("share/sum.cedar", rule);
    let bundle = Bundle::build(source.with("cases/only.yaml", &case)).unwrap_or_else(|errors| panic!("{errors}"));
    let report = case::run_some(&bundle, Some("cases/only.yaml")).unwrap();
    let told = report.failures[0].differences.join("\n");
    assert!(told.starts_with("errors: expected [], came [{ question: share, policy: sum, message: "), "{told}");
}

#[test]
fn fixtures_hold_recipients_that_only_cases_know() {
    let shipped = BundleSource::shipped().text("cases/fixtures.yaml").unwrap().to_owned();
    let with = |line: &str| {
        let fixtures = shipped.replace("recipients:\n", &format!("recipients:\n  {line}\n"));
        Bundle::build(BundleSource::shipped().with("cases/fixtures.yaml", &fixtures)).unwrap()
    };
    for (line, said) in [
        ("tmx: { like: minfraud }", "the recipient `tmx` stands in reference/recipients.toml already"),
        (
            "other: { like: tmz }",
            "recipient `other`: there is no recipient `tmz` in the register\n  hint: one of tmx, ",
        ),
        ("other: { like: tmx, retention: 3 }", "recipient `other`: unknown field `retention`"),
        ("other: { name: Other }", "recipient `other`: missing field"),
        ("other: { like: tmx, country: XX }", "recipient `other` lies in `XX`, which no region holds"),
    ] {
        let refused = case::run(&with(line)).unwrap_err().to_string();
        assert!(refused.starts_with("cases/fixtures.yaml:") && refused.contains(said), "{line}: {refused}");
    }
    let bundle = with("keeper: { like: tmx, retention_days: 2000 }");
    assert!(bundle.reference().recipient("keeper").is_none(), "nothing is sent there");
    assert!(case::run(&bundle).unwrap().failures.is_empty());
}

#[test]
fn cases_of_one_file_have_names_of_their_own() {
    let one = "  - { name: same, outcome: approve, reasons: [risk_low], policies: [low-risk] }\n";
    let said = refused(&format!("cases:\n{one}{one}"));
    assert!(said.starts_with("cases/wrong.yaml:3: another case of this file is named `same`, too\n  hint: "), "{said}");
}

#[test]
fn an_unknown_card_or_device_is_refused_too() {
    for (kind, name, known) in [("card", "gold-with-topt", "gold-with-totp"), ("device", "own-fone", "own-phone")] {
        let said = refused(&format!("cases:\n  - name: a\n    {kind}: {name}\n    outcome: reject\n    reasons: []\n"));
        let begin = format!("cases/wrong.yaml:3: case `a`: there is no {kind} `{name}`\n  hint: one of {known}, ");
        assert!(said.starts_with(&begin), "{said}");
    }
}

#[test]
fn a_failing_case_carries_what_each_rule_said() {
    let case = "cases:\n  - name: wrong\n    facts: { purchase.amount_base_minor: 300000 }\n    outcome: challenge\n    \
                reasons: [amount_large]\n    policies: [large-amount]\n    methods: [password]\n";
    let report = case::run(&with_case("cases/wrong.yaml", case)).unwrap();
    let [failure] = report.failures.as_slice() else { panic!("{:?}", report.failures) };
    let [approve] = failure.questions.as_slice() else { panic!("{:?}", failure.questions) };
    let expected = approve.rule("large-amount").unwrap();
    assert_eq!(expected.standing, Standing::NearMiss);
    let [condition] = expected.conditions.as_slice() else { panic!("{expected:?}") };
    assert_eq!(condition.text, "context.purchase.amount_base_minor > 300000");
    assert_eq!(condition.values[0].value, Some(300_000.into()));
    assert_eq!(approve.rule("low-risk").unwrap().standing, Standing::Matched);
}

#[test]
fn some_cases_can_be_run_alone() {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap();
    let names = |text| -> Vec<String> {
        let report = case::run_some(&bundle, Some(text)).unwrap();
        report.ran.into_iter().map(|ran| ran.name).collect()
    };
    assert_eq!(names("a challenge that a rule demands"), ["a challenge that a rule demands is made"]);
    assert_eq!(names("lost-card").len(), 2);
    assert!(names("cases/share").iter().all(|name| !name.contains("wants a proof")));
    assert!(names("no such text").is_empty());
}

#[test]
fn coverage_tells_what_decided_what_matched_and_what_never_did() {
    let report = case::run(&Bundle::build(BundleSource::shipped()).unwrap()).unwrap();
    assert!(report.decided.contains(&"low-risk".to_owned()) && report.decided.contains(&"sent-code".to_owned()));
    assert_eq!(report.decided.len() + report.matched.len(), report.covered);
    assert_eq!(report.coverage(), 100);
    let alone = "cases:\n  - name: only\n    outcome: approve\n    reasons: [risk_low]\n    policies: [low-risk]\n";
    let source = BundleSource::shipped().without("cases/").without("staff/cases").with("cases/only.yaml", alone);
    let fixtures = BundleSource::shipped().text("cases/fixtures.yaml").unwrap().to_owned();
    let report = case::run(&Bundle::build(source.with("cases/fixtures.yaml", &fixtures)).unwrap()).unwrap();
    assert_eq!((report.run, report.decided, report.matched), (1, vec!["low-risk".to_owned()], Vec::new()));
}

/// Whatever the facts are: written as a case and read again they are the same, and the case passes.
#[test]
fn every_case_that_is_written_passes() {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap();
    let fixtures = Fixtures::read(&bundle).unwrap();
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let mut source = BundleSource::shipped();
    let number = std::cell::Cell::new(0);
    let texts = std::cell::RefCell::new(Vec::new());
    let run = |choices: Vec<u8>| {
        let facts = facts(&choices, bundle.reference());
        number.set(number.get() + 1);
        let name = format!("generated: {}", number.get());
        texts.borrow_mut().push(render(&name, &facts, &decide(&bundle, &facts), &fixtures));
        let class = sekisho::domain::consent::DataClass::Identity;
        let answer = share(&bundle, &facts, "minfraud", class);
        texts.borrow_mut().push(render_share(&name, &facts, "minfraud", class, &answer, &fixtures));
        Ok(())
    };
    runner.run(&vec(any::<u8>(), CHOICES), run).unwrap();
    for (place, text) in texts.into_inner().iter().enumerate() {
        source = source.with(&format!("cases/generated-{place}.yaml"), text);
    }
    let report = case::run(&Bundle::build(source).unwrap()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(report.run > 220, "{}", report.run);
    let failures: Vec<_> = report.failures.iter().map(|failure| (&failure.name, &failure.differences)).collect();
    assert!(failures.is_empty(), "{failures:?}");
}
