//! Reference data of a bundle: what changes slowly and what rules lean on. Knows their files; decides nothing.

mod category;
mod country;
mod currency;
mod programme;
mod recipient;

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::fault::Fault;
use super::reason::{self, Reason};
use super::source::BundleSource;
use crate::domain::consent::DataClass;
use crate::domain::money::Money;

pub use category::Categories;
pub use country::Countries;
pub use currency::Currencies;
pub use programme::Programme;
pub use recipient::{DataClassNames, Recipient};

/// The reference data of one bundle.
#[derive(Clone, Debug)]
pub struct Reference {
    programmes: BTreeMap<String, Programme>,
    categories: Categories,
    countries: Countries,
    currencies: Currencies,
    data_classes: BTreeMap<DataClass, DataClassNames>,
    recipients: BTreeMap<String, Recipient>,
    reasons: BTreeMap<String, Reason>,
}

impl Reference {
    pub(super) fn read(source: &BundleSource, faults: &mut Vec<Fault>) -> Option<Self> {
        let programmes = programme::read(source, faults);
        let categories = category::read(source, faults);
        let countries = country::read(source, faults);
        let currencies = currency::read(source, faults);
        let data_classes = recipient::read_data_classes(source, faults);
        let recipients = recipient::read(source, countries.as_ref(), faults);
        let reasons = reason::read(source, faults);
        Some(Self {
            programmes: programmes?,
            categories: categories?,
            countries: countries?,
            currencies: currencies?,
            data_classes: data_classes?,
            recipients: recipients?,
            reasons: reasons?,
        })
    }

    /// The programme with this id.
    pub fn programme(&self, id: &str) -> Option<&Programme> {
        self.programmes.get(id)
    }

    /// Every programme, sorted by id.
    pub fn programmes(&self) -> impl Iterator<Item = &Programme> {
        self.programmes.values()
    }

    /// The groups that a merchant category code (ISO 18245) belongs to; none for an unknown code.
    pub fn category_groups(&self, code: &str) -> BTreeSet<String> {
        self.categories.groups_of(code)
    }

    /// The merchant categories and their groups.
    pub fn categories(&self) -> &Categories {
        &self.categories
    }

    /// The countries and their regions.
    pub fn countries(&self) -> &Countries {
        &self.countries
    }

    /// The regions that a country (ISO 3166-1 alpha-2) lies in; none for an unknown one.
    pub fn regions_of(&self, country: &str) -> &BTreeSet<String> {
        self.countries.regions_of(country)
    }

    /// An amount in minor units of the base currency, rounded up, with the day of the rate; none without a rate.
    pub fn to_base(&self, money: Money) -> Option<(i64, &str)> {
        self.currencies.to_base(money)
    }

    /// The currency that ceilings and sums are stated in.
    pub fn base_currency(&self) -> iso_currency::Currency {
        self.currencies.base()
    }

    /// The recipient with this id.
    pub fn recipient(&self, id: &str) -> Option<&Recipient> {
        self.recipients.get(id)
    }

    /// Every recipient, sorted by id.
    pub fn recipients(&self) -> impl Iterator<Item = &Recipient> {
        self.recipients.values()
    }

    /// The same with more recipients.
    #[must_use]
    pub(super) fn with_recipients(mut self, recipients: &[Recipient]) -> Self {
        self.recipients.extend(recipients.iter().map(|recipient| (recipient.id.clone(), recipient.clone())));
        self
    }

    /// What is said of a data class, and whether it is sensitive.
    pub fn data_class(&self, class: DataClass) -> Option<&DataClassNames> {
        self.data_classes.get(&class)
    }

    /// What an internal reason code means.
    pub fn reason(&self, code: &str) -> Option<&Reason> {
        self.reasons.get(code)
    }

    /// Every internal reason code with its meaning, sorted by code.
    pub fn reasons(&self) -> impl Iterator<Item = (&str, &Reason)> {
        self.reasons.iter().map(|(code, reason)| (code.as_str(), reason))
    }
}

/// Reads one TOML file of a bundle; a fault names its line.
pub(super) fn parse<T: DeserializeOwned>(source: &BundleSource, file: &str, faults: &mut Vec<Fault>) -> Option<T> {
    let Some(text) = source.text(file) else {
        let hint = format!("copy `{file}` from the bundle that ships and edit it");
        faults.push(Fault::new(file, "the file is missing").hint(hint));
        return None;
    };
    toml::from_str(text)
        .map_err(|error| {
            let fault = Fault::new(file, lower_first(error.message()));
            let fault = match error.span() {
                Some(span) => fault.at(text, span.start, span.len()),
                None => fault,
            };
            faults.push(
                fault.hint(format!(
                    "compare with `{file}` of the bundle that ships; its comments say how it is written"
                )),
            );
        })
        .ok()
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Collects a list by id; an id that stands twice is a fault.
pub(super) fn by_id<T>(
    items: Vec<T>,
    file: &str,
    id: impl Fn(&T) -> String,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, T> {
    let mut found = BTreeMap::new();
    for item in items {
        let key = id(&item);
        if found.contains_key(&key) {
            faults.push(Fault::new(file, format!("`{key}` stands twice")).hint("ids are unique: rename or remove one"));
        }
        found.insert(key, item);
    }
    found
}
