//! The yardstick: Cedar's own answer over the whole set, to hold the index against. Not for live traffic.

use std::collections::BTreeMap;

use cedar_policy::{Authorizer, Decision, Entities, PolicySet, Request};

use super::bundle::Bundle;
use super::decide::{Step, methods_of, sharing_context};
use super::desk::Desk;
use super::engine::AskError;
use super::fault::{BundleErrors, Fault};
use super::index::Answer;
use super::question::Question;
use super::translate;
use crate::domain::consent::DataClass;
use crate::domain::facts::{Facts, Method};

/// One question about some facts.
#[derive(Clone, Debug)]
pub enum Query {
    /// May it pass without friction?
    Approve,
    /// May it pass with a proof?
    Challenge,
    /// May this method be offered?
    Offer(Method),
    /// May this data class go to this recipient?
    Share(String, DataClass),
}

impl Query {
    /// Every question that can be asked of a bundle.
    pub fn all(bundle: &Bundle) -> Vec<Self> {
        let offers = methods_of(bundle).map(Self::Offer);
        let recipients = bundle.reference().recipients();
        let shares = recipients
            .flat_map(|recipient| DataClass::ALL.iter().map(|class| Self::Share(recipient.id.clone(), *class)));
        [Self::Approve, Self::Challenge].into_iter().chain(offers).chain(shares).collect()
    }

    /// The question about a purchase that a decision asks on its way.
    pub(super) fn about_purchase(question: Question, method: Option<Method>) -> Self {
        match (question, method) {
            (_, Some(method)) => Self::Offer(method),
            (Question::Approve, None) => Self::Approve,
            (_, None) => Self::Challenge,
        }
    }

    /// The question that it asks.
    pub fn question(&self) -> Question {
        match self {
            Self::Approve => Question::Approve,
            Self::Challenge => Question::Challenge,
            Self::Offer(_) => Question::Offer,
            Self::Share(..) => Question::Share,
        }
    }

    fn questions(&self) -> &'static [Question] {
        match self {
            Self::Approve => &[Question::Authenticate, Question::Approve],
            Self::Challenge => &[Question::Authenticate, Question::Challenge],
            Self::Offer(_) => &[Question::Offer],
            Self::Share(..) => &[Question::Share],
        }
    }
}

/// A request with its entities, ready to be asked.
pub struct Prepared {
    questions: &'static [Question],
    pub(super) request: Request,
    pub(super) entities: Entities,
}

/// An answer as Cedar gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Whether it is permitted.
    pub permitted: bool,
    /// Ids of the determining policies, sorted.
    pub determining: Vec<String>,
    /// What failed, by policy id.
    pub errors: BTreeMap<String, String>,
}

/// All rules of a bundle in one set.
pub struct Yardstick<'a> {
    bundle: &'a Bundle,
    authorizer: Authorizer,
    set: PolicySet,
}

impl<'a> Yardstick<'a> {
    /// Puts all rules of a bundle into one set.
    pub fn new(bundle: &'a Bundle) -> Result<Self, BundleErrors> {
        let policies = bundle.rules().iter().map(|rule| rule.policy.clone());
        let set = PolicySet::from_policies(policies).map_err(|error| Fault::new("rules", error.to_string()))?;
        Ok(Self { bundle, authorizer: Authorizer::new(), set })
    }

    /// Makes the request of a question; none for a recipient that the bundle does not hold, or an unfit request.
    pub fn prepare(&self, facts: &Facts, query: &Query) -> Option<Prepared> {
        prepare(self.bundle, facts, query)
    }

    /// One raw call over the whole set: whether Cedar allows it.
    pub fn call(&self, prepared: &Prepared) -> bool {
        let response = self.authorizer.is_authorized(&prepared.request, &self.set, &prepared.entities);
        response.decision() == Decision::Allow
    }

    /// The engine's own answer, as a decision reads it: from the slices, where a forbid that fails or an assumption that is
    /// broken is a no.
    pub(super) fn engine_says_yes(&self, prepared: &Prepared) -> bool {
        let asked = self.bundle.with_desk(|desk| {
            let mut answer = Answer::default();
            for question in prepared.questions {
                answer.join(&desk.engine.ask(*question, &prepared.request, &prepared.entities));
            }
            answer.errors.extend(broken(desk, prepared));
            Ok(answer)
        });
        let question = prepared.question();
        asked.is_ok_and(|answer| Step::new(self.bundle, question, answer, &mut Vec::new()).yes)
    }

    /// Whether the request keeps every assumption about its question, as the engine holds it against them.
    pub(super) fn keeps_assumptions(&self, prepared: &Prepared) -> bool {
        self.bundle.with_desk(|desk| Ok(broken(desk, prepared).is_empty())).unwrap_or(false)
    }

    /// Cedar's own answer over the whole set.
    pub fn whole(&self, prepared: &Prepared) -> Measured {
        let mut answer = Answer::default();
        answer.add(&self.authorizer.is_authorized(&prepared.request, &self.set, &prepared.entities));
        measured(answer)
    }

    /// The answer joined from the slices that can match.
    pub fn indexed(&self, prepared: &Prepared) -> Option<Measured> {
        let joined = self.bundle.with_desk(|desk| {
            let mut answer = Answer::default();
            for question in prepared.questions {
                answer.join(&desk.engine.ask(*question, &prepared.request, &prepared.entities));
            }
            Ok(answer)
        });
        joined.ok().map(measured)
    }
}

fn broken(desk: &Desk, prepared: &Prepared) -> Vec<(String, String)> {
    desk.engine.broken(prepared.question(), &prepared.request, &prepared.entities)
}

impl Prepared {
    /// The question that is asked beside that of the group.
    fn question(&self) -> Question {
        self.questions.last().copied().unwrap_or(Question::Approve)
    }
}

/// Makes the request of a question; none for a recipient that the bundle does not hold, or an unfit request.
pub(super) fn prepare(bundle: &Bundle, facts: &Facts, query: &Query) -> Option<Prepared> {
    let reference = bundle.reference();
    let made = bundle.with_desk(|desk| {
        if let Query::Share(id, class) = query {
            let recipient = reference.recipient(id).ok_or_else(|| AskError::Request(id.clone()))?;
            let context = sharing_context(facts, recipient, *class, reference)?;
            let scene = desk.engine.sharing_scene(&facts.card.programme, recipient, reference)?;
            return Ok((desk.engine.sharing_request(&scene, context)?, scene.entities));
        }
        let scene = desk.engine.scene(facts, reference)?;
        let context = translate::facts(facts, bundle.facts_version(), reference)?;
        let request = match query {
            Query::Approve => desk.engine.purchase_request(Question::Approve, &scene, context)?,
            Query::Offer(method) => desk.engine.offer_request(&scene, *method, context)?,
            Query::Challenge | Query::Share(..) => {
                desk.engine.purchase_request(Question::Challenge, &scene, context)?
            }
        };
        Ok((request, scene.entities))
    });
    let (request, entities) = made.ok()?;
    Some(Prepared { questions: query.questions(), request, entities })
}

fn measured(answer: Answer) -> Measured {
    let determining = answer.determining().iter().cloned().collect();
    Measured { permitted: answer.permitted(), determining, errors: answer.errors }
}
