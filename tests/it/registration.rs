//! A card's holder registers it: the code, the member id, the first contact, the terms.

use sekisho::credential::sent_code::BoundTo;
use sekisho::domain::id::ContactId;
use serde_json::json;

use crate::support::deployment::{Deployment, PASSWORD, TestCard, Wanted, on_every_database};
use crate::support::exchange::{Answer, Call};
use crate::support::member::{registration, sent_code, signs_in};
use crate::support::staff::from_our_page;

/// With a mail relay that nobody has to reach: what is sent waits in the outbox.
fn with_mail() -> Wanted {
    Wanted::default()
        .with("SEKISHO__MAIL__HOST", "127.0.0.1")
        .with("SEKISHO__MAIL__TLS", "none")
        .with("SEKISHO__MAIL__FROM", "cards@issuer.example")
}

async fn enrolments(deployment: &Deployment) -> i64 {
    deployment.tables.value("SELECT COUNT(*) FROM enrolments", Vec::new()).await
}

/// What a page says is wrong, without what was typed.
fn notice(page: &Answer) -> &str {
    let (_, rest) = page.text.split_once("<p class=\"notice bad\" role=\"alert\">").unwrap_or(("", ""));
    rest.split_once('<').map_or("", |(text, _)| text)
}

async fn registers(deployment: &Deployment, card: &TestCard, member_id: &str) -> Answer {
    let code = deployment.activation_code(card).await;
    deployment.posts("/my/register", &registration(card, &code, member_id, &[])).await
}

#[tokio::test]
async fn a_card_is_registered_from_the_letter_to_the_accepted_terms() {
    on_every_database(with_mail(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let answer = registers(deployment, &card, "Hanako.Y").await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        assert_eq!(answer.header("location"), "/my/sign-in?registered=yes&language=en");
        let token = signs_in(&deployment.app, "hanako.y", PASSWORD, "").await.unwrap();
        let get = |path: &str| Call::get(path).header("cookie", &format!("__Host-sekisho-my={token}"));
        let home = deployment.send(get("/my")).await;
        assert_eq!((home.status.as_u16(), home.header("location")), (303, "/my/terms?next=%2Fmy"));
        let terms = deployment.send(get("/my/terms")).await;
        assert_eq!((terms.status.as_u16(), terms.header("location")), (303, "/my/first-contact"));
        let page = deployment.send(get("/my/first-contact")).await;
        assert!(page.text.contains("h•••@"), "the address is masked: {}", page.text);
        assert!(!page.text.contains("hanako.yamada@"));
        let form = page.field("action=\"/my/first-contact\"", "form_token");
        let send = async |path: &str, fields: &[(&str, &str)]| {
            let fields: Vec<_> = fields.iter().copied().chain([("form_token", form.as_str())]).collect();
            let call = Call::post(path).header("cookie", &format!("__Host-sekisho-my={token}"));
            deployment.send(from_our_page(&deployment.app, call).form(&fields)).await
        };
        let wrong = send("/my/first-contact", &[("code", "12345")]).await;
        assert_eq!(wrong.status, 200);
        let early = send("/my/terms", &[("version", "2026-04"), ("accepted", "yes")]).await;
        assert_eq!(early.header("location"), "/my/first-contact", "the contact comes first");
        let contact: uuid::Uuid = deployment.tables.value("SELECT id FROM contacts", Vec::new()).await;
        let code = sent_code(&deployment.app, BoundTo::Contact(ContactId::from_uuid(contact))).await;
        let right = send("/my/first-contact", &[("code", &code)]).await;
        assert_eq!(right.header("location"), "/my/terms", "{}", right.text);
        let unread = send("/my/terms", &[("version", "2025-01"), ("accepted", "yes")]).await;
        assert_eq!(unread.status, 200, "another version than the one that is asked for");
        let unticked = send("/my/terms", &[("version", "2026-04")]).await;
        assert_eq!(unticked.status, 200);
        assert_eq!(deployment.send(get("/my")).await.status, 303, "not before the terms");
        let accepted = send("/my/terms", &[("version", "2026-04"), ("accepted", "yes")]).await;
        assert_eq!((accepted.status.as_u16(), accepted.header("location")), (303, "/my"));
        let home = deployment.send(get("/my")).await;
        assert_eq!(home.status, 200);
        assert!(home.text.contains(&card.number[card.number.len() - 4..]));
        let state: String = deployment.tables.value("SELECT state FROM enrolments", Vec::new()).await;
        assert_eq!(state, "complete");
        let usable: i64 = deployment
            .tables
            .value(
                "SELECT COUNT(*) FROM credentials WHERE kind = 'code' AND usable_from <= $1",
                vec![deployment.clock_now().into()],
            )
            .await;
        assert_eq!(usable, 1, "the contact of the registration needs no cooling");
        let bought = deployment.buys(&card, &json!({"challenge": {"wish": "challenge"}})).await;
        assert_eq!(bought["status"], "challenge_required", "{bought}");
    })
    .await;
}

