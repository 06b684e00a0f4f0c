//! The settings: their layers, their mistakes, and their page.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::ExposeSecret;
use sekisho::analytics::settings::ProviderKind;
use sekisho::config::{Config, document};

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sekisho.toml");
    std::fs::write(&path, file).unwrap();
    let environment: BTreeMap<_, _> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Config::load(Some(&path), environment).map_err(|error| error.to_string())
}

#[test]
fn the_defaults_are_valid_alone() {
    let config = Config::load(None, []).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8480");
    assert_eq!(config.key_file(), Path::new("data/keys.toml"));
    assert_eq!(config.database_url().expose_secret(), "sqlite:data/sekisho.db");
    assert_eq!(config.bundle_folder(), None);
    assert_eq!(config.geo_database(), None);
    assert_eq!(config.analytics.provider, ProviderKind::None);
}

#[test]
fn the_file_goes_over_the_defaults_and_the_environment_over_both() {
    let file = "data_dir = \"/srv\"\n[server]\nmax_connections = 7\nbody_limit_bytes = 2048\n";
    let environment = [
        ("SEKISHO__SERVER__MAX_CONNECTIONS", "9"),
        ("SEKISHO__SERVER__TRUSTED_PROXIES", "10.0.0.0/8,::1/128"),
        ("SEKISHO__ISSUER__PHONE", "0120000111"),
        ("SEKISHO_KEYS", "content"),
        ("PATH", "/bin"),
    ];
    let config = load(file, &environment).unwrap();
    assert_eq!(config.server.max_connections, 9);
    assert_eq!(config.server.body_limit_bytes, 2048);
    assert_eq!(config.key_file(), Path::new("/srv/keys.toml"));
    assert_eq!(config.issuer.phone, "0120000111");
    assert!(config.server.trusts("10.1.2.3".parse().unwrap()));
    assert!(config.server.trusts("::ffff:10.1.2.3".parse().unwrap()));
    assert!(!config.server.trusts("11.1.2.3".parse().unwrap()));
    assert_eq!(config.keys.content.unwrap().expose_secret(), "content");
}

#[test]
fn one_trusted_proxy_may_be_given_by_the_environment() {
    let config = load("", &[("SEKISHO__SERVER__TRUSTED_PROXIES", "10.0.0.0/8")]).unwrap();
    assert_eq!(config.server.trusted_proxies.len(), 1);
}

