//! `sekisho policy explain` and `test --record` on decisions of a database: who may look, and what is said.

use std::path::Path;
use std::sync::Arc;

use sekisho::domain::staff::Role;
use sekisho::policy::BundleSource;
use serde_json::Value;

use crate::support::process::{Deployment, Ended};
use crate::support::staff::signed_in;

/// Who asks.
struct Sessions {
    agent: String,
    supervisor: String,
    compliance: String,
}

fn sessions(deployment: &Deployment) -> Sessions {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let app = Arc::new(deployment.beside().await);
        let of = async |name: &str, role| signed_in(&app, name, &[role]).await.token;
        let sessions = Sessions {
            agent: of("agent", Role::Agent).await,
            supervisor: of("supervisor", Role::Supervisor).await,
            compliance: of("compliance", Role::Compliance).await,
        };
        app.store.clone().close().await;
        sessions
    })
}

/// Deployments with made-up decisions, each with the id of one and people who ask.
fn decided() -> impl Iterator<Item = (Deployment, String, Sessions)> {
    Deployment::on_every_database().into_iter().map(|deployment| {
        deployment.fine(&[
            "sandbox",
            "generate",
            "--cards",
            "5",
            "--days",
            "1",
            "--seed",
            "7",
            "--until",
            "2026-11-20",
        ]);
        let id = format!("auth_{}", deployment.ids("authentications")[0].simple());
        let sessions = sessions(&deployment);
        (deployment, id, sessions)
    })
}

fn by(deployment: &Deployment, token: &str, arguments: &[&str]) -> Ended {
    deployment.run_with(&[&["policy"], arguments].concat(), &[("SEKISHO_SESSION", token)])
}

