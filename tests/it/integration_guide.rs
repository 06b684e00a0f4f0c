//! The guide for merchants, followed to the letter: its commands and its server are run against the real program.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use sekisho::domain::clock::Clock;
use sekisho::system::SystemClock;
use serde_json::Value;

use crate::support::deployment::card_number;
use crate::support::process::{Deployment, PASSWORD, Service, until, word};
use crate::support::relay::free_port;

/// The pieces of the guide in this language, in their order.
fn snippets(language: &str) -> Vec<String> {
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/integration.md")).unwrap();
    let opening = format!("```{language}\n");
    guide.split(&opening).skip(1).map(|rest| rest.split_once("\n```").unwrap().0.to_owned()).collect()
}

/// The shop of the guide as a process; ended by its id.
struct Shop {
    child: Child,
    url: String,
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shop {
    fn start(deployment: &Deployment, port: u16, settings: &[(&str, &str)]) -> Self {
        let path = deployment.write("shop.mjs", snippets("js").join("\n"));
        let url = format!("http://localhost:{port}");
        let child = Command::new("node")
            .arg(path)
            .env("PORT", port.to_string())
            .env("SHOP_URL", &url)
            .envs(settings.iter().copied())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("node does not start: {error}\nhint: run ./scripts/test"));
        let shop = Self { child, url };
        until("the guide's shop", || (shop.curl(&["/"]).0 == 404).then_some(()));
        shop
    }

    /// Sends a request with curl; status, place to go on to, and body.
    fn curl(&self, arguments: &[&str]) -> (u16, String, String) {
        let (path, options) = arguments.split_last().unwrap();
        curl(&[options, &[&format!("{}{path}", self.url)]].concat())
    }

    /// Pays with a card; the path of the order.
    fn pay(&self, number: &str) -> String {
        let (number, expiry) = (format!("number={number}"), "expiry=2029-11");
        let (status, order, _) = self.curl(&["-d", &number, "-d", expiry, "/pay"]);
        assert_eq!(status, 303);
        order.strip_prefix(&self.url).unwrap_or(&order).to_owned()
    }

    fn order(&self, path: &str) -> String {
        let (status, _, page) = self.curl(&[path]);
        assert_eq!(status, 200);
        page
    }
}

fn curl(arguments: &[&str]) -> (u16, String, String) {
    let format = "\n%{http_code} %{redirect_url}";
    let output = Command::new("curl").args(["-s", "-w", format]).args(arguments).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let (body, last) = said.rsplit_once('\n').unwrap();
    let (status, to) = last.split_once(' ').unwrap();
    (status.parse().unwrap(), to.to_owned(), body.to_owned())
}

