//! A bundle: one immutable set of schema, rules, reference data and cases, checked as a whole, with its digest.

use std::collections::BTreeMap;

use super::assumption::{self, Assumption};
use super::desk::{Desk, Desks};
use super::engine::{AskError, Texts};
use super::fault::{BundleErrors, Fault};
use super::invariant::{self, Invariant};
use super::manifest::{self, Manifest};
use super::question::Question;
use super::reason::{self, NO_RULE_PERMITS, POLICY_ERROR};
use super::reference::{Recipient, Reference};
use super::rehearsal::rehearse;
use super::rights::{self, Rights};
use super::rule::{self, Rule};
use super::source::{BundleSource, has_extension};
use super::{check, lint, schema};
use crate::domain::facts::FACTS_VERSION;

/// One bundle, ready to be asked.
pub struct Bundle {
    digest: String,
    facts_version: u16,
    reference: Reference,
    rules: Vec<Rule>,
    invariants: Vec<Invariant>,
    assumptions: Vec<Assumption>,
    texts: Texts,
    /// Reason code and whether it forbids, by rule id.
    meanings: BTreeMap<String, (String, bool)>,
    source: BundleSource,
    desks: Desks,
    rights: Rights,
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle").field("digest", &self.digest).field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

impl Bundle {
    /// Checks a source as a whole and makes it ready. Every fault that can be told at once is told.
    pub fn build(source: BundleSource) -> Result<Self, BundleErrors> {
        let mut faults = Vec::new();
        if let Some(fault) = unknown_files(&source) {
            faults.push(fault);
        }
        let manifest = Manifest::read(&source, &mut faults);
        let facts_version = manifest.as_ref().map_or(FACTS_VERSION, |manifest| manifest.facts_version);
        faults.extend(schema::compare(source.text(schema::FILE), facts_version, source.text(schema::STAFF_FILE)));
        let reference = Reference::read(&source, &mut faults);
        let rules = manifest.as_ref().map(|manifest| rule::read(&source, manifest, &mut faults)).unwrap_or_default();
        let invariants = invariant::read(&source, &mut faults);
        let assumptions = assumption::read(&source, &mut faults);
        let claims: Vec<Rule> =
            [invariant::rules(&invariants), assumption::rules(&assumptions)].into_iter().flatten().collect();
        if let Some(reference) = &reference {
            check_reasons(&rules, reference, &mut faults);
            lint::run(claims.iter(), reference, &mut faults);
            lint::run(rules.iter().filter(|rule| rule.question != Question::Staff), reference, &mut faults);
        }
        check::validate(&source, facts_version, &rules, &mut faults);
        check::validate(&source, facts_version, &claims, &mut faults);
        BundleErrors::check(faults)?;
        let missing = || BundleErrors::from(Fault::new(manifest::FILE, "the bundle could not be read"));
        let (_, reference) = manifest.zip(reference).ok_or_else(missing)?;
        let bundle = Self {
            digest: source.digest(),
            rights: Rights::new(&rules)?,
            facts_version,
            meanings: rules.iter().map(|rule| (rule.id.clone(), (rule.reason.clone(), rule.forbids))).collect(),
            reference,
            rules,
            invariants,
            texts: Texts::new(&assumptions)?,
            assumptions,
            source,
            desks: Desks::new(),
        };
        rehearse(&bundle)?;
        rights::rehearse(&bundle)?;
        Ok(bundle)
    }

    /// The same bundle with recipients that its register does not hold, for its cases.
    pub(super) fn with_recipients(&self, recipients: &[Recipient]) -> Result<Self, BundleErrors> {
        Ok(Self {
            digest: self.digest.clone(),
            facts_version: self.facts_version,
            reference: self.reference.clone().with_recipients(recipients),
            rules: self.rules.clone(),
            invariants: self.invariants.clone(),
            assumptions: self.assumptions.clone(),
            texts: self.texts.clone(),
            meanings: self.meanings.clone(),
            source: self.source.clone(),
            desks: Desks::new(),
            rights: Rights::new(&self.rules)?,
        })
    }

