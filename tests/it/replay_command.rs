//! `sekisho policy replay` and `sekisho sandbox generate`, run as a person runs them.

use std::path::Path;

use sekisho::policy::{Bundle, BundleSource};
use serde_json::Value;

use crate::support::process::{Deployment, Ended, until};

const SANDBOX: [&str; 10] =
    ["sandbox", "generate", "--cards", "120", "--days", "3", "--seed", "7", "--until", "2026-11-20"];

/// Writes the shipped bundle with a stricter rule into the deployment's folder.
fn stricter(deployment: &Deployment, limit: &str) -> String {
    let shipped = BundleSource::shipped();
    let file = "approve/unknown-device.cedar";
    let text = shipped.text(file).unwrap().replace("30000", limit);
    for (path, text) in shipped.with(file, &text).files() {
        deployment.write(&format!("new-{limit}/{path}"), text);
    }
    deployment.path(&format!("new-{limit}")).to_str().unwrap().to_owned()
}

fn replay(deployment: &Deployment, bundle: &str, options: &[&str]) -> Ended {
    deployment.run(&[&["policy", "replay", bundle], options].concat())
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_replay_tells_what_changes_and_writes_what_is_asked_for() {
    for deployment in Deployment::on_every_database() {
        let made = deployment.fine(&SANDBOX);
        assert!(made.contains(" decisions of 120 cards at 40 merchants\n") && made.contains("2026-11-20"), "{made}");
        let new = stricter(&deployment, "3000");
        let (csv, html) = (deployment.path("changes.csv"), deployment.path("report.html"));
        let files = ["--csv", csv.to_str().unwrap(), "--html", html.to_str().unwrap()];
        let ended = replay(&deployment, &new, &files);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(ended.out.contains("  approve       challenge"), "{}", ended.out);
        assert!(ended.out.contains("velocity and device facts are as recorded"), "{}", ended.out);
        assert!(ended.out.contains("  unknown-device\n    begins to decide: approve to challenge "), "{}", ended.out);

        let told: Value = serde_json::from_str(&replay(&deployment, &new, &["--format", "json"]).out).unwrap();
        let all = deployment.count("SELECT COUNT(*) FROM authentications");
        assert_eq!(told["tally"]["read"], all);
        assert_eq!(told["finished"], true);
        let changed: u64 = told["tally"]["courses"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(from, row)| row.as_object().unwrap().iter().filter(move |(to, _)| *to != from))
            .map(|(_, sum)| sum["count"].as_u64().unwrap())
            .sum();
        let lines = text(&csv).lines().count() as u64;
        assert_eq!(lines, changed + 1);
        assert!(text(&csv).starts_with("authentication_id,created_at,merchant_id,"));
        assert!(text(&html).starts_with("<!DOCTYPE html>\n<html lang=\"ja\">"));
    }
}

#[test]
fn the_pages_of_a_report_hold_nothing_from_outside() {
    let deployment = Deployment::migrated();
    deployment.fine(&SANDBOX);
    let new = stricter(&deployment, "3000");
    let html = deployment.path("report.html");
    for (language, word) in [("en", "decided once more by the new rules"), ("ja", "新しいルール")] {
        let ended = replay(&deployment, &new, &["--html", html.to_str().unwrap(), "--language", language]);
        assert_eq!(ended.code, 0, "{ended:?}");
        let page = text(&html);
        assert!(page.contains(word) && page.contains("default-src 'none'; style-src 'sha256-"), "{language}");
        for foreign in ["http://", "https://", "<script", "style=\"", "src=", "@import", "replay-"] {
            assert!(!page.contains(foreign), "{language}: `{foreign}`");
        }
    }
}

#[test]
fn a_checkpoint_is_good_for_the_same_run_only_and_goes_when_the_run_is_over() {
    let deployment = Deployment::migrated();
    deployment.fine(&SANDBOX);
    let (new, other) = (stricter(&deployment, "3000"), stricter(&deployment, "2000"));
    let checkpoint = deployment.path("position.json");
    let name = checkpoint.to_str().unwrap();
    assert_eq!(replay(&deployment, &new, &["--checkpoint", name]).code, 0);
    assert!(!checkpoint.exists(), "the run came to its end");

    // As a run would have left it that was stopped at once, while fewer purchases were recorded.
    let told: Value = serde_json::from_str(&replay(&deployment, &new, &["--format", "json"]).out).unwrap();
    let mut asked = told["selection"].clone();
    assert!(asked["to"].is_i64(), "the end is told");
    asked["to"] = Value::Null;
    let recipients = |names: &[String]| {
        let mut selection = told["selection"].clone();
        selection["to"] = Value::from(selection["to"].as_i64().unwrap() - 86_400_000_000);
        serde_json::json!({
            "subject": {"bundle": told["bundle"], "recipients": names, "asked": asked},
            "selection": selection, "csv_bytes": null,
            "progress": {"position": null, "reached": null, "passed": 0, "tally": empty(&told["tally"])},
        })
        .to_string()
    };
    let shipped = Bundle::build(BundleSource::shipped()).unwrap();
    let register: Vec<String> = shipped.reference().recipients().map(|one| one.id.clone()).collect();
    std::fs::write(&checkpoint, recipients(&register)).unwrap();
    let refused = replay(&deployment, &other, &["--checkpoint", name]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("the checkpoint is of another bundle, of other records"), "{}", refused.err);
    let refused = replay(&deployment, &new, &["--checkpoint", name, "--sample", "50%"]);
    assert!(refused.err.contains("of other records"), "{}", refused.err);
    let ended = replay(&deployment, &new, &["--checkpoint", name, "--format", "json"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let again: Value = serde_json::from_str(&ended.out).unwrap();
    let read = |told: &Value| told["tally"]["read"].as_u64().unwrap();
    assert!(read(&again) > 0 && read(&again) < read(&told), "the end that the run began with");

    std::fs::write(&checkpoint, recipients(&["somebody".to_owned()])).unwrap();
    let refused = replay(&deployment, &new, &["--checkpoint", name]);
    assert!(refused.code == 1 && refused.err.contains("of other recipients\nhint: "), "{refused:?}");

    std::fs::write(&checkpoint, "{\"bundle\":").unwrap();
    let refused = replay(&deployment, &new, &["--checkpoint", name]);
    assert!(refused.code == 1 && refused.err.contains("no checkpoint of this program"), "{refused:?}");
}

#[test]
fn a_run_that_a_signal_ends_goes_on_as_if_nothing_had_been() {
    for deployment in Deployment::on_every_database() {
        let more: Vec<&str> = SANDBOX.iter().map(|word| if *word == "120" { "500" } else { word }).collect();
        deployment.fine(&more);
        let new = stricter(&deployment, "3000");
        let (csv, whole) = (deployment.path("changes.csv"), deployment.path("whole.csv"));
        let checkpoint = deployment.path("position.json");
        let options = ["--csv", csv.to_str().unwrap(), "--checkpoint", checkpoint.to_str().unwrap()];
        let command = [&["policy", "replay", &new], &options[..]].concat();
        // It never comes to its second page.
        let child = deployment.begin_with(&command, &[("SEKISHO_FAULT_POINTS", "replay.page=hang")]);
        until("a page that was kept", || checkpoint.exists().then_some(()));
        assert!(csv.exists());
        let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stdout).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.starts_with("stopped before the end; these are the sums up to 2026-11-"), "{said}");
        assert!(checkpoint.exists());

        let without = replay(&deployment, &new, &["--checkpoint", checkpoint.to_str().unwrap()]);
        assert!(without.code == 1 && without.err.contains("wrote a CSV file"), "{without:?}");
        let tally = |options: &[&str]| -> Value {
            let ended = replay(&deployment, &new, &[options, &["--format", "json"]].concat());
            assert_eq!(ended.code, 0, "{ended:?}");
            serde_json::from_str::<Value>(&ended.out).unwrap()["tally"].clone()
        };
        let resumed = tally(&options);
        assert!(!checkpoint.exists());
        assert_eq!(resumed, tally(&["--csv", whole.to_str().unwrap()]));
        assert!(resumed["read"].as_u64().unwrap() > 1_000, "several pages: {}", resumed["read"]);
        assert_eq!(text(&csv), text(&whole));
    }
}

/// Sums of nothing, in the shape of these.
fn empty(sums: &Value) -> Value {
    let zero = |value: &Value| if value.is_number() { Value::from(0) } else { serde_json::json!({}) };
    sums.as_object().unwrap().iter().map(|(name, value)| (name.clone(), zero(value))).collect()
}

#[test]
fn nobody_replays_without_the_right_and_bad_options_are_usage() {
    let deployment = Deployment::migrated();
    deployment.fine(&SANDBOX);
    let nobody = deployment.run_with(&["policy", "replay", "shipped"], &[("SEKISHO_SESSION", "nobody")]);
    assert_eq!(nobody.code, 1, "{nobody:?}");
    for options in [["--sample", "110%"], ["--from", "yesterday"], ["--merchant", "shop"], ["--format", "xml"]] {
        assert_eq!(replay(&deployment, "shipped", &options).code, 2, "{options:?}");
    }
    let missing = replay(&deployment, "nowhere", &[]);
    assert!(missing.code == 2 && missing.err.contains("nowhere"), "{missing:?}");
    let csv = replay(&deployment, "shipped", &["--csv", "/no/such/folder/changes.csv"]);
    assert!(csv.code == 1 && csv.err.contains("hint:"), "{csv:?}");
}

#[test]
fn a_sandbox_wants_a_database_of_its_own() {
    let deployment = Deployment::migrated();
    deployment.merchant();
    let ended = deployment.run(&SANDBOX);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("that no sandbox made\nhint: "), "{}", ended.err);
}
