//! The internal reason codes that the program itself gives; all others come from rules. Every bundle explains them.

/// Nothing permitted it and nothing forbade it.
pub const NO_RULE_PERMITS: &str = "no_rule_permits";
/// A rule that forbids could not be evaluated.
pub const POLICY_ERROR: &str = "policy_error";
/// No card has this number.
pub const CARD_UNKNOWN: &str = "card_unknown";
/// The card's programme cannot use this authentication.
pub const PROGRAMME_NOT_ELIGIBLE: &str = "programme_not_eligible";
/// A proof was called for, and the card has no method.
pub const NOT_ENROLLED: &str = "not_enrolled";
/// A proof was called for, and no method is usable now.
pub const NO_USABLE_METHOD: &str = "no_usable_method";
/// The proof was right.
pub const CHALLENGE_PASSED: &str = "challenge_passed";
/// All tries were wrong.
pub const CHALLENGE_FAILED: &str = "challenge_failed";
/// The buyer gave up.
pub const CHALLENGE_CANCELLED: &str = "challenge_cancelled";
/// The merchant gave up.
pub const MERCHANT_CANCELLED: &str = "merchant_cancelled";
/// Nobody came, or nobody finished, in time.
pub const CHALLENGE_TIMED_OUT: &str = "challenge_timed_out";
/// No code could be delivered, and there was no other way.
pub const CODE_UNDELIVERABLE: &str = "code_undeliverable";

/// All of them.
pub const PROGRAM_REASONS: [&str; 12] = [
    NO_RULE_PERMITS,
    POLICY_ERROR,
    CARD_UNKNOWN,
    PROGRAMME_NOT_ELIGIBLE,
    NOT_ENROLLED,
    NO_USABLE_METHOD,
    CHALLENGE_PASSED,
    CHALLENGE_FAILED,
    CHALLENGE_CANCELLED,
    MERCHANT_CANCELLED,
    CHALLENGE_TIMED_OUT,
    CODE_UNDELIVERABLE,
];