fn write(source: &BundleSource, folder: &Path) -> String {
    for (path, text) in source.files() {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder.display().to_string()
}

#[test]
fn explaining_and_recording_are_for_staff_who_may_look_at_policies() {
    for (deployment, id, sessions) in decided() {
        let folder = write(&BundleSource::shipped(), &deployment.path("mine"));
        let nobody = "sess_nonsense".to_owned();
        for (token, said) in [(&nobody, "nobody is signed in"), (&sessions.agent, "policy_look")] {
            for arguments in [&["explain", &id][..], &["test", "--record", &id, &folder]] {
                let refused = by(&deployment, token, arguments);
                assert!(refused.code == 1 && refused.err.contains(said), "{arguments:?}: {refused:?}");
                assert_eq!(refused.out, "", "nothing is shown");
            }
        }
        let without = deployment.run_with(&["policy", "explain", &id], &[]);
        assert!(without.code == 1 && without.err.contains("hint: run `sekisho login`"), "{without:?}");
        let looked = "SELECT COUNT(*) FROM audit_entries WHERE action = 'authentication.explain'";
        assert_eq!(deployment.count(looked), 0);
        for token in [&sessions.supervisor, &sessions.compliance] {
            assert_eq!(by(&deployment, token, &["explain", &id]).code, 0);
        }
        assert_eq!(deployment.count(looked), 2);
        let unknown = by(&deployment, &sessions.compliance, &["explain", "auth_0192f0c1a0b07000800000000000c0de"]);
        assert!(unknown.code == 1 && unknown.err.contains("there is no authentication"), "{unknown:?}");
    }
}

#[test]
fn a_decision_is_explained_in_english_in_japanese_and_as_json() {
    for (deployment, id, sessions) in decided() {
        let explain = |more: &[&str]| {
            let ended = by(&deployment, &sessions.compliance, &[&["explain", &id], more].concat());
            assert_eq!(ended.code, 0, "{ended:?}");
            ended.out
        };
        let found: Value = serde_json::from_str(&explain(&["--format", "json", "--sharing"])).unwrap();
        assert_eq!((&found["authentication"], &found["same_answer"]), (&Value::from(id.as_str()), &true.into()));
        assert_eq!(found["explained_by"], BundleSource::shipped().digest());
        assert_eq!(found["questions"][0]["question"], "approve");
        assert_eq!(found["sharing"].as_array().unwrap().len(), 10);
        let outcome = found["decided"]["outcome"].as_str().unwrap();
        let reason = found["decided"]["reasons"][0].as_str().unwrap();
        let bundle = sekisho::policy::Bundle::build(BundleSource::shipped()).unwrap();
        let told = bundle.reference().reason(reason).unwrap();

        let english = explain(&[]);
        assert!(english.starts_with(&format!("{id}: {outcome}: {} [{reason}]", told.staff_en)), "{english}");
        assert!(english.contains("\nfacts\n") && english.contains("\napprove: "), "{english}");
        let japanese = explain(&["--language", "ja", "--sharing"]);
        let word = match outcome {
            "approve" => "承認",
            "challenge" => "追加認証",
            _ => "不承認",
        };
        assert!(japanese.starts_with(&format!("{id}: {word}: {} [{reason}]", told.staff_ja)), "{japanese}");
        assert!(
            japanese.contains("\n認証なしで承認できるか: ") && japanese.contains("\n提供してよいデータ "),
            "{japanese}"
        );
        let other = explain(&["--with", "shipped"]);
        assert_eq!(other, english, "the shipped bundle decided");
    }
}

#[test]
fn a_decision_becomes_a_case_of_what_is_answered_now_or_was_then() {
    // Nothing passes by this bundle without a proof.
    let rule = "@id(\"none\")\n@title(\"Nothing passes\")\n@reason(\"amount_large\")\n@owner(\"tests\")\nforbid (principal, \
                action == Action::\"approve\", resource);\n";
    for (deployment, _, sessions) in decided() {
        let id = approved(&deployment);
        let folder = deployment.path("mine");
        let dir = write(&BundleSource::shipped().with("approve/none.cedar", rule), &folder);
        let file = folder.join(format!("cases/recorded-{id}.yaml"));
        let record =
            |more: &[&str]| by(&deployment, &sessions.supervisor, &[&["test", "--record", &id, &dir], more].concat());

        let now = record(&[]);
        assert!(now.code == 0 && now.out.contains("it expects what the folder's rules answer now"), "{now:?}");
        assert!(!std::fs::read_to_string(&file).unwrap().contains("outcome: approve"));
        let passes = deployment.run(&["policy", "test", &dir, "--filter", &id]);
        assert!(passes.code == 0 && passes.out.starts_with("1 case of "), "{passes:?}");
        let again = record(&[]);
        assert!(again.code == 1 && again.err.contains("is there already\nhint: remove it first"), "{again:?}");

        std::fs::remove_file(&file).unwrap();
        let then = record(&["--as-recorded"]);
        assert!(then.code == 0 && then.out.contains("it expects what was decided then"), "{then:?}");
        assert!(std::fs::read_to_string(&file).unwrap().contains("outcome: approve"));
        let fails = deployment.run(&["policy", "test", &dir, "--filter", &id]);
        assert!(fails.code == 1 && fails.out.contains("outcome: expected approve, came "), "{fails:?}");
    }
}

/// The id of a decision that passed without friction.
fn approved(deployment: &Deployment) -> String {
    let ids = deployment.ids("authentications");
    let sql = |id: &uuid::Uuid, on_a_server: bool| {
        let id = if on_a_server { format!("'{id}'") } else { format!("x'{}'", id.simple()) };
        format!("SELECT COUNT(*) FROM authentications WHERE verdict LIKE '%\"outcome\":\"approve\"%' AND id = {id}")
    };
    let passed = |id: &&uuid::Uuid| deployment.count(&sql(id, deployment.is_on_a_server())) == 1;
    format!("auth_{}", ids.iter().find(passed).expect("one that passed").simple())
}

#[test]
fn what_is_meant_without_a_name_is_the_folder_policies_or_else_the_bundle_that_ships() {
    let deployment = Deployment::fresh();
    let said = |arguments: &[&str]| deployment.fine(&[&["policy"], arguments].concat());
    let title = |name: &str, source: &BundleSource| format!("`{name}` ({})", &source.digest()[..12]);
    let shipped = title("shipped", &BundleSource::shipped());
    assert!(said(&["check"]).contains(&shipped) && said(&["test"]).contains(&shipped));
    let none = deployment.run(&["policy", "new", "approve", "mine"]);
    assert!(
        none.code == 2 && none.err.contains("there is no folder `policies`") && none.err.contains("hint: "),
        "{none:?}"
    );
    write(&BundleSource::shipped(), &deployment.path("policies"));
    said(&["new", "approve", "mine"]);
    let mine = title("policies", &BundleSource::read(&deployment.path("policies")).unwrap());
    assert!(said(&["check"]).contains(&mine) && said(&["test"]).contains(&mine));
    assert!(said(&["check"]).contains("rule `mine`: no case makes it match"));
    assert!(said(&["check", "shipped"]).contains(&shipped));
}

#[test]
fn live_and_the_beginning_of_a_digest_name_what_the_database_keeps() {
    for (deployment, _, sessions) in decided() {
        let digest = BundleSource::shipped().digest();
        for name in ["live", &digest[..8]] {
            for verb in ["check", "test"] {
                let said = deployment.fine(&["policy", verb, name]);
                assert!(said.contains(&format!("`{name}` ({})", &digest[..12])), "{said}");
            }
            let shown = by(&deployment, &sessions.compliance, &["show", name]);
            assert!(shown.code == 0 && shown.out.contains(&digest), "{shown:?}");
            let to = deployment.path(&format!("copy-{name}"));
            let exported = by(&deployment, &sessions.compliance, &["export", name, to.to_str().unwrap()]);
            assert_eq!(exported.code, 0, "{exported:?}");
            assert_eq!(BundleSource::read(&to).unwrap().digest(), digest);
            // Without a solver they say so, and not that there is no such bundle.
            for arguments in [&["prove", name][..], &["compare", name, "shipped"]] {
                let ended = deployment.run_with(&[&["policy"], arguments].concat(), &[("CVC5", "/nonexistent/cvc5")]);
                assert!(ended.code == 3 && ended.err.contains("nothing is "), "{ended:?}");
            }
            let replayed = by(&deployment, &sessions.compliance, &["replay", name]);
            assert_eq!(replayed.code, 0, "{replayed:?}");
        }
        for (name, said) in [(&digest[..7], "give 8 digits or more"), ("00000000", "no bundle whose digest begins")] {
            for verb in ["show", "approve"] {
                let refused = by(&deployment, &sessions.compliance, &[verb, name]);
                assert!(refused.code == 2 && refused.err.contains(said), "{verb} {name}: {refused:?}");
            }
        }
    }
}
