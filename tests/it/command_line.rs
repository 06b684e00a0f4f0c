//! The commands of an operator, run as processes: what they say, and how they end.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use super::support::card_file::{file, row};
use super::support::process::{Deployment, word};

/// The line about one thing in what `doctor` said, with its hint.
fn finding(said: &str, thing: &str) -> String {
    let mut lines = said.lines().skip_while(|line| !line.contains(&format!("  {thing} ")));
    let first = lines.next().unwrap_or_else(|| panic!("nothing about {thing}: {said}"));
    lines.take_while(|line| line.starts_with("     ")).fold(first.to_owned(), |all, line| all + "\n" + line.trim())
}

/// What `doctor` says when it finds exactly one thing wrong.
fn ailment(deployment: &Deployment, thing: &str) -> String {
    let ended = deployment.run(&["doctor"]);
    assert_eq!((ended.code, ended.err.as_str()), (1, ""), "{ended:?}");
    assert_eq!(ended.out.matches("FAIL").count(), 1, "{}", ended.out);
    let told = finding(&ended.out, thing);
    assert!(told.starts_with("FAIL  "), "{told}");
    told
}

/// Checks that a command ends like this, with one line that says why and one that says what to do.
fn refuses(deployment: &Deployment, arguments: &[&str], code: i32, why: &str) {
    let ended = deployment.run(arguments);
    assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{ended:?}");
    let lines: Vec<&str> = ended.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ended.err);
    assert!(lines[0].starts_with("error: ") && lines[0].contains(why), "{why}: {}", ended.err);
    assert!(lines[1].starts_with("hint: "), "{}", ended.err);
    assert!(!ended.err.contains('{') && !ended.err.contains("Error("), "{}", ended.err);
}

