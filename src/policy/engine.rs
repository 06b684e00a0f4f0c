//! The engine: one copy of a bundle's rules, ready to be asked by one thread at a time.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Authorizer, Context, Entities, EntityUid, Policy, PolicyId, Request, Schema};

use super::assumption::{Assumption, Guard, GuardText};
use super::fault::{BundleErrors, Fault};
use super::hierarchy::{HierarchyError, Names, sharing_store, surroundings, with_merchant};
use super::index::{Answer, Index};
use super::question::Question;
use super::reference::{Recipient, Reference};
use super::rule::Rule;
use super::schema;
use super::translate::{TranslateError, is_known};
use crate::domain::facts::{Facts, MerchantFacts, Method};

/// Why a question could not be asked at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error(transparent)]
    Translate(#[from] TranslateError),
    #[error(transparent)]
    Hierarchy(#[from] HierarchyError),
    #[error("the rules could not be copied: {0}")]
    Copy(String),
    #[error("the request does not fit: {0}")]
    Request(String),
}

fn copy_failed(error: impl std::fmt::Display) -> AskError {
    AskError::Copy(error.to_string())
}

/// The entities of one programme's cards at merchants of one category and country, without any merchant.
pub(super) struct Surroundings {
    programme: String,
    category_code: String,
    country: String,
    category_groups: BTreeSet<String>,
    entities: Entities,
}

impl Surroundings {
    /// Whether they are these facts'.
    pub(super) fn are_of(&self, facts: &Facts) -> bool {
        self.programme == facts.card.programme
            && self.category_code == facts.merchant.category_code
            && self.country == facts.merchant.country
            && self.category_groups == facts.merchant.category_groups
    }
}

/// The entities of one programme's cards at one merchant.
pub(super) struct Scene {
    pub(super) programme: String,
    pub(super) merchant: MerchantFacts,
    principal: EntityUid,
    resource: EntityUid,
    pub(super) entities: Entities,
}

/// The entities of one programme's cards and one recipient.
pub(super) struct SharingScene {
    pub(super) programme: String,
    principal: EntityUid,
    resource: EntityUid,
    pub(super) entities: Entities,
}

/// What every copy is made from beside the rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    purchases: GuardText,
    sharing: GuardText,
}

impl Texts {
    pub(super) fn new(assumptions: &[Assumption]) -> Result<Self, BundleErrors> {
        let text = |question| {
            GuardText::new(assumptions, question)
                .map_err(|error| BundleErrors::from(Fault::new(super::assumption::FILE, error.to_string())))
        };
        Ok(Self { purchases: text(Question::Approve)?, sharing: text(Question::Share)? })
    }
}

/// One copy of the rules.
pub(super) struct Engine {
    authorizer: Authorizer,
    schema: Schema,
    names: Names,
    /// The methods that the schema has.
    methods: Vec<Method>,
    indexes: BTreeMap<Question, Index>,
    purchases: Guard,
    sharing: Guard,
    actions: BTreeMap<Question, EntityUid>,
}

impl Engine {
    /// A copy that shares nothing with another: the rules are parsed again.
    pub(super) fn copy(rules: &[Rule], texts: &Texts, facts_version: u16) -> Result<Self, AskError> {
        let mut indexes: BTreeMap<Question, Index> = BTreeMap::new();
        for rule in rules.iter().filter(|rule| rule.question != Question::Staff) {
            let policy = Policy::parse(Some(PolicyId::new(&rule.id)), &rule.text).map_err(copy_failed)?;
            indexes.entry(rule.question).or_default().insert(policy).map_err(copy_failed)?;
        }
        let action = |question: &Question| {
            let uid = format!("Action::\"{}\"", question.as_str()).parse().map_err(copy_failed);
            uid.map(|uid: EntityUid| (*question, uid))
        };
        Ok(Self {
            authorizer: Authorizer::new(),
            schema: schema::parse(facts_version).map_err(copy_failed)?,
            names: Names::new()?,
            methods: Method::ALL.iter().copied().filter(|method| is_known(*method, facts_version)).collect(),
            indexes,
            purchases: Guard::copy(&texts.purchases).map_err(copy_failed)?,
            sharing: Guard::copy(&texts.sharing).map_err(copy_failed)?,
            actions: Question::ALL.iter().map(action).collect::<Result<_, _>>()?,
        })
    }