#[tokio::test]
async fn before_the_terms_are_accepted_nothing_is_proved_with_the_card() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let code = deployment.activation_code(&card).await;
        let fields = registration(&card, &code, "hanako.y", &[("channel", "")]);
        assert_eq!(deployment.posts("/my/register", &fields).await.status, 303);
        let bought = deployment.buys(&card, &json!({"challenge": {"wish": "challenge"}})).await;
        assert_eq!(bought["status"], "unavailable", "{bought}");
        let token = signs_in(&deployment.app, "hanako.y", PASSWORD, "").await.unwrap();
        let cookie = format!("__Host-sekisho-my={token}");
        for path in ["/my", "/my/link", "/my/sessions", "/my/sign-ins", "/my/prove"] {
            let page = deployment.send(Call::get(path).header("cookie", &cookie)).await;
            assert!(page.header("location").starts_with("/my/terms?next="), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn enumeration_an_unknown_card_and_a_wrong_used_or_expired_code_get_the_same_answer() {
    on_every_database(Wanted::default(), async |deployment| {
        let none = [("channel", "")];
        let said = async |card: &TestCard, code: &str, changes: &[(&'static str, &'static str)]| {
            let changes: Vec<_> = none.into_iter().chain(changes.iter().copied()).collect();
            let before = deployment.app.hasher.taken_up();
            let page = deployment.posts("/my/register", &registration(card, code, "somebody", &changes)).await;
            assert_eq!(page.status, 200);
            assert_eq!(deployment.app.hasher.taken_up(), before, "no hash for any of them");
            let typed = [card.number.as_str(), code];
            typed.iter().fold(page.text.clone(), |text, typed| text.replace(typed, "…"))
        };
        let card = deployment.card(&json!({})).await;
        let code = deployment.activation_code(&card).await;
        let unknown = TestCard { number: crate::support::deployment::card_number(999_999), ..card.clone() };
        let expected = said(&unknown, "00000-00000", &[]).await;
        assert!(expected.contains("is not right"), "{expected}");
        assert_eq!(said(&card, "00000-00000", &[]).await, expected, "a wrong code");
        assert_eq!(said(&card, "not a code", &[]).await, expected, "no code at all");
        let page = said(&card, &code, &[("expiry", "12/29")]).await;
        assert_eq!(page.replace("12/29", "11/29"), expected, "another expiry");
        let newer = deployment.activation_code(&card).await;
        assert_eq!(said(&card, &code, &[]).await, expected, "a code that was replaced");
        deployment.clock.advance(30 * 86_400 + 1);
        assert_eq!(said(&card, &newer, &[]).await, expected, "an expired code");
        let other = deployment.card(&json!({})).await;
        let code = deployment.activation_code(&other).await;
        assert_eq!(said(&card, &code, &[]).await, expected, "another card's code");
        let fields = registration(&other, &code, "other.one", &none);
        assert_eq!(deployment.posts("/my/register", &fields).await.status, 303);
        assert_eq!(said(&other, &code, &[]).await, expected, "a used code");
    })
    .await;
}

#[tokio::test]
async fn ten_wrong_tries_end_an_activation_code_however_they_come() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let code = deployment.activation_code(&card).await;
        let wrong = (0..40).map(|number| {
            let wrong = format!("0000{}-000{:02}", number % 10, number);
            let card = &card;
            async move {
                let fields = registration(card, &wrong, "somebody", &[("channel", "")]);
                deployment.posts("/my/register", &fields).await.status
            }
        });
        let refused = futures_util::future::join_all(wrong).await;
        assert!(refused.into_iter().all(|status| status == 200));
        let attempts: i64 = deployment.tables.value("SELECT attempts FROM activation_codes", Vec::new()).await;
        assert_eq!(attempts, 10, "no more than ten were compared");
        let fields = registration(&card, &code, "somebody", &[("channel", "")]);
        let page = deployment.posts("/my/register", &fields).await;
        assert!(notice(&page).contains("not right"), "the right code is refused too");
        let fresh = deployment.activation_code(&card).await;
        let fields = registration(&card, &fresh, "somebody", &[("channel", "")]);
        assert_eq!(deployment.posts("/my/register", &fields).await.status, 303);
    })
    .await;
}

