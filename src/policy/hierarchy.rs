//! Entities of one request: who stands above whom. What merchants of one kind have in common is made once and shared.
//!
//! INVARIANT: every store holds the schema's action entities and is closed: each entity that a parent or an
//! attribute names is in it, with its ancestors. Without the actions a rule on the group would be silently false.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression as Value, Schema};

use super::reference::{Recipient, Reference};
use crate::domain::facts::{MerchantFacts, Method};

/// An entity that could not be made; the schema is compiled in, so this is a fault of the program or its schema.
#[derive(Debug, thiserror::Error)]
#[error("entities could not be made: {0}")]
pub(super) struct HierarchyError(String);

fn wrong(error: impl std::fmt::Display) -> HierarchyError {
    HierarchyError(error.to_string())
}

/// The entity types of the schema, parsed once per copy.
#[derive(Clone)]
pub(super) struct Names {
    programme: EntityTypeName,
    card: EntityTypeName,
    region: EntityTypeName,
    country: EntityTypeName,
    category_group: EntityTypeName,
    category: EntityTypeName,
    merchant: EntityTypeName,
    recipient: EntityTypeName,
    method: EntityTypeName,
}

impl Names {
    pub(super) fn new() -> Result<Self, HierarchyError> {
        let name = |text| EntityTypeName::from_str(text).map_err(wrong);
        Ok(Self {
            programme: name("Programme")?,
            card: name("Card")?,
            region: name("Region")?,
            country: name("Country")?,
            category_group: name("CategoryGroup")?,
            category: name("Category")?,
            merchant: name("Merchant")?,
            recipient: name("Recipient")?,
            method: name("Method")?,
        })
    }

    /// The card of the request. It has no name of its own, since facts hold no card: it is a card of its programme.
    pub(super) fn card(&self, programme: &str) -> EntityUid {
        uid(&self.card, programme)
    }

    pub(super) fn merchant(&self, id: &str) -> EntityUid {
        uid(&self.merchant, id)
    }

    fn groups(&self, merchant: &MerchantFacts) -> HashSet<EntityUid> {
        merchant.category_groups.iter().map(|group| uid(&self.category_group, group)).collect()
    }

    fn parents(&self, merchant: &MerchantFacts) -> HashSet<EntityUid> {
        let mut parents = self.groups(merchant);
        parents.extend([uid(&self.category, &merchant.category_code), uid(&self.country, &merchant.country)]);
        parents
    }

    pub(super) fn method(&self, method: Method) -> EntityUid {
        uid(&self.method, method.as_str())
    }

    pub(super) fn recipient(&self, id: &str) -> EntityUid {
        uid(&self.recipient, id)
    }
}

fn uid(name: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(name.clone(), EntityId::new(id))
}

/// Entities on their way into a store, each once.
struct Draft<'a> {
    names: &'a Names,
    reference: &'a Reference,
    entities: HashMap<EntityUid, Entity>,
}

impl<'a> Draft<'a> {
    fn new(names: &'a Names, reference: &'a Reference) -> Self {
        Self { names, reference, entities: HashMap::new() }
    }

    fn plain(&mut self, uid: EntityUid, parents: HashSet<EntityUid>) -> EntityUid {
        self.entities.insert(uid.clone(), Entity::new_no_attrs(uid.clone(), parents));
        uid
    }

    fn card(&mut self, programme: &str) {
        let parent = self.plain(uid(&self.names.programme, programme), HashSet::new());
        self.plain(self.names.card(programme), HashSet::from([parent]));
    }

    fn country(&mut self, code: &str) -> EntityUid {
        let regions = self.reference.regions_of(code).iter();
        let regions: Vec<_> = regions.map(|region| uid(&self.names.region, region)).collect();
        let parents = regions.into_iter().map(|region| self.plain(region, HashSet::new())).collect();
        self.plain(uid(&self.names.country, code), parents)
    }

    /// What stands above a merchant.
    fn above(&mut self, merchant: &MerchantFacts) {
        let groups = self.names.groups(merchant);
        for group in &groups {
            self.plain(group.clone(), HashSet::new());
        }
        self.plain(uid(&self.names.category, &merchant.category_code), groups);
        self.country(&merchant.country);
    }

