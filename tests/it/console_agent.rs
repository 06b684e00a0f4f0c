//! The agents' console, as requests: finding somebody, recording what she says, and what is refused.

use axum::http::StatusCode;
use sekisho::domain::consent::ConsentState;
use sekisho::domain::id::CardholderId;
use sekisho::domain::staff::Role;
use serde_json::json;

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::exchange::Answer;
use crate::support::staff::{TestStaff, signed_in};

/// The id of the cardholder with this reference.
async fn id_of(deployment: &Deployment, reference: &str) -> CardholderId {
    deployment.app.store.cardholder_key(reference).await.unwrap().unwrap().0
}

async fn search(deployment: &Deployment, staff: &TestStaff, text: &str, name: &str) -> Answer {
    deployment.send(staff.post("/staff/cardholders", &[("text", text), ("name", name)])).await
}

/// The hidden id of a form on a page.
fn form_of(page: &Answer) -> String {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    page.field("<form", "form")
}

/// An objection that passes, with changes: the fields of the form.
fn fields<'a>(form: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("form", form),
        ("asked_name", "yes"),
        ("asked_birth_date", "yes"),
        ("outcome", "passed"),
        ("method", "known_facts"),
        ("channel", "phone"),
        ("reference", "call-0815"),
        ("scope", "all"),
        ("language", "ja"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes.iter().copied()).collect()
}

async fn state(deployment: &Deployment, id: CardholderId) -> ConsentState {
    deployment.app.store.consent_state(id).await.unwrap()
}

async fn audit(deployment: &Deployment, action: &str) -> Vec<String> {
    let sql = "SELECT subject || ' ' || result FROM audit_entries WHERE action = $1 ORDER BY id";
    deployment.tables.column(sql, vec![action.into()]).await
}

#[tokio::test]
async fn a_caller_is_found_by_whatever_she_can_say() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let card = deployment.enrolled().await;
        let id = id_of(deployment, &card.cardholder).await;
        let last_four = &card.number[card.number.len() - 4..];
        let member = format!("member-{}", card.reference);
        let full_width: String = card.number.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        for (text, name) in [
            (member.as_str(), ""),
            (card.cardholder.as_str(), ""),
            (last_four, "山田花子"),
            (last_four, "やまだ はなこ"),
            (last_four, "Yamada Hanako"),
            ("090-1234-5678", ""),
            ("０９０ー１２３４ー５６７８", "山田 花子"),
            ("1990-04-01", "ﾔﾏﾀﾞ ﾊﾅｺ"),
            ("平成2年4月1日 山田花子", ""),
            (card.number.as_str(), ""),
            (full_width.as_str(), ""),
        ] {
            let answer = search(deployment, &agent, text, name).await;
            let way = format!("/staff/cardholders/{id}");
            assert_eq!(
                (answer.status, answer.header("location")),
                (StatusCode::SEE_OTHER, way.as_str()),
                "{text} {name}"
            );
        }
        for (text, name) in
            [(last_four, "鈴木花子"), ("1991-04-01", "山田花子"), ("080-1111-2222", ""), ("sekisho:canary", "")]
        {
            let page = search(deployment, &agent, text, name).await;
            assert!(
                page.status == StatusCode::OK && page.text.contains("/staff/unmatched/new"),
                "{text}: {}",
                page.text
            );
        }
        let searches = audit(deployment, "cardholder.search").await;
        assert!(searches.contains(&format!("phone {id}")) && searches.contains(&"birth_date none".to_owned()));
        let told = searches.join(" ");
        assert!(!told.contains("090") && !told.contains(&card.number) && !told.contains("山田"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_card_number_is_shown_and_kept_nowhere_even_when_it_is_mistyped() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let card = deployment.card(&json!({})).await;
        let (body, check) = card.number.split_at(card.number.len() - 1);
        let wrong = format!("{body}{}", (check.parse::<u8>().unwrap() + 1) % 10);
        let found = search(deployment, &agent, &card.number, "").await;
        assert!(!found.header("location").contains(body), "{found:?}");
        let page = search(deployment, &agent, &wrong, "山田花子").await;
        assert!(page.text.contains("role=\"alert\"") && !page.text.contains(body), "{}", page.text);
        assert!(page.text.contains("value=\"山田花子\""), "the name is still there: {}", page.text);
        for (place, bytes) in deployment.tables.dump().await {
            assert!(!String::from_utf8_lossy(&bytes).contains(body), "{place}");
        }
    })
    .await;
}

#[tokio::test]
async fn too_many_matches_ask_for_one_more_detail() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        for _ in 0..3 {
            deployment.card(&json!({})).await;
        }
        let page = search(deployment, &agent, "090-1234-5678", "").await;
        assert_eq!(page.text.matches("href=\"/staff/cardholders/holder_").count(), 3, "{}", page.text);
        for _ in 0..8 {
            deployment.card(&json!({})).await;
        }
        let page = search(deployment, &agent, "090-1234-5678", "").await;
        assert_eq!(page.text.matches("href=\"/staff/cardholders/holder_").count(), 0, "{}", page.text);
        assert!(audit(deployment, "cardholder.search").await.contains(&"phone too_many".to_owned()));
        let page = search(deployment, &agent, "1990-04-01", "").await;
        assert!(page.text.contains("role=\"alert\"") && page.text.contains("value=\"1990-04-01\""), "{}", page.text);
    })
    .await;
}

