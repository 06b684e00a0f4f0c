//! The service as a process: how it starts, what it says, how it ends, and what outlives its death.

use std::io::{BufRead, BufReader, Write};

use serde_json::{Value, json};

use super::support::card_file::{file, number, row};
use super::support::process::{Answer, Deployment, PASSWORD, Service, mode_of, until};

const MESSAGE: &str = "祖母の庭の金木犀";

/// A deployment with a grocer's key and one registered card.
fn furnish(deployment: &Deployment) -> String {
    let path = deployment.write("cards.csv", file(&[row(1)]));
    deployment.fine(&["card", "import", path.to_str().unwrap()]);
    deployment.enrol("card-1", MESSAGE);
    deployment.merchant().1
}

/// A request about the registered card: a challenge is wished, or left to the policy.
fn purchase(wish: &str) -> Value {
    json!({
        "merchant_reference": "order-1",
        "card": {"number": number(1), "expiry": "2031-11"},
        "purchase": {"amount_minor": 3_000, "currency": "JPY"},
        "cardholder": {
            "name": "SHIORI SEKIGUCHI", "email": "shiori.1@mail.example", "phone": "03-5253-4111",
            "shipping_address": {"country": "JP", "postal_code": "100-0001", "line1": "千代田1-1"},
        },
        "device": {"ip": "198.51.100.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64)", "language": "ja"},
        "challenge": {"wish": wish},
    })
}

