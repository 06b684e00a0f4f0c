//! A merchant, a registered card and open challenges, in a database of its own, behind the pages' router.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use sea_orm::{ConnectionTrait, Statement, Value};
use sekisho::app::{App, connect};
use sekisho::config::Config;
use sekisho::credential::password::Password;
use sekisho::domain::challenge::{ReturnBy, TimeBase};
use sekisho::domain::clock::{Clock, Micros};
use sekisho::domain::id::{
    AuditId, AuthenticationId, CardId, CardholderId, ChallengeId, CredentialId, EnrolmentId, MerchantId,
};
use sekisho::domain::merchant::{Environment, Merchant, ReturnUrl};
use sekisho::flow::challenge_link;
use sekisho::store::Store;
use sekisho::store::audit::Entry;
use tower::ServiceExt;

use super::clock::ManualClock;
use super::database::databases;
use super::randomness::SeededRandomness;

/// The member's password.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// Where the merchant's page is.
pub(crate) const SHOP: &str = "https://shop.example";

/// What a test needs of the merchant and the member.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) merchant_name: &'static str,
    pub(crate) personal_message: &'static str,
    pub(crate) return_by: ReturnBy,
    pub(crate) return_url: Option<&'static str>,
    pub(crate) time_base: TimeBase,
    pub(crate) environment: Vec<(&'static str, &'static str)>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            merchant_name: "みどり書店 Online",
            personal_message: "祖母の庭の金木犀",
            return_by: ReturnBy::FormPost,
            return_url: Some("https://shop.example/return"),
            time_base: TimeBase::Japan,
            environment: Vec::new(),
        }
    }
}

/// One deployment.
pub(crate) struct Bench {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) merchant: Merchant,
    pub(crate) card_id: CardId,
    router: Router,
    return_url: Option<&'static str>,
    database: String,
    _folder: tempfile::TempDir,
}

/// An answer of the service.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// An open challenge.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) authentication_id: AuthenticationId,
    pub(crate) challenge_id: ChallengeId,
    pub(crate) path: String,
}

/// Runs a test on SQLite, and on PostgreSQL where there is a server for tests.
pub(crate) async fn on_every_database(setting: Setting, test: impl AsyncFn(Bench)) {
    for database in databases().await {
        let folder = tempfile::tempdir().unwrap();
        test(Bench::start(&setting, &database.url, folder).await).await;
        database.remove().await;
    }
}

impl Bench {
    async fn start(setting: &Setting, database: &str, folder: tempfile::TempDir) -> Self {
        let clock = ManualClock::at("2026-11-22T03:00:00Z");
        let randomness = SeededRandomness::new(7);
        let variables = setting.environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = variables.chain([
            ("SEKISHO__DATA_DIR".to_owned(), folder.path().display().to_string()),
            ("SEKISHO__DATABASE__URL".to_owned(), database.to_owned()),
        ]);
        let config = Config::load(None, variables).unwrap();
        connect(&config).await.unwrap().migrate().await.unwrap();
        let app = Arc::new(App::build(config, clock.clone(), randomness).await.unwrap());
        let merchant = Merchant {
            id: MerchantId::new(clock.now(), &*app.randomness),
            name: setting.merchant_name.to_owned(),
            category_code: "5942".to_owned(),
            country: "JP".to_owned(),
            time_base: setting.time_base,
            return_by: setting.return_by,
            return_urls: vec![ReturnUrl::parse("https://shop.example/return", Environment::Test).unwrap()],
        };
        app.store.add_merchant(merchant.clone(), clock.now(), entry(&app, "merchant.create")).await.unwrap();
        let card_id = register(&app, setting.personal_message).await;
        let router = sekisho::pages::router(Arc::clone(&app));
        let return_url = setting.return_url;
        let database = database.to_owned();
        Self { app, clock, merchant, card_id, router, return_url, database, _folder: folder }
    }

