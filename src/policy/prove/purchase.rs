//! A purchase in words, and as a case.

use super::{Item, Outcome, Purchase};
use crate::domain::assessment::Assessment;
use crate::domain::facts::Facts;
use crate::policy::bundle::Bundle;
use crate::policy::case::{Fixtures, render, render_share};
use crate::policy::decide::share;
use crate::policy::yardstick::Query;

impl Purchase {
    /// The question with its method, or its data class and recipient.
    pub fn question(&self) -> String {
        match &self.asked {
            Query::Approve => "approve".to_owned(),
            Query::Challenge => "challenge".to_owned(),
            Query::Offer(method) => format!("offer {}", method.as_str()),
            Query::Share(recipient, class) => format!("share {} with {recipient}", class.as_str()),
        }
    }

    /// The purchase in one sentence.
    pub fn sentence(&self) -> String {
        sentence(&self.facts)
    }

    /// What the whole decision says: `approve by low-risk`.
    pub fn decided(&self) -> String {
        let by = if self.verdict.policies.is_empty() { &self.verdict.reasons } else { &self.verdict.policies };
        format!("{} by {}", self.verdict.outcome.as_str(), by.join(", "))
    }

    /// The purchase as a case file of `bundle`, which expects what comes out now; none where the bundle's fixtures cannot be read.
    pub fn case(&self, name: &str, bundle: &Bundle) -> Option<String> {
        let fixtures = Fixtures::read(bundle).ok()?;
        Some(match &self.asked {
            Query::Share(recipient, class) => {
                let answer = share(bundle, &self.facts, recipient, *class);
                render_share(name, &self.facts, recipient, *class, &answer, &fixtures)
            }
            Query::Approve | Query::Challenge | Query::Offer(_) => render(name, &self.facts, &self.verdict, &fixtures),
        })
    }
}

impl Item {
    /// The item's counterexample as a case file with a comment that says what to do with it.
    pub fn case(&self, bundle: &Bundle) -> Option<String> {
        let Outcome::Refuted(refutation) = &self.outcome else { return None };
        let purchase = refutation.example.as_ref()?.purchase.as_ref()?;
        let case = purchase.case(&format!("counterexample of {}", self.id), bundle)?;
        Some(format!(
            "# {}\n# This purchase breaks it ({}). The case expects what comes out now: state what should come out, mend the\n\
             # rules, and keep the case in cases/.\n{case}",
            self.title,
            purchase.question(),
        ))
    }
}

fn sentence(facts: &Facts) -> String {
    let amount = format!("{} {}", grouped(facts.purchase.amount_minor), facts.purchase.currency.code());
    let base = facts.purchase.amount_base_minor.map_or_else(|| "no rate".to_owned(), grouped);
    let base = if base == grouped(facts.purchase.amount_minor) { String::new() } else { format!(" ({base} in yen)") };
    let groups: Vec<&str> = facts.merchant.category_groups.iter().map(String::as_str).collect();
    let groups = if groups.is_empty() { String::new() } else { format!(" ({})", groups.join(", ")) };
    let assessment = match &facts.assessment {
        Assessment::Answered(answer) => match answer.risk {
            Some(risk) => format!("answered, risk {risk}, {}", answer.recommendation.as_str()),
            None => format!("answered without a risk, {}", answer.recommendation.as_str()),
        },
        other => format!("{}, {}", other.status(), other.reason()),
    };
    format!(
        "{amount}{base} at a merchant of category {}{groups} in {}; card {}; consent {}; analysis {assessment}",
        facts.merchant.category_code,
        facts.merchant.country,
        facts.card.status.as_str(),
        facts.consent.as_str(),
    )
}

/// A number with commas between thousands, as people write amounts in minor units.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}
