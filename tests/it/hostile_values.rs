//! Whatever stands in whichever field: a documented problem or an ordinary answer, never a fault of the service.

use serde_json::{Value, json};

use crate::support::deployment::{Deployment, Wanted, on_every_database, request};
use crate::support::exchange::{Answer, Call};

/// Values that have broken something somewhere.
fn hostile_values() -> Vec<String> {
    let long = "長".repeat(20_000);
    let texts = [
        "",
        " ",
        "\u{0}",
        "a\u{0}b",
        "\u{7f}",
        "\u{202e}gnp.exe",
        "\u{feff}",
        "\u{200d}",
        "\u{10ffff}",
        "\r\nSet-Cookie: a=b",
        "' OR 1=1 --",
        "\\",
        "%00",
        "{{7*7}}",
        "<script>alert(1)</script>",
        "=cmd|'/c calc'!A1",
        "../../etc/passwd",
        "NaN",
        "-1",
        "1e308",
        "9999-12",
        "0000-00",
        "2026-11-22T99:99:99Z",
        "-009999-01-01T00:00:00Z",
        "::ffff:127.0.0.1",
        "fe80::1%eth0",
        "+81-0",
        "@",
        "a@",
        "@b.c",
        "a@b@c.d",
        "xn--",
        &long,
    ];
    let numbers =
        ["0", "-1", "-0", "1.0", "1e3", "9223372036854775807", "-9223372036854775808", "1e400", "65536", "NaN"];
    let others = ["null", "true", "[]", "{}", "[[[[]]]]", "{\"a\":{\"a\":{}}}", "\"\\ud800\"", "\"\\u0000\""];
    let quoted = texts.map(|text| json!(text).to_string());
    let plain = numbers.into_iter().chain(others).map(str::to_owned);
    quoted.into_iter().chain(plain).collect()
}

/// The JSON pointers of everything within a value, inner objects included.
fn places(value: &Value, at: &str) -> Vec<String> {
    let Some(fields) = value.as_object() else { return Vec::new() };
    let inner = |(name, field): (&String, &Value)| {
        let place = format!("{at}/{name}");
        [vec![place.clone()], places(field, &place)].concat()
    };
    fields.iter().flat_map(inner).collect()
}

/// The body with this raw JSON at this place.
fn with(body: &Value, place: &str, raw: &str) -> String {
    const MARK: &str = "HERE-IT-COMES";
    let mut changed = body.clone();
    *changed.pointer_mut(place).unwrap() = json!(MARK);
    changed.to_string().replace(&format!("\"{MARK}\""), raw)
}

/// An answer that a caller can act on.
fn is_documented(answer: &Answer, about: &str) {
    let status = answer.status.as_u16();
    assert!(matches!(status, 200 | 201 | 400 | 404 | 409 | 422), "{status} for {about}: {}", answer.text);
    if status >= 400 {
        let slug = answer.json()["type"].as_str().unwrap().strip_prefix("/problems/").unwrap().to_owned();
        answer.problem(status, &slug);
    }
}

/// Puts every value into every place of the body and sends each.
async fn try_all(deployment: &Deployment, body: &Value, call: impl Fn(u64) -> Call) {
    for place in places(body, "") {
        for value in hostile_values() {
            // So that no rate limit is what refuses it.
            deployment.clock.advance(1);
            let answer = deployment.send(call(deployment.next()).raw(with(body, &place, &value))).await;
            is_documented(&answer, &format!("{value:.60} at {place}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_in_any_field_of_a_request_is_more_than_a_problem() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let all_fields = json!({
            "purpose": "payment",
            "purchase": {"instalments": 3, "recurring": false, "purchased_at": "2026-11-22T02:59:00Z"},
            "cardholder": {"billing_address": {"line2": "301"}},
            "location": {"country": "JP", "prefecture": "13"},
            "delivery": {"kind": "new_address", "digital_goods": false},
            "claims": {"account_age_days": 10, "password_age_days": 10, "purchases_six_months": 1,
                "first_purchase": false, "suspicious_activity": false, "reorder": false},
            "challenge": {"wish": "no_preference", "language": "ja"}
        });
        let body = deployment.purchase(&card, &all_fields);
        let (shop, path) = (deployment.shop.key.clone(), "/v1/authentications");
        try_all(deployment, &body, |number| Call::post(path).key(&shop).idempotency(&format!("k{number}"))).await;
        deployment.send(request(&deployment.shop, "last", &body)).await.ok(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_in_any_field_of_the_issuer_s_is_more_than_a_problem() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let key = deployment.issuer_key.clone();
        let person = json!({
            "name_kanji": "山田", "name_kana": "ヤマダ", "name_latin": "Yamada", "birth_date": "1990-04-01",
            "email": "a@example.jp", "phone": "090-1234-5678",
            "address": {"country": "JP", "postal_code": "107-0062", "region": "13", "city": "港区", "line1": "1-1", "line2": "2"},
            "sharing": {"basis": "notice", "notice_version": "1", "informed_at": "2026-04-01T00:00:00Z"}
        });
        try_all(deployment, &person, |number| Call::put(format!("/v1/cardholders/h{number}")).key(&key)).await;
        let plastic = json!({"cardholder_reference": card.cardholder, "number": card.number, "expiry": "2029-11",
            "programme": "classic", "status": "active", "issued_on": "2024-11-01"});
        let path = format!("/v1/cards/{}", card.reference);
        try_all(deployment, &plastic, |_| Call::put(path.as_str()).key(&key)).await;
        try_all(deployment, &json!({"status": "active"}), |_| Call::put(format!("{path}/status")).key(&key)).await;
        let number = json!({"number": card.number, "expiry": "2029-11"});
        try_all(deployment, &number, |_| Call::put(format!("{path}/number")).key(&key)).await;
    })
    .await;
}