    /// The pages of another process on the same database.
    pub(crate) async fn twin(&self) -> Self {
        let config = self.app.config.clone();
        let app = Arc::new(App::build(config, self.clock.clone(), SeededRandomness::new(8)).await.unwrap());
        Self {
            clock: Arc::clone(&self.clock),
            merchant: self.merchant.clone(),
            card_id: self.card_id,
            router: sekisho::pages::router(Arc::clone(&app)),
            app,
            return_url: self.return_url,
            database: self.database.clone(),
            _folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Opens a challenge for a purchase of 12,800 yen.
    pub(crate) async fn challenge(&self) -> Opened {
        let now = self.app.now();
        let authentication_id = AuthenticationId::new(now, &*self.app.randomness);
        let challenge_id = ChallengeId::new(now, &*self.app.randomness);
        let token = challenge_link::token(&self.app, authentication_id);
        self.run(
            "INSERT INTO authentications (id, merchant_id, merchant_reference, purpose, amount_minor, currency, \
             purchased_at, card_id, card_last_four, status, ending, reasons, bundle_digest, return_url, created_at) \
             VALUES ($1, $2, 'order-1', 'payment', 12800, 'JPY', $3, $4, '4242', 'challenge_required', 'decided', \
             '', '', $5, $3)",
            vec![
                authentication_id.uuid().into(),
                self.merchant.id.uuid().into(),
                now.0.into(),
                self.card_id.uuid().into(),
                self.return_url.map(str::to_owned).into(),
            ],
        )
        .await;
        self.run(
            "INSERT INTO challenges (id, authentication_id, token_digest, state, methods, attempts, first_visit_by, \
             expires_at, created_at) VALUES ($1, $2, $3, 'open', 'password', 0, $4, $5, $6)",
            vec![
                challenge_id.uuid().into(),
                authentication_id.uuid().into(),
                challenge_link::token_digest(&token).to_vec().into(),
                now.plus_seconds(30).0.into(),
                now.plus_seconds(600).0.into(),
                now.0.into(),
            ],
        )
        .await;
        Opened { authentication_id, challenge_id, path: format!("/challenge/{token}") }
    }

    /// Runs one statement that writes.
    pub(crate) async fn run(&self, sql: &str, values: Vec<Value>) {
        run(&self.app.store, sql, values).await;
    }

    /// The number that a statement answers.
    pub(crate) async fn number(&self, sql: &'static str, values: Vec<Value>) -> i64 {
        let work = self.app.store.write(move |transaction| {
            Box::pin(async move {
                let statement = Statement::from_sql_and_values(transaction.get_database_backend(), sql, values);
                let row = transaction.query_one_raw(statement).await.unwrap().unwrap();
                Ok(row.try_get_by_index::<i64>(0).unwrap())
            })
        });
        work.await.unwrap()
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Page {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Page { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// Opens a page in the merchant's frame.
    pub(crate) async fn framed(&self, path: &str) -> Page {
        self.get(path, &[("sec-fetch-dest", "iframe")]).await
    }

    /// Opens a page with these headers.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let builder = headers.iter().fold(Request::get(path), |builder, (name, value)| builder.header(*name, *value));
        self.send(builder.body(Body::empty()).unwrap()).await
    }

    /// Posts a form as a browser does, in a sandboxed frame: without an origin to rely on.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, "null")
            .body(Body::from(body));
        self.send(request.unwrap()).await
    }

    /// Answers with the form of this page.
    pub(crate) async fn answer(&self, challenge: &Opened, page: &Page, password: &str) -> Page {
        let fields = [("step", "answer"), ("form", &page.form("answer")), ("password", password)];
        self.post(&challenge.path, &fields).await
    }
}

impl Page {
    /// The token of the form for this step (`answer`, `go_on`), or of the one to give up (`cancel`).
    pub(crate) fn form(&self, step: &str) -> String {
        let mark = match step {
            "cancel" => "/cancel\">".to_owned(),
            step => format!("name=\"step\" value=\"{step}\""),
        };
        let (_, rest) = self.body.split_once(&mark).unwrap_or_else(|| panic!("no form `{step}` in {}", self.body));
        let (_, rest) = rest.split_once("name=\"form\" value=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }

    /// The signed result in the form that leads back.
    pub(crate) fn result(&self) -> &str {
        let (_, rest) = self.body.split_once("name=\"result\" value=\"").expect("a result");
        rest.split_once('"').unwrap().0
    }

    /// The text of a header.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The parts of one process.
async fn run(store: &Store, sql: &str, values: Vec<Value>) {
    let sql = sql.to_owned();
    let work = store.write(move |transaction| {
        Box::pin(async move {
            let statement = Statement::from_sql_and_values(transaction.get_database_backend(), sql, values);
            transaction.execute_raw(statement).await.unwrap();
            Ok(())
        })
    });
    work.await.unwrap();
}

fn entry(app: &App, action: &'static str) -> Entry {
    let now = app.now();
    let id = AuditId::new(now, &*app.randomness);
    Entry { id, recorded_at: now, actor: "operator".into(), action, subject: String::new(), result: String::new() }
}

/// A cardholder with one registered card and a password.
async fn register(app: &App, personal_message: &str) -> CardId {
    let now: Micros = app.now();
    let randomness = &*app.randomness;
    let (holder, card) = (CardholderId::new(now, randomness), CardId::new(now, randomness));
    let (enrolment, credential) = (EnrolmentId::new(now, randomness), CredentialId::new(now, randomness));
    let (key, wrapped) = app.keys.new_person_key(holder, randomness).unwrap();
    let message = key.seal("enrolments", "personal_message", enrolment.uuid(), personal_message.as_bytes(), randomness);
    let secret = app.hasher.hash(Password::typed(PASSWORD).unwrap()).await.unwrap();
    let at: Value = now.0.into();
    run(
        &app.store,
        "INSERT INTO cardholders (id, reference, person_key_id, person_key, created_at, updated_at) \
         VALUES ($1, 'holder-1', $2, $3, $4, $4)",
        vec![holder.uuid().into(), wrapped.key_id.into(), wrapped.bytes.into(), at.clone()],
    )
    .await;
    run(
        &app.store,
        "INSERT INTO cards (id, reference, cardholder_id, programme, status, issued_at, created_at, updated_at) \
         VALUES ($1, 'card-1', $2, 'standard', 'active', $3, $3, $3)",
        vec![card.uuid().into(), holder.uuid().into(), at.clone()],
    )
    .await;
    run(
        &app.store,
        "INSERT INTO enrolments (id, card_id, state, member_id, personal_message, personal_message_provisional, \
         created_at) VALUES ($1, $2, 'complete', 'member-1', $3, FALSE, $4)",
        vec![enrolment.uuid().into(), card.uuid().into(), message.unwrap().into(), at.clone()],
    )
    .await;
    run(
        &app.store,
        "INSERT INTO credentials (id, enrolment_id, kind, secret, created_at, changed_at) \
         VALUES ($1, $2, 'password', $3, $4, $4)",
        vec![credential.uuid().into(), enrolment.uuid().into(), secret.into(), at],
    )
    .await;
    card
}
