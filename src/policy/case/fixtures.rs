//! Fixtures: the facts that cases share, and how a case's own are laid over them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::file::{Place, Stated, parse};
use super::near::closest;
use super::recipients;
use crate::domain::facts::Facts;
use crate::policy::bundle::Bundle;
use crate::policy::fault::{BundleErrors, Fault};
use crate::policy::reference::Recipient;
use crate::policy::rehearsal::{least, most};

/// The file in a bundle.
pub(super) const FILE: &str = "cases/fixtures.yaml";

/// The kinds of fixtures, as a case names them.
pub(super) const KINDS: [&str; 3] = ["card", "merchant", "device"];

/// Every path that facts can have.
static PATHS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut found = BTreeSet::new();
    for facts in [least(), most()] {
        paths(&serde_json::to_value(facts).unwrap_or_default(), "", &mut found);
    }
    found
});

fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        paths(inner, &path, found);
        found.insert(path);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    base: Map<String, Value>,
    #[serde(default)]
    cards: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    merchants: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    devices: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    recipients: BTreeMap<String, Map<String, Value>>,
}

/// The facts that the cases of a bundle share.
#[derive(Clone, Debug, Default)]
pub struct Fixtures {
    pub(super) base: Map<String, Value>,
    named: BTreeMap<&'static str, BTreeMap<String, Map<String, Value>>>,
    /// Recipients that only cases know, beside those of the register.
    pub(super) recipients: Vec<Recipient>,
}

impl Fixtures {
    /// The fixtures of a bundle.
    pub fn read(bundle: &Bundle) -> Result<Self, BundleErrors> {
        let hint = format!("copy `{FILE}` from the bundle that ships and edit it");
        let missing = || Fault::new(FILE, "the file is missing").hint(hint);
        let text = bundle.source().text(FILE).ok_or_else(missing)?;
        let file: File = parse(FILE, text)?;
        let named = BTreeMap::from([("card", file.cards), ("merchant", file.merchants), ("device", file.devices)]);
        let place = Place::whole(FILE, text);
        let overlays = named.values().flat_map(BTreeMap::values).chain([&file.base]);
        BundleErrors::check(overlays.filter_map(|overlay| unknown_fact(overlay, &place).err()).collect())?;
        let recipients = recipients::read(&file.recipients, bundle.reference(), &place)?;
        let fixtures = Self { base: file.base, named, recipients };
        build(&fixtures.base).map_err(|(path, message)| place.fault(&[last(&path)], message))?;
        Ok(fixtures)
    }

    /// The facts of an ordinary purchase, from which every case begins.
    pub fn ordinary(&self) -> Option<Facts> {
        build(&self.base).ok()
    }

    /// The names of one kind of fixtures, sorted.
    pub(super) fn names(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.named.get(kind).into_iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// A named fixture's facts.
    pub(super) fn named(&self, kind: &str, name: &str) -> Option<&Map<String, Value>> {
        self.named.get(kind)?.get(name)
    }

    /// The facts of a case.
    pub(super) fn facts(&self, stated: &Stated<'_>, place: &Place<'_>) -> Result<Facts, Fault> {
        let mut facts = self.base.clone();
        for (kind, name) in stated.fixtures.iter().filter_map(|(kind, name)| Some((*kind, (*name)?))) {
            let fixture = self.named(kind, name).ok_or_else(|| {
                let hint = format!("{} in `{FILE}`", closest(name, self.names(kind)));
                place.fault(&[&format!("{kind}: {name}"), name], format!("there is no {kind} `{name}`")).hint(hint)
            })?;
            lay(&mut facts, fixture);
        }
        unknown_fact(stated.facts, place)?;
        lay(&mut facts, stated.facts);
        for path in stated.without {
            if !remove(&mut facts, path) {
                let hint = closest(path, PATHS.iter().map(String::as_str));
                return Err(place.fault(&[path], format!("there is no fact `{path}` to leave out")).hint(hint));
            }
        }
        build(&facts).map_err(|(path, message)| {
            place
                .fault(&[&path, last(&path)], message)
                .hint(format!("the facts are described in schema.cedarschema and `{FILE}`"))
        })
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// The facts that a tree states; otherwise the path at which they are wrong, and how.
fn build(facts: &Map<String, Value>) -> Result<Facts, (String, String)> {
    serde_path_to_error::deserialize(Value::Object(facts.clone())).map_err(|error| {
        let path = error.path().to_string();
        (path.clone(), format!("`{path}`: {}", error.into_inner()))
    })
}

fn unknown_fact(stated: &Map<String, Value>, place: &Place<'_>) -> Result<(), Fault> {
    let mut leaves = BTreeMap::new();
    flatten(&Value::Object(stated.clone()), "", &mut leaves);
    match leaves.keys().find(|path| !PATHS.contains(*path)) {
        None => Ok(()),
        Some(path) => {
            let hint = closest(path, PATHS.iter().map(String::as_str));
            Err(place.fault(&[path, last(path)], format!("there is no fact `{path}`")).hint(hint))
        }
    }
}

/// The leaves of a tree by their paths; keys may be paths already.
pub(super) fn flatten(value: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    match value.as_object() {
        Some(fields) => {
            for (name, inner) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(inner, &path, found);
            }
        }
        None => {
            found.insert(path.to_owned(), value.clone());
        }
    }
}

/// Lays stated facts over others. An assessment that states its status is stated as a whole, since its fields hang on it.
pub(super) fn lay(facts: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        if let Some((head, rest)) = key.split_once('.') {
            let inner = Map::from_iter([(rest.to_owned(), value.clone())]);
            lay(facts, &Map::from_iter([(head.to_owned(), Value::Object(inner))]));
            continue;
        }
        let whole = key == "assessment" && value.get("status").is_some();
        match (facts.get_mut(key), value) {
            (Some(Value::Object(under)), Value::Object(over)) if !whole => lay(under, over),
            (_, Value::Object(over)) => {
                let mut under = Map::new();
                lay(&mut under, over);
                facts.insert(key.clone(), Value::Object(under));
            }
            _ => {
                facts.insert(key.clone(), value.clone());
            }
        }
    }
}

fn remove(facts: &mut Map<String, Value>, path: &str) -> bool {
    match path.split_once('.') {
        None => facts.shift_remove(path).is_some(),
        Some((head, rest)) => match facts.get_mut(head) {
            Some(Value::Object(inner)) => remove(inner, rest),
            _ => false,
        },
    }
}
