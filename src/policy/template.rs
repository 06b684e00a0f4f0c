//! What a new rule or invariant begins as: sound at once, and plainly unfinished.

use super::bundle::Bundle;
use super::format::formatted;
use super::question::Question;
use super::reason::NO_RULE_PERMITS;

/// What somebody wants to write.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The question that it is about.
    pub question: Question,
    /// Its id.
    pub id: &'a str,
    /// Whether it permits; otherwise it forbids.
    pub permits: bool,
    /// Whether it is an invariant, which decides nothing.
    pub invariant: bool,
}

impl Wanted<'_> {
    /// Its file inside a bundle.
    pub fn file(&self) -> String {
        let folder = if self.invariant { super::invariant::FOLDER } else { self.question.as_str() };
        format!("{folder}/{}.cedar", self.id)
    }

    /// Its text, for this bundle.
    pub fn text(&self, bundle: &Bundle) -> String {
        let comment = if self.invariant {
            "// An invariant decides nothing: it says what must hold of every request, whatever the rules say."
        } else if self.question == Question::Staff {
            "// Still to do: the title, the owner, role, acts and condition. List what it allows in staff/cases.yaml too: what is \
             allowed and not listed there fails."
        } else {
            "// Still to do: the title, the reason, the owner, the condition, and a case in cases/ that this rule decides."
        };
        let mut lines = vec![comment.to_owned(), format!("@id(\"{}\")", self.id)];
        lines.push("@title(\"Say here in one short sentence what this says\")".to_owned());
        lines.extend(self.annotations(bundle));
        lines.push(format!("{} {}", if self.permits { "permit" } else { "forbid" }, self.head()));
        lines.push(format!("when {{\n    {}\n}};", self.condition()));
        let text = lines.join("\n") + "\n";
        formatted(&self.file(), &text).unwrap_or(text)
    }

    fn annotations(&self, bundle: &Bundle) -> Vec<String> {
        match (self.invariant, self.permits) {
            (true, true) if self.question == Question::Approve => vec!["@then(\"challenge\")".to_owned()],
            (true, true) => vec!["@instead(\"consent = permitted\")".to_owned()],
            (true, false) => Vec::new(),
            (false, _) => {
                let owner = "@owner(\"name-your-team\")".to_owned();
                let reason = format!("@reason(\"{}\")", self.reason(bundle));
                if self.question == Question::Staff { vec![owner] } else { vec![reason, owner] }
            }
        }
    }

    /// A reason that may stand there until the right one is chosen.
    fn reason(&self, bundle: &Bundle) -> &'static str {
        let usual = match (self.question, self.permits) {
            (Question::Share, false) => "data_minimisation",
            (Question::Share, true) => "sharing_permitted",
            (Question::Offer, true) => "method_offered",
            (Question::Offer, false) => "stronger_method",
            (_, true) => "risk_low",
            (Question::Approve, false) => "amount_large",
            (_, false) => "amount_over_ceiling",
        };
        if bundle.reference().reason(usual).is_some() { usual } else { NO_RULE_PERMITS }
    }

    fn head(&self) -> String {
        let question = self.question.as_str();
        match self.question {
            Question::Authenticate => format!("(principal, action in Action::\"{question}\", resource)"),
            Question::Staff => {
                "(principal in Role::\"supervisor\", action == Action::\"queue_look\", resource)".to_owned()
            }
            _ => format!("(principal, action == Action::\"{question}\", resource)"),
        }
    }

    /// What hardly any request fulfils, so that the rule changes nothing before it is finished.
    fn condition(&self) -> &'static str {
        match (self.question, self.permits) {
            // Nobody has so many roles.
            (Question::Staff, _) => "context.role_count > 100",
            (Question::Share, true) => {
                "context.consent == \"permitted\" && context.purpose == \"other_non_payment\" && context.data_class == \"location\""
            }
            (Question::Share, false) => {
                "context.purpose == \"other_non_payment\" && context.data_class == \"location\""
            }
            // ISO 4217: no currency.
            _ => "context.purchase.currency == \"XXX\"",
        }
    }
}
