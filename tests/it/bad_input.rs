//! What is no request: refused with a documented problem that names the place and repeats no value.

use sekisho::api::problem::Kind;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::deployment::{Deployment, TestCard, Wanted, card_number, merge, on_every_database, request};
use crate::support::exchange::{Answer, Call};

/// What no problem may ever repeat.
const PRIVATE: [&str; 5] = ["35690000", "hanako", "09012345678", "山田", "南青山"];

fn keeps_values_to_itself(answer: &Answer) {
    for value in PRIVATE {
        assert!(!answer.text.contains(value), "{value} in {}", answer.text);
    }
}

/// The bookshop's request with this body, whatever it is.
async fn raw(deployment: &Deployment, body: impl Into<Vec<u8>>) -> Answer {
    let key = format!("raw-{}", deployment.next());
    let call = Call::post("/v1/authentications").key(&deployment.shop.key).idempotency(&key).raw(body);
    let answer = deployment.send(call).await;
    keeps_values_to_itself(&answer);
    answer
}

/// A request with these changes is refused as not allowed, at this one place.
async fn refused_at(deployment: &Deployment, card: &TestCard, changes: &Value, path: &str) {
    let answer = raw(deployment, deployment.purchase(card, changes).to_string()).await;
    answer.problem(422, "invalid-field");
    assert_eq!(answer.paths(), [path], "{changes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_of_the_documented_shape_is_refused() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let fine = deployment.purchase(&card, &json!({})).to_string();
        let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let within = |path: &str, value: &str| fine.replacen(path, &format!("{path}{value},"), 1);
        for body in [
            String::new(),
            "null".to_owned(),
            "[]".to_owned(),
            "\"text\"".to_owned(),
            fine[..fine.len() - 1].to_owned(),
            format!("{fine}{fine}"),
            format!("{fine},"),
            fine.replace('"', "'"),
            deep("[", "]"),
            deep("{\"a\":", "}"),
            within("{", &format!("\"claims\":{}", deep("[", "]"))),
            within("{", &format!("\"claims\":{{\"reorder\":{}}}", deep("{\"a\":", "}"))),
            within("{", "\"merchant_reference\":\"twice\""),
        ] {
            raw(deployment, body).await.problem(400, "invalid-body");
        }
        raw(deployment, vec![b'"', 0xFF, 0xFE, b'"']).await.problem(400, "invalid-body");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_and_a_wrong_type_are_named_with_their_path() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        for (changes, path) in [
            (json!({"status": "approved"}), "status"),
            (json!({"merchant_id": "mer_1"}), "merchant_id"),
            (json!({"card": {"cvc": "123"}}), "card.cvc"),
            (json!({"cardholder": {"shipping_address": {"planet": "x"}}}), "cardholder.shipping_address.planet"),
            (json!({"purchase": {"amount_minor": "12800"}}), "purchase.amount_minor"),
            (json!({"purchase": {"amount_minor": 12.5}}), "purchase.amount_minor"),
            (json!({"purchase": {"amount_minor": 9_223_372_036_854_775_808_u64}}), "purchase.amount_minor"),
            (json!({"purchase": {"recurring": "yes"}}), "purchase.recurring"),
            (json!({"purchase": {"instalments": -1}}), "purchase.instalments"),
            (json!({"card": {"number": 3_569_000_000_000_008_u64}}), "card.number"),
            (json!({"cardholder": {"email": ["hanako.yamada@example.jp"]}}), "cardholder.email"),
            (json!({"purpose": card.number}), "purpose"),
            (json!({"delivery": {"kind": "hanako.yamada@example.jp"}}), "delivery.kind"),
            (json!({"challenge": {"language": "x, expected 山田"}}), "challenge.language"),
            (json!({"merchant_reference": null}), ""),
        ] {
            let mut body = deployment.purchase(&card, &json!({}));
            merge(&mut body, &changes);
            let answer = raw(deployment, body.to_string()).await;
            answer.problem(400, "invalid-body");
            assert_eq!(answer.paths(), [path], "{changes}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_currencies_and_expiries_outside_their_range_are_refused() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let amount = |minor: i64| json!({"purchase": {"amount_minor": minor}});
        for minor in [-1, 0, 1_000_000_000_001, i64::MAX, i64::MIN] {
            refused_at(deployment, &card, &amount(minor), "purchase.amount_minor").await;
        }
        for currency in ["", "jpy", "JP", "XYZ", "ＪＰＹ", "JPY\0"] {
            let changes = json!({"purchase": {"currency": currency}});
            refused_at(deployment, &card, &changes, "purchase.currency").await;
        }
        for expiry in ["2026-10", "2025-12", "11/29", "2029-13", "2029-1", "29-11", "２０２９-11", ""] {
            refused_at(deployment, &card, &json!({"card": {"expiry": expiry}}), "card.expiry").await;
        }
        deployment.buys(&card, &json!({"card": {"expiry": "2026-11"}})).await;
        deployment.buys(&card, &json!({"purpose": "add_card", "purchase": {"amount_minor": 0}})).await;
        deployment.buys(&card, &amount(1_000_000_000_000)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_is_twelve_to_nineteen_ascii_digits_that_pass_luhn() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let number = card.number.as_str();
        let full_width = number.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
        let last = if number.ends_with('0') { '1' } else { '0' };
        for typed in [
            String::new(),
            format!("{}{last}", &number[..15]),
            format!("{} {}", &number[..4], &number[4..]),
            format!("{}-{}", &number[..4], &number[4..]),
            format!(" {number}"),
            format!("{number}\n"),
            full_width,
            "0".repeat(11),
            "0".repeat(20),
        ] {
            refused_at(deployment, &card, &json!({"card": {"number": typed}}), "card.number").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_url_is_one_of_the_registered_exactly() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        for url in [
            "https://shop.example/",
            "https://shop.example/return/",
            "https://shop.example/RETURN",
            "https://shop.example/return?next=x",
            "https://shop.example/return#x",
            "https://shop.example:8443/return",
            "http://shop.example/return",
            "https://shop.example.evil.example/return",
            "https://evil.example/return",
            "https://grocer.example/return",
            "https://user@shop.example/return",
            "https://shop.example@evil.example/return",
            "https:\\\\shop.example/return",
            "https://shop.example\\@evil.example/return",
            "//shop.example/return",
            "/return",
            " https://shop.example/return",
            "https://shop.example/re\tturn",
            "https://shop.example/return\r\nset-cookie: a=b",
            "javascript:alert(1)",
            "https://ѕhop.example/return",
            "",
        ] {
            let changes = json!({"challenge": {"return_url": url}});
            refused_at(deployment, &card, &changes, "challenge.return_url").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_named_at_once() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let long = "a".repeat(65);
        let changes = json!({
            "merchant_reference": long,
            "purchase": {"instalments": 0, "purchased_at": "yesterday"},
            "cardholder": {"name": "山田\u{0}", "billing_address": {"country": "Japan"}},
            "device": {"ip": "203.0.113.700", "session_id": "dev_1"},
            "location": {"country": "JP", "prefecture": "48"},
            "claims": {"account_age_days": -1}
        });
        let answer = raw(deployment, deployment.purchase(&card, &changes).to_string()).await;
        answer.problem(422, "invalid-field");
        let expected = [
            "merchant_reference",
            "purchase.purchased_at",
            "purchase.instalments",
            "cardholder.name",
            "cardholder.billing_address.country",
            "device.session_id",
            "device.ip",
            "location.prefecture",
            "claims.account_age_days",
        ];
        assert_eq!(answer.paths(), expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchant_s_device_session_is_no_session() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let session = async |key: &str| {
            let call = Call::post("/v1/device-sessions").key(key).idempotency("session").json(&json!({}));
            deployment.send(call).await.ok(201)["id"].as_str().unwrap().to_owned()
        };
        let (own, foreign) = (session(&deployment.shop.key).await, session(&deployment.grocer.key).await);
        let unknown = "dev_00000000000000000000000000000000";
        for id in [foreign.as_str(), unknown] {
            refused_at(deployment, &card, &json!({"device": {"session_id": id}}), "device.session_id").await;
        }
        let with_own = json!({"device": {"session_id": own}});
        deployment.buys(&card, &with_own).await;
        deployment.clock.advance(1_800);
        refused_at(deployment, &card, &with_own, "device.session_id").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_is_needed_once_and_visible() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let body = deployment.purchase(&card, &json!({}));
        let call = || Call::post("/v1/authentications").key(&deployment.shop.key).json(&body);
        let long = "k".repeat(256);
        for call in [
            call(),
            call().idempotency(""),
            call().idempotency("two words"),
            call().idempotency(&long),
            call().idempotency("a").idempotency("b"),
        ] {
            deployment.send(call).await.problem(400, "idempotency-key-required");
        }
        deployment.send(call().idempotency(&long[1..])).await.ok(201);
        let cancel = Call::post("/v1/authentications/auth_1/cancel").key(&deployment.shop.key);
        deployment.send(cancel).await.problem(400, "idempotency-key-required");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_paths_with_impossible_values_are_refused() {
    on_every_database(Wanted::default(), async |deployment| {
        for query in [
            "status=hanako",
            "status=",
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=x",
            "offset=1",
            "merchant_reference=",
            "merchant_reference=a%00b",
            "limit=1&limit=2",
        ] {
            let answer =
                deployment.send(Call::get(format!("/v1/authentications?{query}")).key(&deployment.shop.key)).await;
            answer.problem(400, "invalid-query");
            keeps_values_to_itself(&answer);
        }
        let status = json!({"status": "lost"});
        for path in ["/v1/cards/a%00b/status", "/v1/cards/%FF/status", "/v1/cards/%0A/status"] {
            deployment.issuer(Call::put(path), &status).await.problem(422, "invalid-field");
        }
        deployment.issuer(Call::put("/v1/cards/nobody/status"), &status).await.problem(404, "not-found");
        deployment.send(Call::get("/v1/nothing")).await.problem(404, "not-found");
        deployment.send(Call::put("/v1/authentications")).await.problem(405, "method-not-allowed");
        let text = Call::post("/v1/authentications").key(&deployment.shop.key).idempotency("k");
        deployment.send(text.header("content-type", "text/plain")).await.problem(415, "unsupported-media-type");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_s_mistakes_are_named_and_its_data_not_repeated() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let person = |changes: Value| ("/v1/cardholders/h".to_owned(), changes);
        let plastic = |changes: Value| {
            let mut body = json!({"cardholder_reference": card.cardholder, "number": card_number(9_999_999),
                "expiry": "2029-11", "programme": "classic", "issued_on": "2024-11-01"});
            merge(&mut body, &changes);
            ("/v1/cards/c".to_owned(), body)
        };
        let basis = json!({"basis": "notice", "notice_version": "1", "informed_at": "hanako"});
        for ((path, body), place) in [
            (person(json!({"email": "hanako"})), "email"),
            (person(json!({"phone": "09012345678-09012345678"})), "phone"),
            (person(json!({"birth_date": "山田"})), "birth_date"),
            (person(json!({"sharing": basis})), "sharing.informed_at"),
            (plastic(json!({"number": card_number(9_999_999).replace("99999", "99989")})), "number"),
            (plastic(json!({"cardholder_reference": "a\u{0}b"})), "cardholder_reference"),
            (plastic(json!({"cardholder_reference": "nobody"})), "cardholder_reference"),
            (plastic(json!({"programme": "hanako"})), "programme"),
            (plastic(json!({"issued_on": "hanako"})), "issued_on"),
        ] {
            let answer = deployment.issuer(Call::put(path), &body).await;
            answer.problem(422, "invalid-field");
            assert_eq!(answer.paths(), [place], "{body}");
            keeps_values_to_itself(&answer);
        }
        let wrong_word = deployment.issuer(Call::put("/v1/cards/c/status"), &json!({"status": "hanako"})).await;
        wrong_word.problem(400, "invalid-body");
        keeps_values_to_itself(&wrong_word);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_problem_has_its_page() {
    on_every_database(Wanted::default(), async |deployment| {
        for kind in Kind::ALL {
            let page = deployment.send(Call::get(format!("/problems/{}", kind.slug()))).await;
            assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
            assert!(page.text.contains(kind.title()) && page.text.contains(kind.status().as_str()), "{kind:?}");
        }
        deployment.send(Call::get("/problems/nothing")).await.problem(404, "not-found");
        let card = deployment.card(&json!({})).await;
        deployment.send(request(&deployment.shop, "k", &deployment.purchase(&card, &json!({})))).await.ok(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_more_than_64_kib_is_refused_and_the_connection_ends() {
    on_every_database(Wanted::default(), async |deployment| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let app = deployment.twin(9).await.0;
        let served = tokio::spawn(sekisho::service::serve(app, listener, async { drop(stopped.await) }));
        let card = deployment.card(&json!({})).await;
        let filler = |length: usize| format!("{}{}", deployment.purchase(&card, &json!({})), " ".repeat(length));
        let chunks = |body: &str| format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let whole = |body: &str| format!("content-length: {}\r\n\r\n{body}", body.len());
        for (rest, status) in [
            (whole(&filler(60_000)), "201"),
            (chunks(&filler(60_000)), "201"),
            (whole(&filler(65_536)), "413"),
            (chunks(&filler(65_536)), "413"),
        ] {
            let (shop, key) = (&deployment.shop.key, deployment.next());
            let head = format!(
                "POST /v1/authentications HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {shop}\r\n\
                 idempotency-key: {key}\r\ncontent-type: application/json\r\n"
            );
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
            assert!(status == "201" || answer.contains("\"type\":\"/problems/body-too-large\""), "{answer}");
        }
        stop.send(()).unwrap();
        served.await.unwrap().unwrap();
    })
    .await;
}