#[test]
fn unknown_keys_are_all_named_with_the_place_where_they_stand() {
    let error = load(
        "colour = 1\n[server]\nlisten_on = \"x\"\n[servers]\na = 1\n",
        &[("SEKISHO__SERVER__LISTNE", "x"), ("SEKISHO__DATABASE__URL__HOST", "x")],
    )
    .unwrap_err();
    for part in [
        "`colour` in `",
        "`server.listen_on` in `",
        "`servers` in `",
        "`SEKISHO__SERVER__LISTNE` names no setting (`server.listne`)",
        "`SEKISHO__DATABASE__URL__HOST`",
        "sekisho.toml",
        "hint:",
    ] {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
}

#[test]
fn values_that_do_not_fit_are_named_by_their_key() {
    let cases = [
        ("[server]\nlisten = \"nowhere\"\n", "server.listen"),
        ("[server]\nmax_connections = \"many\"\n", "server.max_connections"),
        ("[server]\ntrusted_proxies = [\"10.0.0.0/99\"]\n", "server.trusted_proxies"),
        ("[server]\npublic_url = \"localhost\"\n", "server.public_url"),
        ("[server]\npublic_url = \"ftp://a\"\n", "server.public_url"),
        ("[server]\npublic_url = \"https://a/b\"\n", "server.public_url"),
        ("environment = \"prod\"\n", "environment"),
        ("environment = \"live\"\n", "server.public_url"),
        ("data_dir = \"\"\n", "data_dir"),
        ("[log]\nfilter = \"=\"\n", "log.filter"),
        ("[log]\nformat = \"xml\"\n", "log.format"),
        ("[database]\nurl = \"mysql://a\"\n", "database.url"),
        ("[password]\nmemory_kib = 4096\n", "password.memory_kib"),
        ("[challenge]\ntries = 100\n", "challenge.tries"),
        ("[mail]\nhost = \"relay.example\"\nfrom = \"a@b.example\"\ntls = \"none\"\n", "mail.tls"),
        ("[mail]\nhost = \"relay.example\"\nfrom = \"Cards\"\n", "mail.from"),
        ("[mail]\nhost = \"relay.example\"\nfrom = \"a@b.example\"\nuser = \"u\"\n", "mail.user"),
        ("[mail]\ntls = \"maybe\"\n", "mail.tls"),
        ("[retention]\nsharing_days = 1094\n", "retention.sharing_days"),
        ("[retention]\naudit_days = 30\n", "retention.audit_days"),
        ("[retention]\noutbox_days = 0\n", "retention.outbox_days"),
        ("[analytics]\ndeadline_ms = 900\nlimit_ms = 1000\n", "analytics.deadline_ms"),
        ("[analytics]\nscore_direction = \"up\"\n", "analytics.score_direction"),
        ("[server\n", "sekisho.toml"),
    ];
    for (file, key) in cases {
        let error = load(file, &[]).expect_err(file);
        assert!(error.contains(key) && error.contains("hint:"), "{file}: {error}");
    }
}

#[test]
fn settings_that_do_not_fit_one_another_are_told_all_at_once() {
    let error = load(
        "[challenge]\nfirst_visit_seconds = 700\n[analytics]\nprovider = \"threatmetrix\"\nlimit_ms = 0\n[rate_limit]\nburst = 0\n",
        &[],
    )
    .unwrap_err();
    for key in [
        "challenge.total_seconds",
        "analytics.recipient",
        "analytics.api_key",
        "analytics.limit_ms",
        "rate_limit.burst",
    ] {
        assert!(error.contains(key), "`{key}` is not in: {error}");
    }
}

#[test]
fn secrets_come_from_files_and_variables_and_never_show() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "hush-file\n").unwrap();
    let database = "[database]\nurl = \"postgres://me@db/sekisho\"\npassword = { env = \"DB_PASSWORD\" }\n";
    let file = format!("{database}[analytics]\napi_key = {{ file = \"{}\" }}\n", path.display());
    let config = load(&file, &[("DB_PASSWORD", "hush env")]).unwrap();
    assert_eq!(config.database_url().expose_secret(), "postgres://me:hush%20env@db/sekisho");
    assert_eq!(config.analytics.api_key.expose_secret(), "hush-file");
    assert!(!format!("{config:?}").contains("hush"));
    let by_variable = [("SEKISHO__ANALYTICS__API_KEY__ENV", "OTHER"), ("OTHER", "hush")];
    assert_eq!(load("", &by_variable).unwrap().analytics.api_key.expose_secret(), "hush");
}

#[test]
fn secrets_that_cannot_be_had_are_told_without_showing_any() {
    let cases: [(&str, &[(&str, &str)]); 6] = [
        ("[analytics]\napi_key = \"hush\"\n", &[]),
        ("", &[("SEKISHO__ANALYTICS__API_KEY", "hush")]),
        ("[analytics]\napi_key = { env = \"A\", file = \"b\" }\n", &[("A", "hush")]),
        ("[analytics]\napi_key = { vault = \"hush\" }\n", &[]),
        ("[analytics]\napi_key = { env = \"NOT_SET\" }\n", &[]),
        ("[analytics]\napi_key = { file = \"/nowhere/at/all\" }\n", &[]),
    ];
    for (file, environment) in cases {
        let error = load(file, environment).expect_err(file);
        assert!(error.contains("analytics.api_key") && !error.contains("hush"), "{file}: {error}");
    }
}

#[test]
fn the_page_about_the_configuration_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, document::markdown()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == document::markdown(), "run: SEKISHO_BLESS=1 cargo test --test it configuration");
}
