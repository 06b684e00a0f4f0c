//! Staff people of a test, made by the same flows as real ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekisho::app::App;
use sekisho::config::Config;
use sekisho::credential::token::Token;
use sekisho::domain::id::{CardId, CardholderId, StaffId, StaffSessionId};
use sekisho::domain::staff::{Role, SignedIn};
use sekisho::flow::arrival::Arrival;
use sekisho::flow::staff::account::{self, NewStaff};
use sekisho::flow::staff::sign_in::{SignInError, Statement, sign_in};
use sekisho::flow::staff::{session, setup};
use sekisho::system::{SystemClock, SystemRandomness};
use totp_rs::Totp;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::deployment::{Deployment, TestCard};
use super::exchange::Call;

/// The password of every staff person in the tests.
pub(crate) const PASSWORD: &str = "gingko leaves in november";

/// A staff person who is signed in.
pub(crate) struct TestStaff {
    pub(crate) name: String,
    pub(crate) who: SignedIn,
    /// The session's token.
    pub(crate) token: String,
    pub(crate) recovery_codes: Vec<String>,
    pub(crate) totp: Totp,
    pub(crate) app: Arc<App>,
}

/// Somebody who may do everything an administrator may, and stands in no table.
pub(crate) fn stranger_administrator(app: &App) -> SignedIn {
    SignedIn {
        staff_id: StaffId::new(app.now(), &*app.randomness),
        name: "stranger".to_owned(),
        display_name: "Stranger".to_owned(),
        roles: BTreeSet::from([Role::Administrator]),
        session_id: StaffSessionId::new(app.now(), &*app.randomness),
        reauthenticated: true,
    }
}

/// A staff person with these roles and a setup code.
pub(crate) async fn created(app: &App, name: &str, roles: &[Role]) -> String {
    let new = NewStaff {
        name: name.to_owned(),
        display_name: format!("{name} 関口"),
        roles: roles.iter().copied().collect(),
    };
    let issued = account::create(app, Some(&stranger_administrator(app)), new).await.unwrap();
    issued.code.expose().to_owned()
}

/// A staff person with these roles, set up and signed in.
pub(crate) async fn signed_in(app: &Arc<App>, name: &str, roles: &[Role]) -> TestStaff {
    let code = created(app, name, roles).await;
    let shown = setup::begin(app, &code, PASSWORD).await.unwrap();
    let totp = Totp::from_url(shown.url.as_str()).unwrap();
    let seconds = app.now().unix_seconds().unsigned_abs();
    let browser = Arrival::browser("192.0.2.7".parse().ok(), "Firefox/140");
    let set_up = setup::confirm(app, &code, &totp.generate(seconds).to_string(), &browser).await.unwrap();
    TestStaff {
        name: name.to_owned(),
        who: set_up.begun.who,
        token: set_up.begun.token.expose().to_owned(),
        recovery_codes: set_up.recovery_codes,
        totp,
        app: Arc::clone(app),
    }
}

impl TestStaff {
    /// The one-time password so many seconds from now.
    pub(crate) fn code_in(&self, seconds: i64) -> String {
        self.totp.generate((self.app.now().unix_seconds() + seconds).unsigned_abs()).to_string()
    }

    /// Signs in once more.
    pub(crate) async fn sign_in(&self, password: &str, code: &str) -> Result<String, SignInError> {
        let statement = Statement {
            name: self.name.clone(),
            password: Zeroizing::new(password.to_owned()),
            code: Zeroizing::new(code.to_owned()),
        };
        let begun = sign_in(&self.app, statement, &Arrival::command_line()).await?;
        Ok(begun.token.expose().to_owned())
    }

    /// What her forms carry.
    pub(crate) fn form_token(&self) -> String {
        session::form_token(&self.app, &Token::parse(&self.token).unwrap().digest())
    }

    /// A page that she asks for.
    pub(crate) fn get(&self, path: &str) -> Call {
        Call::get(path).header("cookie", &format!("__Host-staff={}", self.token))
    }

    /// A form that she sends from a page of ours.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Call {
        let token = self.form_token();
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("form_token", token.as_str())]).collect();
        from_our_page(&self.app, Call::post(path).header("cookie", &format!("__Host-staff={}", self.token)))
            .form(&fields)
    }
}

/// With the headers of a form on one of our own pages.
pub(crate) fn from_our_page(app: &App, call: Call) -> Call {
    let origin = app.config.server.public_url.origin().ascii_serialization();
    call.header("origin", &origin).header("sec-fetch-site", "same-origin")
}

/// Whether a command line begins with a verb that needs a staff person.
pub(crate) fn needs_session(arguments: &[&str]) -> bool {
    let guarded = ["merchant", "issuer", "card", "consent", "outbox", "retention", "cardholder", "sharing", "webhook"]
        .iter()
        .any(|verb| arguments.first() == Some(verb));
    let guarded = guarded || matches!(arguments, ["label", ..] | ["policy", "replay", ..]);
    guarded && !arguments.contains(&"--help")
}

/// The token of somebody with every role that changes something; none where the service could not start either.
pub(crate) async fn session_of_operator(config: Config) -> Option<String> {
    let app = Arc::new(App::build(config, Arc::new(SystemClock), Arc::new(SystemRandomness)).await.ok()?);
    let roles = [Role::Agent, Role::Supervisor, Role::Administrator, Role::Compliance];
    let staff = signed_in(&app, "operator", &roles).await;
    app.store.clone().close().await;
    Some(staff.token)
}

/// An agent who stands in no table.
pub(crate) fn agent() -> SignedIn {
    SignedIn {
        staff_id: StaffId::from_uuid(Uuid::from_u128(7)),
        name: "sato".to_owned(),
        display_name: "佐藤".to_owned(),
        roles: [Role::Agent].into(),
        session_id: StaffSessionId::from_uuid(Uuid::from_u128(8)),
        reauthenticated: true,
    }
}

impl Deployment {
    /// The ids of a card and its holder.
    pub(crate) async fn ids(&self, card: &TestCard) -> (CardId, CardholderId) {
        let found = self.app.store.card(&card.reference).await.unwrap().unwrap();
        (found.id, found.cardholder_id)
    }

    /// Audit entries as `actor action subject result`, oldest first, of one action.
    pub(crate) async fn audited(&self, action: &str) -> Vec<String> {
        let sql = "SELECT actor || ' ' || subject || ' ' || result AS entry FROM audit_entries \
                   WHERE action = $1 ORDER BY recorded_at, id";
        self.tables.column(sql, vec![action.into()]).await
    }
}
