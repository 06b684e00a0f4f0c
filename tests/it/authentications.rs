//! Authentications through the merchant's API: what comes of a request, how it is answered, read, listed and cancelled.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use sekisho::domain::authentication::Status;
use sekisho::domain::id::AuthenticationId;
use sekisho::flow::result::ResultClaims;
use serde_json::{Value, json};

use crate::support::deployment::{Deployment, TestCard, Wanted, card_number, on_every_database};
use crate::support::exchange::{Answer, Call};

/// What an answer says to a merchant's acquirer: status, `transStatus`, reason, `eci`.
fn in_short(answer: &Value) -> [&str; 4] {
    ["status", "trans_status", "trans_status_reason", "eci"].map(|field| answer[field].as_str().unwrap_or_default())
}

/// A purchase that the grocer's customers need no proof for.
async fn groceries(deployment: &Deployment, card: &TestCard) -> Value {
    let changes = json!({"purchase": {"amount_minor": 3_000}, "challenge": null});
    deployment.ask_by(&deployment.grocer, &deployment.purchase(card, &changes)).await.ok(201)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_has_its_emv_codes() {
    on_every_database(Wanted::default(), async |deployment| {
        let enrolled = deployment.enrolled().await;
        assert_eq!(in_short(&deployment.buys(&enrolled, &json!({})).await), ["challenge_required", "C", "", ""]);
        assert_eq!(in_short(&groceries(deployment, &enrolled).await), ["approved", "Y", "", "05"]);
        let passed = deployment.pass(&enrolled, &json!({})).await;
        assert_eq!(in_short(&passed), ["approved", "Y", "", "05"]);

        let without = deployment.card(&json!({})).await;
        assert_eq!(in_short(&deployment.buys(&without, &json!({})).await), ["not_enrolled", "N", "13", "07"]);
        let corporate = deployment.card(&json!({"programme": "corporate"})).await;
        assert_eq!(in_short(&deployment.buys(&corporate, &json!({})).await), ["not_eligible", "U", "12", "07"]);
        let unknown = TestCard { number: card_number(999_999), ..without.clone() };
        assert_eq!(in_short(&deployment.buys(&unknown, &json!({})).await), ["not_eligible", "U", "08", "07"]);

        let locked = deployment.enrolled().await;
        let until = deployment.clock_now() + 60_000_000;
        deployment.tables.run("UPDATE credentials SET locked_until = $1", vec![until.into()]).await.unwrap();
        assert_eq!(in_short(&deployment.buys(&locked, &json!({})).await), ["unavailable", "U", "22", "07"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_issuer_says_of_a_card_turns_it_back() {
    on_every_database(Wanted::default(), async |deployment| {
        for (status, reason) in [("lost", "11"), ("stolen", "10"), ("closed", "12"), ("expired", "05")] {
            let card = deployment.card(&json!({})).await;
            let path = format!("/v1/cards/{}/status", card.reference);
            deployment.issuer(Call::put(path), &json!({"status": status})).await.ok(200);
            let answer = groceries(deployment, &card).await;
            let [answered, trans_status, code, eci] = in_short(&answer);
            assert_eq!([answered, trans_status, eci], ["rejected", "R", "07"], "{status}");
            assert_eq!(code, reason, "{status}: {answer}");
        }
        let card = deployment.card(&json!({})).await;
        let mistyped = deployment.buys(&card, &json!({"card": {"expiry": "2029-12"}})).await;
        assert_eq!(in_short(&mistyped)[..2], ["rejected", "R"], "another expiry than the card's");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_cannot_use_the_service_is_answered_before_anything_is_asked_or_sent() {
    on_every_database(Wanted::provider(), async |deployment| {
        let corporate = deployment.card(&json!({"programme": "corporate"})).await;
        let unknown = TestCard { number: card_number(999_999), ..corporate.clone() };
        for (card, reason) in [(corporate, "not_permitted"), (unknown, "card_unknown")] {
            let answer = deployment.buys(&card, &json!({})).await;
            assert_eq!((&answer["status"], &answer["reasons"]), (&json!("not_eligible"), &json!([reason])));
            let id: AuthenticationId = answer["id"].as_str().unwrap().parse().unwrap();
            let found = deployment.app.store.any_authentication(id).await.unwrap().unwrap();
            assert_eq!((found.facts, found.verdict), (None, None));
        }
        assert!(deployment.provider().calls().is_empty());
        let disclosures: i64 = deployment.tables.value("SELECT COUNT(*) FROM disclosures", Vec::new()).await;
        assert_eq!(disclosures, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_holds_what_its_status_calls_for_and_nothing_else() {
    on_every_database(Wanted::default(), async |deployment| {
        let always = [
            "amount_minor",
            "bundle_digest",
            "card_last_four",
            "created_at",
            "currency",
            "id",
            "merchant_reference",
            "reasons",
            "status",
            "trans_status",
        ];
        let enrolled = deployment.enrolled().await;
        let stolen = deployment.card(&json!({"status": "stolen"})).await;
        let cases: [(Value, &[&str]); 3] = [
            (deployment.buys(&enrolled, &json!({})).await, &["challenge"]),
            (groceries(deployment, &enrolled).await, &["authentication_value", "eci", "finished_at", "result"]),
            (
                deployment.buys(&stolen, &json!({})).await,
                &["cardholder_message", "eci", "finished_at", "result", "trans_status_reason"],
            ),
        ];
        for (answer, more) in cases {
            let mut expected: Vec<&str> = always.iter().chain(more).copied().collect();
            expected.sort_unstable();
            let mut fields: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
            fields.sort_unstable();
            assert_eq!(fields, expected);
            assert_eq!(deployment.app.bundle.load().bundle.digest(), answer["bundle_digest"].as_str().unwrap());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_repeats_the_request_and_says_until_when_a_challenge_waits() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let answer = deployment.buys(&card, &json!({"merchant_reference": "注文-1"})).await;
        assert_eq!(answer["merchant_reference"], "注文-1");
        assert_eq!((&answer["amount_minor"], &answer["currency"]), (&json!(12_800), &json!("JPY")));
        assert_eq!(answer["card_last_four"], card.number[12..]);
        assert_eq!(answer["created_at"], "2026-11-22T03:00:00.000000Z");
        assert_eq!(answer["challenge"]["first_visit_by"], "2026-11-22T03:00:30.000000Z");
        assert_eq!(answer["challenge"]["expires_at"], "2026-11-22T03:10:00.000000Z");
        assert!(!answer["challenge"]["url"].as_str().unwrap().contains(answer["id"].as_str().unwrap()));
        let approved = groceries(deployment, &card).await;
        let value = approved["authentication_value"].as_str().unwrap();
        assert_eq!((value.len(), value.ends_with('=')), (28, true), "20 bytes in base64");
    })
    .await;
}

/// Verifies a result as a merchant would: with nothing but the published keys.
async fn verified(deployment: &Deployment, answer: &Value, audience: &str) -> Option<ResultClaims> {
    let keys = deployment.send(Call::get("/.well-known/jwks.json")).await.ok(200);
    let token = answer["result"].as_str().unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.alg, Algorithm::EdDSA);
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == json!(header.kid)).unwrap();
    assert_eq!((&key["kty"], &key["crv"], &key.get("d")), (&json!("OKP"), &json!("Ed25519"), &None));
    let key = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[audience]);
    validation.set_issuer(&["http://127.0.0.1:8480"]);
    validation.set_required_spec_claims(&["aud", "iss", "sub"]);
    validation.validate_exp = false;
    jsonwebtoken::decode(token, &key, &validation).ok().map(|token| token.claims)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_verifies_the_result_by_the_published_keys_alone() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let answer = groceries(deployment, &card).await;
        let claims = verified(deployment, &answer, &deployment.grocer.id.to_string()).await.unwrap();
        assert_eq!(claims.sub, answer["id"].as_str().unwrap());
        assert_eq!(
            (claims.status.as_str(), claims.trans_status.as_str(), claims.eci.as_str()),
            ("approved", "Y", "05")
        );
        assert_eq!((claims.amount_minor, claims.currency.as_str()), (3_000, "JPY"));
        assert_eq!(claims.merchant_reference, answer["merchant_reference"].as_str().unwrap());
        assert_eq!(claims.card_last_four, card.number[12..]);
        assert_eq!(claims.authentication_value.as_deref(), answer["authentication_value"].as_str());
        assert_eq!(json!(claims.reasons), answer["reasons"]);
        assert_eq!(claims.iat, deployment.clock_now() / 1_000_000);

        let other = verified(deployment, &answer, &deployment.shop.id.to_string()).await;
        assert_eq!(other, None, "a result is for one merchant");
        let mut forged = answer.clone();
        let token = answer["result"].as_str().unwrap();
        let flipped = if token.ends_with('A') { "B" } else { "A" };
        forged["result"] = json!(format!("{}{flipped}{}", &token[..token.len() - 10], &token[token.len() - 9..]));
        assert_eq!(verified(deployment, &forged, &deployment.grocer.id.to_string()).await, None);
    })
    .await;
}

/// An authentication that was turned back for this internal reason, as its merchant reads it.
async fn turned_back_for(deployment: &Deployment, code: &str) -> Answer {
    let id = AuthenticationId::new(deployment.app.now(), &*deployment.app.randomness);
    let sql = "INSERT INTO authentications (id, merchant_id, merchant_reference, purpose, amount_minor, currency, \
         purchased_at, card_last_four, status, ending, reasons, bundle_digest, created_at, finished_at) \
         VALUES ($1, $2, 'r', 'payment', 1, 'JPY', 1, '4242', 'rejected', 'decided', $3, '', 1, 1)";
    let values = vec![id.uuid().into(), deployment.shop.id.uuid().into(), code.into()];
    deployment.tables.run(sql, values).await.unwrap();
    deployment.read(&json!({"id": id.to_string()})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_every_reason_in_the_bundle_only_the_public_code_leaves() {
    on_every_database(Wanted::default(), async |deployment| {
        let loaded = deployment.app.bundle.load();
        let reference = loaded.bundle.reference();
        let public: Vec<&str> = reference.reasons().map(|(_, reason)| reason.public_code.as_str()).collect();
        assert!(public.len() > 40, "the shipped bundle explains many reasons");
        for (code, reason) in reference.reasons() {
            let answer = turned_back_for(deployment, code).await;
            let body = answer.ok(200);
            assert_eq!(body["reasons"], json!([reason.public_code]), "{code}");
            assert_eq!(body["trans_status_reason"], reason.emv_code, "{code}");
            let token = body["result"].as_str().unwrap();
            let claims: ResultClaims = deployment.app.keys.verify_result(token).unwrap();
            assert_eq!(claims.reasons, [reason.public_code.as_str()], "{code}");
            assert!(public.contains(&code) || !answer.text.contains(code), "{code} in {}", answer.text);
            assert!(!answer.text.contains(&reason.staff_ja) && !answer.text.contains(&reason.staff_en), "{code}");
            says_whom_to_call(&body["cardholder_message"]);
        }
        let stranger = turned_back_for(deployment, "reason_of_an_older_bundle").await;
        assert_eq!(stranger.ok(200)["reasons"], json!(["other"]));
        assert!(!stranger.text.contains("older_bundle"));
    })
    .await;
}

fn says_whom_to_call(message: &Value) {
    for language in ["ja", "en"] {
        let text = message[language].as_str().unwrap();
        assert!(text.chars().count() <= 128 && text.contains("0120-000-000") && !text.contains('{'), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_contact_shortens_to_the_telephone_number() {
    let long =
        "from nine in the morning until five in the afternoon, Japan time, except when the lines are being tested";
    on_every_database(Wanted::default().with("SEKISHO__ISSUER__HOURS_EN", long), async |deployment| {
        let stolen = deployment.card(&json!({"status": "stolen"})).await;
        says_whom_to_call(&deployment.buys(&stolen, &json!({})).await["cardholder_message"]);
    })
    .await;
}

/// The references on the pages of a list, page by page.
async fn pages(deployment: &Deployment, query: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/authentications?{query}{cursor}");
        let page = deployment.send(Call::get(path).key(&deployment.shop.key)).await.ok(200);
        let items = page["items"].as_array().unwrap();
        pages.push(items.iter().map(|item| item["merchant_reference"].as_str().unwrap().to_owned()).collect());
        let Some(next) = page["next_cursor"].as_str() else { return pages };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_the_merchant_s_own_newest_first_page_by_page() {
    on_every_database(Wanted::default(), async |deployment| {
        let (card, without) = (deployment.enrolled().await, deployment.card(&json!({})).await);
        for (reference, card) in [("a", &card), ("b", &without), ("c", &card), ("b", &card), ("e", &without)] {
            deployment.clock.advance(1);
            deployment.buys(card, &json!({"merchant_reference": reference})).await;
        }
        groceries(deployment, &card).await;
        let none: &[&str] = &[];
        for (query, expected) in [
            ("limit=2", vec![vec!["e", "b"], vec!["c", "b"], vec!["a"]]),
            ("limit=5", vec![vec!["e", "b", "c", "b", "a"]]),
            ("", vec![vec!["e", "b", "c", "b", "a"]]),
            ("status=not_enrolled&limit=1", vec![vec!["e"], vec!["b"]]),
            ("merchant_reference=b", vec![vec!["b", "b"]]),
            ("merchant_reference=b&status=challenge_required", vec![vec!["b"]]),
            ("status=approved", vec![none.to_vec()]),
        ] {
            assert_eq!(pages(deployment, query).await, expected, "{query}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_good_for_its_own_list_alone() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        for _ in 0..2 {
            deployment.buys(&card, &json!({})).await;
        }
        let list = async |shop: &str, query: &str| {
            deployment.send(Call::get(format!("/v1/authentications?{query}")).key(shop)).await
        };
        let key = deployment.shop.key.as_str();
        let cursor = list(key, "limit=1").await.ok(200)["next_cursor"].as_str().unwrap().to_owned();
        list(key, &format!("limit=2&cursor={cursor}")).await.ok(200);
        let forged = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
        for (shop, query) in [
            (key, format!("cursor={forged}")),
            (key, format!("cursor={}", &cursor[1..])),
            (key, "cursor=".to_owned()),
            (key, "cursor=%00".to_owned()),
            (key, format!("cursor={cursor}&status=approved")),
            (key, format!("cursor={cursor}&merchant_reference=a")),
            (&deployment.grocer.key, format!("cursor={cursor}")),
        ] {
            let answer = list(shop, &query).await;
            answer.problem(400, "invalid-query");
            assert_eq!(answer.paths(), ["cursor"], "{query}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchant_s_authentication_looks_like_one_that_does_not_exist() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let answer = deployment.buys(&card, &json!({})).await;
        let foreign = answer["id"].as_str().unwrap();
        let unknown = AuthenticationId::new(deployment.app.now(), &*deployment.app.randomness).to_string();
        let mut seen = Vec::new();
        for id in [foreign, unknown.as_str(), "auth_1", "card_00000000000000000000000000000000", "%00", "%FF"] {
            let path = format!("/v1/authentications/{id}");
            let read = deployment.send(Call::get(path.as_str()).key(&deployment.grocer.key)).await;
            let cancel = Call::post(format!("{path}/cancel")).key(&deployment.grocer.key).idempotency("k");
            let cancelled = deployment.send(cancel).await;
            for answer in [read, cancelled] {
                answer.problem(404, "not-found");
                seen.push((answer.text, format!("{:?}", answer.headers)));
            }
        }
        seen.dedup();
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(deployment.read(&answer).await.ok(200), answer);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_an_open_challenge_once_and_leaves_a_final_result_alone() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let cancel = async |answer: &Value| {
            let path = format!("/v1/authentications/{}/cancel", answer["id"].as_str().unwrap());
            deployment.send(Call::post(path).key(&deployment.shop.key).idempotency("cancel")).await
        };
        let open = deployment.buys(&card, &json!({})).await;
        let cancelled = cancel(&open).await.ok(200);
        assert_eq!(in_short(&cancelled)[..2], ["rejected", "N"]);
        assert_eq!(cancelled["reasons"], json!(["merchant_cancelled"]));
        assert_eq!(cancel(&open).await.ok(200), cancelled, "a second time changes nothing");
        assert_eq!(deployment.read(&open).await.ok(200), cancelled);

        let passed = deployment.pass(&card, &json!({})).await;
        let rejected = deployment.buys(&card, &json!({"card": {"expiry": "2029-12"}})).await;
        for last in [passed, rejected] {
            let status = last["status"].as_str().unwrap();
            let problem = cancel(&last).await.problem(409, "already-final");
            assert!(problem["detail"].as_str().unwrap().contains(status));
            assert_eq!(deployment.read(&last).await.ok(200), last);
        }
    })
    .await;
}

#[test]
fn the_words_for_statuses_are_the_documented_ones() {
    let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
    let expected = ["approved", "challenge_required", "rejected", "not_enrolled", "not_eligible", "unavailable"];
    assert_eq!(words, expected);
}
