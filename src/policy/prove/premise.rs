//! The premise: what a proof may take for granted about every request of a question. The assumptions of a bundle, and
//! what its reference data say of the countries and regions that rules name.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::Policy;
use cedar_policy::pst::{Clause, Expr};

use super::piece::{Piece, Unaskable};
use crate::policy::assumption::Assumption;
use crate::policy::bundle::Bundle;
use crate::policy::invariant::Invariant;
use crate::policy::question::Question;
use crate::policy::reference::Reference;

/// Regions with more countries than this are left open: each country is one more entity in every formula.
const COUNTRIES_MAX: usize = 24;

/// What a bundle assumes of a question's requests, as far as the bundle that decides holds requests against it.
pub(super) fn assumed(judge: &Bundle, decides: &Bundle, question: Question) -> Result<Vec<Arc<Expr>>, Unaskable> {
    let enforced = |assumption: &&Assumption| decides.assumptions().iter().any(|own| own.text == assumption.text);
    let about = judge.assumptions().iter().filter(|assumption| assumption.is_about(question)).filter(enforced);
    let mut claims = Vec::new();
    for assumption in about {
        claims.extend(assumption.claims().map_err(Unaskable::new)?.into_iter().map(claimed));
    }
    Ok(claims)
}

/// What follows from a bundle's reference data for a question's requests.
pub(super) fn given(bundle: &Bundle, question: Question) -> Result<Vec<Arc<Expr>>, Unaskable> {
    of_reference(bundle, question).iter().map(String::as_str).map(expression).collect()
}

/// What reference data say, for the entities that rules and invariants name.
fn of_reference(bundle: &Bundle, question: Question) -> Vec<String> {
    let reference = bundle.reference();
    let policies = || {
        let invariants = bundle.invariants().iter().map(Invariant::policy);
        bundle.rules().iter().map(|rule| &rule.policy).chain(invariants)
    };
    let named = |kind: &str| -> BTreeSet<String> {
        let entities = policies().flat_map(Policy::entity_literals);
        let of_kind = entities.filter(|entity| entity.type_name().to_string() == kind);
        of_kind.map(|entity| entity.id().unescaped().to_owned()).collect()
    };
    let mut claims = Vec::new();
    let mut countries = named("Country");
    if matches!(question, Question::Approve | Question::Challenge | Question::Share) {
        for region in named("Region") {
            let Some(inside) = countries_of(reference, &region) else { continue };
            let any = inside.iter().map(|country| format!("resource in Country::{country:?}")).collect::<Vec<_>>();
            claims.push(format!("(resource in Region::{region:?}) == ({})", any.join(" || ")));
            countries.extend(inside);
        }
        claims.extend(at_most_one("resource", "Country", &countries));
    }
    claims.extend(at_most_one("principal", "Programme", &named("Programme")));
    if question != Question::Share {
        claims.extend(regions_of_location(bundle, reference));
    }
    claims
}

/// The regions of the buyer's location follow from its country.
fn regions_of_location(bundle: &Bundle, reference: &Reference) -> Vec<String> {
    let mentioned = |region: &&String| {
        let word = format!("{region:?}");
        let texts = bundle.rules().iter().map(|rule| &rule.text);
        texts.chain(bundle.invariants().iter().map(|invariant| &invariant.text)).any(|text| text.contains(&word))
    };
    let regions: BTreeSet<&String> = reference.countries().regions().collect();
    let claims = regions.into_iter().filter(mentioned).map(|region| {
        let inside: Vec<_> = reference.countries().of_region(region).map(|country| format!("{country:?}")).collect();
        let inside = if inside.is_empty() { "false".to_owned() } else { contains(&inside) };
        format!("context.location.regions.contains({region:?}) == {inside}")
    });
    claims.collect()
}

fn contains(countries: &[String]) -> String {
    format!("[{}].contains(context.location.country)", countries.join(", "))
}

fn countries_of(reference: &Reference, region: &str) -> Option<BTreeSet<String>> {
    let inside: BTreeSet<String> = reference.countries().of_region(region).map(str::to_owned).collect();
    (1..=COUNTRIES_MAX).contains(&inside.len()).then_some(inside)
}

/// A card is of one programme, a merchant or recipient in one country.
fn at_most_one(var: &str, kind: &str, ids: &BTreeSet<String>) -> Vec<String> {
    let ids: Vec<&String> = ids.iter().take(COUNTRIES_MAX).collect();
    let mut claims = Vec::new();
    for (position, first) in ids.iter().enumerate() {
        for second in ids.iter().skip(position + 1) {
            claims.push(format!("!({var} in {kind}::{first:?} && {var} in {kind}::{second:?})"));
        }
    }
    claims
}

fn claimed(clause: Clause) -> Arc<Expr> {
    match clause {
        Clause::When(claim) | Clause::Unless(claim) => claim,
    }
}

/// An expression from its text.
pub(super) fn expression(text: &str) -> Result<Arc<Expr>, Unaskable> {
    let policy = Policy::parse(None, format!("forbid (principal, action, resource) unless {{ {text} }};"));
    let piece = Piece::of(&policy.map_err(Unaskable::new)?)?;
    let claim = piece.clauses.into_iter().next().map(claimed);
    claim.ok_or_else(|| Unaskable::new("an empty claim"))
}