    /// SHA-256 over the whole source, 64 hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The reference data.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The version of facts that the rules are written for.
    pub fn facts_version(&self) -> u16 {
        self.facts_version
    }

    /// Every rule, sorted by id.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What must hold of every request, sorted by id.
    pub fn invariants(&self) -> &[Invariant] {
        &self.invariants
    }

    /// What is true of every real request, sorted by id.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    /// The files that it was built from.
    pub fn source(&self) -> &BundleSource {
        &self.source
    }

    pub(super) fn forbids(&self, rule: &str) -> bool {
        self.meanings.get(rule).is_none_or(|(_, forbids)| *forbids)
    }

    pub(super) fn reason_of(&self, rule: &str) -> Option<String> {
        self.meanings.get(rule).map(|(reason, _)| reason.clone())
    }

    pub(super) fn rights(&self) -> &Rights {
        &self.rights
    }

    pub(super) fn with_desk<T>(&self, work: impl FnOnce(&mut Desk) -> Result<T, AskError>) -> Result<T, AskError> {
        self.desks.with(&self.rules, &self.texts, self.facts_version, work)
    }
}

/// A bundle is a closed set: what nobody reads would be edited in vain.
fn unknown_files(source: &BundleSource) -> Option<Fault> {
    let known = |path: &str| {
        let (folder, name) = path.split_once('/').unwrap_or(("", path));
        match folder {
            "" => matches!(name, schema::FILE | manifest::FILE | reason::FILE | assumption::FILE | "README.md"),
            "reference" => has_extension(name, "toml"),
            "cases" => ["yaml", "json"].iter().any(|extension| has_extension(name, extension)),
            invariant::FOLDER => has_extension(name, "cedar") && !name.contains('/'),
            "staff" if matches!(path, schema::STAFF_FILE | rights::CASES) => true,
            folder => Question::parse(folder).is_some() && has_extension(name, "cedar"),
        }
    };
    let (path, _) = source.files().find(|(path, _)| !known(path))?;
    let hint = "a bundle holds bundle.toml, schema.cedarschema, reasons.toml, assumptions.cedar, README.md, reference/*.toml, cases/*.yaml or *.json, \
                rules in share/, approve/, challenge/, offer/, authenticate/, invariants/, and staff/ with its schema, rules and cases";
    Some(Fault::new(path, "the file has no place in a bundle").hint(hint))
}

fn check_reasons(rules: &[Rule], reference: &Reference, faults: &mut Vec<Fault>) {
    for rule in rules.iter().filter(|rule| rule.question != Question::Staff) {
        let fault = |message: String| rule.fault_at(&[&format!("@reason(\"{}\")", rule.reason)], message);
        match reference.reason(&rule.reason) {
            None => {
                let fault = fault(format!("unknown reason code `{}`", rule.reason));
                faults.push(fault.hint("add it to reasons.toml, or use one that stands there"));
            }
            Some(reason) if rejects(rule) && reason.cardholder_ja.is_none() => {
                let fault = fault(format!("can reject, but `{}` has no cardholder message", rule.reason));
                faults.push(fault.hint("add `cardholder_ja` and `cardholder_en` to the reason in reasons.toml"));
            }
            Some(_) => {}
        }
    }
    for code in [NO_RULE_PERMITS, POLICY_ERROR] {
        if reference.reason(code).is_some_and(|reason| reason.cardholder_ja.is_none()) {
            let fault = Fault::new(reason::FILE, format!("reason `{code}` has no cardholder message"));
            faults.push(fault.hint("a reject can carry it: add `cardholder_ja` and `cardholder_en`"));
        }
    }
}

fn rejects(rule: &Rule) -> bool {
    rule.forbids && matches!(rule.question, Question::Authenticate | Question::Challenge)
}
