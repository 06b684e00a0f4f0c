//! The life of a change on the command line and in running processes.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sekisho::domain::staff::Role;
use sekisho::policy::BundleSource;
use serde_json::Value;

use crate::support::bundles::reworded;
use crate::support::process::{Deployment, Ended, now, until};
use crate::support::randomness::SeededRandomness;
use crate::support::staff::signed_in;

fn write(source: &BundleSource, folder: &Path) {
    for (path, text) in source.files() {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// The tokens of an author, a second compliance officer, a administrator, and one more.
fn sessions(deployment: &Deployment) -> [String; 4] {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let app = Arc::new(deployment.beside().await);
        let mut tokens = Vec::new();
        for (name, role) in [
            ("author", Role::Compliance),
            ("second", Role::Compliance),
            ("administrator", Role::Administrator),
            ("third", Role::Compliance),
        ] {
            tokens.push(signed_in(&app, name, &[role]).await.token);
        }
        app.store.clone().close().await;
        tokens.try_into().unwrap()
    })
}

fn by(deployment: &Deployment, token: &str, arguments: &[&str]) -> Ended {
    // No solver is to be found here: what is not proved is kept and cannot be approved.
    let variables = [("SEKISHO_SESSION", token), ("CVC5", "/nonexistent/cvc5")];
    deployment.run_with(&[&["policy"], arguments].concat(), &variables)
}

fn ready(service: &crate::support::process::Service) -> Value {
    serde_json::from_str(&service.get("/readyz").body).unwrap()
}

