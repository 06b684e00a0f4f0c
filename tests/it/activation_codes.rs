//! Activation codes, as the issuer asks for them.

use serde_json::json;

use crate::support::card_file::{file, row};
use crate::support::deployment::{Wanted, on_every_database};
use crate::support::exchange::Call;
use crate::support::process::Deployment as Service;

#[tokio::test]
async fn the_issuer_gets_a_code_once_and_the_database_never_holds_it() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let path = format!("/v1/cards/{}/activation-codes", card.reference);
        let answer = deployment.send(Call::post(&path).key(&deployment.issuer_key)).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let issued = answer.ok(201);
        let code = issued["activation_code"].as_str().unwrap();
        assert_eq!((code.len(), &code[5..6]), (11, "-"), "{code}");
        assert_eq!(issued["card_reference"], card.reference.as_str());
        assert_eq!(issued["expires_at"], "2026-12-22T03:00:00Z");
        let bare = code.replace('-', "");
        let dump = deployment.tables.dump().await;
        assert!(!dump.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(&bare)));
        let audited = deployment.audited("card.activation_code").await;
        assert_eq!(audited.len(), 1);
        assert!(!audited[0].contains(&bare), "{audited:?}");
    })
    .await;
}

#[tokio::test]
async fn codes_are_for_the_issuer_alone_and_for_cards_that_are_there_and_open() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let path = format!("/v1/cards/{}/activation-codes", card.reference);
        deployment.send(Call::post(&path).key(&deployment.shop.key)).await.problem(403, "wrong-key");
        deployment.send(Call::post(&path)).await.problem(401, "unauthorized");
        let unknown = Call::post("/v1/cards/nothing/activation-codes").key(&deployment.issuer_key);
        deployment.send(unknown).await.problem(404, "not-found");
        let status = Call::put(format!("/v1/cards/{}/status", card.reference));
        deployment.issuer(status, &json!({ "status": "closed" })).await.ok(200);
        deployment.send(Call::post(&path).key(&deployment.issuer_key)).await.problem(409, "conflict");
    })
    .await;
}

#[test]
fn the_command_issues_a_code_for_each_card_and_says_which_have_none() {
    let deployment = Service::migrated();
    let cards = deployment.write("cards.csv", file(&[row(1), row(2)]));
    assert_eq!(deployment.run(&["card", "import", cards.to_str().unwrap()]).code, 0);
    let list = deployment.write("references.txt", "card-1\n\ncard-2\n");
    let ended = deployment.run(&["card", "activation-codes", list.to_str().unwrap()]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "card_reference,activation_code,expires_at"));
    assert!(lines[1].starts_with("card-1,") && lines[2].starts_with("card-2,"), "{lines:?}");
    let list = deployment.write("references.txt", "card-1\nnothing\n");
    let ended = deployment.run(&["card", "activation-codes", list.to_str().unwrap()]);
    assert_eq!((ended.code, ended.out.lines().count()), (1, 2), "{ended:?}");
    assert!(ended.err.contains("line 2: no card has the reference `nothing`"), "{}", ended.err);
    assert_eq!(deployment.count("SELECT COUNT(*) FROM activation_codes WHERE replaced_at IS NULL"), 2);
}
