//! A purchase in words, and as a case.

use super::{Item, Outcome, Purchase};
use crate::domain::assessment::Assessment;
use crate::domain::facts::Facts;
use crate::domain::money::grouped;
use crate::domain::verdict::Verdict;
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
        decided(&self.verdict)
    }

    /// The second request that the claim speaks of, in one sentence, and what the whole decision says about it.
    pub fn instead_decided(&self) -> Option<(String, String)> {
        let (facts, verdict) = self.instead.as_deref()?;
        Some((sentence(facts), decided(verdict)))
    }

    /// The purchase as a case file of `bundle`, which expects what comes out now; none where the bundle's fixtures cannot be
    /// read. A claim about two requests makes two cases.
    pub fn case(&self, name: &str, bundle: &Bundle) -> Option<String> {
        let fixtures = Fixtures::read(bundle).ok()?;
        let one = |name: &str, facts: &Facts, verdict: &Verdict| match &self.asked {
            Query::Share(recipient, class) => {
                let answer = share(bundle, facts, recipient, *class);
                render_share(name, facts, recipient, *class, &answer, &fixtures)
            }
            Query::Approve | Query::Challenge | Query::Offer(_) => render(name, facts, verdict, &fixtures),
        };
        let first = one(name, &self.facts, &self.verdict);
        let Some((facts, verdict)) = self.instead.as_deref() else { return Some(first) };
        let second = one(&format!("{name}, with the other facts"), facts, verdict);
        // Both begin with the line under which cases of their kind stand.
        let (_, second) = second.split_once('\n')?;
        Some(format!("{first}\n{second}"))
    }
}

fn decided(verdict: &Verdict) -> String {
    let by = if verdict.policies.is_empty() { &verdict.reasons } else { &verdict.policies };
    format!("{} by {}", verdict.outcome.as_str(), by.join(", "))
}

impl Item {
    /// The item's counterexample as a case file with a comment that says what to do with it.
    pub fn case(&self, bundle: &Bundle) -> Option<String> {
        let Outcome::Refuted(refutation) = &self.outcome else { return None };
        let purchase = refutation.example.as_ref()?.purchase.as_ref()?;
        let case = purchase.case(&format!("counterexample of {}", self.id), bundle)?;
        let breaks = if purchase.instead.is_some() {
            "# It does not hold of this purchase, once as it is and once with the other facts"
        } else {
            "# This purchase breaks it"
        };
        Some(format!(
            "# {}\n{breaks} ({}). Each case expects what comes out now:\n# state what should come out, mend the rules, and keep \
             the case in cases/.\n{case}",
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