/// The value of the hidden field that comes first after a mark.
fn field(page: &str, mark: &str, name: &str) -> String {
    let (_, rest) = page.split_once(mark).unwrap_or_else(|| panic!("no `{mark}` in {page}"));
    let (_, rest) = rest.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// The buyer proves herself on the issuer's page; the signed result that its last form carries.
fn prove(challenge_url: &str, password: &str) -> String {
    let (_, _, page) = curl(&["-H", "sec-fetch-dest: iframe", challenge_url]);
    let form = format!("form={}", field(&page, "name=\"step\" value=\"answer\"", "form"));
    let password = format!("password={password}");
    let (_, _, last) =
        curl(&["-d", "step=answer", "--data-urlencode", &form, "--data-urlencode", &password, challenge_url]);
    field(&last, "data-return", "result")
}

/// A card with a password that the service asks about: the purchase of the guide is large.
fn card(deployment: &Deployment, service: &Service, serial: u64) -> String {
    let (key, number) = (deployment.issuer_key(), card_number(serial));
    let holder = serde_json::json!({"name_kanji": "山田 花子", "email": "hanako@example.jp"});
    let path = format!("/v1/cardholders/holder-{serial}");
    assert_eq!(service.send_json("PUT", &path, &key, &holder).status, 200);
    let card = serde_json::json!({
        "cardholder_reference": format!("holder-{serial}"), "number": number, "expiry": "2029-11",
        "programme": "classic", "issued_on": "2024-11-01"
    });
    let reference = format!("card-{serial}");
    assert_eq!(service.send_json("PUT", &format!("/v1/cards/{reference}"), &key, &card).status, 200);
    deployment.enrol(&reference, "祖母の庭の金木犀");
    number
}

#[test]
fn the_guide_leads_to_a_shop_that_is_paid_by_signed_results_alone() {
    for deployment in Deployment::on_every_database() {
        let (port, shop_port) = (free_port(), free_port());
        let (service_url, return_url) =
            (format!("http://127.0.0.1:{port}"), format!("http://localhost:{shop_port}/return"));
        deployment.settings(&format!(
            "[server]\npublic_url = \"{service_url}\"\n[webhooks]\ndestinations = \"public_and_loopback\"\n"
        ));
        let created = ["merchant", "create", "--name", "Books", "--category-code", "5942", "--return-url", &return_url];
        let said = deployment.fine(&created);
        let (merchant, key) = (word(&said, "mer_"), word(&said, "sk_test_"));
        let hooks = format!("http://localhost:{shop_port}/hooks");
        let secret = word(&deployment.fine(&["merchant", "webhook", "add", &merchant, &hooks]), "whsec_");
        let service = deployment.serve_on(port);
        let number = card(&deployment, &service, 1);

        let [ask] = &snippets("sh")[..] else { panic!("one command") };
        let mut asked = Command::new("sh");
        asked.args(["-c", ask]).env("SEKISHO_URL", &service_url).env("SEKISHO_KEY", &key);
        let asked = asked.env("CARD_NUMBER", &number).env("RETURN_URL", &return_url).output().unwrap();
        let answer: Value = serde_json::from_slice(&asked.stdout).unwrap();
        assert_eq!(
            (&answer["status"], &answer["merchant_reference"]),
            (&"challenge_required".into(), &"order-1001".into())
        );

        let shop = Shop::start(
            &deployment,
            shop_port,
            &[
                ("SEKISHO_URL", &service_url),
                ("SEKISHO_KEY", &key),
                ("MERCHANT_ID", &merchant),
                ("WEBHOOK_SECRET", &secret),
            ],
        );
        let challenge = |page: &str| {
            let (_, rest) = page.split_once("<a href=\"").expect("the way without scripts");
            rest.split_once('"').unwrap().0.to_owned()
        };

        // Told by the webhook: the buyer never comes back.
        let told = shop.pay(&number);
        let page = shop.order(&told);
        assert!(page.contains("/v1/js/sekisho.js\" integrity=\"sha384-") && page.contains("Sekisho.open("));
        prove(&challenge(&page), PASSWORD);
        let taken = "SELECT COUNT(*) FROM outbox WHERE kind = 'webhook' AND state = 'done'";
        until("the webhook", || (deployment.count(taken) == 1).then_some(()));
        assert!(shop.order(&told).contains(">paid<"));

        // Brought by the buyer; a result about another order pays nothing, nor does one that somebody made up.
        let brought = shop.pay(&number);
        let result = prove(&challenge(&shop.order(&brought)), PASSWORD);
        let (status, to, _) = shop.curl(&["--data-urlencode", &format!("result={result}"), "/return"]);
        assert_eq!((status, to.strip_prefix(&shop.url)), (303, Some(brought.as_str())));
        assert!(shop.order(&brought).contains(">paid<"));
        let other = shop.pay(&number);
        let (head, rest) = result.split_once('.').unwrap();
        let forged = format!("result={head}.{}", rest.replacen('e', "f", 1));
        assert_eq!(shop.curl(&["--data-urlencode", &forged, "/return"]).0, 400);
        assert!(shop.order(&other).contains("Sekisho.open("), "it is still open");

        // A webhook that somebody else sends is refused, and so is one without a signature.
        let at = format!("webhook-timestamp: {}", SystemClock.now().unix_seconds());
        let forged = ["-H", "webhook-id: out_1", "-H", &at, "-H", "webhook-signature: v1,AAAA", "-d", "{}", "/hooks"];
        assert_eq!(shop.curl(&forged).0, 401);
        assert_eq!(shop.curl(&["-d", "{}", "/hooks"]).0, 401);

        // Turned back without a question: a card that nobody knows.
        assert!(shop.order(&shop.pay(&card_number(99))).contains(">refused<"));
    }
}
