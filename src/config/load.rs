//! Puts the layers of settings over one another and reads the result.

use std::collections::BTreeMap;
use std::path::Path;

use config::builder::DefaultState;
use config::{ConfigBuilder, File, FileFormat, Value, ValueKind};

use super::{Config, ConfigError, DEFAULTS, check, secret};

/// The variables whose names begin with this are settings; the rest of the name is the key.
const PREFIX: &str = "SEKISHO";
/// Tables whose keys are not settings but data.
const OPEN_TABLES: [&str; 1] = ["analytics.signals"];
const SEPARATOR: &str = "__";
/// The settings that are lists; a variable gives their items with commas between.
const LISTS: [&str; 1] = ["server.trusted_proxies"];
const HINT: &str = "every setting and its meaning: docs/configuration.md";

/// Settings by key, before they have types.
type Layer = config::Config;

pub(super) fn load(file: Option<&Path>, environment: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
    let defaults = layer(Layer::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml)))?;
    let from_file = match file {
        Some(path) => layer(Layer::builder().add_source(File::from(path).format(FileFormat::Toml)))?,
        None => Layer::default(),
    };
    let from_environment = layer(variables(environment)?)?;

    let mut unknown = unknown_keys(&defaults, &from_file, |key| {
        format!("`{key}` in `{}` is no setting", file.unwrap_or(Path::new("")).display())
    });
    unknown.extend(unknown_keys(&defaults, &from_environment, |key| {
        let name = key.replace('.', SEPARATOR).to_uppercase();
        format!("the variable `{PREFIX}{SEPARATOR}{name}` names no setting (`{key}`)")
    }));
    ConfigError::unless_none(unknown, HINT)?;

    let sources = [defaults, from_file, from_environment];
    let merged = layer(sources.into_iter().fold(Layer::builder(), ConfigBuilder::<DefaultState>::add_source))?;
    let resolved = resolve_secrets(&merged, environment)?;
    let mut config: Config = resolved.try_deserialize().map_err(|error| ConfigError::one(error, HINT))?;
    config.keys.content = environment.get("SEKISHO_KEYS").map(|content| content.clone().into());
    ConfigError::unless_none(check::mistakes(&config), HINT)?;
    Ok(config)
}

fn layer(builder: ConfigBuilder<DefaultState>) -> Result<Layer, ConfigError> {
    builder.build().map_err(|error| ConfigError::one(error, "the file must exist and be TOML"))
}

/// The variables as settings. Every value stays a text until its type is known: a telephone
/// number keeps its zero.
fn variables(environment: &BTreeMap<String, String>) -> Result<ConfigBuilder<DefaultState>, ConfigError> {
    let origin = Some("the environment".to_owned());
    let text = |value: &str| Value::new(origin.as_ref(), ValueKind::String(value.to_owned()));
    let mut builder = Layer::builder();
    for (name, value) in environment {
        let Some(key) = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(SEPARATOR)) else { continue };
        let key = key.to_lowercase().replace(SEPARATOR, ".");
        let value = if LISTS.contains(&key.as_str()) {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(text).collect();
            Value::new(origin.as_ref(), ValueKind::Array(items))
        } else {
            text(value)
        };
        let named = |error| ConfigError::one(format!("the variable `{name}` names no setting: {error}"), HINT);
        builder = builder.set_override(key, value).map_err(named)?;
    }
    Ok(builder)
}

/// Puts secrets in the place of their names.
fn resolve_secrets(merged: &Layer, environment: &BTreeMap<String, String>) -> Result<Layer, ConfigError> {
    let mut mistakes = Vec::new();
    let mut builder = Layer::builder().add_source(merged.clone());
    for key in secret::SECRETS {
        let named = merged.get::<Value>(key).map_err(|error| ConfigError::one(error, HINT))?;
        let resolved = secret::resolve(key, named, environment).unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            None
        });
        builder =
            builder.set_override(key, resolved.unwrap_or_default()).map_err(|error| ConfigError::one(error, HINT))?;
    }
    ConfigError::unless_none(mistakes, "a secret stands in a file of its own or in a variable")?;
    layer(builder)
}

/// The keys of a layer that the defaults do not have, each told by `tell`, in the order of the alphabet.
fn unknown_keys(defaults: &Layer, given: &Layer, tell: impl Fn(&str) -> String) -> Vec<String> {
    let mut unknown = Vec::new();
    collect_unknown(&defaults.cache, &given.cache, "", &mut unknown);
    unknown.sort();
    unknown.iter().map(|key| tell(key)).collect()
}

fn collect_unknown(known: &Value, given: &Value, path: &str, unknown: &mut Vec<String>) {
    let ValueKind::Table(given) = &given.kind else { return };
    for (name, value) in given {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let within = secret::SECRETS.contains(&path.as_str()) || OPEN_TABLES.contains(&path.as_str());
        match &known.kind {
            ValueKind::Table(known) => match known.get(name) {
                Some(_) if within => {}
                Some(known) => collect_unknown(known, value, &path, unknown),
                None => unknown.push(path),
            },
            _ => unknown.push(path),
        }
    }
}
