//! The search among decisions: what fits, page by page, with bounded work, for those who may look at policies.

use sekisho::domain::staff::Role;
use sekisho::domain::verdict::Outcome;
use sekisho::flow::decisions::{self, DecisionQuery, DecisionSearchError, ROWS};
use serde_json::json;

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::staff::signed_in;

const PATH: &str = "/staff/policies/decisions";

/// Small and large purchases at two merchants, an hour apart; the ids, oldest first.
async fn bought(deployment: &Deployment) -> Vec<String> {
    let card = deployment.enrolled().await;
    let mut ids = Vec::new();
    for (amount, at_grocer) in [(900, true), (400_000, true), (900, false), (12_800, false)] {
        let (shop, host) = if at_grocer { (&deployment.grocer, "grocer") } else { (&deployment.shop, "shop") };
        let back = format!("https://{host}.example/return");
        let changes = json!({"purchase": {"amount_minor": amount}, "challenge": {"return_url": back}});
        let body = deployment.purchase(&card, &changes);
        let answer = deployment.ask_by(shop, &body).await.ok(201);
        ids.push(answer["id"].as_str().unwrap().to_owned());
        deployment.clock.advance(3_600);
    }
    ids
}

#[tokio::test]
async fn decisions_are_found_by_time_merchant_rule_outcome_reason_and_bundle() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let ids = bought(deployment).await;
        let staff = signed_in(&deployment.app, "kaori", &[Role::Compliance]).await;
        let found = async |query: DecisionQuery| -> Vec<usize> {
            let page = decisions::search(&deployment.app, &staff.who, &query, None).await.unwrap();
            assert!(page.next.is_none() && !page.gave_up);
            let place = |id: String| ids.iter().position(|other| *other == id).unwrap();
            page.rows.iter().map(|row| place(row.id.to_string())).collect()
        };
        let word = |text: &str| Some(text.to_owned());
        assert_eq!(found(DecisionQuery::default()).await, [3, 2, 1, 0]);
        let second = deployment.app.store.any_authentication(ids[1].parse().unwrap()).await.unwrap().unwrap();
        let (from, until) = (Some(second.created_at), Some(second.created_at.plus_seconds(3_600)));
        assert_eq!(found(DecisionQuery { from, until, ..DecisionQuery::default() }).await, [1]);
        for merchant in ["aozora", "GROCERY", &deployment.grocer.id.to_string()] {
            let query = DecisionQuery { merchant: word(merchant), ..DecisionQuery::default() };
            assert_eq!(found(query).await, [1, 0], "{merchant}");
        }
        assert_eq!(found(DecisionQuery { merchant: word("o"), ..DecisionQuery::default() }).await, [3, 2, 1, 0]);
        let large = DecisionQuery { rule: word("large-amount"), ..DecisionQuery::default() };
        assert_eq!(found(large).await, [1]);
        for part in ["large", "amount", "large_amount", "%", "outcome"] {
            let query = DecisionQuery { rule: word(part), ..DecisionQuery::default() };
            assert!(found(query).await.is_empty(), "{part}");
        }
        assert_eq!(found(DecisionQuery { reason: word("amount_large"), ..DecisionQuery::default() }).await, [1]);
        assert!(found(DecisionQuery { reason: word("amount"), ..DecisionQuery::default() }).await.is_empty());
        let approved = found(DecisionQuery { outcome: Some(Outcome::Approve), ..DecisionQuery::default() }).await;
        let challenged = found(DecisionQuery { outcome: Some(Outcome::Challenge), ..DecisionQuery::default() }).await;
        assert!(approved.contains(&0) && challenged.contains(&1), "{approved:?} {challenged:?}");
        assert_eq!(approved.len() + challenged.len(), 4);
        let whole = second.bundle_digest.clone();
        assert_eq!(found(DecisionQuery { bundle: Some(whole), ..DecisionQuery::default() }).await, [3, 2, 1, 0]);
        let other = "0".repeat(64);
        assert!(found(DecisionQuery { bundle: Some(other), ..DecisionQuery::default() }).await.is_empty());
        let looks = deployment.audited("decision.search").await;
        assert!(looks.contains(&format!("{} none 4 listed", staff.who.actor())), "{looks:?}");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_searched_is_said_at_its_field() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = signed_in(&deployment.app, "kaori", &[Role::Compliance]).await;
        let refused = async |query: DecisionQuery| {
            decisions::search(&deployment.app, &staff.who, &query, None).await.unwrap_err()
        };
        let word = |text: &str| Some(text.to_owned());
        let nobody = refused(DecisionQuery { merchant: word("nobody"), ..DecisionQuery::default() }).await;
        assert!(matches!(nobody, DecisionSearchError::UnknownMerchant));
        let long = refused(DecisionQuery { rule: word(&"x".repeat(129)), ..DecisionQuery::default() }).await;
        assert!(long.to_string().contains("at most 128 characters"), "{long}");
        for digest in ["12345", "not a digest", "0123456789"] {
            let error = refused(DecisionQuery { bundle: word(digest), ..DecisionQuery::default() }).await;
            assert!(matches!(error, DecisionSearchError::UnknownBundle), "{digest}");
        }
        for (query, field) in [
            ("from=yesterday", "from"),
            ("outcome=perhaps", "outcome"),
            ("merchant=nobody", "merchant"),
            ("from=2026-11-22T10:00&until=2026-11-22T10:00", "until"),
            ("rule=no-such-rule", "rule"),
            ("reason=no_such_reason", "reason"),
        ] {
            let page = deployment.send(staff.get(&format!("{PATH}?{query}"))).await;
            assert!(page.status == 200 && page.text.contains(&format!("id=\"{field}-error\"")), "{}", page.text);
        }
        assert_eq!(deployment.send(staff.get(&format!("{PATH}?before=auth_x"))).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let ids = bought(deployment).await;
        let copies = copies(deployment, &ids[0], 2 * ROWS + 7).await;
        let staff = signed_in(&deployment.app, "kaori", &[Role::Compliance]).await;
        let (mut seen, mut before, mut pages) = (Vec::new(), None, 0);
        loop {
            let query = DecisionQuery { merchant: Some("aozora".to_owned()), ..DecisionQuery::default() };
            let page = decisions::search(&deployment.app, &staff.who, &query, before).await.unwrap();
            seen.extend(page.rows.iter().map(|row| row.id.to_string()));
            pages += 1;
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let mut wanted = [copies, ids[..2].to_vec()].concat();
        wanted.sort();
        wanted.reverse();
        assert_eq!((seen, pages), (wanted, 3));
        let first = deployment.send(staff.get(PATH)).await;
        let next = first.text.split_once("before=").map(|(_, rest)| rest.split('"').next().unwrap().to_owned());
        let second = deployment.send(staff.get(&format!("{PATH}?before={}", next.unwrap()))).await;
        assert!(second.status == 200 && second.text.contains("/staff/policies/decisions/auth_"), "{}", second.text);
    })
    .await;
}

