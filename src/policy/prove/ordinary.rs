//! The ordinary purchase, and how little must be changed of it: what is shown of a counterexample is what matters.

use serde_json::Value;

use crate::domain::facts::Facts;
use crate::policy::bundle::Bundle;
use crate::policy::case::Fixtures;
use crate::policy::rehearsal;

/// The purchase from which a bundle's cases begin; the least that facts can hold where it has none.
pub(super) fn purchase(bundle: &Bundle) -> Facts {
    Fixtures::read(bundle).ok().and_then(|fixtures| fixtures.ordinary()).unwrap_or_else(rehearsal::least)
}

/// Puts back as many facts as possible to what they are ordinarily, as long as the claim still does not hold.
pub(super) fn nearest(found: &Facts, ordinary: &Facts, still: impl Fn(&Facts) -> bool) -> Facts {
    let (Ok(mut kept), Ok(base)) = (serde_json::to_value(found), serde_json::to_value(ordinary)) else {
        return found.clone();
    };
    let mut best = found.clone();
    for paths in [sections(&base), leaves(&base), leaves(&base)] {
        for path in paths {
            let mut tried = kept.clone();
            put(&mut tried, &path, at(&base, &path).cloned());
            if tried == kept {
                continue;
            }
            if let Ok(facts) = serde_json::from_value::<Facts>(tried.clone())
                && still(&facts)
            {
                (kept, best) = (tried, facts);
            }
        }
    }
    best
}

/// What differs, by path, in words.
pub(super) fn differences(facts: &Facts, ordinary: &Facts) -> Vec<String> {
    let (Ok(facts), Ok(base)) = (serde_json::to_value(facts), serde_json::to_value(ordinary)) else {
        return Vec::new();
    };
    let mut paths = leaves(&base);
    paths.extend(leaves(&facts));
    paths.sort();
    paths.dedup();
    let told = |value: Option<&Value>| value.map_or_else(|| "not stated".to_owned(), short);
    let differs = |path: &Vec<String>| {
        let (now, before) = (at(&facts, path), at(&base, path));
        (now != before).then(|| format!("{}: {}, ordinarily {}", path.join("."), told(now), told(before)))
    };
    paths.iter().filter_map(differs).collect()
}

fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(short).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}

type Path = Vec<String>;

fn sections(value: &Value) -> Vec<Path> {
    value.as_object().into_iter().flatten().map(|(name, _)| vec![name.clone()]).collect()
}

/// Everything that is no record; a list is one value.
fn leaves(value: &Value) -> Vec<Path> {
    let Some(fields) = value.as_object() else { return vec![Vec::new()] };
    let nested = fields
        .iter()
        .flat_map(|(name, field)| leaves(field).into_iter().map(move |rest| [vec![name.clone()], rest].concat()));
    nested.collect()
}

fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

fn put(value: &mut Value, path: &[String], new: Option<Value>) {
    let Some((last, before)) = path.split_last() else { return };
    let inside = before.iter().try_fold(value, |value, name| value.get_mut(name));
    let Some(fields) = inside.and_then(Value::as_object_mut) else { return };
    match new {
        Some(new) => drop(fields.insert(last.clone(), new)),
        None => drop(fields.remove(last)),
    }
}
