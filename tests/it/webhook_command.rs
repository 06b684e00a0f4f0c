//! `sekisho merchant webhook` and `sekisho webhook`: endpoints and messages at the command line.

use crate::support::process::{Deployment, word};

const URL: &str = "https://shop.example/hooks";

#[test]
fn endpoints_are_added_listed_rotated_and_removed() {
    for deployment in Deployment::on_every_database() {
        let (merchant, _) = deployment.merchant();
        let added = deployment.fine(&["merchant", "webhook", "add", "みどり食品", URL]);
        let (id, secret) = (word(&added, "whe_"), word(&added, "whsec_"));
        assert!(added.contains("only time the secret is shown"));
        let listed = deployment.fine(&["merchant", "webhook", "list"]);
        assert_eq!(listed, format!("{id}  {merchant}  {URL}  live\n"));
        assert!(!listed.contains(&secret));

        let rotated = deployment.fine(&["merchant", "webhook", "rotate", &merchant, URL]);
        assert!(word(&rotated, "whsec_") != secret && rotated.contains("for 24 hours"), "{rotated}");
        assert!(deployment.fine(&["merchant", "webhook", "list", &merchant]).contains("two secrets until"));
        let rotated = deployment.fine(&["merchant", "webhook", "rotate", &merchant, URL, "--at-once"]);
        assert!(rotated.contains("signs nothing more"), "{rotated}");
        assert!(!deployment.fine(&["merchant", "webhook", "list", &merchant]).contains("two secrets"));

        for (arguments, said) in [
            (vec!["merchant", "webhook", "add", &merchant, URL], "already"),
            (vec!["merchant", "webhook", "add", "Nobody", URL], "hint: `sekisho merchant list`"),
            (vec!["merchant", "webhook", "add", &merchant, "ftp://shop.example/"], "only https"),
            (vec!["merchant", "webhook", "enable", &merchant, URL], "not disabled"),
            (vec!["merchant", "webhook", "remove", &merchant, "https://shop.example/other"], "hint:"),
        ] {
            let refused = deployment.run(&arguments);
            assert!(refused.code == 1 && refused.err.contains(said), "{arguments:?}: {refused:?}");
        }
        deployment.fine(&["merchant", "webhook", "remove", &merchant, URL]);
        assert_eq!(deployment.fine(&["merchant", "webhook", "list"]), "");
        let stranger =
            deployment.run_with(&["merchant", "webhook", "add", &merchant, URL], &[("SEKISHO_SESSION", "x")]);
        assert!(stranger.code == 1 && stranger.err.contains("sekisho login"), "{stranger:?}");
        assert_eq!(deployment.count("SELECT COUNT(*) FROM audit_entries WHERE action LIKE 'webhook.%'"), 4);
    }
}

#[test]
fn messages_are_listed_by_merchant_and_sent_again_by_id() {
    for deployment in Deployment::on_every_database() {
        let (merchant, _) = deployment.merchant();
        let said = deployment.fine(&["merchant", "create", "--name", "Nami", "--category-code", "5818"]);
        let other = word(&said, "mer_");
        for (number, merchant) in [(1, &merchant), (2, &other)] {
            let added = deployment.fine(&["merchant", "webhook", "add", merchant, URL]);
            let lane = word(&added, "whe_");
            for (place, state) in [(1, "dead"), (2, "waiting"), (3, "done")] {
                let id = format!("'000000000000000000000000000000{number}{place}'");
                let id = if deployment.is_on_a_server() { id } else { format!("x{id}") };
                deployment.sql(&format!(
                    "INSERT INTO outbox (id, kind, lane, subject, body, state, attempts, due_at, reason, created_at) \
                     VALUES ({id}, 'webhook', '{lane}', 'auth_{place}', '{{}}', '{state}', 3, 1795000000000000, \
                     'status_500', 1)"
                ));
            }
        }
        assert_eq!(deployment.fine(&["webhook", "list"]).lines().count(), 4);
        let dead = "out_00000000000000000000000000000011";
        let listed = deployment.fine(&["webhook", "list", "--dead", "--merchant", "みどり食品"]);
        let expected = format!("{dead}  {merchant}  dead     about auth_1  tries 3  last: status_500  to {URL}\n");
        assert_eq!(listed, expected);
        assert_eq!(deployment.run(&["webhook", "replay"]).code, 2);
        assert_eq!(deployment.run(&["webhook", "replay", "--merchant", &merchant, dead]).code, 2);

        let delivered = "out_00000000000000000000000000000013";
        let again = deployment.fine(&["webhook", "replay", dead, delivered]);
        assert_eq!(again, format!("{dead} is tried again\n{delivered} is tried again\n"));
        let refused = deployment.run(&["webhook", "replay", "out_00000000000000000000000000000099"]);
        assert!(refused.code == 1 && refused.err.contains("hint:"), "{refused:?}");
        let all = deployment.fine(&["webhook", "replay", "--dead", "--merchant", &other]);
        assert_eq!(all, "out_00000000000000000000000000000021 is tried again\n");
        assert_eq!(deployment.fine(&["webhook", "list", "--dead"]), "");
        assert_eq!(deployment.count("SELECT COUNT(*) FROM audit_entries WHERE action = 'webhook.replay'"), 3);
    }
}
