//! The ladder: approve, else challenge, else reject, on one snapshot of facts and bundle.
//!
//! A question is answered yes when a rule permits it, none forbids it and no forbid failed. Nothing edits the
//! outcome afterwards. What is decided before policy (unknown card, programme without the service) is not here.

use std::collections::BTreeSet;

use cedar_policy::Context;

use super::bundle::Bundle;
use super::desk::Desk;
use super::engine::{AskError, Engine, Scene};
use super::index::Answer;
use super::question::Question;
use super::reason::{NO_RULE_PERMITS, POLICY_ERROR};
use super::reference::{Recipient, Reference};
use super::translate::{self, Sharing, TranslateError};
use crate::domain::consent::DataClass;
use crate::domain::facts::{Facts, Method};
use crate::domain::verdict::{EvaluationError, Outcome, Verdict};

/// The order in which methods are offered: the strongest first.
const METHOD_ORDER: [Method; 4] = [Method::Passkey, Method::Totp, Method::Code, Method::Password];

/// Is shown each question's joined answer, and of which method it was asked.
pub(super) type Witness<'a> = &'a mut dyn FnMut(Question, Option<Method>, &Answer);

/// Whether a data class may go to a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareAnswer {
    /// Whether it may.
    pub allowed: bool,
    /// Ids of the determining policies, sorted.
    pub policies: Vec<String>,
    /// Policies that could not be evaluated.
    pub errors: Vec<EvaluationError>,
}

/// Decides about one authentication.
pub fn decide(bundle: &Bundle, facts: &Facts) -> Verdict {
    decide_witnessed(bundle, facts, &mut |_, _, _| ())
}

/// Decides, and shows every question's answer to a witness.
pub(super) fn decide_witnessed(bundle: &Bundle, facts: &Facts, witness: Witness<'_>) -> Verdict {
    bundle.with_desk(|desk| climb(bundle, desk, facts, witness)).unwrap_or_else(|error| broken(bundle, &error))
}

/// Answers whether one data class may go to one recipient; no for a recipient that the bundle does not hold.
pub fn share(bundle: &Bundle, facts: &Facts, recipient_id: &str, class: DataClass) -> ShareAnswer {
    share_witnessed(bundle, facts, recipient_id, class, &mut |_, _, _| ())
}

/// Answers about sharing, and shows the answer to a witness.
pub(super) fn share_witnessed(
    bundle: &Bundle,
    facts: &Facts,
    recipient_id: &str,
    class: DataClass,
    witness: Witness<'_>,
) -> ShareAnswer {
    let (answer, failed) = match bundle.with_desk(|desk| ask_share(bundle, desk, facts, recipient_id, class)) {
        Ok(Some(answer)) => (answer, None),
        Ok(None) => (Answer::default(), None),
        Err(error) => (Answer::default(), Some(unasked(Question::Share, &error))),
    };
    witness(Question::Share, None, &answer);
    let mut errors = Vec::new();
    let step = Step::new(bundle, Question::Share, answer, &mut errors);
    errors.extend(failed);
    ShareAnswer { allowed: step.yes, policies: step.policies.into_iter().collect(), errors }
}

/// One question's answer, read by our rule for failed forbids.
pub(super) struct Step {
    pub(super) yes: bool,
    pub(super) policies: BTreeSet<String>,
    pub(super) reasons: BTreeSet<String>,
}

impl Step {
    pub(super) fn new(bundle: &Bundle, question: Question, answer: Answer, errors: &mut Vec<EvaluationError>) -> Self {
        let failed: BTreeSet<_> = answer.errors.keys().filter(|id| bundle.forbids(id)).cloned().collect();
        let yes = answer.permitted() && failed.is_empty();
        errors.extend(answer.errors.into_iter().map(|(policy, message)| EvaluationError {
            question: question.as_str().to_owned(),
            policy,
            message,
        }));
        let mut policies = if yes { answer.permits } else { answer.forbids };
        let mut reasons: BTreeSet<_> = policies.iter().filter_map(|id| bundle.reason_of(id)).collect();
        if !failed.is_empty() {
            reasons.insert(POLICY_ERROR.to_owned());
            policies.extend(failed);
        }
        if reasons.is_empty() {
            reasons.insert(NO_RULE_PERMITS.to_owned());
        }
        Self { yes, policies, reasons }
    }
}

fn climb(bundle: &Bundle, desk: &mut Desk, facts: &Facts, witness: Witness<'_>) -> Result<Verdict, AskError> {
    let context = translate::facts(facts, bundle.facts_version(), bundle.reference())?;
    let (engine, scene) = desk.open(facts, bundle.reference())?;
    let mut errors = Vec::new();

    let request = engine.purchase_request(Question::Approve, scene, context.clone())?;
    // Every question about the purchase sees these facts; where they break an assumption, its error stands in each answer.
    let mut group = engine.ask(Question::Authenticate, &request, &scene.entities);
    group.errors.extend(engine.broken(Question::Approve, &request, &scene.entities));
    let mut answer = engine.ask(Question::Approve, &request, &scene.entities);
    answer.join(&group);
    witness(Question::Approve, None, &answer);
    let approve = Step::new(bundle, Question::Approve, answer, &mut errors);
    if approve.yes {
        return Ok(verdict(bundle, Outcome::Approve, approve, Vec::new(), errors));
    }

    let request = engine.purchase_request(Question::Challenge, scene, context.clone())?;
    let mut answer = engine.ask(Question::Challenge, &request, &scene.entities);
    answer.join(&group);
    witness(Question::Challenge, None, &answer);
    let challenge = Step::new(bundle, Question::Challenge, answer, &mut errors);
    if !challenge.yes {
        return Ok(verdict(bundle, Outcome::Reject, challenge, Vec::new(), errors));
    }
    let mut methods = Vec::new();
    for method in methods_of(bundle).filter(|method| facts.enrolment.usable_methods.contains(method)) {
        let answer = offer(engine, scene, method, context.clone())?;
        witness(Question::Offer, Some(method), &answer);
        if Step::new(bundle, Question::Offer, answer, &mut errors).yes {
            methods.push(method);
        }
    }
    Ok(verdict(bundle, Outcome::Challenge, approve, methods, errors))
}