/// So many copies of a decision, each with an id of its own.
async fn copies(deployment: &Deployment, id: &str, count: usize) -> Vec<String> {
    use sekisho::domain::id::AuthenticationId;
    let columns = "merchant_id, merchant_reference, purpose, amount_minor, currency, purchased_at, card_id, card_last_four, \
                   status, ending, reasons, bundle_digest, facts, verdict, created_at";
    let sql =
        format!("INSERT INTO authentications (id, {columns}) SELECT $1, {columns} FROM authentications WHERE id = $2");
    let original: AuthenticationId = id.parse().unwrap();
    let mut ids = Vec::new();
    for _ in 0..count {
        let id = AuthenticationId::new(deployment.app.now(), &*deployment.app.randomness);
        deployment.tables.run(&sql, vec![id.uuid().into(), original.uuid().into()]).await.unwrap();
        ids.push(id.to_string());
    }
    ids
}

#[tokio::test]
async fn merchants_are_found_by_names_in_letters_of_any_width() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let rename = "UPDATE merchants SET name = $1 WHERE id = $2";
        let values = vec!["ＡＢＣ商店 Ab".into(), deployment.grocer.id.uuid().into()];
        deployment.tables.run(rename, values).await.unwrap();
        for text in ["ＡＢＣ", "ＢＣ商", "aB", "商店"] {
            let found = deployment.app.store.merchants_named(text, 5).await.unwrap();
            assert_eq!(found, [deployment.grocer.id], "{text}");
        }
        assert!(deployment.app.store.merchants_named("ab_", 5).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn rows_carry_reasons_in_words_and_a_merchant_without_a_name_its_id() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        bought(deployment).await;
        let staff = signed_in(&deployment.app, "kaori", &[Role::Compliance]).await;
        let large = deployment.app.bundle.load().bundle.reference().reason("amount_large").unwrap().staff_ja.clone();
        let search = format!("{PATH}?rule=large-amount");
        let page = deployment.send(staff.get(&search)).await;
        let id = format!("<bdi>{}</bdi>", deployment.grocer.id);
        assert!(page.text.contains(&format!("<bdi>{large}")) && !page.text.contains(&id), "{}", page.text);
        deployment.tables.run("UPDATE merchants SET name = ''", vec![]).await.unwrap();
        let page = deployment.send(staff.get(&search)).await;
        assert!(page.text.contains(&id), "{}", page.text);
    })
    .await;
}

