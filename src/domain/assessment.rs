//! The provider's answer in one neutral form, or why there is none.

use serde::{Deserialize, Serialize};

/// The highest risk an assessment can state. Higher is worse.
pub const RISK_MAX: i64 = 10_000;

/// What is known from the analysis company about one authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case", deny_unknown_fields)]
pub enum Assessment {
    /// The provider answered.
    Answered(Answer),
    /// It was not asked, and nothing was sent.
    NotAsked {
        /// Why it was not asked.
        reason: NotAsked,
    },
    /// It was, or may have been, asked and gave no usable answer.
    NoAnswer {
        /// Why there is none.
        reason: NoAnswer,
    },
}

impl Assessment {
    /// `answered`, `not_asked` or `no_answer`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Answered(_) => "answered",
            Self::NotAsked { .. } => "not_asked",
            Self::NoAnswer { .. } => "no_answer",
        }
    }

    /// What is counted of it: `answered`, or the word for why there is no answer.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Answered(_) => self.status(),
            Self::NotAsked { .. } | Self::NoAnswer { .. } => self.reason(),
        }
    }

    /// The word for why there is no answer; empty when there is one.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Answered(_) => "",
            Self::NotAsked { reason } => reason.as_str(),
            Self::NoAnswer { reason } => reason.as_str(),
        }
    }
}

/// A provider's answer, mapped from its own scale by versioned reference data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Risk from 0 to [`RISK_MAX`], higher is worse; absent when the provider gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<i64>,
    /// What the provider recommends.
    pub recommendation: Recommendation,
    /// What the provider noticed, sorted, without repeats.
    #[serde(default)]
    pub signals: Vec<Signal>,
    /// Whether the provider has seen the device before.
    pub device_known: bool,
    /// Whether the provider answered with part of its data missing.
    pub degraded: bool,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum $name {$(
            $(#[$variant_doc])*
            #[serde(rename = $word)]
            $variant,
        )*}

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in tables, policies and answers.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The value with this word.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Why the provider was not asked.
    NotAsked {
        /// The cardholder opted out of data sharing.
        OptedOut = "opted_out",
        /// An opt-out is being checked; it already protects.
        Pending = "pending",
        /// There is no recipient, or no legal basis for one.
        NoBasis = "no_basis",
        /// The consent state is unknown or could not be read in time.
        ConsentUnknown = "consent_unknown",
        /// No policy permitted any data class.
        ByPolicy = "by_policy",
    }
}

words! {
    /// Why the provider gave no usable answer.
    NoAnswer {
        /// The deadline passed.
        Timeout = "timeout",
        /// The breaker is open after earlier failures.
        BreakerOpen = "breaker_open",
        /// Too many calls were already under way.
        Shed = "shed",
        /// The provider answered with a 4xx status.
        Http4xx = "http_4xx",
        /// The provider answered with a 5xx status, or the connection failed.
        Http5xx = "http_5xx",
        /// The provider refused our credentials.
        Auth = "auth",
        /// The provider's quota is used up.
        Quota = "quota",
        /// The answer could not be read.
        Malformed = "malformed",
        /// The answer held a value outside its documented range.
        OutOfRange = "out_of_range",
        /// The service stopped between asking and deciding.
        Interrupted = "interrupted",
    }
}

words! {
    /// What a provider recommends.
    Recommendation {
        /// Let it pass.
        Pass = "pass",
        /// Ask for a proof.
        Challenge = "challenge",
        /// Have a person look.
        Review = "review",
        /// Turn it back.
        Reject = "reject",
        /// It recommends nothing.
        None = "none",
    }
}

words! {
    /// What a provider may notice: the closed set that policies see.
    Signal {
        /// The address is an anonymising proxy, VPN or Tor exit.
        AnonymousNetwork = "anonymous_network",
        /// The device shows signs of automation or emulation.
        Automation = "automation",
        /// The device was seen in fraud elsewhere.
        DeviceReputation = "device_reputation",
        /// The e-mail address was seen in fraud elsewhere or is disposable.
        EmailReputation = "email_reputation",
        /// The IP address was seen in fraud elsewhere.
        IpReputation = "ip_reputation",
        /// The stated location contradicts the network's.
        LocationMismatch = "location_mismatch",
        /// The device is remotely controlled.
        RemoteAccess = "remote_access",
        /// The same data appears unusually often.
        Velocity = "velocity",
    }
}
