//! The engine: one copy of a bundle's rules, ready to be asked by one thread at a time.
//!
//! Cedar counts references on every evaluation, so threads that share a set slow each other down; each takes a
//! copy of its own, made when it is first needed.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use cedar_policy::{Authorizer, Context, Entities, EntityUid, Policy, PolicyId, Request, Schema};

use super::hierarchy::{HierarchyError, Names, purchase_store, sharing_store};
use super::index::{Answer, Index};
use super::question::Question;
use super::reference::{Recipient, Reference};
use super::rule::Rule;
use super::schema;
use super::translate::TranslateError;
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

/// Scenes kept per copy; when there are more, all are dropped and made again as they are needed.
const SCENES_MAX: usize = 4_096;

/// The entities of one programme's cards at one merchant.
pub(super) struct Scene {
    programme: String,
    merchant: MerchantFacts,
    principal: EntityUid,
    resource: EntityUid,
    pub(super) entities: Entities,
}

/// One copy of the rules.
pub(super) struct Engine {
    authorizer: Authorizer,
    schema: Schema,
    names: Names,
    indexes: BTreeMap<Question, Index>,
    actions: BTreeMap<Question, EntityUid>,
}

impl Engine {
    /// A copy that shares nothing with another: the rules are parsed again.
    pub(super) fn copy(rules: &[Rule]) -> Result<Self, AskError> {
        let mut indexes: BTreeMap<Question, Index> = BTreeMap::new();
        for rule in rules {
            let policy = Policy::parse(Some(PolicyId::new(&rule.id)), &rule.text).map_err(copy_failed)?;
            indexes.entry(rule.question).or_default().insert(policy).map_err(copy_failed)?;
        }
        let action = |question: &Question| {
            let uid = format!("Action::\"{}\"", question.as_str()).parse().map_err(copy_failed);
            uid.map(|uid: EntityUid| (*question, uid))
        };
        Ok(Self {
            authorizer: Authorizer::new(),
            schema: schema::parse().map_err(copy_failed)?,
            names: Names::new()?,
            indexes,
            actions: Question::ALL.iter().map(action).collect::<Result<_, _>>()?,
        })
    }

    /// The entities for `approve`, `challenge` and `offer`.
    pub(super) fn scene(&self, facts: &Facts, reference: &Reference) -> Result<Scene, AskError> {
        let (programme, merchant) = (&facts.card.programme, &facts.merchant);
        Ok(Scene {
            programme: programme.clone(),
            merchant: merchant.clone(),
            principal: self.names.card(programme),
            resource: self.names.merchant(&merchant.id),
            entities: purchase_store(programme, merchant, &self.names, reference, &self.schema)?,
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

    /// The request for `share`, with its entities.
    pub(super) fn sharing_request(
        &self,
        programme: &str,
        recipient: &Recipient,
        context: Context,
        reference: &Reference,
    ) -> Result<(Request, Entities), AskError> {
        let entities = sharing_store(programme, recipient, &self.names, reference, &self.schema)?;
        let resource = self.names.recipient(&recipient.id);
        Ok((self.request(Question::Share, self.names.card(programme), resource, context)?, entities))
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

    /// The joined answer of one folder's rules.
    pub(super) fn ask(&self, question: Question, request: &Request, entities: &Entities) -> Answer {
        let index = self.indexes.get(&question);
        index.map(|index| index.ask(&self.authorizer, request, entities)).unwrap_or_default()
    }
}

/// Scenes that were made before, by merchant.
#[derive(Default)]
struct Scenes {
    by_merchant: HashMap<String, Vec<Scene>>,
    kept: usize,
}

impl Scenes {
    fn find(&self, facts: &Facts) -> Option<&Scene> {
        let same = |scene: &&Scene| scene.programme == facts.card.programme && scene.merchant == facts.merchant;
        self.by_merchant.get(&facts.merchant.id)?.iter().find(same)
    }

    fn keep(&mut self, scene: Scene) {
        if self.kept >= SCENES_MAX {
            *self = Self::default();
        }
        self.kept += 1;
        self.by_merchant.entry(scene.merchant.id.clone()).or_default().push(scene);
    }
}

/// An engine with the scenes it has met; one thread at a time holds it.
pub(super) struct Desk {
    pub(super) engine: Engine,
    scenes: Scenes,
}

impl Desk {
    /// Engine and scene for these facts.
    pub(super) fn open(&mut self, facts: &Facts, reference: &Reference) -> Result<(&Engine, &Scene), AskError> {
        if self.scenes.find(facts).is_none() {
            let scene = self.engine.scene(facts, reference)?;
            self.scenes.keep(scene);
        }
        let scene = self.scenes.find(facts).ok_or_else(|| AskError::Request("no scene".to_owned()))?;
        Ok((&self.engine, scene))
    }
}

/// The copies of one bundle: as many as threads ask at the same time, at most [`COPIES_MAX`].
pub(super) struct Desks {
    places: Vec<Mutex<Option<Desk>>>,
}

const COPIES_MAX: usize = 16;

/// Numbers threads, so that each goes back to the copy that is in its processor's cache.
static THREADS: AtomicUsize = AtomicUsize::new(0);
thread_local! {
    static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

impl Desks {
    pub(super) fn new() -> Self {
        Self { places: (0..COPIES_MAX).map(|_| Mutex::new(None)).collect() }
    }

    /// Runs `work` with this thread's copy, or with another that is free.
    pub(super) fn with<T>(
        &self,
        rules: &[Rule],
        work: impl FnOnce(&mut Desk) -> Result<T, AskError>,
    ) -> Result<T, AskError> {
        let mut place = self.place().ok_or_else(|| AskError::Copy("no place".to_owned()))?;
        let desk = match &mut *place {
            Some(desk) => desk,
            empty => empty.insert(Desk { engine: Engine::copy(rules)?, scenes: Scenes::default() }),
        };
        work(desk)
    }

    fn place(&self) -> Option<MutexGuard<'_, Option<Desk>>> {
        let own = THREAD.with(|number| *number) % COPIES_MAX;
        let (before, from_own) = self.places.split_at_checked(own)?;
        let free = from_own.iter().chain(before).find_map(|place| match place.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.or_else(|| Some(self.places.get(own)?.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