#[test]
fn the_verbs_are_these() {
    let help = Deployment::fresh().fine(&["--help"]);
    let verbs = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    insta::assert_snapshot!(verbs, @"
      serve       Serve the API and the pages
      demo        Run a shop, the service and a stand-in analysis company on this machine
      migrate     Bring the database to this program's schema
      doctor      Check database, migrations, bundle, keys, provider and clock, and say what to do
      login       Sign in as a staff person; commands that change something need it
      logout      End the session of the command line
      staff       Add, reset, disable and list staff people
      merchant    Register merchants, make API keys, and say where they are told
      issuer      Make and list the keys of the issuer's core system
      card        Import cardholders and cards, and issue activation codes
      consent     Record what a cardholder says about data sharing
      sharing     Prove what was shared; one person's record; the checkpoint of objections
      cardholder  Erase a cardholder
      retention   Delete what is older than its period
      outbox      Messages on their way out: list them, send dead ones again
      webhook     Messages to merchants: list them, send them again
      label       Say which decisions turned out to be fraud and which genuine
      sandbox     Fill a database of its own with made-up purchases
      policy      Write, prove, replay and explain policies, and lead a change through its life
      help        Print this message or the help of the given subcommand(s)
    ");
}

#[test]
fn every_verb_explains_itself() {
    let verbs: &[&[&str]] = &[
        &["serve"],
        &["demo"],
        &["migrate"],
        &["doctor"],
        &["login"],
        &["logout"],
        &["staff", "create"],
        &["staff", "reset"],
        &["staff", "disable"],
        &["staff", "list"],
        &["staff", "setup"],
        &["merchant"],
        &["merchant", "create"],
        &["merchant", "key"],
        &["merchant", "list"],
        &["issuer", "key", "create"],
        &["card", "import"],
        &["consent", "object"],
        &["consent", "resume"],
        &["label", "import"],
        &["sandbox", "generate"],
        &["policy", "new"],
        &["policy", "fmt"],
        &["policy", "check"],
        &["policy", "test"],
        &["policy", "explain"],
        &["policy", "prove"],
        &["policy", "compare"],
        &["policy", "replay"],
        &["policy", "submit"],
        &["policy", "approve"],
        &["policy", "refuse"],
        &["policy", "review"],
        &["policy", "activate"],
        &["policy", "status"],
        &["policy", "rollback"],
        &["policy", "history"],
        &["policy", "show"],
        &["policy", "export"],
        &["policy", "keygen"],
        &["policy", "sign"],
    ];
    let deployment = Deployment::fresh();
    for verb in verbs {
        let help = deployment.fine(&[verb, ["--help"].as_slice()].concat());
        assert!(help.contains(&format!("Usage: sekisho {}", verb.join(" "))), "{verb:?}: {help}");
    }
    assert!(!deployment.path("data").exists(), "help leaves nothing behind");
    assert!(deployment.fine(&["--version"]).starts_with("sekisho "));
}

#[test]
fn what_is_not_understood_ends_with_2_and_a_hint_of_the_usage() {
    let deployment = Deployment::migrated();
    let cases: &[&[&str]] = &[
        &[],
        &["serfe"],
        &["serve", "--listen", "everywhere"],
        &["serve", "--colour"],
        &["staff", "create", "--name", "a", "--display-name", "A", "--role", "king"],
        &["merchant", "create", "--name", "A"],
        &["merchant", "key", "--merchant", "12", "list"],
        &["merchant", "create", "--name", "A", "--category-code", "5411", "--time-base", "mars"],
        &["consent", "object", "--cardholder", "a", "--channel", "pigeon"],
        &["card", "import"],
    ];
    for arguments in cases {
        let ended = deployment.run(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments:?}: {ended:?}");
        assert!(ended.err.contains("Usage: sekisho") || ended.err.contains("--help"), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn migrate_makes_the_schema_once() {
    let deployment = Deployment::fresh();
    let first = deployment.fine(&["migrate"]);
    assert!(first.ends_with(" migrations applied\n") && !first.starts_with('0'), "{first}");
    assert_eq!(deployment.fine(&["migrate"]), "the schema is current\n");
}

#[test]
fn doctor_finds_nothing_wrong_with_a_sound_deployment() {
    let deployment = Deployment::migrated();
    let before = deployment.fine(&["doctor"]);
    assert!(finding(&before, "keys").contains("none yet; `sekisho serve` makes them in "), "{before}");
    assert!(!deployment.key_file().exists(), "looking makes nothing");
    deployment.merchant();
    let said = deployment.fine(&["doctor"]);
    let things = ["bundle", "keys", "database", "migrations", "clock", "sharing", "provider", "public url"];
    for thing in things {
        assert!(finding(&said, thing).starts_with("ok    "), "{said}");
    }
    assert_eq!(said.lines().count(), things.len(), "{said}");
}

#[test]
fn doctor_tells_of_a_missing_database_and_makes_none() {
    let deployment = Deployment::fresh();
    let told = ailment(&deployment, "database");
    assert!(told.contains("there is no database yet\nhint: run `sekisho migrate`"), "{told}");
    assert!(!deployment.path("data").exists(), "looking makes nothing");
}

#[test]
fn doctor_tells_of_an_older_and_of_a_newer_schema() {
    let deployment = Deployment::migrated();
    deployment.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_the_future', 1)");
    let told = ailment(&deployment, "migrations");
    assert!(told.contains("newer than this program: m9999_from_the_future unknown\nhint: run the version"), "{told}");
    deployment.sql("DELETE FROM seaql_migrations WHERE version LIKE 'm9999%' OR version LIKE 'm0004%'");
    let told = ailment(&deployment, "migrations");
    assert!(told.contains("older than this program: m0004_audit missing\nhint: run `sekisho migrate`"), "{told}");
}

#[test]
fn doctor_tells_of_keys_that_the_database_does_not_know() {
    let deployment = Deployment::migrated();
    deployment.merchant();
    deployment.other_keys();
    let told = ailment(&deployment, "keys");
    assert!(told.contains("not the ones that this database was filled with\nhint: "), "{told}");
    std::fs::remove_file(deployment.key_file()).unwrap();
    let told = ailment(&deployment, "keys");
    assert!(told.contains("is missing, and the database was filled with keys\nhint: restore it"), "{told}");
    deployment.write("data/keys.toml", "nonsense");
    std::fs::set_permissions(deployment.key_file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let told = ailment(&deployment, "keys");
    assert!(told.contains("the keys are not valid: near line 1") && !told.contains("nonsense"), "{told}");
    std::fs::set_permissions(deployment.key_file(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let told = ailment(&deployment, "keys");
    assert!(told.contains("can be read by others (mode 0640)\nhint: chmod 600 "), "{told}");
}

#[test]
fn doctor_tells_of_a_broken_bundle() {
    let deployment = Deployment::migrated();
    deployment.write("bundle/approve/broken.cedar", "permit (principal");
    deployment.settings(&format!("[bundle]\npath = \"{}\"\n", deployment.path("bundle").display()));
    let told = ailment(&deployment, "bundle");
    assert!(told.contains("bundle.toml") || told.contains("approve/broken.cedar:1"), "{told}");
    deployment.settings("[bundle]\npath = \"/nowhere/at/all\"\n");
    assert!(ailment(&deployment, "bundle").contains("/nowhere/at/all"));
}

#[test]
fn doctor_tells_of_a_provider_that_cannot_be_reached() {
    let deployment = Deployment::migrated();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    deployment.write("api-key", "hush");
    deployment.settings(&format!(
        "[analytics]\nprovider = \"threatmetrix\"\nrecipient = \"tmx\"\nbase_url = \"http://{address}\"\n\
         org_id = \"org\"\napi_key = {{ file = \"{}\" }}\ndestinations = \"public_and_loopback\"\n",
        deployment.path("api-key").display()
    ));
    let said = deployment.fine(&["doctor"]);
    assert!(finding(&said, "provider").contains("lets us connect"), "{said}");
    drop(listener);
    let told = ailment(&deployment, "provider");
    assert!(told.contains(&address.to_string()) && told.contains("\nhint: check `analytics.base_url`"), "{told}");
}

#[test]
fn a_merchant_has_two_keys_at_most_so_that_one_can_replace_the_other() {
    let deployment = Deployment::migrated();
    let (merchant, first) = deployment.merchant();
    let key =
        |action: &[&str]| deployment.run(&[["merchant", "key", "--merchant", &merchant].as_slice(), action].concat());
    let second = key(&["create"]);
    assert_eq!(second.code, 0, "{second:?}");
    assert_ne!(word(&second.out, "sk_test_"), first);
    assert!(second.out.ends_with("\n\nThis is the only time the key is shown.\n"), "{}", second.out);
    let third = key(&["create"]);
    assert_eq!((third.code, third.err.as_str()), (1, "error: two keys are live already\nhint: revoke one first\n"));
    let listed = key(&["list"]).out;
    assert_eq!(listed.matches("  live").count(), 2, "{listed}");
    assert!(listed.contains(&first[first.len() - 4..]) && !listed.contains(&first), "{listed}");
    let id = word(&listed, "key_");
    assert_eq!(key(&["revoke", &id]).code, 0);
    let again = key(&["revoke", &id]);
    assert_eq!(again.code, 1);
    assert!(again.err.starts_with("error: no live key of this owner has this id\nhint: "), "{}", again.err);
    let listed = key(&["list"]).out;
    assert_eq!((listed.matches("  live").count(), listed.matches("  revoked ").count()), (1, 1), "{listed}");
    assert_eq!(key(&["create"]).code, 0);
}

#[test]
fn a_key_is_revoked_by_its_own_owner_alone() {
    let deployment = Deployment::migrated();
    let ((one, _), (other, _)) = (deployment.merchant(), deployment.merchant());
    deployment.issuer_key();
    let id = word(&deployment.fine(&["merchant", "key", "--merchant", &one, "list"]), "key_");
    assert_eq!(deployment.run(&["merchant", "key", "--merchant", &other, "revoke", &id]).code, 1);
    assert_eq!(deployment.run(&["issuer", "key", "revoke", &id]).code, 1);
    let issuers = word(&deployment.fine(&["issuer", "key", "list"]), "key_");
    assert_eq!(deployment.run(&["merchant", "key", "--merchant", &one, "revoke", &issuers]).code, 1);
    assert_eq!(deployment.count("SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL"), 3);
    deployment.fine(&["issuer", "key", "revoke", &issuers]);
    deployment.fine(&["merchant", "key", "--merchant", &one, "revoke", &id]);
    assert_eq!(deployment.count("SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL"), 1);
}

#[test]
fn merchants_are_listed_and_unknown_ones_are_told() {
    let deployment = Deployment::migrated();
    let (merchant, _) = deployment.merchant();
    assert_eq!(deployment.fine(&["merchant", "list"]), format!("{merchant}  5411  みどり食品\n"));
    let unknown = "mer_01890000-0000-7000-8000-000000000000";
    let unknown = if merchant.contains('-') { unknown.to_owned() } else { unknown.replace('-', "") };
    for action in ["create", "list"] {
        let ended = deployment.run(&["merchant", "key", "--merchant", &unknown, action]);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(
            ended.err.starts_with("error: no merchant has this id\nhint: `sekisho merchant list`"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn a_merchant_that_cannot_be_is_refused_with_what_is_allowed() {
    let deployment = Deployment::migrated();
    let cases: &[(&[&str], &str)] = &[
        (&["--name", "", "--category-code", "5411"], "the name must have 1 to 60 characters"),
        (&["--name", "a\rb", "--category-code", "5411"], "without control characters"),
        (&["--name", "A", "--category-code", "54"], "`54` is no merchant category code\nhint: "),
        (&["--name", "A", "--category-code", "5411", "--country", "japan"], "`japan` is no country\nhint: "),
        (&["--name", "A", "--category-code", "5411", "--return-url", "javascript:x"], "`javascript:x`: "),
    ];
    for (arguments, mistake) in cases {
        let ended = deployment.run(&[["merchant", "create"].as_slice(), arguments].concat());
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{ended:?}");
        assert!(ended.err.contains(mistake), "{mistake}: {}", ended.err);
    }
    assert_eq!(deployment.fine(&["merchant", "list"]), "");
}

#[test]
fn an_objection_is_recorded_and_taking_it_back_waits_for_a_second_person() {
    let deployment = Deployment::migrated();
    let path = deployment.write("cards.csv", file(&[row(1)]));
    deployment.fine(&["card", "import", path.to_str().unwrap()]);
    let said = deployment.fine(&["consent", "object", "--cardholder", "holder-1", "--channel", "branch"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("recorded consent_") && lines[0].ends_with(": nothing leaves any more"), "{said}");
    assert!(lines[1].starts_with("receipt rcpt_"), "{said}");
    assert_eq!(deployment.count("SELECT COUNT(*) FROM consent_states WHERE state = 'opted_out'"), 1);
    let resume = ["consent", "resume", "--cardholder", "holder-1", "--channel", "web", "--notice", "2026-04"];
    let said = deployment.fine(&resume);
    assert!(said.starts_with("filed appr_") && said.ends_with("until then nothing changes\n"), "{said}");
    assert_eq!(deployment.count("SELECT COUNT(*) FROM consent_states WHERE state = 'permitted'"), 0);
    refuses(&deployment, &resume, 1, "a request about this cardholder waits already");
    assert_eq!(deployment.count("SELECT COUNT(*) FROM audit_entries WHERE action LIKE 'consent.%'"), 2);
}

#[test]
fn nothing_is_recorded_about_a_cardholder_that_nobody_knows() {
    let deployment = Deployment::migrated();
    for verb in [vec!["object"], vec!["resume", "--notice", "2026-04"]] {
        let call = [vec!["consent"], verb, vec!["--cardholder", "nobody", "--channel", "phone"]].concat();
        refuses(&deployment, &call, 1, "no cardholder has the reference `nobody`");
    }
}

#[test]
fn a_setting_that_nobody_knows_is_told_with_its_place() {
    let deployment = Deployment::fresh();
    deployment.settings("[server]\nlisten_on = \"127.0.0.1:1\"\n");
    refuses(&deployment, &["doctor"], 2, "`server.listen_on` in `");
    deployment.settings("");
    let ended = deployment.run_with(&["migrate"], &[("SEKISHO__SERVER__LISTNE", "x")]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.err.contains("`SEKISHO__SERVER__LISTNE` names no setting"), "{}", ended.err);
    refuses(&deployment, &["--database-url", "mysql://a/b", "migrate"], 2, "`database.url`: must begin with");
    let ended = Deployment::fresh().run(&["--config", "nowhere.toml", "migrate"]);
    assert!(ended.code == 2 && ended.err.contains("nowhere.toml"), "{ended:?}");
}

#[test]
fn a_database_that_cannot_be_reached_is_one_clear_line() {
    let deployment = Deployment::fresh();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let postgres = format!("postgres://sekisho:hush@{address}/sekisho");
    for verb in [["migrate"].as_slice(), &["merchant", "list"], &["serve", "--listen", "127.0.0.1:0"]] {
        refuses(
            &deployment,
            &[["--database-url", &postgres].as_slice(), verb].concat(),
            3,
            "cannot open the database: ",
        );
        let nowhere = ["--database-url", "sqlite:/nowhere/at/all/sekisho.db"];
        refuses(&deployment, &[nowhere.as_slice(), verb].concat(), 3, "cannot open the database: ");
    }
    let ended = deployment.run(&["--database-url", &postgres, "migrate"]);
    assert!(!ended.err.contains("hush"), "{}", ended.err);
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_line() {
    let deployment = Deployment::fresh();
    deployment.write("data", "a file is in the way");
    for verb in [["migrate"].as_slice(), &["merchant", "list"], &["serve", "--listen", "127.0.0.1:0"]] {
        refuses(&deployment, verb, 3, "cannot write the data folder `");
    }
}

#[test]
fn a_schema_of_another_version_stops_every_command_that_needs_it() {
    let deployment = Deployment::migrated();
    deployment.sql("DELETE FROM seaql_migrations WHERE version LIKE 'm0004%'");
    for verb in [["merchant", "list"].as_slice(), &["serve", "--listen", "127.0.0.1:0"]] {
        refuses(&deployment, verb, 3, "the database's schema is older than this program: m0004_audit missing");
    }
    deployment.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_the_future', 1)");
    for verb in [["migrate"].as_slice(), &["merchant", "list"], &["serve", "--listen", "127.0.0.1:0"]] {
        refuses(
            &deployment,
            verb,
            3,
            "the database's schema is newer than this program: m9999_from_the_future unknown",
        );
    }
}
