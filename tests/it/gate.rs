//! The gate to the analysis company: who is asked about, who never is, and what the ledger can prove afterwards.

use std::collections::BTreeSet;

use sekisho::demo::provider::steering::{Behaviour, Control};

use sekisho::flow::consent::resume::ResumeError;
use serde_json::{Value, json};

use crate::support::consent::{object, resume, resume_unless_asked};
use crate::support::crash::crash_while_asking;
use crate::support::deployment::{Deployment, PASSWORD, TestCard, Wanted, on_every_database, request};
use crate::support::exchange::Call;
use crate::support::line::all_lines_are_whole;

/// What became of the provider in the last decision about a purchase with this card.
async fn assessed(deployment: &Deployment, card: &TestCard, changes: &Value) -> (&'static str, &'static str) {
    let answer = deployment.buys(card, changes).await;
    let assessment = deployment.facts(&answer).await.assessment;
    (assessment.status(), assessment.reason())
}

/// The ledger: each row's state and the state that it was settled with.
async fn ledger(deployment: &Deployment) -> Vec<[String; 2]> {
    let sql = "SELECT d.state AS state, COALESCE(s.state, 'open') AS settled FROM disclosures d \
         LEFT JOIN disclosure_settlements s ON s.disclosure_id = d.id ORDER BY d.cardholder_id, d.sequence";
    let rows = deployment.tables.rows(sql, Vec::new()).await;
    rows.iter().map(|row| ["state", "settled"].map(|column| row.try_get_by(column).unwrap())).collect()
}

fn row(state: &str, settled: &str) -> [String; 2] {
    [state.to_owned(), settled.to_owned()]
}