#[test]
fn keygen_makes_a_key_that_others_cannot_read_and_sign_signs_with_it() {
    let deployment = Deployment::fresh();
    let (file, folder) = (deployment.path("release.key"), deployment.path("bundle"));
    let said = deployment.fine(&["policy", "keygen", file.to_str().unwrap()]);
    assert!(said.contains("signing_keys = [{ name = \"release\", public_key = \""), "{said}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!said.contains(std::fs::read_to_string(&file).unwrap().trim()), "the secret half is not shown");
    let again = deployment.run(&["policy", "keygen", file.to_str().unwrap()]);
    assert_eq!(again.code, 1, "a key is never overwritten: {again:?}");
    write(&reworded("to be signed"), &folder);
    deployment.fine(&["policy", "sign", folder.to_str().unwrap(), "--key", file.to_str().unwrap()]);
    let signature = std::fs::read_to_string(deployment.path("bundle.sig")).unwrap();
    let public = said.split("public_key = \"").nth(1).unwrap().split('"').next().unwrap();
    let keys = sekisho::credential::bundle_signature::SigningKeys::parse([("release", public)]).unwrap();
    assert!(keys.verify(&reworded("to be signed").digest(), &signature).is_ok());
}

#[test]
fn a_change_goes_from_a_folder_to_a_running_process_and_back() {
    for deployment in Deployment::on_every_database() {
        deployment.fine(&["migrate"]);
        let [author, second, administrator, third] = sessions(&deployment);
        let service = deployment.serve();
        let shipped = BundleSource::shipped().digest();
        assert_eq!(ready(&service)["bundle_digest"], shipped);
        let source = reworded("by hand");
        write(&source, &deployment.path("bundle"));
        let (folder, digest) = (deployment.path("bundle"), source.digest());
        let short = &digest[..12];

        let nobody = deployment.run_with(&["policy", "submit", folder.to_str().unwrap(), "--message", "x"], &[]);
        assert!(nobody.code == 1 && nobody.err.contains("hint: run `sekisho login`"), "{nobody:?}");
        let submitted = by(&deployment, &author, &["submit", folder.to_str().unwrap(), "--message", "a try"]);
        assert!(submitted.code == 1 && submitted.out.contains("NOT PROVED"), "{submitted:?}");
        let refused = by(&deployment, &second, &["approve", short]);
        assert!(refused.code == 1 && refused.err.contains("the bundle's checks did not pass"), "{refused:?}");
        let refused = by(&deployment, &second, &["activate", short, "--live"]);
        assert!(refused.code == 1 && refused.err.contains("the bundle may not be used"), "{refused:?}");
        let urgent = ["approve", short, "--emergency", "--reason", "an attack is under way"];
        let own = by(&deployment, &author, &urgent);
        assert!(own.code == 1 && own.err.contains("this is your own bundle"), "{own:?}");
        for token in [&second, &administrator] {
            assert_eq!(by(&deployment, token, &urgent).code, 0);
        }
        let activated = by(&deployment, &second, &["activate", short, "--live"]);
        let began = now();
        assert_eq!(activated.code, 0, "{activated:?}");
        until("the process follows", || (ready(&service)["bundle_digest"] == digest.as_str()).then_some(()));
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert_eq!(ready(&service)["unreviewed_emergencies"][0], digest.as_str());
        let status = until("the process says so", || {
            let status = by(&deployment, &second, &["status", "--format", "json"]);
            let status: Value = serde_json::from_str(&status.out).unwrap();
            (status["instances"][0]["live"] == digest.as_str()).then_some(status)
        });
        assert_eq!(status["bundles"][0]["digest"], digest.as_str());
        assert_eq!(status["unreviewed_emergencies"][0], digest.as_str());
        let human = by(&deployment, &second, &["status"]).out;
        assert!(human.contains(&format!("NOT REVIEWED: {short}")) && human.contains("up "), "{human}");
        assert_eq!(by(&deployment, &third, &["review", short, "--note", "it was right"]).code, 0);
        let history = by(&deployment, &second, &["history"]).out;
        assert!(history.contains("approved in an emergency") && !history.contains("NOT REVIEWED"), "{history}");
        let shown = by(&deployment, &second, &["show", short]).out;
        assert!(shown.contains("an attack is under way") && shown.contains("reviewed by"), "{shown}");
        let copy = deployment.path("copy");
        assert_eq!(by(&deployment, &second, &["export", short, copy.to_str().unwrap()]).code, 0);
        assert_eq!(BundleSource::read(&copy).unwrap().digest(), digest);
        let doctor = deployment.run(&["doctor"]);
        assert!(doctor.out.contains(short) && doctor.out.contains("the program ships another bundle"), "{doctor:?}");
        let back = by(&deployment, &second, &["rollback", "--reason", "enough"]);
        assert!(back.code == 0 && back.out.contains("decides again"), "{back:?}");
        until("the process follows", || (ready(&service)["bundle_digest"] == shipped.as_str()).then_some(()));
    }
}

#[test]
fn trials_go_on_with_their_bounds_and_a_named_bundle_is_taken_back() {
    for deployment in Deployment::on_every_database() {
        deployment.fine(&["migrate"]);
        let [author, second, administrator, _] = sessions(&deployment);
        let digests = ["tried", "watched"].map(|words| {
            let folder = deployment.path(words);
            write(&reworded(words), &folder);
            by(&deployment, &author, &["submit", folder.to_str().unwrap(), "--message", "a try"]);
            let digest = reworded(words).digest();
            for token in [&second, &administrator] {
                let urgent = ["approve", digest.as_str(), "--emergency", "--reason", "an attack is under way"];
                assert_eq!(by(&deployment, token, &urgent).code, 0);
            }
            digest
        });
        let [tried, watched] = &digests;
        let begun = by(
            &deployment,
            &second,
            &["activate", tried, "--canary", "5%", "--band-challenge", "0-30%", "--until", "2h"],
        );
        let bounds = |ended: &Ended| -> Vec<String> { ended.out.lines().skip(1).map(str::to_owned).collect() };
        assert!(begun.code == 0 && begun.out.contains("about 5 % of the cards"), "{begun:?}");
        assert!(bounds(&begun)[0].contains("challenges 0 % to 30 %"), "{begun:?}");
        let raised = by(&deployment, &second, &["activate", tried, "--canary", "10%"]);
        assert!(raised.out.contains("about 10 % of the cards"), "{raised:?}");
        assert_eq!(bounds(&raised), bounds(&begun), "band and end stay");
        let shadow = ["activate", watched.as_str(), "--shadow", "--sample", "10%", "--until", "3d"];
        let shadow = by(&deployment, &second, &shadow);
        assert!(shadow.out.contains("beside 10 % of the decisions") && bounds(&shadow).len() == 1, "{shadow:?}");
        let back = by(&deployment, &second, &["rollback", &tried[..12], "--reason", "enough"]);
        assert!(back.code == 0 && back.out.contains(&format!("{} is canary no more", &tried[..12])), "{back:?}");
        let again = by(&deployment, &second, &["rollback", &tried[..12], "--reason", "enough"]);
        assert!(again.code == 1 && again.err.contains("is not in use"), "{again:?}");
        let doctor = deployment.fine(&["doctor"]);
        assert!(doctor.contains(&format!("shadow {}", &watched[..12])), "{doctor}");
        let refused = by(&deployment, &administrator, &["refuse", watched, "--note", "no"]);
        assert!(refused.code == 1, "{refused:?}");
    }
}

#[test]
fn doctor_looks_at_the_bundles_in_use_before_the_migrations_of_an_upgrade() {
    for deployment in Deployment::on_every_database() {
        deployment.fine(&["migrate"]);
        let [_, _, _, _] = sessions(&deployment);
        let quoted = |source: &BundleSource| {
            let files: std::collections::BTreeMap<_, _> = source.files().collect();
            serde_json::to_string(&files).unwrap().replace('\'', "''")
        };
        let keep = |source: &BundleSource, version: u16| {
            let digest = source.digest();
            deployment.sql(&format!(
                "INSERT INTO bundles (digest, facts_version, content, author, message, submitted_at) \
                 VALUES ('{digest}', {version}, '{}', 'system', 'old', 0)",
                quoted(source)
            ));
            deployment.sql(&format!(
                "INSERT INTO bundle_checks (digest, number, against, submitted_by, checked_at, passed, results, weakens) \
                 SELECT '{digest}', 1, against, submitted_by, 0, passed, results, weakens FROM bundle_checks \
                 WHERE number = 1 LIMIT 1"
            ));
            deployment.sql(&format!("UPDATE bundle_activations SET digest = '{digest}' WHERE ended_at IS NULL"));
        };
        deployment.sql("DELETE FROM seaql_migrations WHERE version = 'm0018_bundles'");
        let source = crate::facts_versions::version_1();
        keep(&source, 1);
        let said = deployment.run(&["doctor"]).out;
        assert!(said.contains(&source.digest()[..12]) && said.contains("live in the database"), "{said}");
        assert!(said.contains("warning: the live bundle is written for facts version 1"), "{said}");
        keep(&reworded("of a far future"), 99);
        let said = deployment.run(&["doctor"]).out;
        assert!(said.contains("FAIL  bundle") && said.contains("facts version 99"), "{said}");
    }
}

#[test]
fn a_folder_decides_neither_where_real_cards_are_nor_where_bundles_are_signed() {
    let deployment = Deployment::migrated();
    let (_, public) = sekisho::credential::bundle_signature::generate(&*SeededRandomness::new(5));
    let folder = deployment.path("mine");
    write(&reworded("one"), &folder);
    let serve = ["serve", "--policies", folder.to_str().unwrap()];
    let live = [("SEKISHO__ENVIRONMENT", "live"), ("SEKISHO__SERVER__PUBLIC_URL", "https://sekisho.example")];
    let refused = deployment.run_with(&serve, &live);
    assert!(refused.code == 1 && refused.err.contains("`environment` is `live`"), "{refused:?}");
    deployment.settings(&format!("[policies]\nsigning_keys = [{{ name = \"release\", public_key = \"{public}\" }}]\n"));
    let refused = deployment.run(&serve);
    assert!(refused.code == 1 && refused.err.contains("asks for signatures"), "{refused:?}");
}

#[test]
fn a_folder_under_development_is_followed_and_half_written_files_are_not_taken() {
    let deployment = Deployment::migrated();
    let folder = deployment.path("mine");
    write(&reworded("one"), &folder);
    let service = deployment.serve_folder(&folder);
    let told = ready(&service);
    assert_eq!(told["bundle_digest"], reworded("one").digest());
    assert_eq!(told["policies"], format!("folder {}", folder.display()));
    // Half of a rule: the last good bundle stays, and the reason is told.
    let rule = std::fs::read_to_string(folder.join("approve/low-risk.cedar")).unwrap();
    std::fs::write(folder.join("approve/low-risk.cedar"), &rule[..rule.len() / 2]).unwrap();
    until("the fault is told", || ready(&service)["degraded"].as_str().map(|_| ()));
    assert_eq!(ready(&service)["bundle_digest"], reworded("one").digest());
    std::fs::write(folder.join("approve/low-risk.cedar"), &rule).unwrap();
    std::fs::write(folder.join("README.md"), "two").unwrap();
    // Cut between two rules it would be sound; completed at once, the half is never taken.
    let first = rule.replace("low-risk", "extra");
    let whole = format!("{first}\n{}", rule.replace("low-risk", "extra.two"));
    let [half, digest] = [&first, &whole].map(|text| reworded("two").with("approve/extra.cedar", text).digest());
    std::fs::write(folder.join("approve/extra.cedar"), &first).unwrap();
    std::fs::write(folder.join("approve/extra.cedar"), &whole).unwrap();
    until("the whole is taken", || (ready(&service)["bundle_digest"] == digest.as_str()).then_some(()));
    assert!(!service.log().contains(&half), "the half decided: {}", service.log());
    std::fs::remove_file(folder.join("approve/extra.cedar")).unwrap();
    until("the folder is taken", || (ready(&service)["bundle_digest"] == reworded("two").digest()).then_some(()));
    assert!(ready(&service)["degraded"].is_null());
    assert_eq!(deployment.count("SELECT COUNT(*) FROM bundles"), 0, "nothing of it is recorded");
    assert_eq!(deployment.count("SELECT COUNT(*) FROM bundle_instances"), 0);
}
