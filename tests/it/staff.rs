//! Staff people sign in: what is counted, what works once, when a session is over.

use sekisho::domain::staff::{Act, ActSubject, Role};
use sekisho::flow::arrival::Arrival;
use sekisho::flow::staff::rights::{RightsError, require};
use sekisho::flow::staff::setup::{self, SetupError};
use sekisho::flow::staff::{account, session, sign_in};

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::staff::{PASSWORD, TestStaff, created, signed_in, stranger_administrator};

async fn agent(deployment: &Deployment) -> TestStaff {
    let staff = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
    // The step of the setup is used up.
    deployment.clock.advance(60);
    staff
}

async fn results_of(deployment: &Deployment, action: &str) -> Vec<String> {
    let sql = "SELECT result FROM audit_entries WHERE action = $1 ORDER BY id";
    deployment.tables.column(sql, vec![action.into()]).await
}

#[tokio::test]
async fn ten_parallel_guesses_are_compared_and_the_rest_refused_for_half_an_hour() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = agent(deployment).await;
        let guesses = (0..40).map(|number| {
            let staff = &staff;
            async move { staff.sign_in(&format!("not her password {number}"), &staff.code_in(0)).await.is_err() }
        });
        let refused = futures_util::future::join_all(guesses).await;
        assert!(refused.into_iter().all(|refused| refused));
        let failures: i64 = deployment.tables.value("SELECT failures FROM staff", Vec::new()).await;
        assert_eq!(failures, 10, "no more than ten were compared");
        assert!(staff.sign_in(PASSWORD, &staff.code_in(0)).await.is_err(), "the right password is refused too");
        deployment.clock.advance(29 * 60);
        assert!(staff.sign_in(PASSWORD, &staff.code_in(0)).await.is_err());
        deployment.clock.advance(61);
        staff.sign_in(PASSWORD, &staff.code_in(0)).await.unwrap();
        let failures: i64 = deployment.tables.value("SELECT failures FROM staff", Vec::new()).await;
        assert_eq!(failures, 0);
        assert!(results_of(deployment, "staff.sign_in").await.contains(&"locked".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn after_a_lock_has_run_out_there_are_ten_tries_again() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = agent(deployment).await;
        for _ in 0..10 {
            assert!(staff.sign_in("wrong wrong wrong", "000000").await.is_err());
        }
        deployment.clock.advance(31 * 60);
        for _ in 0..9 {
            assert!(staff.sign_in("wrong wrong wrong", "000000").await.is_err());
        }
        staff.sign_in(PASSWORD, &staff.code_in(0)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_one_time_password_works_once_even_for_two_at_the_same_time() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = agent(deployment).await;
        let code = staff.code_in(0);
        let (one, other) = tokio::join!(staff.sign_in(PASSWORD, &code), staff.sign_in(PASSWORD, &code));
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
        assert!(staff.sign_in(PASSWORD, &code).await.is_err());
        assert!(staff.sign_in(PASSWORD, &staff.code_in(-30)).await.is_err(), "the step before a used one is used too");
    })
    .await;
}

#[tokio::test]
async fn the_step_before_is_accepted_and_a_coming_one_is_not() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = agent(deployment).await;
        assert!(staff.sign_in(PASSWORD, &staff.code_in(30)).await.is_err());
        assert!(staff.sign_in(PASSWORD, &staff.code_in(-60)).await.is_err());
        staff.sign_in(PASSWORD, &staff.code_in(-30)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_recovery_code_works_once_and_gives_no_strength_for_sensitive_acts() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = agent(deployment).await;
        assert_eq!(staff.recovery_codes.len(), 10);
        let code = &staff.recovery_codes[3];
        let typed = code.to_uppercase().replace('-', " ");
        let token = staff.sign_in(PASSWORD, &typed).await.unwrap();
        let found = session::find(&deployment.app, &token).await.unwrap().unwrap();
        assert!(!found.who.reauthenticated);
        assert!(staff.sign_in(PASSWORD, code).await.is_err());
        assert_eq!(deployment.app.store.staff_recovery_codes_left(staff.who.staff_id).await.unwrap(), 9);
        let dump = deployment.tables.dump().await;
        let bare = code.replace('-', "");
        assert!(!dump.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(&bare)));
    })
    .await;
}

#[tokio::test]
async fn an_idle_session_ends_and_a_used_one_ends_after_ten_hours() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let live = async || session::find(&deployment.app, &staff.token).await.unwrap().is_some();
        deployment.clock.advance(14 * 60);
        assert!(live().await);
        deployment.clock.advance(15 * 60);
        assert!(!live().await);
        let token = staff.sign_in(PASSWORD, &staff.code_in(0)).await.unwrap();
        for _ in 0..59 {
            deployment.clock.advance(10 * 60);
            assert!(session::find(&deployment.app, &token).await.unwrap().is_some());
        }
        deployment.clock.advance(10 * 60);
        assert!(session::find(&deployment.app, &token).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn who_is_disabled_or_reset_is_out_at_once() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let app = &deployment.app;
        let staff = agent(deployment).await;
        let boss = stranger_administrator(app);
        assert!(account::disable(app, &boss, "AOI").await.unwrap());
        assert!(session::find(app, &staff.token).await.unwrap().is_none());
        assert!(staff.sign_in(PASSWORD, &staff.code_in(0)).await.is_err());
        let issued = account::reset(app, &boss, "aoi").await.unwrap();
        assert!(staff.sign_in(PASSWORD, &staff.code_in(0)).await.is_err(), "the old password is gone");
        setup::begin(app, issued.code.expose(), PASSWORD).await.unwrap();
        assert!(staff.sign_in(PASSWORD, &staff.code_in(0)).await.is_err(), "not before the secret is confirmed");
    })
    .await;
}

