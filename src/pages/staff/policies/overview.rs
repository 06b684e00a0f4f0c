//! The overview: which bundle decides, what is on trial, which instance is behind, and how the policies decide.

use axum::extract::Query;
use serde::Deserialize;

use super::panel::{Panel, Panels, percent};
use super::{Places, bundle_path, course, short};
use crate::domain::bundle::{BundleActivation, BundleMode, SHARE_WHOLE};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::policy_course::{self, CourseRange};
use crate::pages::pieces::{Cell, Facts};
use crate::pages::staff::answer::Answer;
use crate::pages::staff::console::Console;
use crate::pages::staff::names::Names;
use crate::pages::staff::sheet::Sheet;
use crate::pages::staff::signed::Signed;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    range: String,
}

/// `GET /staff/policies`
pub(super) async fn open(signed: Signed, Query(asked): Query<Asked>) -> Answer {
    signed.require(Act::PolicyLook, &ActSubject::none()).await?;
    let range = CourseRange::parse(&asked.range).unwrap_or(CourseRange::Day);
    let course = policy_course::course(signed.app(), range).await.map_err(|error| signed.refuse(error))?;
    let current = signed.app().store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    let names = Names::read(&signed).await?;
    let console = signed.console("policies-overview");
    let live = super::live(&signed);
    let title = |id: &str| live.bundle.rules().iter().find(|rule| rule.id == id).map(|rule| rule.title.clone());
    let mut panels = vec![in_use(&console, &names, &current)];
    panels.extend(course::panels(&console, &course, |id| title(id).unwrap_or_default()));
    let ranges = Places::ranges(&console, range);
    let places = Places::at(&console, "/staff/policies");
    Ok(signed.page(&Sheet::new(console).among(&places).add(&ranges).add(&Panels::of(&panels))))
}

/// Which bundle decides, and what is on trial.
fn in_use(console: &Console<'_>, names: &Names, current: &[BundleActivation]) -> Panel {
    let mut rows = Vec::new();
    for mode in [BundleMode::Live, BundleMode::Canary, BundleMode::Shadow] {
        let name = console.text(&format!("policies-mode-{}", mode.as_str()));
        let Some(found) = current.iter().find(|activation| activation.mode == mode) else {
            rows.push((name, Cell::Text(console.text("policies-mode-none"))));
            continue;
        };
        rows.push((name, Cell::Link { path: bundle_path(&found.digest), text: short(&found.digest) }));
        rows.push((console.text("policies-since"), Cell::Text(console.moment(found.started_at))));
        rows.push((console.text("policies-by"), Cell::Text(names.of(&found.started_by))));
        if found.share < SHARE_WHOLE {
            rows.push((console.text("policies-share"), Cell::Figure(percent(found.share.into()))));
        }
    }
    Panel::new(console, "policies-in-use").add(&Facts { rows })
}
