//! A proof as people, programs and build servers read it.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::Written;
use crate::cli::Failure;
use crate::cli::policy::report::counted;
use crate::policy::prove::{Counterexample, Item, Outcome, Proof};

pub(super) fn tell(proof: &Proof, written: &[Written], passed: bool, out: &mut dyn Write) -> io::Result<()> {
    for item in proof.items.iter().filter(|item| !matches!(item.outcome, Outcome::Proved)) {
        writeln!(out, "{}: {}: {}", word(&item.outcome), item.id, item.title)?;
        for line in lines(item) {
            writeln!(out, "  {line}")?;
        }
        if let Some(written) = written.iter().find(|written| written.id == item.id) {
            writeln!(out, "  written as a case: {}", written.file.display())?;
        }
    }
    let count = |is: &dyn Fn(&Outcome) -> bool| proof.items.iter().filter(|item| is(&item.outcome)).count();
    let proved = count(&|outcome| outcome.holds());
    writeln!(out, "{} of {} proved", proved, counted(proof.items.len(), "claim"))?;
    for invariant in proof.items.iter().filter(|item| item.outcome.holds() && !item.id.contains(':')) {
        writeln!(out, "  {} ({} ms)", invariant.id, invariant.elapsed.as_millis())?;
    }
    let warnings = count(&|outcome| matches!(outcome, Outcome::Warned(_)));
    match (passed, warnings) {
        (true, 0) => writeln!(out, "everything holds of every request"),
        (true, warnings) => writeln!(out, "everything holds of every request; {}", counted(warnings, "warning")),
        (false, _) => writeln!(out, "the bundle is not proved"),
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Proved => "proved",
        Outcome::Refuted(_) => "refuted",
        Outcome::Warned(_) => "warning",
        Outcome::NotProved(_) => "not proved",
    }
}

/// What there is to say of an item that is not simply proved.
fn lines(item: &Item) -> Vec<String> {
    match &item.outcome {
        Outcome::Proved => Vec::new(),
        Outcome::Warned(why) | Outcome::NotProved(why) => why.lines().map(str::to_owned).collect(),
        Outcome::Refuted(refutation) => {
            let mut lines = vec![refutation.why.clone()];
            lines.extend(refutation.example.iter().flat_map(|example| example_lines(example)));
            lines
        }
    }
}

/// A counterexample for people: the purchase and what differs from an ordinary one, or else the request.
pub(in crate::cli::policy) fn example_lines(example: &Counterexample) -> Vec<String> {
    let mut lines = Vec::new();
    match &example.purchase {
        Some(purchase) => {
            lines.push(format!("for example, {}: {}", purchase.question(), purchase.sentence()));
            lines.extend(purchase.differs.iter().map(|differs| format!("  {differs}")));
            lines.push(format!("this purchase is decided: {}", purchase.decided()));
            if let Some((sentence, decided)) = purchase.instead_decided() {
                lines.push(format!("with the other facts: {sentence}"));
                lines.push(format!("and then it is decided: {decided}"));
            }
        }
        None => lines.extend(example.request.lines().map(|line| format!("  {line}"))),
    }
    if example.confirmed {
        lines.push("Cedar's own engine says the same of the solver's request".to_owned());
    }
    lines.extend(example.remarks.iter().cloned());
    lines
}

/// A counterexample for programs.
pub(in crate::cli::policy) fn example_document(example: &Counterexample) -> Value {
    let purchase = example.purchase.as_ref().map(|purchase| {
        let instead = purchase.instead.as_deref();
        json!({
            "question": purchase.question(), "facts": purchase.facts, "differs": purchase.differs,
            "verdict": purchase.verdict,
            "instead": instead.map(|(facts, verdict)| json!({ "facts": facts, "verdict": verdict })),
        })
    });
    json!({
        "question": example.question.as_str(), "request": example.request, "confirmed": example.confirmed,
        "purchase": purchase, "remarks": example.remarks,
    })
}

pub(super) fn document(proof: &Proof, passed: bool) -> Value {
    let item = |item: &Item| {
        let (why, example) = match &item.outcome {
            Outcome::Proved => (None, None),
            Outcome::Warned(why) | Outcome::NotProved(why) => (Some(why.clone()), None),
            Outcome::Refuted(refutation) => {
                (Some(refutation.why.clone()), refutation.example.as_deref().map(example_document))
            }
        };
        json!({
            "id": item.id, "title": item.title, "outcome": word(&item.outcome), "why": why,
            "milliseconds": u64::try_from(item.elapsed.as_millis()).unwrap_or(u64::MAX), "counterexample": example,
        })
    };
    json!({
        "passed": passed, "digest": proof.digest, "unavailable": proof.unavailable,
        "items": proof.items.iter().map(item).collect::<Vec<_>>(),
    })
}

pub(super) fn junit(proof: &Proof, strict: bool) -> Result<String, Failure> {
    let mut suite = TestSuite::new("policy prove");
    for item in &proof.items {
        let fails = match &item.outcome {
            Outcome::Proved => None,
            Outcome::Warned(_) if !strict => None,
            Outcome::Warned(_) | Outcome::Refuted(_) => Some(NonSuccessKind::Failure),
            Outcome::NotProved(_) => Some(NonSuccessKind::Error),
        };
        let told = lines(item).join("\n");
        let status = fails.map_or_else(TestCaseStatus::success, |kind| {
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(told.lines().next().unwrap_or_default());
            status.set_description(told.as_str());
            status
        });
        let mut case = TestCase::new(item.id.as_str(), status);
        case.set_classname("proof");
        case.set_time(item.elapsed);
        suite.add_test_case(case);
    }
    let mut report = Report::new("sekisho");
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}
