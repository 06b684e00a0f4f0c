//! Recipients of data: who may receive what, in which country, on which basis, for how long.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::fault::{Fault, line_with};
use super::super::source::BundleSource;
use super::country::Countries;
use crate::domain::assessment::words;
use crate::domain::consent::{Basis, DataClass};

const FILE: &str = "reference/recipients.toml";
const CLASSES: &str = "reference/data_classes.toml";

words! {
    /// How a datum is sent.
    Mode {
        /// Not at all.
        Omit = "omit",
        /// As it is.
        Plain = "plain",
        /// Hashed by the recipient's published normalisation.
        ProviderHash = "provider_hash",
        /// As a keyed digest (HMAC-SHA-256); cannot be matched across organisations.
        Keyed = "keyed",
        /// Coarsened: a network, an area, an amount band.
        Coarse = "coarse",
    }
}

/// An outside company that may receive data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// Its id: `tmx`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// ISO 3166-1 alpha-2 of the country in which it works on the data.
    pub country: String,
    /// The legal basis on which data is shared with it.
    pub basis: Basis,
    /// How many days it keeps what it gets.
    pub retention_days: u32,
    /// Whether it uses what it gets for other organisations' fraud detection too.
    pub reuse: bool,
    /// How long an answer is waited for, milliseconds, where it differs from the deployment's own limit.
    #[serde(default)]
    pub deadline_ms: Option<u32>,
    /// Where its privacy notice is.
    pub privacy_url: String,
    /// The language of that notice, BCP 47.
    pub privacy_language: String,
    /// How each data class is sent to it.
    pub modes: BTreeMap<DataClass, Mode>,
}

impl Recipient {
    /// How a data class is sent to it.
    pub fn mode(&self, class: DataClass) -> Mode {
        self.modes.get(&class).copied().unwrap_or(Mode::Omit)
    }
}

/// What is said of a data class.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataClassNames {
    /// The data class.
    pub id: DataClass,
    /// Its name in Japanese.
    pub name_ja: String,
    /// Its name in English.
    pub name_en: String,
    /// Whether it goes abroad as it is only with the person's agreement.
    pub sensitive: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    recipient: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Classes {
    data_class: Vec<DataClassNames>,
}

pub(super) fn read(
    source: &BundleSource,
    countries: Option<&Countries>,
    faults: &mut Vec<Fault>,
) -> Option<BTreeMap<String, Recipient>> {
    let file: File = super::parse(source, FILE, faults)?;
    for recipient in &file.recipient {
        let line = source.text(FILE).and_then(|text| line_with(text, &format!("id = \"{}\"", recipient.id)));
        if countries.is_some_and(|countries| !countries.has_country(&recipient.country)) {
            let message = format!("`{}` lies in `{}`, which no region holds", recipient.id, recipient.country);
            faults.push(Fault::new(FILE, message).line(line).hint("add the country to `reference/countries.toml`"));
        }
        for class in DataClass::ALL.iter().filter(|class| !recipient.modes.contains_key(class)) {
            let message = format!("`{}` states no mode for `{}`", recipient.id, class.as_str());
            faults.push(Fault::new(FILE, message).line(line).hint("state how it is sent; `omit` sends nothing"));
        }
    }
    Some(super::by_id(file.recipient, FILE, |recipient| recipient.id.clone(), faults))
}

pub(super) fn read_data_classes(
    source: &BundleSource,
    faults: &mut Vec<Fault>,
) -> Option<BTreeMap<DataClass, DataClassNames>> {
    let file: Classes = super::parse(source, CLASSES, faults)?;
    let found: BTreeMap<_, _> = file.data_class.into_iter().map(|class| (class.id, class)).collect();
    for class in DataClass::ALL.iter().filter(|class| !found.contains_key(class)) {
        faults.push(Fault::new(CLASSES, format!("`{}` is missing", class.as_str())).hint("describe every data class"));
    }
    Some(found)
}
