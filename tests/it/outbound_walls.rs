//! The walls around the way out, read from the text of the code: only the outbound module opens connections, and
//! connectors to analysis companies get nothing but what the gate sealed.

use crate::architecture::{Source, root, sources};

/// What opens a connection, or looks up where to; the modules that may name it besides `outbound`, and why.
const WAYS_OUT: &[(&str, &[(&str, &str)])] = &[
    ("reqwest::", &[]),
    ("lettre::", &[]),
    ("hyper::client", &[]),
    ("hyper_util::client", &[]),
    ("TcpStream", &[("src/server.rs", "connections that were accepted")]),
    ("TcpStream::connect", &[]),
    ("TcpSocket", &[]),
    ("UdpSocket", &[]),
    ("UnixStream", &[]),
    ("UnixDatagram", &[]),
    ("lookup_host", &[]),
    ("ToSocketAddrs", &[]),
    ("to_socket_addrs", &[]),
    ("process::Command", &[("src/policy/prove/solver.rs", "the solver, which sees rules and no person")]),
    ("Database::connect", &[("src/store.rs", "the database")]),
];

/// What connectors may know of the domain: forms of single values, never a record of a person or a purchase.
const KNOWN_TO_CONNECTORS: &[&str] = &[
    "assessment",
    "card::mentions_card_number",
    "cardholder::Address",
    "cardholder::NORMAL_FORM_VERSION",
    "cardholder::country_code_and_national",
    "cardholder::normal_address",
    "cardholder::normal_email",
    "cardholder::normal_name",
    "cardholder::normal_phone",
    "clock",
    "consent::Clearance",
    "consent::DataClass",
    "datum",
    "device::StatedDevice",
    "facts::OsFamily",
    "feedback::FeedbackEvent",
    "id",
    "money",
];

fn code() -> Vec<Source> {
    sources("src").into_iter().filter(|source| !source.is_test()).collect()
}

fn is_under(path: &str, module: &str) -> bool {
    path == format!("src/{module}.rs") || path.starts_with(&format!("src/{module}/"))
}

#[test]
fn only_the_outbound_module_opens_connections() {
    let mut wrong = Vec::new();
    for source in code().iter().filter(|source| !is_under(&source.path, "outbound")) {
        for (way, others) in WAYS_OUT.iter().filter(|(way, _)| source.code.contains(way)) {
            if !others.iter().any(|(path, _)| *path == source.path) {
                wrong.push(format!("{}: `{way}` is for `outbound` alone", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let outbound = code().iter().filter(|source| is_under(&source.path, "outbound")).count();
    assert!(outbound >= 3, "the walk found the outbound module");
}

#[test]
fn connectors_know_single_values_and_no_records() {
    let mut wrong = Vec::new();
    for source in code().iter().filter(|source| is_under(&source.path, "analytics")) {
        for forbidden in ["crate::store", "crate::app", "crate::flow", "crate::keys", "sea_orm"] {
            if source.code.contains(forbidden) {
                wrong.push(format!("{}: names `{forbidden}`", source.path));
            }
        }
        for named in named_of_domain(&source.code) {
            let module = named.split("::").next().unwrap_or_default();
            if !KNOWN_TO_CONNECTORS.contains(&named.as_str()) && !KNOWN_TO_CONNECTORS.contains(&module) {
                wrong.push(format!("{}: knows `domain::{named}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `module::Item` for each item that is named in `crate::domain::module::…`.
fn named_of_domain(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, word) in code.match_indices("crate::domain::") {
        let rest = &code[at + word.len()..];
        let end = rest.find([';', ')', '(', ' ', ',', '>']).unwrap_or(rest.len());
        let (module, items) = match rest.split_once("::{") {
            Some((module, group)) if !module.contains([';', ' ', '(']) => {
                (module, group.split('}').next().unwrap_or(""))
            }
            _ => {
                let path = rest[..end].split("::").collect::<Vec<_>>();
                found.push(path.iter().take(2).copied().collect::<Vec<_>>().join("::"));
                continue;
            }
        };
        found.extend(
            items.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| format!("{module}::{item}")),
        );
    }
    found
}

#[test]
fn every_sending_to_a_company_is_an_envelope_that_was_sealed_with_a_clearance() {
    let code = code();
    let holding = |text: &str| -> Vec<&str> {
        code.iter().filter(|source| source.code.contains(text)).map(|source| source.path.as_str()).collect()
    };
    // The only constructor of an envelope takes a clearance, and its fields are private to its file.
    assert_eq!(holding("Ok(Self { clearance, prepared })"), ["src/analytics/envelope.rs"]);
    assert_eq!(holding("Envelope { clearance"), Vec::<&str>::new());
    let envelope = code.iter().find(|source| source.path == "src/analytics/envelope.rs").unwrap();
    assert!(envelope.code.contains("pub fn seal(clearance: Clearance, prepared: Prepared)"));
    assert!(!envelope.code.contains("derive(Debug, Clone"), "an envelope is sent once");
    // A provider takes an envelope and nothing else that could be sent.
    let provider = code.iter().find(|source| source.path == "src/analytics.rs").unwrap();
    for call in [
        "fn assess(&self, envelope: Envelope, deadline_boot_nanos: u64)",
        "fn report(&self, envelope: Envelope, deadline_boot_nanos: u64)",
    ] {
        assert!(provider.code.contains(call), "{call}");
    }
    // Within the connectors one place hands bytes to the way out, and it opens an envelope for it.
    let analytics = |path: &&str| is_under(path, "analytics");
    assert_eq!(holding("outbound.post(").into_iter().filter(analytics).collect::<Vec<_>>(), ["src/analytics/line.rs"]);
    assert_eq!(holding("envelope.open()"), ["src/analytics/line.rs"]);
    assert_eq!(holding("outbound.get(").into_iter().filter(analytics).collect::<Vec<_>>(), Vec::<&str>::new());
    // Whoever calls a provider has sealed the envelope itself, with what the gate granted.
    for path in holding("provider.assess(").into_iter().chain(holding("provider.report(")) {
        let source = code.iter().find(|source| source.path == path).unwrap();
        assert!(is_under(path, "flow"), "{path}: only flows ask a company");
        assert!(source.code.contains("Envelope::seal("), "{path}: sends what it did not seal");
    }
    // A clearance cannot be copied, so that it is spent once.
    let consent = code.iter().find(|source| source.path == "src/domain/consent.rs").unwrap();
    assert!(consent.code.contains("#[derive(Debug)]\npub struct Clearance"));
}

#[test]
fn no_page_loads_anything_from_somebody_else() {
    let mut looked_at = 0;
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if matches!(kind.as_str(), "html" | "css" | "js" | "svg") {
                looked_at += 1;
                let text = std::fs::read_to_string(&path).unwrap().replace("http://www.w3.org/", "");
                for foreign in ["http://", "https://", "src=\"//", "href=\"//", "url(//", "@import"] {
                    assert!(!text.contains(foreign), "{}: `{foreign}`", path.display());
                }
            }
        }
    }
    assert!(looked_at > 40, "the walk found the templates: {looked_at}");
}
