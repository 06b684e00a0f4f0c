//! One recorded decision under another bundle: the same facts, the same assessment, the whole ladder.
//!
//! Nobody is asked but the rules: the analysis company's answer is the recorded one, or what follows from its absence.
//! Where few rules differ, those are asked first, in their old and their new form; when none of them says anything about
//! the facts, the recorded answer is the new bundle's answer too. Velocity and device facts are as they were recorded.

mod probe;
mod sharing;

use std::sync::Arc;

use self::probe::Probe;
pub use self::sharing::Sharing;
use super::bundle::Bundle;
use super::decide::decide;
use super::difference::Difference;
use super::question::Question;
use super::reference::Reference;
use crate::domain::assessment::{Assessment, NotAsked};
use crate::domain::facts::{FACTS_VERSION, FACTS_VERSION_OLDEST, Facts};
use crate::domain::money::Money;
use crate::domain::replay::Course;
use crate::domain::verdict::Verdict;

/// The way from the bundle that decided to another one.
pub struct Replay {
    way: Way,
    /// The bundle that decided; none when it is not known.
    old: Option<Arc<Bundle>>,
    /// Whether what is shared could differ.
    sharing_differs: bool,
}

enum Way {
    /// Nothing differs that a decision depends on.
    Same,
    /// Few rules differ: they are asked first.
    Probe(Box<Probe>),
    /// Everything is asked again.
    Whole,
}

/// What the other bundle says.
#[derive(Clone, Debug, PartialEq)]
pub enum Redecided {
    /// The recorded answer is its answer too.
    Stands,
    /// It was asked, and answers so.
    Decided(Verdict),
    /// It would have had the company asked, which was not: at the company's best and its worst answer.
    Undetermined {
        /// The lightest outcome that can be.
        best: Verdict,
        /// The hardest.
        worst: Verdict,
    },
    /// The card's programme cannot use the service by its reference data: no rule is asked.
    NotEligible,
}

/// One decision, made once more.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// What the other bundle says.
    pub answer: Redecided,
    /// What becomes of the sharing with an analysis company.
    pub sharing: Sharing,
}

/// Why a record cannot be decided once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReplayable {
    /// The facts' version is before the oldest that this program reads.
    #[error("facts_too_old")]
    TooOld,
    /// The facts were gathered by a newer program.
    #[error("facts_too_new")]
    TooNew,
    /// The recorded sums are in another currency than the other bundle's ceilings.
    #[error("other_base_currency")]
    OtherBaseCurrency,
    /// The bundle that decided is not known, and the facts do not tell the currency of the recorded sums.
    #[error("base_currency_unknown")]
    BaseCurrencyUnknown,
}

impl Replay {
    /// The way from `old`, none when it is not known, to `new`. With `ask_all` nothing is left out.
    pub fn between(old: Option<&Arc<Bundle>>, new: &Bundle, ask_all: bool) -> Result<Self, NotReplayable> {
        let whole = |old: Option<&Arc<Bundle>>| Self { way: Way::Whole, old: old.cloned(), sharing_differs: true };
        let Some(old) = old else { return Ok(whole(None)) };
        if old.reference().base_currency() != new.reference().base_currency() {
            return Err(NotReplayable::OtherBaseCurrency);
        }
        if ask_all || !only_rules_differ(old, new) {
            return Ok(whole(Some(old)));
        }
        let difference = Difference::between(old, new);
        let sharing_differs = difference.questions().contains(&Question::Share);
        let asked = difference.questions().into_iter().any(|question| question != Question::Share);
        let way = match Probe::new(old, new, &difference) {
            _ if !asked => Way::Same,
            Some(probe) => Way::Probe(Box::new(probe)),
            None => Way::Whole,
        };
        Ok(Self { way, old: Some(Arc::clone(old)), sharing_differs })
    }