    /// The entities for `approve`, `challenge` and `offer`.
    pub(super) fn scene(&self, facts: &Facts, reference: &Reference) -> Result<Scene, AskError> {
        self.scene_in(&self.surroundings(facts, reference)?, facts)
    }

    /// What these facts' merchant has in common with others.
    pub(super) fn surroundings(&self, facts: &Facts, reference: &Reference) -> Result<Surroundings, AskError> {
        let (programme, merchant) = (&facts.card.programme, &facts.merchant);
        Ok(Surroundings {
            programme: programme.clone(),
            category_code: merchant.category_code.clone(),
            country: merchant.country.clone(),
            category_groups: merchant.category_groups.clone(),
            entities: surroundings(programme, merchant, &self.methods, &self.names, reference, &self.schema)?,
        })
    }

    /// The same entities from surroundings that are known.
    pub(super) fn scene_in(&self, surroundings: &Surroundings, facts: &Facts) -> Result<Scene, AskError> {
        let (programme, merchant) = (&facts.card.programme, &facts.merchant);
        Ok(Scene {
            programme: programme.clone(),
            merchant: merchant.clone(),
            principal: self.names.card(programme),
            resource: self.names.merchant(&merchant.id),
            entities: with_merchant(&surroundings.entities, merchant, &self.names, &self.schema)?,
        })
    }

    /// The request for `approve` or `challenge`.
    pub(super) fn purchase_request(
        &self,
        question: Question,
        scene: &Scene,
        context: Context,
    ) -> Result<Request, AskError> {
        self.request(question, scene.principal.clone(), scene.resource.clone(), context)
    }

    /// The request for `offer`.
    pub(super) fn offer_request(&self, scene: &Scene, method: Method, context: Context) -> Result<Request, AskError> {
        self.request(Question::Offer, scene.principal.clone(), self.names.method(method), context)
    }

    /// The entities for `share`.
    pub(super) fn sharing_scene(
        &self,
        programme: &str,
        recipient: &Recipient,
        reference: &Reference,
    ) -> Result<SharingScene, AskError> {
        Ok(SharingScene {
            programme: programme.to_owned(),
            principal: self.names.card(programme),
            resource: self.names.recipient(&recipient.id),
            entities: sharing_store(programme, recipient, &self.names, reference, &self.schema)?,
        })
    }

    /// The request for `share`.
    pub(super) fn sharing_request(&self, scene: &SharingScene, context: Context) -> Result<Request, AskError> {
        self.request(Question::Share, scene.principal.clone(), scene.resource.clone(), context)
    }

    fn request(
        &self,
        question: Question,
        principal: EntityUid,
        resource: EntityUid,
        context: Context,
    ) -> Result<Request, AskError> {
        let action =
            self.actions.get(&question).cloned().ok_or_else(|| AskError::Request(question.as_str().to_owned()))?;
        Request::new(principal, action, resource, context, None).map_err(|error| AskError::Request(error.to_string()))
    }

    /// Holds a request against the schema; not for live traffic.
    pub(super) fn validate(&self, request: &Request) -> Result<(), AskError> {
        let refused = |error: &dyn std::fmt::Display| AskError::Request(error.to_string());
        let part =
            |uid: Option<&EntityUid>| uid.cloned().ok_or_else(|| AskError::Request("a part is missing".to_owned()));
        let context = request.context().cloned().unwrap_or_else(Context::empty);
        let (principal, action) = (part(request.principal())?, part(request.action())?);
        let resource = part(request.resource())?;
        context.validate(&self.schema, &action).map_err(|error| refused(&error))?;
        let checked = Request::new(principal, action, resource, context, Some(&self.schema));
        checked.map(|_| ()).map_err(|error| refused(&error))
    }

    /// What a request breaks of the assumptions about its question, by the ids that errors carry.
    pub(super) fn broken(&self, question: Question, request: &Request, entities: &Entities) -> Vec<(String, String)> {
        let guard = if question == Question::Share { &self.sharing } else { &self.purchases };
        guard.broken(&self.authorizer, request, entities)
    }

    /// The joined answer of one folder's rules.
    pub(super) fn ask(&self, question: Question, request: &Request, entities: &Entities) -> Answer {
        let index = self.indexes.get(&question);
        index.map(|index| index.ask(&self.authorizer, request, entities)).unwrap_or_default()
    }
}