#[tokio::test(flavor = "multi_thread")]
async fn who_permits_it_is_asked_about_once_and_the_ledger_tells_all_of_it() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let answer = deployment.buys(&card, &json!({})).await;
        assert_eq!(answer["status"], "approved", "a low risk passes: {answer}");
        let calls = deployment.provider().calls();
        assert_eq!((calls.len(), calls[0].path.as_str()), (1, "/api/attribute-query"));

        let sql = "SELECT d.state, d.recipient, d.purpose, d.basis, d.items, d.policies, d.bundle_digest, s.state AS settled, \
             s.provider_request_id, s.answer FROM disclosures d JOIN disclosure_settlements s ON s.disclosure_id = d.id";
        let rows = deployment.tables.rows(sql, Vec::new()).await;
        assert_eq!(rows.len(), 1);
        let text = |column: &str| rows[0].try_get_by::<String, _>(column).unwrap();
        let short = ["state", "recipient", "purpose", "basis", "settled"].map(text);
        assert_eq!(short, ["intended", "tmx", "assess", "notice", "sent"]);
        assert_eq!(text("bundle_digest"), answer["bundle_digest"].as_str().unwrap());
        assert_eq!(text("provider_request_id"), format!("standin-{}", calls[0].field("transaction_id").replace('_', "-")));
        assert!(text("policies").contains("permitted"));
        for item in ["email:", "name:", "phone:", "amount:", "ip:"] {
            assert!(text("items").contains(item), "{item} in {}", text("items"));
        }
        let kept: Value = serde_json::from_str(&text("answer")).unwrap();
        assert_eq!((&kept["request_result"], &kept["review_status"]), (&json!("success"), &json!("pass")));
        let echoed = kept.as_object().unwrap().keys().find(|key| key.starts_with("account_") || key.ends_with("_ip_address"));
        assert_eq!(echoed, None, "what the provider echoes is not kept");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_objection_nobody_is_asked_until_it_is_taken_back() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let other = deployment.card(&json!({})).await;
        assert_eq!(assessed(deployment, &card, &json!({})).await, ("answered", ""));
        object(&deployment.app, &card.cardholder).await;
        let (_, twin) = deployment.twin(19).await;
        deployment.provider().forget();
        for _ in 0..3 {
            assert_eq!(assessed(deployment, &card, &json!({})).await, ("not_asked", "opted_out"));
        }
        let second = deployment.card_of(&card.cardholder, &json!({})).await;
        assert_eq!(assessed(deployment, &second, &json!({})).await, ("not_asked", "opted_out"), "another card of hers");
        let body = deployment.purchase(&card, &json!({}));
        request(&deployment.shop, "twin", &body).to(&twin).await.ok(201);
        assert_eq!(deployment.provider().calls(), [], "no call about her, of any process");
        assert_eq!(ledger(deployment).await.len(), 1, "and no row");
        let facts = deployment.facts(&deployment.buys(&card, &json!({})).await).await;
        assert_eq!(facts.consent.as_str(), "opted_out");
        assert_eq!(assessed(deployment, &other, &json!({})).await, ("answered", ""), "others are");

        resume(&deployment.app, &card.cardholder).await;
        assert_eq!(assessed(deployment, &card, &json!({})).await, ("answered", ""));
        assert_eq!(deployment.provider().calls().len(), 2);
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_about_without_a_recorded_basis_and_a_repeated_registration_overrides_no_objection() {
    on_every_database(Wanted::provider(), async |deployment| {
        let holder = deployment.cardholder(&json!({"sharing": null})).await;
        let card = deployment.card_of(&holder, &json!({})).await;
        assert_eq!(assessed(deployment, &card, &json!({})).await, ("not_asked", "consent_unknown"));
        object(&deployment.app, &holder).await;
        let basis = json!({"basis": "notice", "notice_version": "1", "informed_at": "2026-04-01T00:00:00Z"});
        let path = format!("/v1/cardholders/{holder}");
        deployment
            .issuer(Call::put(path), &json!({"email": "hanako.yamada@example.jp", "sharing": basis}))
            .await
            .ok(200);
        assert_eq!(assessed(deployment, &card, &json!({})).await, ("not_asked", "opted_out"));
        assert_eq!(deployment.provider().calls(), []);
        assert_eq!(ledger(deployment).await, Vec::<[String; 2]>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policies_do_not_permit_takes_its_place_in_the_line_and_is_not_sent() {
    let bundle = tempfile::tempdir().unwrap();
    copy_folder(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/policies")), bundle.path());
    let rule = "@id(\"nothing-at-all\")\n@title(\"Nothing leaves\")\n@reason(\"data_minimisation\")\n@owner(\"privacy\")\n\
         forbid (principal, action == Action::\"share\", resource);\n";
    std::fs::write(bundle.path().join("share/nothing-at-all.cedar"), rule).unwrap();
    let path: &'static str = bundle.path().to_str().unwrap().to_owned().leak();
    on_every_database(Wanted::provider().with("SEKISHO__BUNDLE__PATH", path), async |deployment| {
        let card = deployment.card(&json!({})).await;
        for _ in 0..2 {
            assert_eq!(assessed(deployment, &card, &json!({})).await, ("not_asked", "by_policy"));
        }
        assert_eq!(deployment.provider().calls(), []);
        assert_eq!(ledger(deployment).await, [row("not_sent", "open"), row("not_sent", "open")]);
        let items: Vec<String> = deployment.tables.column("SELECT items FROM disclosures", Vec::new()).await;
        assert_eq!(items, ["", ""]);
        all_lines_are_whole(deployment).await;
    })
    .await;
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let (entry, target) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if entry.is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_folder(&entry, &target);
        } else {
            std::fs::copy(&entry, &target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_is_told_by_its_reason_and_its_row_is_settled() {
    let wanted = Wanted::provider().with("SEKISHO__ANALYTICS__BREAKER__OPEN_AFTER", "20");
    on_every_database(wanted, async |deployment| {
        let card = deployment.enrolled().await;
        let status = |status| Control { status: Some(status), ..Control::default() };
        let behaviour = |behaviour| Control { behaviour, ..Control::default() };
        let mut expected = Vec::new();
        for (control, reason, settled) in [
            (status(500), "http_5xx", "sent"),
            (status(404), "http_4xx", "sent"),
            (behaviour(Behaviour::Garbage), "malformed", "sent"),
            (behaviour(Behaviour::WrongContentType), "malformed", "sent"),
            (behaviour(Behaviour::OversizedStream), "malformed", "sent"),
            (Control { score: Some("101".to_owned()), ..Control::default() }, "out_of_range", "sent"),
            (Control { delay_ms: 5_000, ..Control::default() }, "timeout", "unknown"),
            (behaviour(Behaviour::Break), "http_5xx", "unknown"),
        ] {
            deployment.provider().steer(control.clone());
            let answer = deployment.buys(&card, &json!({})).await;
            let assessment = deployment.facts(&answer).await.assessment;
            assert_eq!((assessment.status(), assessment.reason()), ("no_answer", reason), "{control:?}");
            assert_eq!(answer["status"], "challenge_required", "silence alone never rejects: {answer}");
            expected.push(row("intended", settled));
        }
        assert_eq!(ledger(deployment).await, expected);
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_open_is_settled_as_unknown_and_stays_so() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        crash_while_asking(deployment, request(&deployment.shop, "k", &deployment.purchase(&card, &json!({})))).await;
        assert_eq!(ledger(deployment).await, [row("intended", "open")]);
        let store = &deployment.app.store;
        let (before, now) = (deployment.app.now(), deployment.app.now().plus_seconds(61));
        assert_eq!(store.settle_abandoned(before, now, 10).await.unwrap(), 0, "its owner may still be at it");
        assert_eq!(store.settle_abandoned(before.plus_seconds(1), now, 10).await.unwrap(), 1);
        assert_eq!(store.settle_abandoned(before.plus_seconds(1), now, 10).await.unwrap(), 0);
        assert_eq!(ledger(deployment).await, [row("intended", "unknown")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_s_row_that_cannot_be_had_in_time_means_that_nothing_is_sent_and_the_decision_goes_on() {
    on_every_database(Wanted::provider(), async |deployment| {
        if deployment.app.store.backend_name() == "sqlite" {
            // There is one writer: nobody else can hold the row.
            return;
        }
        let card = deployment.enrolled().await;
        let held = deployment.tables.hold("UPDATE consent_states SET sequence = sequence").await;
        assert_eq!(assessed(deployment, &card, &json!({})).await, ("not_asked", "consent_unknown"));
        held.rollback().await.unwrap();
        assert_eq!((deployment.provider().calls(), ledger(deployment).await), (Vec::new(), Vec::new()));
        assert_eq!(assessed(deployment, &card, &json!({})).await, ("answered", ""));
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_purchases_and_objections_leave_one_line_without_gaps() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let calls = (0..12).map(|number| {
            let call = request(&deployment.shop, &format!("k{number}"), &deployment.purchase(&card, &json!({})));
            let (router, app, holder) = (deployment.router.clone(), deployment.app.clone(), card.cardholder.clone());
            tokio::spawn(async move {
                call.to(&router).await.ok(201);
                if number % 3 == 0 {
                    object(&app, &holder).await;
                    let resumed = resume_unless_asked(&app, &holder).await;
                    assert!(matches!(resumed, Ok(_) | Err(ResumeError::Waiting)), "{resumed:?}");
                }
            })
        });
        for done in futures_util::future::join_all(calls).await {
            done.unwrap();
        }
        assert!(ledger(deployment).await.iter().all(|[_, settled]| settled == "sent"));
        assert_eq!(deployment.provider().calls().len(), ledger(deployment).await.len());
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_to_change_or_delete_what_was_recorded() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        deployment.buys(&card, &json!({})).await;
        for (table, column) in [
            ("audit_entries", "result"),
            ("consent_events", "state"),
            ("disclosures", "state"),
            ("disclosure_settlements", "state"),
        ] {
            let before: i64 = deployment.tables.value(&format!("SELECT COUNT(*) FROM {table}"), Vec::new()).await;
            assert!(before > 0, "{table}");
            for sql in [format!("UPDATE {table} SET {column} = 'x'"), format!("DELETE FROM {table}")] {
                let refusal = deployment.tables.run(&sql, Vec::new()).await.unwrap_err();
                assert!(refusal.contains("append-only"), "{sql}: {refusal}");
            }
            let after: i64 = deployment.tables.value(&format!("SELECT COUNT(*) FROM {table}"), Vec::new()).await;
            assert_eq!(after, before);
        }
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_personal_datum_and_no_secret_lies_readable_in_any_table() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        deployment.pass(&card, &json!({})).await;
        object(&deployment.app, &card.cardholder).await;
        deployment
            .buys(&card, &json!({"cardholder": {"name": "YAMADA HANAKO", "email": "Other.Person@example.jp"}}))
            .await;
        let dump = deployment.tables.dump().await;
        let tables: BTreeSet<&str> = dump.iter().map(|(place, _)| place.split('.').next().unwrap()).collect();
        for table in
            ["cardholders", "card_numbers", "authentications", "disclosures", "idempotency_keys", "credentials"]
        {
            assert!(tables.contains(table), "the dump holds {table}");
        }
        let holds = |text: &str| {
            let needle = text.as_bytes();
            dump.iter()
                .find(|(_, bytes)| bytes.windows(needle.len()).any(|part| part == needle))
                .map(|(place, _)| place)
        };
        assert_eq!(holds("みどり書店").map(String::as_str), Some("merchants.name"), "what is no secret is found");
        let secrets = [
            card.number.as_str(),
            "hanako.yamada",
            "other.person",
            "Other.Person",
            "090-1234-5678",
            "09012345678",
            "819012345678",
            "山田",
            "ヤマダ",
            "Hanako",
            "HANAKO",
            "1990-04-01",
            "107-0062",
            "1070062",
            "南青山",
            "祖母の庭",
            PASSWORD,
            &deployment.shop.key,
            &deployment.issuer_key,
            "analytics-key",
        ];
        for secret in secrets {
            assert_eq!(holds(secret), None, "`{secret}` lies readable");
        }
    })
    .await;
}
