//! The facts of a claim's second request: the first's, some of which are another.

use serde_json::{Map, Value, json};

use crate::domain::facts::Facts;

/// The fields of an assessment that only an answer has.
const OF_ANSWERS: [&str; 5] = ["risk", "recommendation", "signals", "device_known", "degraded"];

/// The facts with these put in the place of their own; none where facts cannot say so.
pub(in crate::policy::prove) fn facts(facts: &Facts, changes: &[(String, String)]) -> Option<Facts> {
    let mut tree = serde_json::to_value(facts).ok()?;
    for (path, value) in changes {
        let (last, before) = path.rsplit_once('.').map_or((path.as_str(), None), |(before, last)| (last, Some(before)));
        let inside = before
            .into_iter()
            .flat_map(|before| before.split('.'))
            .try_fold(&mut tree, |tree, name| tree.get_mut(name));
        let fields = inside?.as_object_mut()?;
        let value = match value.as_str() {
            "true" => json!(true),
            "false" => json!(false),
            "[]" => json!([]),
            "yes" if before == Some("claims") => json!(true),
            "no" if before == Some("claims") => json!(false),
            "absent" => Value::Null,
            "not_given" if before == Some("claims") => Value::Null,
            word => json!(word),
        };
        if value.is_null() {
            fields.remove(last);
        } else {
            fields.insert(last.to_owned(), value);
        }
    }
    if let Some(assessment) = tree.get_mut("assessment").and_then(Value::as_object_mut) {
        fit(assessment);
    }
    serde_json::from_value(tree).ok()
}

/// An assessment has other fields when it has another status.
fn fit(assessment: &mut Map<String, Value>) {
    if assessment.get("status") == Some(&json!("answered")) {
        assessment.remove("reason");
    } else {
        assessment.retain(|name, _| !OF_ANSWERS.contains(&name.as_str()));
    }
}
