//! Reason codes and the signals they stand for: versioned reference data.

use crate::domain::assessment::Signal;

/// The published reason codes of IP addresses and of scores. Part of the mapping's version.
const KNOWN: [(&str, Signal); 22] = [
    ("ANONYMOUS_IP", Signal::AnonymousNetwork),
    ("BILLING_POSTAL_VELOCITY", Signal::Velocity),
    ("BROWSER_LANGUAGE", Signal::LocationMismatch),
    ("EMAIL_ADDRESS_RISK", Signal::EmailReputation),
    ("EMAIL_DISPOSABLE", Signal::EmailReputation),
    ("EMAIL_DOMAIN_NEW", Signal::EmailReputation),
    ("EMAIL_DOMAIN_RISK", Signal::EmailReputation),
    ("EMAIL_VELOCITY", Signal::Velocity),
    ("HIGH_RISK_DEVICE", Signal::DeviceReputation),
    ("HIGH_RISK_EMAIL", Signal::EmailReputation),
    ("IP_BILLING_POSTAL_VELOCITY", Signal::Velocity),
    ("IP_EMAIL_VELOCITY", Signal::Velocity),
    ("IP_HIGH_RISK_DEVICE", Signal::DeviceReputation),
    ("IP_ISSUER_ID_NUMBER_VELOCITY", Signal::Velocity),
    ("IP_RISK", Signal::IpReputation),
    ("ISSUER_ID_NUMBER_COUNTRY_MISMATCH", Signal::LocationMismatch),
    ("ISSUER_ID_NUMBER_SHOP_ID_VELOCITY", Signal::Velocity),
    ("ISSUER_ID_NUMBER_VELOCITY", Signal::Velocity),
    ("MINFRAUD_NETWORK_ACTIVITY", Signal::IpReputation),
    ("ORDER_VELOCITY", Signal::Velocity),
    ("RISKY_DEVICE", Signal::DeviceReputation),
    ("SHIPPING_DISTANCE", Signal::LocationMismatch),
];

/// What the interface states as flags. Part of the mapping's version.
pub(super) const FLAGS: [(&str, Signal); 8] = [
    ("/ip_address/traits/is_anonymous", Signal::AnonymousNetwork),
    ("/ip_address/traits/is_anonymous_vpn", Signal::AnonymousNetwork),
    ("/ip_address/traits/is_public_proxy", Signal::AnonymousNetwork),
    ("/ip_address/traits/is_residential_proxy", Signal::AnonymousNetwork),
    ("/ip_address/traits/is_tor_exit_node", Signal::AnonymousNetwork),
    ("/ip_address/country/is_high_risk", Signal::IpReputation),
    ("/email/is_disposable", Signal::EmailReputation),
    ("/email/is_high_risk", Signal::EmailReputation),
];

/// The signal of a code.
pub(super) fn known(code: &str) -> Option<Signal> {
    KNOWN.iter().find(|(name, _)| *name == code).map(|(_, signal)| *signal)
}