    /// Decides once more. `recipients` are the companies that could be asked; `recorded` is the old bundle's answer. The
    /// facts are left as they were decided on: with the reference data of the new bundle, and its assessment.
    pub fn decide(
        &self,
        new: &Bundle,
        recipients: &[String],
        facts: &mut Facts,
        recorded: &Verdict,
    ) -> Result<Replayed, NotReplayable> {
        if facts.version < FACTS_VERSION_OLDEST {
            return Err(NotReplayable::TooOld);
        }
        if facts.version > FACTS_VERSION {
            return Err(NotReplayable::TooNew);
        }
        if self.old.is_none() {
            hold_base_currency(facts, new.reference())?;
        }
        // With another file of reference data every fact that rests on them is taken anew.
        if matches!(self.way, Way::Whole) && !renew(facts, new.reference()) {
            return Ok(Replayed { answer: Redecided::NotEligible, sharing: Sharing::Same });
        }
        let mut sharing = Sharing::Same;
        if self.sharing_differs {
            sharing = sharing::change(self.old.as_deref(), new, recipients, facts);
        }
        let answer = match sharing {
            Sharing::Same if self.stands(new, facts, recorded) => Redecided::Stands,
            Sharing::Same => Redecided::Decided(decide(new, facts)),
            Sharing::NoLonger => {
                facts.assessment = Assessment::NotAsked { reason: NotAsked::ByPolicy };
                Redecided::Decided(decide(new, facts))
            }
            Sharing::Newly => undetermined(new, facts),
        };
        Ok(Replayed { answer, sharing })
    }

    /// An answer that was given while a rule failed is never taken over.
    fn stands(&self, new: &Bundle, facts: &Facts, recorded: &Verdict) -> bool {
        let sound = recorded.errors.is_empty();
        match &self.way {
            Way::Same => sound,
            Way::Probe(probe) => sound && probe.touches(new, facts, recorded).is_ok_and(|touched| !touched),
            Way::Whole => false,
        }
    }
}

/// Sums are in the base currency of a bundle that nobody has. They are in the new one's where a purchase in that currency
/// was recorded with its own amount; of another purchase nobody can tell.
fn hold_base_currency(facts: &Facts, reference: &Reference) -> Result<(), NotReplayable> {
    let purchase = &facts.purchase;
    if purchase.currency != reference.base_currency() || purchase.amount_minor == 0 {
        return Err(NotReplayable::BaseCurrencyUnknown);
    }
    let is_same = purchase.amount_base_minor == Some(purchase.amount_minor);
    if is_same { Ok(()) } else { Err(NotReplayable::OtherBaseCurrency) }
}

/// The lightest and the hardest of the sampled answers that the company could have given. Where all of them lead the same
/// way, that way is taken; it is no proof that every answer does.
fn undetermined(new: &Bundle, facts: &mut Facts) -> Redecided {
    let verdicts = sharing::possible_assessments().into_iter().map(|assessment| {
        facts.assessment = assessment;
        decide(new, facts)
    });
    let mut verdicts: Vec<Verdict> = verdicts.collect();
    verdicts.sort_by_key(Course::of);
    let mut verdicts = verdicts.into_iter();
    match (verdicts.next(), verdicts.next_back()) {
        (Some(best), Some(worst)) if Course::of(&best) != Course::of(&worst) => Redecided::Undetermined { best, worst },
        (Some(best), _) => Redecided::Decided(best),
        (None, _) => Redecided::Decided(decide(new, facts)),
    }
}

/// Takes the facts that rest on reference data anew; false where the programme cannot use the service by them.
fn renew(facts: &mut Facts, reference: &Reference) -> bool {
    let purchase = &mut facts.purchase;
    let base = reference.to_base(Money { amount_minor: purchase.amount_minor, currency: purchase.currency });
    purchase.amount_base_minor = base.map(|(amount, _)| amount);
    purchase.rate_date = base.map(|(_, date)| date.to_owned());
    facts.merchant.category_groups = reference.category_groups(&facts.merchant.category_code);
    let programme = reference.programme(&facts.card.programme);
    facts.card.registration_eligible = programme.is_some_and(|programme| programme.registration_eligible);
    facts.card.authentication_eligible = programme.is_some_and(|programme| programme.authentication_eligible);
    facts.card.authentication_eligible
}

/// Whether all that a decision could depend on is the same but for the rules.
fn only_rules_differ(old: &Bundle, new: &Bundle) -> bool {
    let relevant = |bundle: &Bundle| -> Vec<(String, String)> {
        let files = bundle.source().files();
        files.filter(|(path, _)| !is_indifferent(path)).map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
    };
    old.facts_version() == new.facts_version() && relevant(old) == relevant(new)
}

/// Files of rules, which are compared one by one, and files that no decision reads.
fn is_indifferent(path: &str) -> bool {
    let folder = path.split_once('/').map_or("", |(folder, _)| folder);
    let is_rule = Question::parse(folder).is_some();
    is_rule || matches!(folder, "cases" | "invariants") || matches!(path, "README.md" | super::reason::FILE)
}
