//! What a single field cannot tell: limits, and settings that do not fit one another.

use std::path::Path;

use secrecy::ExposeSecret;

use super::Config;
use crate::domain::merchant::Environment;
use crate::outbound::destination::Destinations;
use crate::outbound::mail::MailTls;

/// Every mistake, one line each.
pub(super) fn mistakes(config: &Config) -> Vec<String> {
    [
        server(config),
        database(config),
        challenge(config),
        password(config),
        staff(config),
        member(config),
        analytics(config),
        mail(config),
        sms(config),
        webhooks(config),
        retention(config),
        policies(config),
        texts(config),
    ]
    .concat()
}

fn when(rules: impl IntoIterator<Item = (bool, String)>) -> Vec<String> {
    rules.into_iter().filter(|(broken, _)| *broken).map(|(_, mistake)| mistake).collect()
}

fn policies(config: &Config) -> Vec<String> {
    let settings = &config.policies;
    let unnamed = settings.signing_keys.iter().any(|key| key.name.trim().is_empty());
    let is_digest = |text: &String| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    when([
        (
            !settings.unsigned_digests.iter().all(is_digest),
            "`policies.unsigned_digests`: a digest is 64 hexadecimal digits in small letters".to_owned(),
        ),
        (unnamed, "`policies.signing_keys`: a key without a name".to_owned()),
        (settings.canary_decisions_min == 0, "`policies.canary_decisions_min`: must be at least 1".to_owned()),
        (
            !(1..=1_000_000).contains(&settings.shadow_queue),
            "`policies.shadow_queue`: must be from 1 to 1000000".to_owned(),
        ),
    ])
}

/// The law asks for three years where data is provided to others; the audit log says who looked at that.
const SHARING_DAYS_MIN: u32 = 1_095;

fn retention(config: &Config) -> Vec<String> {
    let periods = config.retention;
    let at_least = |name: &str, days: u32, least: u32| {
        (days < least, format!("`retention.{name}_days`: must be at least {least}"))
    };
    when([
        at_least("authentications", periods.authentications_days, 1),
        at_least("device_sessions", periods.device_sessions_days, 1),
        at_least("staff_sessions", periods.staff_sessions_days, 1),
        at_least("member", periods.member_days, 1),
        at_least("outbox", periods.outbox_days, 1),
        at_least("unmatched", periods.unmatched_days, 1),
        at_least("audit", periods.audit_days, SHARING_DAYS_MIN),
        at_least("sharing", periods.sharing_days, SHARING_DAYS_MIN),
    ])
}

fn webhooks(config: &Config) -> Vec<String> {
    when([(
        !(100..=30_000).contains(&config.webhooks.timeout_ms),
        "`webhooks.timeout_ms`: must be from 100 to 30000".to_owned(),
    )])
}

fn server(config: &Config) -> Vec<String> {
    let server = &config.server;
    let url = &server.public_url;
    let origin_only = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let plain = url.username().is_empty() && url.password().is_none();
    when([
        (
            !matches!(url.scheme(), "http" | "https") || url.host().is_none() || !origin_only || !plain,
            format!("`server.public_url`: `{url}` is not of the form `https://host` or `https://host:port`"),
        ),
        (
            config.environment == Environment::Live && url.scheme() != "https",
            "`server.public_url`: must be `https` when `environment` is `live`".to_owned(),
        ),
        (server.max_connections == 0, "`server.max_connections`: must be at least 1".to_owned()),
        (server.header_timeout_ms == 0, "`server.header_timeout_ms`: must be at least 1".to_owned()),
        (server.request_timeout_ms == 0, "`server.request_timeout_ms`: must be at least 1".to_owned()),
        (server.body_limit_bytes < 1024, "`server.body_limit_bytes`: must be at least 1024".to_owned()),
    ])
}

