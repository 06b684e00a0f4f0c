//! Recipients of data: who may receive what, in which country, on which basis, for how long.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::fault::{Fault, line_of, line_with};
use super::super::source::BundleSource;
use super::country::Countries;
use crate::domain::consent::{Basis, DataClass};
use crate::domain::datum::{Datum, Mode};

const FILE: &str = "reference/recipients.toml";
const CLASSES: &str = "reference/data_classes.toml";

/// An outside company that may receive data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// How each data class is sent to it, at the least protected.
    pub modes: BTreeMap<DataClass, Mode>,
    /// Data that are sent to it in another way than their class, none of them less protected.
    #[serde(default)]
    pub data: BTreeMap<Datum, Mode>,
}

impl Recipient {
    /// How a data class is sent to it.
    pub fn mode(&self, class: DataClass) -> Mode {
        self.modes.get(&class).copied().unwrap_or(Mode::Omit)
    }

    /// How every datum is sent to it.
    pub fn data_modes(&self) -> BTreeMap<Datum, Mode> {
        Datum::ALL.iter().map(|datum| (*datum, self.data_mode(*datum))).collect()
    }

    fn data_mode(&self, datum: Datum) -> Mode {
        self.data.get(&datum).copied().unwrap_or_else(|| self.mode(datum.class()))
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
        faults.extend(Datum::ALL.iter().filter_map(|datum| unfit(recipient, *datum, source)));
    }
    Some(super::by_id(file.recipient, FILE, |recipient| recipient.id.clone(), faults))
}

/// What is wrong with the mode of one datum: it makes no sense for it, or protects it less than its class promises.
fn unfit(recipient: &Recipient, datum: Datum, source: &BundleSource) -> Option<Fault> {
    let (class, mode) = (recipient.mode(datum.class()), recipient.data_mode(datum));
    let (id, name, class_name) = (&recipient.id, datum.as_str(), datum.class().as_str());
    let excepted = recipient.data.contains_key(&datum);
    let line = line_below(source, id, if excepted { name } else { class_name });
    let fault = |message: String, hint: String| Some(Fault::new(FILE, message).line(line).hint(hint));
    if !mode.fits(datum) {
        let instead = Mode::ALL.iter().find(|other| other.fits(datum) && !other.is_weaker_than(class));
        let instead = instead.unwrap_or(&Mode::Omit).as_str();
        let message = format!("`{id}`: the datum `{name}` cannot be sent as `{}`", mode.as_str());
        return fault(message, format!("write `{name} = \"{instead}\"` below `[recipient.data]` of `{id}`"));
    }
    if mode.is_weaker_than(class) {
        let (mode, class) = (mode.as_str(), class.as_str());
        let message = format!("`{id}`: the datum `{name}` as `{mode}` is less protected than its class as `{class}`");
        let hint =
            format!("rules see the class: state `{class_name} = \"{mode}\"` and stronger modes for its other data");
        return fault(message, hint);
    }
    None
}

/// The line of a key in the tables of one recipient.
fn line_below(source: &BundleSource, id: &str, key: &str) -> Option<usize> {
    let text = source.text(FILE)?;
    let start = text.find(&format!("id = \"{id}\""))?;
    let found = text.get(start..)?.find(&format!("\n{key} ="))?;
    Some(line_of(text, start + found + 1))
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