fn authenticate(service: &Service, key: &str, wish: &str) -> Value {
    let answer = service.send_json("POST", "/v1/authentications", key, &purchase(wish));
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

fn read(service: &Service, key: &str, authentication: &Value) -> Answer {
    let answer = service.get_with(&format!("/v1/authentications/{}", authentication["id"].as_str().unwrap()), key);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// The path of an open challenge's page; its last part is the secret.
fn challenge_path(authentication: &Value) -> String {
    assert_eq!(authentication["status"], "challenge_required", "{authentication}");
    url::Url::parse(authentication["challenge"]["url"].as_str().unwrap()).unwrap().path().to_owned()
}

/// Types a password into the challenge's page.
fn answer_challenge(service: &Service, path: &str, password: &str) -> Answer {
    let page = service.send("GET", path, &[("sec-fetch-dest", "iframe")], None);
    assert_eq!(page.status, 200, "{page:?}");
    let (_, form) = page.body.split_once("name=\"step\" value=\"answer\"").expect("a form");
    let token = form.split_once("name=\"form\" value=\"").unwrap().1.split_once('"').unwrap().0;
    let fields = [("step", "answer"), ("form", token), ("password", password)];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    service.send("POST", path, &[("content-type", "application/x-www-form-urlencoded")], Some(&body))
}

/// Checks that a start ends with 3, one line that says why and one that says what to do.
fn refuses_to_start(deployment: &Deployment, listen: &str, why: &str) {
    let ended = deployment.run(&["serve", "--listen", listen]);
    assert_eq!((ended.code, ended.out.as_str(), ended.err.lines().count()), (3, "", 2), "{ended:?}");
    let (first, second) = ended.err.split_once('\n').unwrap();
    assert!(first.starts_with("error: ") && first.contains(why) && second.starts_with("hint: "), "{}", ended.err);
}

#[test]
fn a_first_start_makes_database_and_keys_and_says_where_it_serves() {
    let deployment = Deployment::fresh();
    let service = deployment.serve();
    assert_eq!(service.said, format!("sekisho serves http://127.0.0.1:8480 on {} (sqlite)\n", service.address));
    assert_ne!(service.address.port(), 0);
    assert_eq!(service.get("/livez").body, "ok\n");
    assert_eq!(mode_of(&deployment.key_file()), 0o600);
}

#[test]
fn a_running_service_tells_of_itself() {
    let deployment = Deployment::migrated();
    let service = deployment.serve();
    let ready = service.get("/readyz");
    assert_eq!(ready.status, 200);
    insta::assert_json_snapshot!(ready.json(), {
        ".bundle_digest" => "[64 hexadecimal digits]", ".bundle_age_seconds" => "[seconds]"
    }, @r#"
    {
      "ready": true,
      "database": "ok",
      "migrations": "current",
      "bundle_digest": "[64 hexadecimal digits]",
      "bundle_age_seconds": "[seconds]",
      "canary_digest": null,
      "shadow_digest": null,
      "policies": "database",
      "degraded": null,
      "unreviewed_emergencies": [],
      "keys": "ok",
      "sharing": "on",
      "canary": "kept"
    }
    "#);
    assert_eq!(ready.json()["bundle_digest"].as_str().unwrap().len(), 64);
    assert!(ready.json()["bundle_age_seconds"].as_i64().unwrap() >= 0);

    let figures = service.get("/metrics");
    assert_eq!(figures.status, 200);
    assert!(figures.header("content-type").starts_with("application/openmetrics-text"), "{figures:?}");
    assert!(figures.body.contains("route=\"/readyz\""), "{}", figures.body);

    let described = service.get("/openapi.json").json();
    assert!(described["openapi"].as_str().unwrap().starts_with("3.1"), "{described}");
    assert!(described["paths"]["/v1/authentications"]["post"].is_object());

    let page = service.get("/docs");
    assert!(page.header("content-type").starts_with("text/html") && page.body.contains("/v1/authentications"));
    assert!(!page.body.contains("src=\"http") && !page.body.contains("<script src"), "nothing from elsewhere");

    let keys = service.get("/.well-known/jwks.json").json();
    assert_eq!(keys["keys"][0]["kty"], "OKP");
    assert!(keys["keys"][0].get("d").is_none(), "the public part alone");
}

#[test]
fn every_answer_has_a_request_id_of_its_own() {
    let deployment = Deployment::migrated();
    let service = deployment.serve();
    let paths = ["/livez", "/readyz", "/metrics", "/docs", "/nowhere", "/v1/authentications", "/challenge/x"];
    let mut ids: Vec<String> = paths.iter().map(|path| service.get(path).header("x-request-id").to_owned()).collect();
    assert!(ids.iter().all(|id| id.starts_with("req_")), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), paths.len());
}

#[test]
fn keys_that_others_can_read_are_refused() {
    let deployment = Deployment::migrated();
    deployment.merchant();
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(deployment.key_file(), permissions).unwrap();
    refuses_to_start(&deployment, "127.0.0.1:0", "can be read by others (mode 0644)");
}

#[test]
fn a_start_with_other_keys_is_refused() {
    for deployment in Deployment::on_every_database() {
        let service = deployment.serve();
        service.kill();
        deployment.other_keys();
        refuses_to_start(&deployment, "127.0.0.1:0", "the keys are not the ones that this database was filled with");
    }
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let deployment = Deployment::migrated();
    let service = deployment.serve();
    let address = service.address.to_string();
    refuses_to_start(&deployment, &address, &format!("cannot listen on {address}: "));
    assert_eq!(service.get("/livez").status, 200, "the first one goes on");
}

#[test]
fn an_older_schema_is_refused_until_it_is_migrated() {
    for deployment in Deployment::on_every_database() {
        deployment.sql("DELETE FROM seaql_migrations WHERE version LIKE 'm0004%'");
        refuses_to_start(&deployment, "127.0.0.1:0", "older than this program: m0004_audit missing");
    }
}

#[test]
fn a_request_in_flight_is_answered_before_the_process_ends() {
    for deployment in Deployment::on_every_database() {
        let key = furnish(&deployment);
        let mut service = deployment.serve();
        let body = purchase("no_preference").to_string();
        let authorization = format!("Bearer {key}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", "in-flight"),
            ("expect", "100-continue"),
        ];
        let stream = service.connect().unwrap();
        let head = service.head("POST", "/v1/authentications", &headers, Some(body.len()));
        (&stream).write_all(head.as_bytes()).unwrap();
        let mut go_on = String::new();
        BufReader::with_capacity(1, &stream).read_line(&mut go_on).unwrap();
        assert_eq!(go_on, "HTTP/1.1 100 Continue\r\n", "the request is being read");
        service.terminate();
        until("the end of accepting", || service.connect().err());
        (&stream).write_all(body.as_bytes()).unwrap();
        let mut blank = String::new();
        BufReader::with_capacity(1, &stream).read_line(&mut blank).unwrap();
        let answer = Answer::read(stream);
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(service.ended().code(), Some(0), "{}", service.log());
        let again = deployment.serve();
        assert_eq!(read(&again, &key, &answer.json()).json(), answer.json());
    }
}

#[test]
fn what_was_answered_survives_the_death_of_the_process() {
    for deployment in Deployment::on_every_database() {
        deployment.settings("[challenge]\nfirst_visit_seconds = 600\n");
        let key = furnish(&deployment);
        let service = deployment.serve();
        let decided = authenticate(&service, &key, "no_preference");
        let open = authenticate(&service, &key, "challenge");
        let proven = authenticate(&service, &key, "challenge");
        let path = challenge_path(&proven);
        assert_eq!(answer_challenge(&service, &path, PASSWORD).status, 200);
        let before = [&decided, &open, &proven].map(|authentication| read(&service, &key, authentication));
        service.kill();

        let service = deployment.serve();
        let after = [&decided, &open, &proven].map(|authentication| read(&service, &key, authentication));
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before.body, after.body);
        }
        assert_eq!(after[0].json(), decided);
        assert_eq!(after[1].json(), open);
        let proven = after[2].json();
        assert_eq!(proven["status"], "approved", "{proven}");
        assert!(proven["result"].as_str().is_some_and(|result| result.matches('.').count() == 2), "{proven}");
    }
}