/// The methods that the bundle's version of facts has, the strongest first.
pub(super) fn methods_of(bundle: &Bundle) -> impl Iterator<Item = Method> + use<> {
    let facts_version = bundle.facts_version();
    METHOD_ORDER.into_iter().filter(move |method| translate::is_known(*method, facts_version))
}

fn offer(engine: &Engine, scene: &Scene, method: Method, context: cedar_policy::Context) -> Result<Answer, AskError> {
    let request = engine.offer_request(scene, method, context)?;
    Ok(engine.ask(Question::Offer, &request, &scene.entities))
}

/// What these facts break of the assumptions about purchases.
pub(super) fn broken_assumptions(bundle: &Bundle, facts: &Facts) -> Result<Vec<(String, String)>, AskError> {
    let context = translate::facts(facts, bundle.facts_version(), bundle.reference())?;
    bundle.with_desk(|desk| {
        let (engine, scene) = desk.open(facts, bundle.reference())?;
        let request = engine.purchase_request(Question::Approve, scene, context)?;
        Ok(engine.broken(Question::Approve, &request, &scene.entities))
    })
}

/// Makes every request of these facts and holds it, its context and its entities against the schema.
pub(super) fn validate_requests(bundle: &Bundle, facts: &Facts) -> Result<(), AskError> {
    let context = translate::facts(facts, bundle.facts_version(), bundle.reference())?;
    bundle.with_desk(|desk| {
        let (engine, scene) = desk.open(facts, bundle.reference())?;
        for question in [Question::Approve, Question::Challenge] {
            engine.validate(&engine.purchase_request(question, scene, context.clone())?)?;
        }
        for method in methods_of(bundle) {
            engine.validate(&engine.offer_request(scene, method, context.clone())?)?;
        }
        for recipient in bundle.reference().recipients() {
            let context = sharing_context(facts, recipient, DataClass::Identity, bundle.reference())?;
            let scene = engine.sharing_scene(&facts.card.programme, recipient, bundle.reference())?;
            engine.validate(&engine.sharing_request(&scene, context)?)?;
        }
        Ok(())
    })
}

fn ask_share(
    bundle: &Bundle,
    desk: &mut Desk,
    facts: &Facts,
    recipient_id: &str,
    class: DataClass,
) -> Result<Option<Answer>, AskError> {
    let reference = bundle.reference();
    let Some(recipient) = reference.recipient(recipient_id) else { return Ok(None) };
    let context = sharing_context(facts, recipient, class, reference)?;
    let (engine, scene) = desk.open_sharing(&facts.card.programme, recipient, reference)?;
    let request = engine.sharing_request(scene, context)?;
    let mut answer = engine.ask(Question::Share, &request, &scene.entities);
    answer.errors.extend(engine.broken(Question::Share, &request, &scene.entities));
    Ok(Some(answer))
}

/// What `share` sees; a data class that the reference data do not describe counts as sensitive.
pub(super) fn sharing_context(
    facts: &Facts,
    recipient: &Recipient,
    class: DataClass,
    reference: &Reference,
) -> Result<Context, TranslateError> {
    let sensitive = reference.data_class(class).is_none_or(|class| class.sensitive);
    let sharing = Sharing { data_class: class.as_str(), mode: recipient.mode(class).as_str(), sensitive };
    translate::sharing(facts, &sharing)
}

fn verdict(
    bundle: &Bundle,
    outcome: Outcome,
    step: Step,
    methods: Vec<Method>,
    mut errors: Vec<EvaluationError>,
) -> Verdict {
    errors.sort();
    errors.dedup();
    Verdict {
        outcome,
        reasons: step.reasons.into_iter().collect(),
        policies: step.policies.into_iter().collect(),
        methods,
        bundle_digest: bundle.digest().to_owned(),
        errors,
    }
}

/// No question could be asked: a fault of the program, and never an approval.
fn broken(bundle: &Bundle, error: &AskError) -> Verdict {
    let reasons = BTreeSet::from([POLICY_ERROR.to_owned()]);
    let step = Step { yes: false, policies: BTreeSet::new(), reasons };
    verdict(bundle, Outcome::Reject, step, Vec::new(), vec![unasked(Question::Approve, error)])
}

fn unasked(question: Question, error: &AskError) -> EvaluationError {
    let message = match error {
        AskError::Translate(_) => "the facts could not be translated",
        AskError::Hierarchy(_) => "the entities could not be made",
        AskError::Copy(_) => "the rules could not be copied",
        AskError::Request(_) => "the request could not be made",
    };
    EvaluationError { question: question.as_str().to_owned(), policy: String::new(), message: message.to_owned() }
}