#[tokio::test]
async fn a_search_that_gave_up_says_how_far_it_looked() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let ids = bought(deployment).await;
        many_copies(deployment, &ids[0]).await;
        let staff = signed_in(&deployment.app, "kaori", &[Role::Compliance]).await;
        let path = format!("{PATH}?outcome=reject");
        let page = deployment.send(staff.get(&path).header("accept-language", "en")).await;
        assert!(page.text.contains("Looked back to ") && page.text.contains("Nothing has been found so far."));
        assert!(!page.text.contains("Nothing fits.") && page.text.contains("before=auth_"), "{}", page.text);
        let next = page.text.split_once("before=").unwrap().1.split('"').next().unwrap();
        let rest = deployment.send(staff.get(&format!("{path}&before={next}")).header("accept-language", "en")).await;
        assert!(rest.text.contains("Nothing fits.") && !rest.text.contains("Looked back to "), "{}", rest.text);
    })
    .await;
}

/// More copies of a decision than one page of the search looks at, all older than it.
async fn many_copies(deployment: &Deployment, id: &str) {
    use sekisho::domain::id::AuthenticationId;
    let columns = "merchant_id, merchant_reference, purpose, amount_minor, currency, purchased_at, card_id, card_last_four, \
                   status, ending, reasons, bundle_digest, facts, verdict, created_at";
    let place = if deployment.tables.is_sqlite() {
        "unhex(printf('%032x', n.i))"
    } else {
        "CAST(lpad(to_hex(n.i), 32, '0') AS uuid)"
    };
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20100) \
         INSERT INTO authentications (id, {columns}) SELECT {place}, {columns} FROM authentications, n WHERE id = $1"
    );
    let original: AuthenticationId = id.parse().unwrap();
    deployment.tables.run(&sql, vec![original.uuid().into()]).await.unwrap();
}

#[tokio::test]
async fn only_who_may_look_at_policies_gets_their_pages() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let paths = [
            "/staff/policies",
            "/staff/policies/bundles",
            "/staff/policies/trials",
            PATH,
            &format!("/staff/policies/bundles/{}", "0".repeat(64)),
            &format!("{PATH}/auth_{}", "0".repeat(32)),
        ];
        for path in paths {
            assert_eq!(deployment.send(agent.get(path)).await.status, 403, "{path}");
        }
        assert!(!deployment.send(agent.get("/staff")).await.text.contains("/staff/policies"));
        let auditor = signed_in(&deployment.app, "ren", &[Role::Auditor]).await;
        for path in &paths[..4] {
            assert_eq!(deployment.send(auditor.get(path)).await.status, 200, "{path}");
        }
        for path in &paths[4..] {
            assert_eq!(deployment.send(auditor.get(path)).await.status, 404, "{path}");
        }
    })
    .await;
}