#[test]
fn a_challenge_ends_in_time_after_a_restart_although_nobody_visits() {
    for deployment in Deployment::on_every_database() {
        deployment.settings("[challenge]\nfirst_visit_seconds = 5\ntotal_seconds = 6\n");
        let key = furnish(&deployment);
        let service = deployment.serve();
        let open = authenticate(&service, &key, "challenge");
        challenge_path(&open);
        service.kill();
        assert_eq!(deployment.count("SELECT COUNT(*) FROM challenges WHERE state = 'open'"), 1);

        let service = deployment.serve();
        until("the end of the challenge", || {
            (deployment.count("SELECT COUNT(*) FROM challenges WHERE state = 'open'") == 0).then_some(())
        });
        let ended = read(&service, &key, &open).json();
        assert_ne!(ended["status"], "challenge_required", "{ended}");
        assert_eq!(ended["reasons"], json!(["timed_out"]), "{ended}");
        assert!(ended["result"].is_string() && ended["finished_at"].is_string(), "{ended}");
    }
}

#[test]
fn the_log_of_real_requests_holds_nothing_about_a_person_and_no_secret() {
    let deployment = Deployment::migrated();
    deployment.settings("[log]\nformat = \"json\"\nfilter = \"info,sekisho=trace\"\n");
    let (key, issuer_key) = (furnish(&deployment), deployment.issuer_key());
    let service = deployment.serve();
    let mut ids = Vec::new();
    let mut seen = |answer: Answer, status: u16| {
        assert_eq!(answer.status, status, "{answer:?}");
        ids.push(answer.header("x-request-id").to_owned());
        answer
    };

    let record = json!({"name_kanji": "関口 詩織", "email": "shiori.1@mail.example", "phone": "03-5253-4111"});
    seen(service.send_json("PUT", "/v1/cardholders/holder-1", &issuer_key, &record), 200);
    let wrong = json!({"email": "shiori-at-mail.example", "phone": "5253"});
    seen(service.send_json("PUT", "/v1/cardholders/holder-1", &issuer_key, &wrong), 422);
    let card = json!({"cardholder_reference": "holder-1", "number": number(1), "expiry": "2031-11",
                      "programme": "classic", "issued_on": "2024-11-01"});
    seen(service.send_json("PUT", "/v1/cards/card-1", &issuer_key, &card), 200);
    seen(service.send_json("PUT", "/v1/cards/card-2", &issuer_key, &card), 409);
    seen(service.send_json("POST", "/v1/authentications", &key, &purchase("no_preference")), 201);
    let mut foreign = purchase("no_preference");
    foreign["card"]["number"] = json!(format!("{}0", number(1)));
    seen(service.send_json("POST", "/v1/authentications", &key, &foreign), 422);
    foreign["shiori.1@mail.example"] = json!(number(1));
    seen(service.send_json("POST", "/v1/authentications", &key, &foreign), 400);
    seen(service.get_with("/v1/authentications?merchant_reference=shiori.1@mail.example", &key), 200);
    seen(service.get_with("/v1/authentications", &format!("{key}0")), 401);
    seen(service.get(&format!("/{}", number(1))), 404);
    let open = seen(service.send_json("POST", "/v1/authentications", &key, &purchase("challenge")), 201).json();
    let path = challenge_path(&open);
    let page = seen(service.send("GET", &path, &[("sec-fetch-dest", "iframe")], None), 200);
    assert!(page.body.contains(MESSAGE), "the page shows the personal message");
    seen(answer_challenge(&service, &path, "a wrong password"), 200);
    seen(answer_challenge(&service, &path, PASSWORD), 200);
    let log = service.log();

    let token = path.rsplit('/').next().unwrap();
    let typed = ["shiori", "関口", "詩織", "SEKIGUCHI", "5253", "千代田", "198.51.100.7"];
    let secrets = [PASSWORD, "a wrong password", MESSAGE, token, &key, &issuer_key, "sk_test_", "ik_test_"];
    for word in typed.into_iter().chain(secrets).chain([number(1).as_str()]) {
        assert!(!log.contains(word), "`{word}` is in the log");
    }
    let keys = std::fs::read_to_string(deployment.key_file()).unwrap();
    for line in keys.lines().filter_map(|line| line.strip_prefix("key = ")) {
        assert!(!log.contains(line.trim_matches('"')), "a key is in the log");
    }

    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered: Vec<&Value> = lines.iter().filter(|line| line["message"] == "answered").collect();
    for id in &ids {
        assert!(answered.iter().any(|line| line["span"]["request_id"] == **id), "no line for {id}");
    }
    assert!(answered.iter().all(|line| line["status"].is_u64() && line["route"].is_string()), "{answered:?}");
}

#[test]
fn a_log_for_people_is_text() {
    let deployment = Deployment::migrated();
    deployment.settings("[log]\nformat = \"text\"\n");
    let service = deployment.serve();
    let id = service.get("/livez").header("x-request-id").to_owned();
    let log = service.log();
    let line = log.lines().find(|line| line.contains(&id)).unwrap_or_else(|| panic!("no line for {id}: {log}"));
    assert!(line.contains("answered") && line.contains("/livez") && !line.starts_with('{'), "{line}");
}