#[tokio::test]
async fn a_setup_code_works_once_and_for_a_day() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let app = &deployment.app;
        let code = created(app, "ren", &[Role::Agent]).await;
        assert!(matches!(setup::begin(app, &code, "short").await, Err(SetupError::Password(_))));
        let shown = setup::begin(app, &code, PASSWORD).await.unwrap();
        let totp = totp_rs::Totp::from_url(shown.url.as_str()).unwrap();
        let now = app.now().unix_seconds().unsigned_abs();
        let ahead = totp.generate(now + 30).to_string();
        let arrival = Arrival::command_line();
        assert!(matches!(setup::confirm(app, &code, &ahead, &arrival).await, Err(SetupError::OneTimePassword)));
        let right = totp.generate(now).to_string();
        let (one, other) =
            tokio::join!(setup::confirm(app, &code, &right, &arrival), setup::confirm(app, &code, &right, &arrival));
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
        assert!(matches!(setup::begin(app, &code, PASSWORD).await, Err(SetupError::Code)));
        let late = created(app, "mio", &[Role::Agent]).await;
        deployment.clock.advance(86_400);
        assert!(matches!(setup::begin(app, &late, PASSWORD).await, Err(SetupError::Code)));
    })
    .await;
}

#[tokio::test]
async fn the_first_person_is_an_administrator_and_there_is_one_first() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let app = &deployment.app;
        let new = |name: &str, role| account::NewStaff {
            name: name.to_owned(),
            display_name: "First".to_owned(),
            roles: [role].into(),
        };
        let refused = account::create(app, None, new("a.b", Role::Agent)).await;
        assert!(matches!(refused, Err(account::AccountError::FirstAdministrator)), "{refused:?}");
        let (one, other) = tokio::join!(
            account::create(app, None, new("one", Role::Administrator)),
            account::create(app, None, new("two", Role::Administrator))
        );
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
        let third = account::create(app, None, new("three", Role::Administrator)).await;
        assert!(matches!(third, Err(account::AccountError::NotFirst)), "{third:?}");
    })
    .await;
}

#[tokio::test]
async fn a_denied_act_stands_in_the_audit_log() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let app = &deployment.app;
        let staff = agent(deployment).await;
        let denied = require(app, &staff.who, Act::StaffManage, &ActSubject::of("staff_1")).await;
        assert!(matches!(denied, Err(RightsError::Denied { act: "staff_manage" })), "{denied:?}");
        let rows = deployment
            .tables
            .rows("SELECT actor, subject, result FROM audit_entries WHERE action = 'staff.denied'", Vec::new())
            .await;
        let field = |name: &str| rows[0].try_get_by::<String, _>(name).unwrap();
        assert_eq!((rows.len(), field("actor")), (1, staff.who.actor()));
        assert_eq!((field("subject").as_str(), field("result").as_str()), ("staff_1", "staff_manage"));
        require(app, &staff.who, Act::ConsentObject, &ActSubject::none()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn sensitive_acts_need_a_fresh_one_time_password_and_nobody_approves_her_own_request() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let app = &deployment.app;
        let staff = signed_in(app, "sora", &[Role::Supervisor]).await;
        let approve = Act::ConsentResumeApprove;
        deployment.clock.advance(301);
        let find = async |token: &str| session::find(app, token).await.unwrap().unwrap().who;
        let who = find(&staff.token).await;
        let stale = require(app, &who, approve, &ActSubject::none()).await;
        assert!(matches!(stale, Err(RightsError::ReauthenticationNeeded)), "{stale:?}");
        assert!(sign_in::reauthenticate(app, &who, "000000").await.is_err());
        let begun = sign_in::reauthenticate(app, &who, &staff.code_in(0)).await.unwrap();
        assert!(session::find(app, &staff.token).await.unwrap().is_none(), "the token is a new one");
        let fresh = find(begun.token.expose()).await;
        require(app, &fresh, approve, &ActSubject::none()).await.unwrap();
        let own = require(app, &fresh, approve, &ActSubject::of("appr_1").by(fresh.staff_id)).await;
        assert!(matches!(own, Err(RightsError::Denied { .. })), "{own:?}");
    })
    .await;
}

#[tokio::test]
async fn neither_secret_nor_password_nor_token_is_in_the_database() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = agent(deployment).await;
        let url = staff.totp.to_url().unwrap();
        let secret = url.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        for (column, bytes) in deployment.tables.dump().await {
            let text = String::from_utf8_lossy(&bytes);
            for hidden in [secret.as_str(), PASSWORD, &staff.token] {
                assert!(!text.contains(hidden), "{column}");
            }
        }
    })
    .await;
}
