//! The interface of a provider as data: which datum goes into which field, in which forms the field takes it.
//!
//! Knows how a request's values come about, the same for every connector. How they are written down is the connector's.

use super::disclosable::Disclosable;
use super::envelope::Item;
use super::pseudonym::{PSEUDONYM_VERSION, Pseudonyms, PublishedHash};
use super::settings::SettingsError;
use crate::domain::cardholder::NORMAL_FORM_VERSION;
use crate::domain::datum::{Datum, Mode};

/// Where one datum goes.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The datum.
    pub datum: Datum,
    /// The name of the field; dots lead into an object.
    pub name: &'static str,
    /// The modes in which the field takes it, besides being left out.
    pub takes: &'static [Mode],
}

/// A provider's interface.
#[derive(Clone, Copy)]
pub struct Interface {
    /// Its name.
    pub name: &'static str,
    /// The version of its tables and of its way of hashing; written into every disclosure that used them.
    pub version: &'static str,
    /// Every datum that has a field there, in the order in which they are written.
    pub fields: &'static [Field],
    /// Its published normalisation and hash.
    pub(super) published: PublishedHash,
    /// Brings a value into the form that the field takes; none when it cannot be.
    pub(super) shape: fn(Datum, Mode, String) -> Option<String>,
}

/// One value in a request.
pub(super) struct Value {
    pub(super) field: &'static Field,
    pub(super) text: String,
}

/// All values of a request and what the ledger states about them.
pub(super) struct Filled {
    pub(super) values: Vec<Value>,
    pub(super) items: Vec<Item>,
    pub(super) unreadable: Vec<Datum>,
}

impl Interface {
    /// The field of a datum; none where the provider has no place for it.
    pub fn field(&self, datum: Datum) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.datum == datum)
    }

    /// Holds the modes of a recipient against what the fields take.
    pub(super) fn check(&self, recipient: &str, modes: &Pseudonyms) -> Result<(), SettingsError> {
        let unfit = |field: &&Field| {
            let mode = modes.mode(field.datum);
            mode != Mode::Omit && !field.takes.contains(&mode)
        };
        self.fields.iter().find(unfit).map_or(Ok(()), |field| {
            Err(SettingsError::UnfitMode {
                recipient: recipient.to_owned(),
                interface: self.name,
                datum: field.datum,
                mode: modes.mode(field.datum),
            })
        })
    }

    /// The values that leave. What was given and has no such form is left out and named.
    pub(super) fn fill(&self, data: &Disclosable, pseudonyms: &Pseudonyms) -> Filled {
        let mut filled = Filled { values: Vec::new(), items: Vec::new(), unreadable: Vec::new() };
        for field in self.fields {
            let (datum, mode) = (field.datum, pseudonyms.mode(field.datum));
            let formed = pseudonyms.value(datum, data, self.published);
            if let Some(text) = formed.and_then(|value| (self.shape)(datum, mode, value)) {
                filled.values.push(Value { field, text });
                filled.items.push(Item { datum, mode });
            } else if mode != Mode::Omit && data.given(datum).is_some() {
                filled.unreadable.push(datum);
            }
        }
        filled
    }

    /// The versions of the rules by which requests are made.
    pub(super) fn transform_version(&self) -> String {
        format!("{} {}, pseudonym {PSEUDONYM_VERSION}, normal form {NORMAL_FORM_VERSION}", self.name, self.version)
    }
}
