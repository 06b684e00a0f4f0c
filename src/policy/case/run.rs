//! Runs cases: makes their facts, asks the bundle, and keeps what came otherwise and which rules had a part in it.

use std::collections::BTreeSet;

use serde_saphyr::Spanned;

use super::compare::{allowed_acts, compare_share, compare_shared, compare_verdict};
use super::file::{Case, CaseFile, Place, RightsCase, RightsFile, ShareCase, parse};
use super::fixtures::{self, Fixtures};
use super::near::closest;
use super::{Failure, Ran, Report};
use crate::domain::consent::DataClass;
use crate::domain::facts::{Facts, Method};
use crate::domain::staff::Act;
use crate::domain::verdict::EvaluationError;
use crate::policy::bundle::Bundle;
use crate::policy::decide::{ShareAnswer, Step, decide_witnessed, share_witnessed};
use crate::policy::explanation::{Answered, explain, explain_sharing, holds};
use crate::policy::fault::{BundleErrors, Fault};
use crate::policy::index::Answer;
use crate::policy::question::Question;
use crate::policy::rights;
use crate::policy::rule::Rule;
use crate::policy::yardstick::Query;

pub(super) fn run(bundle: &Bundle, filter: Option<&str>) -> Result<Report, BundleErrors> {
    let mut faults = Vec::new();
    let fixtures = Fixtures::read(bundle)?;
    let with = (!fixtures.recipients.is_empty()).then(|| bundle.with_recipients(&fixtures.recipients)).transpose()?;
    let mut runner = Runner::new(with.as_ref().unwrap_or(bundle), fixtures, filter);
    for (file, text) in bundle.source().files() {
        if file.starts_with("cases/") && file != fixtures::FILE {
            runner.file(file, text, &mut faults);
        } else if file == rights::CASES {
            runner.rights_file(file, text, &mut faults);
        }
    }
    BundleErrors::check(faults)?;
    Ok(runner.report())
}

struct Runner<'a> {
    bundle: &'a Bundle,
    filter: Option<&'a str>,
    fixtures: Fixtures,
    rules: BTreeSet<&'a str>,
    witness: Witness,
    ran: Vec<Ran>,
    failures: Vec<Failure>,
}

/// Which rules had a part in an answer.
#[derive(Default)]
struct Witness {
    matched: BTreeSet<String>,
    decided: BTreeSet<String>,
    /// Where a forbid was satisfied: Cedar does not say there which permits were.
    forbidden: Vec<(Facts, Query)>,
}

impl Witness {
    fn see(
        &mut self,
        bundle: &Bundle,
        facts: &Facts,
        query: impl FnOnce() -> Query,
        question: Question,
        answer: &Answer,
    ) {
        if !answer.forbids.is_empty() {
            self.forbidden.push((facts.clone(), query()));
        }
        self.matched.extend(answer.matched());
        self.decided.extend(Step::new(bundle, question, answer.clone(), &mut Vec::new()).policies);
    }

    /// Whether a permit held somewhere although something forbade.
    fn held(&self, bundle: &Bundle, rule: &Rule) -> bool {
        let mut asked = self.forbidden.iter().filter(|(_, query)| !rule.forbids && query.question() == rule.question);
        asked.any(|(facts, query)| holds(bundle, rule, facts, query))
    }
}

impl<'a> Runner<'a> {
    fn new(bundle: &'a Bundle, fixtures: Fixtures, filter: Option<&'a str>) -> Self {
        Self {
            bundle,
            filter,
            fixtures,
            rules: bundle.rules().iter().map(|rule| rule.id.as_str()).collect(),
            witness: Witness::default(),
            ran: Vec::new(),
            failures: Vec::new(),
        }
    }

    fn file(&mut self, file: &str, text: &str, faults: &mut Vec<Fault>) {
        let cases: CaseFile = match parse(file, text) {
            Ok(cases) => cases,
            Err(fault) => return faults.push(fault),
        };
        let mut names = Names::default();
        for case in &cases.cases {
            let place = Place::of(file, text, case);
            faults.extend(names.twice(&case.value.name, &place));
            self.decide(&case.value, &place).unwrap_or_else(|fault| faults.push(named(fault, &case.value.name)));
        }
        for case in &cases.share {
            let place = Place::of(file, text, case);
            faults.extend(names.twice(&case.value.name, &place));
            self.share(&case.value, &place).unwrap_or_else(|fault| faults.push(named(fault, &case.value.name)));
        }
    }

