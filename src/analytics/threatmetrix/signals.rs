//! Reason codes and the signals they stand for: versioned reference data.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::assessment::Signal;

/// Reason codes in lower case without leading underscores. Part of the mapping's version.
const KNOWN: [(&str, Signal); 26] = [
    ("anonymous_proxy", Signal::AnonymousNetwork),
    ("hidden_proxy", Signal::AnonymousNetwork),
    ("proxy_ip", Signal::AnonymousNetwork),
    ("tor", Signal::AnonymousNetwork),
    ("vpn", Signal::AnonymousNetwork),
    ("bot", Signal::Automation),
    ("possible_bot", Signal::Automation),
    ("emulator", Signal::Automation),
    ("headless_browser", Signal::Automation),
    ("device_blacklist", Signal::DeviceReputation),
    ("device_global_blacklist", Signal::DeviceReputation),
    ("device_negative_history", Signal::DeviceReputation),
    ("email_blacklist", Signal::EmailReputation),
    ("email_global_blacklist", Signal::EmailReputation),
    ("email_disposable", Signal::EmailReputation),
    ("ip_blacklist", Signal::IpReputation),
    ("ip_global_blacklist", Signal::IpReputation),
    ("ip_negative_history", Signal::IpReputation),
    ("geo_mismatch", Signal::LocationMismatch),
    ("ip_geo_mismatch", Signal::LocationMismatch),
    ("timezone_mismatch", Signal::LocationMismatch),
    ("remote_access", Signal::RemoteAccess),
    ("remote_desktop", Signal::RemoteAccess),
    ("account_velocity", Signal::Velocity),
    ("device_velocity", Signal::Velocity),
    ("ip_velocity", Signal::Velocity),
];

/// The signals of an answer's reason codes, sorted, each once. Codes that stand for none are left out.
pub(super) fn of<'a>(reasons: impl Iterator<Item = &'a str>, own: &BTreeMap<String, Signal>) -> Vec<Signal> {
    let signals: BTreeSet<Signal> = reasons.filter_map(|reason| signal(reason, own)).collect();
    signals.into_iter().collect()
}

fn signal(reason: &str, own: &BTreeMap<String, Signal>) -> Option<Signal> {
    let code = reason.trim_start_matches('_').to_ascii_lowercase();
    let known = || KNOWN.iter().find(|(name, _)| *name == code).map(|(_, signal)| *signal);
    own.get(reason).copied().or_else(known)
}
