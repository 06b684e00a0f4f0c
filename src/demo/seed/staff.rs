//! The staff of the demo: one person for each role that is shown, set up by the same flows as real ones, all with one
//! known secret of one-time passwords.

use std::collections::BTreeSet;

use super::super::DemoError;
use super::super::service::part;
use crate::app::App;
use crate::credential::one_time;
use crate::domain::id::{StaffId, StaffSessionId};
use crate::domain::staff::{Role, SignedIn};
use crate::flow::arrival::Arrival;
use crate::flow::staff::account::{self, NewStaff};
use crate::flow::staff::{session, setup};

/// The secret of everybody's one-time passwords: fit for a demo and for nothing else.
pub(super) const SECRET: [u8; 20] = *b"sekisho-demo-secret!";
/// The same in base 32 (RFC 4648, section 6), as an app takes it in.
pub(in crate::demo) const SECRET_BASE32: &str = "ONSWW2LTNBXS2ZDFNVXS243FMNZGK5BB";

/// A staff person of the demo.
pub(in crate::demo) struct StaffPlan {
    pub(in crate::demo) name: &'static str,
    pub(in crate::demo) password: &'static str,
    pub(in crate::demo) role: Role,
    display_name: &'static str,
}

/// Everybody, the administrator first: she adds the others.
pub(in crate::demo) const STAFF: [StaffPlan; 4] = [
    StaffPlan {
        name: "kanri", password: "hinoki-no-hashira", role: Role::Administrator, display_name: "管理 見本"
    },
    StaffPlan { name: "uketsuke", password: "asagao-to-kaze", role: Role::Agent, display_name: "受付 見本" },
    StaffPlan { name: "shunin", password: "yamabiko-no-michi", role: Role::Supervisor, display_name: "主任 見本" },
    StaffPlan { name: "kansa", password: "suzumushi-no-yoru", role: Role::Auditor, display_name: "監査 見本" },
];

/// Adds everybody who is not there yet.
pub(in crate::demo) async fn staff(app: &App) -> Result<(), DemoError> {
    for plan in &STAFF {
        if app.store.staff_by_name(plan.name).await.map_err(part)?.is_none() {
            add(app, plan).await?;
        }
    }
    Ok(())
}

async fn add(app: &App, plan: &StaffPlan) -> Result<(), DemoError> {
    let first = app.store.has_no_staff().await.map_err(part)?;
    let demo = SignedIn {
        staff_id: StaffId::new(app.now(), &*app.randomness),
        name: "demo".to_owned(),
        display_name: "demo".to_owned(),
        roles: BTreeSet::from([Role::Administrator]),
        session_id: StaffSessionId::new(app.now(), &*app.randomness),
        reauthenticated: true,
    };
    let new = NewStaff {
        name: plan.name.to_owned(),
        display_name: plan.display_name.to_owned(),
        roles: BTreeSet::from([plan.role]),
    };
    let issued = account::create(app, (!first).then_some(&demo), new).await.map_err(part)?;
    let code = issued.code.expose();
    setup::begin_with_secret(app, code, plan.password, &SECRET).await.map_err(part)?;
    // The step before: the current one is left for whoever signs in now.
    let earlier = app.now().plus_seconds(-30);
    let confirmation = one_time::password_at(&SECRET, earlier).unwrap_or_default();
    let set_up = setup::confirm(app, code, &confirmation, &Arrival::command_line()).await.map_err(part)?;
    let who = &set_up.begun.who;
    session::end(app, who, who.session_id).await.map_err(part)?;
    Ok(())
}