    fn rights_file(&mut self, file: &str, text: &str, faults: &mut Vec<Fault>) {
        let cases = match parse::<RightsFile>(file, text) {
            Ok(cases) => cases.cases,
            Err(fault) => return faults.push(fault),
        };
        let mut names = Names::default();
        for case in &cases {
            let place = Place::of(file, text, case);
            faults.extend(names.twice(&case.value.name, &place));
            self.rights(case, &place);
        }
    }

    fn decide(&mut self, case: &Case, place: &Place<'_>) -> Result<(), Fault> {
        let facts = self.fixtures.facts(&case.stated(), place)?;
        self.check_ids(&case.policies, place)?;
        self.check_reasons(&case.reasons, place)?;
        case.shared.iter().flatten().try_for_each(|(recipient, _)| self.check_recipient(recipient, place))?;
        if !self.wanted(&case.name, place.file, &case.policies) {
            return Ok(());
        }
        let (bundle, seen) = (self.bundle, &mut self.witness);
        let verdict = decide_witnessed(bundle, &facts, &mut |question, method, answer| {
            seen.see(bundle, &facts, || Query::about_purchase(question, method), question, answer);
        });
        let (mut errors, mut shared) = (Vec::new(), Vec::new());
        for (recipient, classes) in case.shared.iter().flatten() {
            let came = self.shared(&facts, recipient, &mut errors);
            shared.extend(compare_shared(recipient, classes, &came));
        }
        let found = compare_verdict(case, &verdict, errors).into_iter().chain(shared).collect();
        self.judge(place, &case.name, &case.policies, found, || {
            let recipients = case.shared.iter().flatten();
            let sharing = recipients.flat_map(|(recipient, _)| explain_sharing(bundle, &facts, recipient));
            explain(bundle, &facts).questions.into_iter().chain(sharing).collect()
        });
        Ok(())
    }

    /// What may go to a recipient, asked class by class.
    fn shared(&mut self, facts: &Facts, recipient: &str, errors: &mut Vec<EvaluationError>) -> BTreeSet<DataClass> {
        DataClass::ALL
            .iter()
            .copied()
            .filter(|class| {
                let answer = self.share_one(facts, recipient, *class);
                errors.extend(answer.errors);
                answer.allowed
            })
            .collect()
    }

    fn share_one(&mut self, facts: &Facts, recipient: &str, class: DataClass) -> ShareAnswer {
        let (bundle, seen) = (self.bundle, &mut self.witness);
        let query = || Query::Share(recipient.to_owned(), class);
        let mut witness =
            |question, _: Option<Method>, answer: &Answer| seen.see(bundle, facts, query, question, answer);
        share_witnessed(bundle, facts, recipient, class, &mut witness)
    }

    fn share(&mut self, case: &ShareCase, place: &Place<'_>) -> Result<(), Fault> {
        let facts = self.fixtures.facts(&case.stated(), place)?;
        self.check_ids(&case.policies, place)?;
        if case.unknown_recipient {
            self.check_unknown(&case.recipient, place)?;
        } else {
            self.check_recipient(&case.recipient, place)?;
        }
        if !self.wanted(&case.name, place.file, &case.policies) {
            return Ok(());
        }
        let bundle = self.bundle;
        let answer = self.share_one(&facts, &case.recipient, case.data_class);
        self.judge(place, &case.name, &case.policies, compare_share(case, &answer), || {
            let asked = explain_sharing(bundle, &facts, &case.recipient);
            asked.into_iter().filter(|asked| asked.data_class == Some(case.data_class)).collect()
        });
        Ok(())
    }

    /// Asks every act: what is not listed must be denied.
    fn rights(&mut self, case: &Spanned<RightsCase>, place: &Place<'_>) {
        let case = &case.value;
        if !self.wanted(&case.name, place.file, &[]) {
            return;
        }
        let asker =
            rights::Asker { roles: &case.roles, reauthenticated: case.reauthenticated, own_request: case.own_request };
        let (mut allowed, mut errors) = (BTreeSet::new(), Vec::new());
        for act in Act::ALL.iter().copied() {
            let answer = self.bundle.rights().ask(self.bundle, &asker, act);
            self.witness.matched.extend(answer.policies.iter().cloned());
            self.witness.decided.extend(answer.policies);
            errors.extend(answer.errors);
            if answer.allowed {
                allowed.insert(act);
            }
        }
        let found = allowed_acts(case, &allowed, &errors);
        self.judge(place, &case.name, &[], found, Vec::new);
    }

