//! A headless Chromium for one test, with a profile of its own, driven by a chromedriver of its own.

mod sight;

pub(crate) use sight::{SIZES, Sight};

use std::io::{BufRead, BufReader};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::http::Method;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

const HINT: &str = "hint: run ./scripts/test, which installs chromium and chromedriver";
/// How often a driver is started until one gets its port.
const STARTS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(30);

/// How the browser is set up.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setup {
    pub(crate) without_scripts: bool,
    pub(crate) without_third_party_cookies: bool,
    /// The size of pages, exact however small; 1280 by 900 where none is given.
    pub(crate) window: Option<(u32, u32)>,
}

/// The browser of one test.
pub(crate) struct Browser {
    pub(crate) client: Client,
}

/// The driver's process; ended by its id when the test ends.
struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// A driver that listens. It takes one free port for IPv4 and wants the same for IPv6; where another process was
    /// quicker there, it ends at once and says so, and the next one gets another port.
    fn start() -> Self {
        let mut said = String::new();
        (0..STARTS)
            .find_map(|_| Self::try_start().map_err(|why| said = why).ok())
            .unwrap_or_else(|| panic!("chromedriver names no port: {said}\n{HINT}"))
    }

    /// Starts a driver; what it said, if it ended without a port.
    fn try_start() -> Result<Self, String> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver does not start: {error}\n{HINT}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let port = lines.by_ref().find_map(|line| {
            said.push(line.clone());
            line.rsplit_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
        });
        let Some(port) = port else {
            child.wait().unwrap();
            return Err(said.join("\n"));
        };
        // The pipe is emptied to its end, or the driver would stand still when it is full.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, port })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a test in a browser, and closes the browser whatever comes of it.
pub(crate) async fn in_browser<F: Future<Output = ()>>(setup: Setup, test: impl FnOnce(Browser) -> F) {
    let (driver, profile) = (Driver::start(), TempDir::new().unwrap());
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities(setup, profile.path()))
        .connect(&format!("http://127.0.0.1:{}", driver.port))
        .await
        .unwrap_or_else(|error| panic!("chromium does not start: {error}\n{HINT}"));
    let browser = Browser { client: client.clone() };
    if let Some((width, height)) = setup.window {
        browser.pretend_window(width, height).await;
    }
    let ended = AssertUnwindSafe(test(browser)).catch_unwind().await;
    let closed = client.close().await;
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
    closed.unwrap();
}

fn capabilities(setup: Setup, profile: &Path) -> serde_json::Map<String, Value> {
    let (width, height) = setup.window.unwrap_or((1280, 900));
    let mut preferences = json!({});
    if setup.without_scripts {
        preferences["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    if setup.without_third_party_cookies {
        preferences["profile.block_third_party_cookies"] = json!(true);
        preferences["profile.cookie_controls_mode"] = json!(1);
    }
    let arguments = [
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--disable-quic".to_owned(),
        "--hide-scrollbars".to_owned(),
        format!("--window-size={width},{height}"),
        format!("--user-data-dir={}", profile.display()),
    ];
    let capabilities = json!({
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": { "args": arguments, "prefs": preferences },
    });
    capabilities.as_object().unwrap().clone()
}

impl Browser {
    /// Waits until there is such an element.
    pub(crate) async fn wait(&self, css: &str) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => {
                let source = self.client.source().await.unwrap_or_default();
                panic!("no `{css}` on {:?}: {error}\n{source}", self.client.current_url().await)
            }
        }
    }

    /// Clicks an element when it is there.
    pub(crate) async fn click(&self, css: &str) {
        self.wait(css).await.click().await.unwrap();
    }

    /// The text of an element when it is there.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.wait(css).await.text().await.unwrap()
    }

    /// An attribute of an element when it is there.
    pub(crate) async fn attribute(&self, css: &str, name: &str) -> String {
        self.wait(css).await.attr(name).await.unwrap().unwrap_or_default()
    }

    /// Goes into the frame.
    pub(crate) async fn enter(&self, css: &str) {
        self.wait(css).await.enter_frame().await.unwrap();
    }

    /// Goes back to the page itself.
    pub(crate) async fn leave_frames(&self) {
        self.client.issue_cmd(Post { path: "frame", body: json!({ "id": null }) }).await.unwrap();
    }

    /// Sends a command of the `DevTools` protocol to the page.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.client.issue_cmd(Post { path: "goog/cdp/execute", body }).await.unwrap()
    }

    /// Gives the browser an authenticator that always verifies its user (Web Authentication Level 3, section 11).
    pub(crate) async fn has_authenticator(&self) {
        let body = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserConsenting": true, "isUserVerified": true
        });
        self.client.issue_cmd(Post { path: "webauthn/authenticator", body }).await.unwrap();
    }

    /// Keeps a picture of what is seen in `build-output/`.
    pub(crate) async fn picture(&self, name: &str) {
        keep(name, &self.client.screenshot().await.unwrap());
    }

    /// Fails when the console tells of something that a content security policy refused.
    pub(crate) async fn no_policy_was_violated(&self) {
        let entries = self.client.issue_cmd(Post { path: "se/log", body: json!({ "type": "browser" }) }).await.unwrap();
        let messages = entries.as_array().unwrap().iter().map(|entry| entry["message"].to_string());
        let violations: Vec<String> = messages.filter(|text| text.contains("Content Security Policy")).collect();
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

/// Keeps a picture in `build-output/`.
fn keep(name: &str, picture: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("build-output/browser");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
}

/// A command of the driver that the library does not know.
#[derive(Debug)]
struct Post {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Post {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