#[tokio::test]
async fn birth_dates_of_before_are_found_once_the_upkeep_has_read_them() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let card = deployment.card(&json!({})).await;
        let broken = deployment.cardholder(&json!({"birth_date": "1991-01-01"})).await;
        let sql = "UPDATE cardholders SET birth_date_digest = NULL";
        deployment.tables.run(sql, Vec::new()).await.unwrap();
        let spoil = "UPDATE cardholders SET birth_date = person_key WHERE reference = $1";
        deployment.tables.run(spoil, vec![broken.into()]).await.unwrap();
        assert_eq!(search(deployment, &agent, "1990-04-01", "山田花子").await.status, StatusCode::OK);
        let index = async || sekisho::flow::search::index_birth_dates(&deployment.app, 500).await.unwrap();
        assert_eq!((index().await, index().await), (2, 0), "a date that does not open is not tried again");
        let way = format!("/staff/cardholders/{}", id_of(deployment, &card.cardholder).await);
        assert_eq!(search(deployment, &agent, "1990-04-01", "山田花子").await.header("location"), way);
    })
    .await;
}

#[tokio::test]
async fn an_objection_is_recorded_once_and_the_page_says_what_it_means() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let card = deployment.card(&json!({})).await;
        let id = id_of(deployment, &card.cardholder).await;
        let path = format!("/staff/cardholders/{id}/object");
        let form = form_of(&deployment.send(agent.get(&path)).await);
        let fields = fields(&form, &[("mail", "yes")]);
        let first = deployment.send(agent.post(&path, &fields)).await;
        let way = format!("/staff/consent-events/{form}");
        assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, way.as_str()), "{}", first.text);
        assert_eq!(state(deployment, id).await, ConsentState::OptedOut);
        let second = deployment.send(agent.post(&path, &fields)).await;
        assert_eq!(second.header("location"), way, "sent twice");
        let events = deployment.app.store.consent_events(id, 10).await.unwrap();
        assert_eq!(events.len(), 2, "informed, objected: {events:?}");
        assert_eq!(events[0].reference.as_deref(), Some("call-0815"));
        let page = deployment.send(agent.get(&way)).await;
        assert!(page.text.contains("一切提供されません") && page.text.contains("call-0815"), "{}", page.text);
        let again = deployment.send(agent.post(&format!("{way}/mail"), &[])).await;
        assert_eq!(again.status, StatusCode::OK, "{}", again.text);
        let mails: i64 =
            deployment.tables.value("SELECT COUNT(*) FROM outbox WHERE kind = 'receipt_mail'", Vec::new()).await;
        assert_eq!(mails, 1, "the receipt goes once however often it is asked for");
        let paper = deployment.send(agent.get(&format!("{way}/receipt?language=en"))).await;
        assert!(paper.text.contains("lang=\"en\"") && paper.text.contains("rcpt_"), "{}", paper.text);
        let person = deployment.send(agent.get(&format!("/staff/cardholders/{id}"))).await;
        assert!(person.text.contains("提供停止") && person.text.contains(&form), "{}", person.text);
        assert_eq!(person.header("cache-control"), "no-store");
        let other = form_of(&deployment.send(agent.get(&path)).await);
        let told = deployment.send(agent.post(&path, &self::fields(&other, &[]))).await;
        let page = deployment.send(agent.get(told.header("location"))).await;
        assert!(page.text.contains("すでに"), "she had objected before: {}", page.text);
    })
    .await;
}

#[tokio::test]
async fn a_failed_check_protects_all_the_same() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let card = deployment.card(&json!({})).await;
        let id = id_of(deployment, &card.cardholder).await;
        let path = format!("/staff/cardholders/{id}/object");
        let form = form_of(&deployment.send(agent.get(&path)).await);
        let fields = fields(&form, &[("asked_name", ""), ("asked_birth_date", ""), ("outcome", "failed")]);
        let answer = deployment.send(agent.post(&path, &fields)).await;
        assert_eq!(state(deployment, id).await, ConsentState::Pending);
        let page = deployment.send(agent.get(answer.header("location"))).await;
        assert!(page.text.contains("確認待ち"), "{}", page.text);
    })
    .await;
}

#[tokio::test]
async fn chosen_cards_alone_are_stopped_where_she_chose() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let card = deployment.card(&json!({})).await;
        deployment.card_of(&card.cardholder, &json!({})).await;
        let id = id_of(deployment, &card.cardholder).await;
        let cards = deployment.app.store.cards_of(id).await.unwrap();
        let path = format!("/staff/cardholders/{id}/object");
        let form = form_of(&deployment.send(agent.get(&path)).await);
        let none = deployment.send(agent.post(&path, &fields(&form, &[("scope", "cards")]))).await;
        assert!(none.status == StatusCode::OK && none.text.contains("scope-error"), "{}", none.text);
        let one = format!("card_{}", cards[0].id);
        let done = deployment.send(agent.post(&path, &fields(&form, &[("scope", "cards"), (&one, "yes")]))).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        let events = deployment.app.store.consent_events(id, 1).await.unwrap();
        assert_eq!(
            events[0].coverage.cards.as_ref().map(|cards| cards.iter().copied().collect::<Vec<_>>()),
            Some(vec![cards[0].id])
        );
    })
    .await;
}
