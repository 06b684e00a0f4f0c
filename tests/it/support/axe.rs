//! Pages held against WCAG 2.2 AA by axe-core, in the browser that shows them.
//!
//! The driver runs a script beside the page's own policy, so a page that permits no script is looked at as it is.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::browser::Browser;

const HINT: &str = "hint: run ./scripts/test, which fetches axe-core and names its file in SEKISHO_TEST_AXE";

/// The rules that are asked for: all that WCAG 2.2 AA holds and a program can judge.
const TAGS: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/// What follows the script: it runs the rules, and answers what they found.
const RUN: &str = "
    const [options, done] = [arguments[0], arguments[arguments.length - 1]];
    axe.run(document, options).then(
        (found) => done({ rules: found.passes.length, violations: found.violations }),
        (error) => done({ failed: String(error) }));
";

static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let path = std::env::var("SEKISHO_TEST_AXE").unwrap_or_else(|_| panic!("SEKISHO_TEST_AXE is not set\n{HINT}"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{path}` cannot be read: {error}\n{HINT}"))
});

impl Browser {
    /// Fails when the page in view breaks a rule of WCAG 2.2 AA; names each rule, where it is broken, and where it is
    /// explained. A frame is a page of its own: go into it first.
    pub(crate) async fn is_accessible(&self) {
        let violations = self.violations().await;
        let url = self.client.current_url().await.unwrap();
        assert!(violations.is_empty(), "{url} breaks WCAG 2.2 AA:\n{}", violations.join("\n"));
    }

    /// The rules that the page in view breaks.
    pub(crate) async fn violations(&self) -> Vec<String> {
        let options = json!({
            "runOnly": { "type": "tag", "values": TAGS },
            // Off by default; part of WCAG 2.2 AA.
            "rules": { "target-size": { "enabled": true } },
            "iframes": false,
            "preload": false,
            "resultTypes": ["violations"],
        });
        let script = format!("{}\n{RUN}", *SCRIPT);
        let found = self.client.execute_async(&script, vec![options]).await.unwrap();
        assert!(found["rules"].as_u64().is_some_and(|rules| rules > 0), "axe judged nothing: {found}");
        found["violations"].as_array().unwrap().iter().map(told).collect()
    }
}

fn told(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().cloned().unwrap_or_default();
    let places = nodes.iter().map(|node| {
        let summary = node["failureSummary"].as_str().unwrap_or_default().replace('\n', "\n      ");
        format!("    {} {}\n      {summary}", node["target"], node["html"])
    });
    let places: Vec<String> = places.collect();
    let word = |name: &str| violation[name].as_str().unwrap_or_default().to_owned();
    format!("{}: {}\n  {}\n{}", word("id"), word("help"), word("helpUrl"), places.join("\n"))
}