    fn recipient(&mut self, recipient: &Recipient) -> Result<(), HierarchyError> {
        let country = self.country(&recipient.country);
        let attributes = HashMap::from([
            ("basis".to_owned(), Value::new_string(recipient.basis.as_str().to_owned())),
            ("reuse".to_owned(), Value::new_bool(recipient.reuse)),
            ("retention_days".to_owned(), Value::new_long(i64::from(recipient.retention_days))),
        ]);
        let uid = self.names.recipient(&recipient.id);
        let entity = Entity::new(uid.clone(), attributes, HashSet::from([country])).map_err(wrong)?;
        self.entities.insert(uid, entity);
        Ok(())
    }

    fn store(self, schema: &Schema) -> Result<Entities, HierarchyError> {
        Entities::from_entities(self.entities.into_values(), Some(schema)).map_err(wrong)
    }
}

/// The store for `approve` and `challenge`, which serves `offer` too, but for the merchant itself: all merchants of one
/// category and country have it in common.
pub(super) fn surroundings(
    programme: &str,
    merchant: &MerchantFacts,
    methods: &[Method],
    names: &Names,
    reference: &Reference,
    schema: &Schema,
) -> Result<Entities, HierarchyError> {
    let mut draft = Draft::new(names, reference);
    draft.card(programme);
    draft.above(merchant);
    for method in methods {
        draft.plain(names.method(*method), HashSet::new());
    }
    draft.store(schema)
}

/// The store with the merchant in it. What was there before is shared and not made again.
pub(super) fn with_merchant(
    surroundings: &Entities,
    merchant: &MerchantFacts,
    names: &Names,
    schema: &Schema,
) -> Result<Entities, HierarchyError> {
    let entity = Entity::new_no_attrs(names.merchant(&merchant.id), names.parents(merchant));
    surroundings.clone().add_entities([entity], Some(schema)).map_err(wrong)
}

/// The store for `share`.
pub(super) fn sharing_store(
    programme: &str,
    recipient: &Recipient,
    names: &Names,
    reference: &Reference,
    schema: &Schema,
) -> Result<Entities, HierarchyError> {
    let mut draft = Draft::new(names, reference);
    draft.card(programme);
    draft.recipient(recipient)?;
    draft.store(schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::FACTS_VERSION;
    use crate::policy::rehearsal::{least, most};
    use crate::policy::{Bundle, BundleSource, schema};

    #[test]
    fn every_store_holds_the_actions_and_is_closed() {
        let bundle = Bundle::build(BundleSource::shipped()).unwrap();
        let (schema, names) = (schema::parse(FACTS_VERSION).unwrap(), Names::new().unwrap());
        let reference = bundle.reference();
        let mut stores = Vec::new();
        for facts in [least(), most()] {
            let programme = &facts.card.programme;
            let merchant = &facts.merchant;
            let around = surroundings(programme, merchant, Method::ALL, &names, reference, &schema).unwrap();
            let store = with_merchant(&around, merchant, &names, &schema).unwrap();
            let ancestors: HashSet<EntityUid> =
                store.ancestors(&names.merchant(&merchant.id)).unwrap().cloned().collect();
            let region = |region: &String| uid(&names.region, region);
            let mut expected = names.parents(merchant);
            expected.extend(reference.regions_of(&merchant.country).iter().map(region));
            assert_eq!(ancestors, expected);
            stores.push(store);
            for recipient in reference.recipients() {
                stores.push(sharing_store(programme, recipient, &names, reference, &schema).unwrap());
            }
        }
        for store in stores {
            for action in ["approve", "challenge", "authenticate", "offer", "share"] {
                let uid = format!("Action::\"{action}\"").parse().unwrap();
                assert!(store.get(&uid).is_some(), "{action}");
            }
            for entity in store.iter() {
                for ancestor in store.ancestors(&entity.uid()).into_iter().flatten() {
                    assert!(store.get(ancestor).is_some(), "{} names {ancestor}", entity.uid());
                }
            }
        }
    }
}
