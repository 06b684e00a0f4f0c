//! Back to what was before: a trial is ended, or the bundle that was live before is live again.

use axum::extract::Path;
use serde::Deserialize;

use super::words::{self, note};
use super::{Places, bundle_path, person, short};
use crate::domain::bundle::{BundleActivation, BundleMode};
use crate::domain::id::BundleActivationId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::policies::PoliciesError;
use crate::flow::policies::end::end_trial;
use crate::flow::policies::rollback::{What, comes_back, rollback};
use crate::pages::pieces::{Cell, Facts, Field, FieldKind, Tone};
use crate::pages::staff::answer::{Answer, Refusal};
use crate::pages::staff::failure::Failure;
use crate::pages::staff::form::StaffForm;
use crate::pages::staff::sheet::{ActForm, Sheet};
use crate::pages::staff::signed::Signed;

#[derive(Default, Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    reason: String,
}

/// `GET /staff/policies/uses/{id}/end`
pub(super) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    let used = find(&signed, &id).await?;
    page(&signed, &used, &Fields::default(), None, None).await
}

/// `POST /staff/policies/uses/{id}/end`: what is in use by then is what she saw, or nothing is done.
pub(super) async fn end(Path(id): Path<String>, form: StaffForm<Fields>) -> Answer {
    let StaffForm { signed, fields } = form;
    let used = find(&signed, &id).await?;
    let reason = match note(&fields.reason) {
        Ok(reason) if reason.is_empty() => {
            return page(&signed, &used, &fields, Some("supervisor-note-empty"), None).await;
        }
        Ok(reason) => reason,
        Err(key) => return page(&signed, &used, &fields, Some(key), None).await,
    };
    let done = match used.mode {
        BundleMode::Live => {
            rollback(signed.app(), signed.who(), &reason, What::Live(used.id)).await.map(|_| "/staff/policies")
        }
        BundleMode::Canary | BundleMode::Shadow => {
            end_trial(signed.app(), signed.who(), used.id, &reason).await.map(|_| "/staff/policies/trials")
        }
    };
    match done {
        Ok(path) => Ok(signed.go(&format!("{path}?done=ended"))),
        Err(PoliciesError::Overtaken(_)) => Err(signed.refuse(Failure::Conflict)),
        Err(error) => {
            let names = signed.names().await?;
            let notice = words::told(&signed, &signed.console("policies-end-trial"), &names, error)?;
            page(&signed, &used, &fields, None, Some(notice)).await
        }
    }
}

/// The use that is meant, if it is not over.
async fn find(signed: &Signed, id: &str) -> Result<BundleActivation, Refusal> {
    signed.require(Act::PolicyActivate, &ActSubject::of(id)).await?;
    let id: BundleActivationId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let current = signed.app().store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    current.into_iter().find(|used| used.id == id).ok_or_else(|| signed.refuse(Failure::Conflict))
}

async fn page(
    signed: &Signed,
    used: &BundleActivation,
    typed: &Fields,
    wrong: Option<&str>,
    notice: Option<String>,
) -> Answer {
    let names = signed.names().await?;
    let title = if used.mode == BundleMode::Live { "policies-roll-back" } else { "policies-end-trial" };
    let console = signed.console(title);
    let places = Places::at(&console, "");
    let mut facts = Facts {
        rows: vec![
            (
                console.text(&format!("policies-mode-{}", used.mode.as_str())),
                Cell::Link { path: bundle_path(&used.digest), text: short(&used.digest) },
            ),
            (console.text("policies-since"), Cell::Text(console.moment(used.started_at))),
            (console.text("policies-by"), Cell::Text(person(&console, &names, &used.started_by))),
        ],
    };
    if used.mode == BundleMode::Live {
        let before = comes_back(signed.app()).await.unwrap_or_default();
        facts.rows.extend(before.into_iter().flat_map(|head| {
            [
                (
                    console.text("policies-comes-back"),
                    Cell::Link { path: bundle_path(&head.digest), text: short(&head.digest) },
                ),
                (console.text("policies-comes-back-message"), Cell::Text(head.message)),
            ]
        }));
    }
    let field = Field::new("reason", console.text("supervisor-reason"), FieldKind::Text)
        .hint(console.text("policies-note-hint"))
        .error(wrong.map(|key| console.text(key)))
        .value(&typed.reason)
        .first();
    let form = ActForm::new(&console, end_path(used), title).field(field);
    let lead = match used.mode {
        BundleMode::Live => console.text("policies-roll-back-lead"),
        tried => console.text(&format!("policies-end-{}-lead", tried.as_str())),
    };
    let mut sheet = Sheet::new(console).among(&places).lead(lead);
    if let Some(notice) = notice {
        sheet = sheet.told(Tone::Bad, notice);
    }
    Ok(signed.page(&sheet.add(&facts).add(&form)))
}

/// Where a use is ended.
pub(super) fn end_path(used: &BundleActivation) -> String {
    format!("/staff/policies/uses/{}/end", used.id)
}
