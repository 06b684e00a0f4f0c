//! Behind the counter: what the service knew and which rules decided. No merchant sees this; the demo reads it inside
//! the process and shows it to this machine alone.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Shop, State};
use crate::domain::assessment::Assessment;
use crate::domain::authentication::Authentication;
use crate::domain::facts::Facts;
use crate::domain::id::AuthenticationId;
use crate::domain::verdict::{EvaluationError, Verdict};

/// What the service knows of one authentication.
#[derive(Debug, Serialize)]
pub(super) struct BehindTheCounter {
    pub(super) authentication_id: String,
    pub(super) status: String,
    /// What the policies answered; none when they were not asked.
    pub(super) outcome: Option<String>,
    /// The rules that determined the outcome.
    pub(super) rules: Vec<RuleShown>,
    /// Why it has its status, in words for staff.
    pub(super) reasons: Vec<ReasonShown>,
    /// Rules that could not be evaluated.
    pub(super) errors: Vec<EvaluationError>,
    pub(super) facts: Option<Facts>,
    pub(super) bundle_digest: String,
    /// The form that the analysis company got; none when nothing was sent.
    pub(super) sent: Option<BTreeMap<String, String>>,
}

/// A rule.
#[derive(Debug, Serialize)]
pub(super) struct RuleShown {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) question: String,
    pub(super) owner: String,
    pub(super) file: String,
}

/// A reason.
#[derive(Debug, Serialize)]
pub(super) struct ReasonShown {
    pub(super) code: String,
    pub(super) public_code: String,
    pub(super) staff_ja: String,
    pub(super) staff_en: String,
}

impl BehindTheCounter {
    /// The assessment, where facts were gathered.
    pub(super) fn assessment(&self) -> Option<&Assessment> {
        self.facts.as_ref().map(|facts| &facts.assessment)
    }

    /// The facts, one line each: where it stands, and what it is.
    pub(super) fn fact_lines(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        if let Some(Ok(facts)) = self.facts.as_ref().map(serde_json::to_value) {
            flatten("", &facts, &mut lines);
        }
        lines
    }
}

fn flatten(path: &str, value: &serde_json::Value, lines: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, lines);
            }
        }
        serde_json::Value::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
            lines.push((path.to_owned(), if items.is_empty() { "–".to_owned() } else { items.join(", ") }));
        }
        serde_json::Value::String(text) => lines.push((path.to_owned(), text.clone())),
        other => lines.push((path.to_owned(), other.to_string())),
    }
}

impl Shop {
    /// Looks behind the counter; none when there is no such authentication.
    pub(super) async fn behind(&self, id: &str) -> Option<BehindTheCounter> {
        let id: AuthenticationId = id.parse().ok()?;
        let found = self.app.store.any_authentication(id).await;
        let authentication =
            found.inspect_err(|error| tracing::error!(%error, "no look behind the counter")).ok()??;
        let verdict: Option<Verdict> =
            authentication.verdict.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let facts: Option<Facts> = authentication.facts.as_deref().and_then(|text| Facts::of_record(text).ok());
        Some(BehindTheCounter {
            authentication_id: authentication.id.to_string(),
            status: authentication.status.as_str().to_owned(),
            outcome: verdict.as_ref().map(|verdict| verdict.outcome.as_str().to_owned()),
            rules: verdict.as_ref().map(|verdict| self.rules(verdict)).unwrap_or_default(),
            reasons: self.reasons(&authentication, verdict.as_ref()),
            errors: verdict.map(|verdict| verdict.errors).unwrap_or_default(),
            facts,
            sent: self.sent(&authentication),
            bundle_digest: authentication.bundle_digest,
        })
    }

    fn rules(&self, verdict: &Verdict) -> Vec<RuleShown> {
        let loaded = self.app.bundle.load();
        let rules = loaded.bundle.rules();
        let shown = |id: &String| {
            let rule = rules.iter().find(|rule| rule.id == *id)?;
            Some(RuleShown {
                id: rule.id.clone(),
                title: rule.title.clone(),
                question: rule.question.as_str().to_owned(),
                owner: rule.owner.clone(),
                file: rule.file.clone(),
            })
        };
        verdict.policies.iter().filter_map(shown).collect()
    }

    /// The reasons of the decision, and after them those of how it ended.
    fn reasons(&self, authentication: &Authentication, verdict: Option<&Verdict>) -> Vec<ReasonShown> {
        let loaded = self.app.bundle.load();
        let reference = loaded.bundle.reference();
        let mut codes: Vec<&String> = verdict.iter().flat_map(|verdict| &verdict.reasons).collect();
        codes.extend(&authentication.reasons);
        let mut shown: Vec<ReasonShown> = Vec::new();
        for code in codes {
            if let Some(reason) = reference.reason(code)
                && shown.iter().all(|other| other.code != *code)
            {
                shown.push(ReasonShown {
                    code: code.clone(),
                    public_code: reason.public_code.clone(),
                    staff_ja: reason.staff_ja.clone(),
                    staff_en: reason.staff_en.clone(),
                });
            }
        }
        shown
    }

    /// What the stand-in provider got about this authentication.
    fn sent(&self, authentication: &Authentication) -> Option<BTreeMap<String, String>> {
        let id = authentication.id.to_string();
        self.provider.calls().into_iter().find(|call| call.field("transaction_id") == id).map(|call| call.fields)
    }
}

/// `GET /counter/authentications/{id}`
pub(super) async fn json(Extract(state): Extract<State>, Path(id): Path<String>) -> Response {
    match state.behind(&id).await {
        Some(behind) => Json(behind).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