fn database(config: &Config) -> Vec<String> {
    let url = config.database.url.expose_secret();
    let known = ["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| url.starts_with(scheme));
    let readable = !url.starts_with("postgres") || url::Url::parse(url).is_ok();
    when([
        (!url.is_empty() && !known, "`database.url`: must begin with `postgres://` or `sqlite:`".to_owned()),
        (known && !readable, "`database.url`: not an address".to_owned()),
        (
            !config.database.password.expose_secret().is_empty() && !url.starts_with("postgres"),
            "`database.password`: only PostgreSQL has one; give `database.url` too".to_owned(),
        ),
        (config.database.max_connections == 0, "`database.max_connections`: must be at least 1".to_owned()),
    ])
}

fn challenge(config: &Config) -> Vec<String> {
    let challenge = &config.challenge;
    when([
        (challenge.first_visit_seconds < 1, "`challenge.first_visit_seconds`: must be at least 1".to_owned()),
        (
            challenge.total_seconds < challenge.first_visit_seconds,
            "`challenge.total_seconds`: must not be less than `challenge.first_visit_seconds`".to_owned(),
        ),
        (!(1..=10).contains(&challenge.tries), "`challenge.tries`: must be from 1 to 10".to_owned()),
        (challenge.pages_per_day == 0, "`challenge.pages_per_day`: must be at least 1".to_owned()),
        (config.rate_limit.per_second == 0, "`rate_limit.per_second`: must be at least 1".to_owned()),
        (config.rate_limit.burst == 0, "`rate_limit.burst`: must be at least 1".to_owned()),
    ])
}

fn password(config: &Config) -> Vec<String> {
    let password = &config.password;
    when([
        (
            !(19_456..=262_144).contains(&password.memory_kib),
            "`password.memory_kib`: must be from 19456 (19 MiB) to 262144".to_owned(),
        ),
        (!(2..=16).contains(&password.iterations), "`password.iterations`: must be from 2 to 16".to_owned()),
        (!(1..=16).contains(&password.parallel), "`password.parallel`: must be from 1 to 16".to_owned()),
        (password.queue == 0, "`password.queue`: must be at least 1".to_owned()),
    ])
}

fn staff(config: &Config) -> Vec<String> {
    let staff = &config.staff;
    when([
        (!(60..=86_400).contains(&staff.idle_seconds), "`staff.idle_seconds`: must be from 60 to 86400".to_owned()),
        (
            !(staff.idle_seconds..=86_400).contains(&staff.absolute_seconds),
            "`staff.absolute_seconds`: must be from `staff.idle_seconds` to 86400".to_owned(),
        ),
        (
            !(30..=3_600).contains(&staff.reauthentication_seconds),
            "`staff.reauthentication_seconds`: must be from 30 to 3600".to_owned(),
        ),
        (
            !(300..=604_800).contains(&staff.setup_code_seconds),
            "`staff.setup_code_seconds`: must be from 300 to 604800".to_owned(),
        ),
        (!(1..=365).contains(&staff.pending_days), "`staff.pending_days`: must be from 1 to 365".to_owned()),
    ])
}

fn member(config: &Config) -> Vec<String> {
    let member = &config.member;
    let within = |name: &str, seconds: i64, least: i64, most: i64| {
        (!(least..=most).contains(&seconds), format!("`member.{name}_seconds`: must be from {least} to {most}"))
    };
    when([
        within("idle", member.idle_seconds, 60, 3_600),
        (
            !(member.idle_seconds..=86_400).contains(&member.absolute_seconds),
            "`member.absolute_seconds`: must be from `member.idle_seconds` to 86400".to_owned(),
        ),
        within("proof", member.proof_seconds, 30, 3_600),
        within("activation_code", member.activation_code_seconds, 3_600, 31_536_000),
        within("contact_cooling", member.contact_cooling_seconds, 0, 2_592_000),
    ])
}

/// The connector knows its own settings; its hints go behind each mistake.
fn analytics(config: &Config) -> Vec<String> {
    config.analytics.mistakes().iter().map(|mistake| mistake.to_string().replace("\nhint: ", "; ")).collect()
}

fn mail(config: &Config) -> Vec<String> {
    let mail = &config.mail;
    if mail.host.is_empty() {
        return Vec::new();
    }
    let here = mail.host == "localhost" || mail.host.parse().is_ok_and(|host: std::net::IpAddr| host.is_loopback());
    let is_address = mail.from.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    when([
        (
            mail.tls == MailTls::None && !here,
            "`mail.tls`: `none` is allowed only to a relay on this machine".to_owned(),
        ),
        (!is_address, "`mail.from`: must be an address `name@host` when `mail.host` is given".to_owned()),
        (mail.port == 0, "`mail.port`: must be at least 1".to_owned()),
        (!(1..=20_000).contains(&mail.timeout_ms), "`mail.timeout_ms`: must be from 1 to 20000".to_owned()),
        (
            mail.user.is_empty() != mail.password.expose_secret().is_empty(),
            "`mail.user` and `mail.password`: give both or neither".to_owned(),
        ),
        (
            mail.tls == MailTls::None && !mail.user.is_empty(),
            "`mail.user`: no password goes over a connection without TLS".to_owned(),
        ),
    ])
}

fn sms(config: &Config) -> Vec<String> {
    let sms = &config.sms;
    if sms.url.is_empty() {
        return Vec::new();
    }
    let url = url::Url::parse(&sms.url).ok().filter(|url| url.host().is_some() && url.username().is_empty());
    let scheme = url.as_ref().map_or("", url::Url::scheme);
    when([
        (
            !matches!(scheme, "http" | "https"),
            "`sms.url`: must be an address `https://host/path`, without a user".to_owned(),
        ),
        (
            scheme == "http" && sms.destinations == Destinations::Public,
            "`sms.url`: must be `https` when `sms.destinations` is `public`".to_owned(),
        ),
        (sms.api_key.expose_secret().is_empty(), "`sms.api_key`: name the secret when `sms.url` is given".to_owned()),
        (sms.sender.trim().is_empty(), "`sms.sender`: must not be empty when `sms.url` is given".to_owned()),
        (!(100..=15_000).contains(&sms.timeout_ms), "`sms.timeout_ms`: must be from 100 to 15000".to_owned()),
    ])
}

fn texts(config: &Config) -> Vec<String> {
    let issuer = &config.issuer;
    let texts = [
        ("name_ja", &issuer.name_ja),
        ("name_en", &issuer.name_en),
        ("phone", &issuer.phone),
        ("office_ja", &issuer.office_ja),
        ("office_en", &issuer.office_en),
    ];
    let empty = texts.map(|(name, text)| (text.trim().is_empty(), format!("`issuer.{name}`: must not be empty")));
    let no_folder = config.data_dir == Path::new("");
    let filter = &config.log.filter;
    let others = [
        (no_folder, "`data_dir`: must not be empty".to_owned()),
        (
            filter.parse::<tracing_subscriber::EnvFilter>().is_err(),
            format!("`log.filter`: `{filter}` is not a list of filter directives such as `info,sekisho=debug`"),
        ),
    ];
    when(empty.into_iter().chain(others))
}