    fn wanted(&self, name: &str, file: &str, policies: &[String]) -> bool {
        self.filter.is_none_or(|text| {
            name.contains(text) || file.contains(text) || policies.iter().any(|policy| policy.contains(text))
        })
    }

    fn check_ids(&self, ids: &[String], place: &Place<'_>) -> Result<(), Fault> {
        match ids.iter().find(|id| !self.rules.contains(id.as_str())) {
            None => Ok(()),
            Some(id) => {
                let hint = closest(id, self.rules.iter().copied());
                Err(place.fault(&[id], format!("there is no rule `{id}`")).hint(hint))
            }
        }
    }

    fn check_reasons(&self, codes: &[String], place: &Place<'_>) -> Result<(), Fault> {
        match codes.iter().find(|code| self.bundle.reference().reason(code).is_none()) {
            None => Ok(()),
            Some(code) => {
                let hint = closest(code, self.bundle.reference().reasons().map(|(code, _)| code));
                Err(place.fault(&[code], format!("there is no reason `{code}`")).hint(hint))
            }
        }
    }

    fn check_recipient(&self, id: &str, place: &Place<'_>) -> Result<(), Fault> {
        let reference = self.bundle.reference();
        if reference.recipient(id).is_some() {
            return Ok(());
        }
        let known = closest(id, reference.recipients().map(|recipient| recipient.id.as_str()));
        let hint = format!("{known}; a case that means nobody of these says `unknown_recipient: true`");
        Err(place.fault(&[id], format!("there is no recipient `{id}`")).hint(hint))
    }

    fn check_unknown(&self, id: &str, place: &Place<'_>) -> Result<(), Fault> {
        if self.bundle.reference().recipient(id).is_none() {
            return Ok(());
        }
        let message = format!("`unknown_recipient` is stated, and there is a recipient `{id}`");
        Err(place.fault(&["unknown_recipient"], message).hint("leave it out, or name somebody else"))
    }

    fn judge(
        &mut self,
        place: &Place<'_>,
        name: &str,
        expected: &[String],
        differences: Vec<String>,
        explain: impl FnOnce() -> Vec<Answered>,
    ) {
        let (file, line, name) = (place.file.to_owned(), place.line, name.to_owned());
        self.ran.push(Ran { file: file.clone(), line, name: name.clone() });
        if !differences.is_empty() {
            let (expected, questions) = (expected.to_vec(), explain());
            self.failures.push(Failure { file, line, name, differences, expected, questions });
        }
    }

    fn report(self) -> Report {
        let late = self.bundle.rules().iter().filter(|rule| !self.witness.matched.contains(&rule.id));
        let late: Vec<String> =
            late.filter(|rule| self.witness.held(self.bundle, rule)).map(|rule| rule.id.clone()).collect();
        let Witness { mut matched, decided, .. } = self.witness;
        matched.extend(late);
        let all = || self.rules.iter().map(|id| (*id).to_owned());
        let uncovered: Vec<String> = all().filter(|id| !matched.contains(id)).collect();
        Report {
            run: self.ran.len(),
            covered: self.rules.len() - uncovered.len(),
            uncovered,
            matched: all().filter(|id| matched.contains(id) && !decided.contains(id)).collect(),
            decided: all().filter(|id| decided.contains(id)).collect(),
            ran: self.ran,
            failures: self.failures,
        }
    }
}

/// The names of one file's cases: results are told apart by them.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn twice(&mut self, name: &str, place: &Place<'_>) -> Option<Fault> {
        let stands = !self.0.insert(name.to_owned());
        let fault = || place.fault(&[name], format!("another case of this file is named `{name}`, too"));
        stands.then(|| fault().hint("give each case a name of its own"))
    }
}

fn named(mut fault: Fault, case: &str) -> Fault {
    fault.message = format!("case `{case}`: {}", fault.message);
    fault
}