#[tokio::test]
async fn a_member_id_that_is_taken_is_told_to_who_has_a_code_and_to_nobody_else() {
    on_every_database(Wanted::default(), async |deployment| {
        let (one, other) = (deployment.card(&json!({})).await, deployment.card(&json!({})).await);
        let code = deployment.activation_code(&one).await;
        let fields = registration(&one, &code, "hanako.y", &[("channel", "")]);
        assert_eq!(deployment.posts("/my/register", &fields).await.status, 303);
        let without = registration(&other, "00000-00000", "HANAKO.Y", &[("channel", "")]);
        let page = deployment.posts("/my/register", &without).await;
        assert!(!page.text.contains("is taken"), "{}", page.text);
        let code = deployment.activation_code(&other).await;
        let page = deployment.posts("/my/register", &registration(&other, &code, "HANAKO.Y", &[("channel", "")])).await;
        assert!(page.text.contains("This member ID is taken."), "{}", page.text);
        let again = registration(&other, &code, "hanako.y2", &[("channel", "")]);
        assert_eq!(deployment.posts("/my/register", &again).await.status, 303, "the code was not used up");
        assert_eq!(enrolments(deployment).await, 2);
    })
    .await;
}

#[tokio::test]
async fn takeover_a_registered_card_is_not_registered_again() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let code = deployment.activation_code(&card).await;
        let fields = registration(&card, &code, "stranger", &[("channel", "")]);
        let page = deployment.posts("/my/register", &fields).await;
        assert!(notice(&page).contains("registered already"), "{}", page.text);
        assert_eq!(enrolments(deployment).await, 1);
        signs_in(&deployment.app, &format!("member-{}", card.reference), PASSWORD, "").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn of_two_who_register_a_card_at_once_one_does() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let code = deployment.activation_code(&card).await;
        let ids = ["first.one", "second.one", "third.one", "fourth.one"];
        let tries = ids.map(|id| {
            let fields = registration(&card, &code, id, &[("channel", "")]);
            async move { deployment.posts("/my/register", &fields).await.status.as_u16() }
        });
        let answers = futures_util::future::join_all(tries).await;
        assert_eq!(answers.iter().filter(|status| **status == 303).count(), 1, "{answers:?}");
        assert_eq!(enrolments(deployment).await, 1);
    })
    .await;
}

#[tokio::test]
async fn programmes_that_cannot_be_registered_or_cannot_authenticate_are_told_so_plainly() {
    on_every_database(Wanted::default(), async |deployment| {
        let page = deployment.send(Call::get("/my/register?language=en")).await;
        assert!(page.text.contains("Prepaid gift card"), "{}", page.text);
        let gift = deployment.card(&json!({"programme": "prepaid_gift"})).await;
        let code = deployment.activation_code(&gift).await;
        let page = deployment.posts("/my/register", &registration(&gift, &code, "gifted", &[("channel", "")])).await;
        assert!(notice(&page).contains("“Prepaid gift card” cannot be registered here"), "{}", page.text);
        assert_eq!(enrolments(deployment).await, 0);
        let corporate = deployment.card(&json!({"programme": "corporate"})).await;
        let code = deployment.activation_code(&corporate).await;
        let fields = registration(&corporate, &code, "worker", &[("channel", "")]);
        let answer = deployment.posts("/my/register", &fields).await;
        assert_eq!(answer.header("location"), "/my/sign-in?registered=only&language=en");
        let page = deployment.send(Call::get(answer.header("location"))).await;
        assert!(page.text.contains("Purchases with this kind of card are not confirmed"), "{}", page.text);
    })
    .await;
}

#[tokio::test]
async fn fields_that_cannot_be_right_are_told_at_once_and_cost_no_try() {
    on_every_database(with_mail(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let code = deployment.activation_code(&card).await;
        let long = "x".repeat(2_000);
        let cases: [(&[(&str, &str)], &str); 12] = [
            (&[("number", "1234")], "not a card number"),
            (&[("number", "<script>alert(1)</script>")], "not a card number"),
            (&[("expiry", "13/29")], "Enter month and year"),
            (&[("member_id", "short")], "has 6 to 32 letters"),
            (&[("member_id", "\u{202e}hanako")], "has 6 to 32 letters"),
            (&[("member_id", "3569000000001234")], "at least one letter"),
            (&[("again", "something else")], "passwords differ"),
            (&[("password", "short"), ("again", "short")], "at least 8 characters"),
            (&[("password", "password1"), ("again", "password1")], "everybody tries first"),
            (&[("password", &long), ("again", &long)], "too long"),
            (&[("contact", "nobody")], "not an e-mail address"),
            (&[("channel", "sms")], "cannot be sent this way"),
        ];
        for (changes, expected) in cases {
            let page = deployment.posts("/my/register", &registration(&card, &code, "hanako.y", changes)).await;
            assert_eq!(page.status, 200);
            assert!(page.text.contains(expected), "{expected}: {}", page.text);
            assert!(!page.text.contains("<script>"), "{}", page.text);
            assert!(!page.text.contains(PASSWORD), "a password is never given back");
        }
        let attempts: i64 = deployment.tables.value("SELECT attempts FROM activation_codes", Vec::new()).await;
        assert_eq!(attempts, 0);
    })
    .await;
}

#[tokio::test]
async fn a_form_of_another_site_registers_nothing() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let code = deployment.activation_code(&card).await;
        let fields = registration(&card, &code, "hanako.y", &[("channel", "")]);
        for path in ["/my/register", "/my/forgotten", "/my/forgotten/choose", "/my/sign-in"] {
            for origin in ["https://evil.example", "null", ""] {
                let call = Call::post(path).header("origin", origin).form(&fields);
                assert_eq!(deployment.send(call).await.status, 403, "{path} {origin}");
            }
        }
        assert_eq!(enrolments(deployment).await, 0);
    })
    .await;
}

#[tokio::test]
async fn newer_terms_are_asked_for_at_the_next_sign_in_and_disable_nothing() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let sql = "UPDATE enrolments SET terms_version = '2025-01'";
        deployment.tables.run(sql, Vec::new()).await.unwrap();
        let fields = [("member_id", member.member_id.as_str()), ("password", PASSWORD), ("next", "/my/sessions")];
        let answer = deployment.posts("/my/sign-in", &fields).await;
        assert_eq!(answer.header("location"), "/my/terms?next=%2Fmy%2Fsessions");
        assert_eq!(deployment.send(member.get("/my")).await.status, 200, "nothing is disabled");
        let page = deployment.send(member.get("/my/terms?next=/my/sessions")).await;
        assert!(page.text.contains("<a href=\"/my/sessions\">Not now</a>"), "{}", page.text);
        let bought = deployment.buys(&member.card, &json!({"challenge": {"wish": "challenge"}})).await;
        assert_eq!(bought["status"], "challenge_required");
        let accept = member.post("/my/terms", &[("version", "2026-04"), ("accepted", "yes")]);
        assert_eq!(deployment.send(accept).await.status, 303);
        let answer = deployment.posts("/my/sign-in", &fields).await;
        assert_eq!(answer.header("location"), "/my/sessions");
        let versions = "SELECT version FROM terms_acceptances ORDER BY version";
        assert_eq!(deployment.tables.column::<String>(versions, Vec::new()).await, ["2026-04"]);
    })
    .await;
}
