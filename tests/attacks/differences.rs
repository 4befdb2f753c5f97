//! What PyJWT and joserfc accept and the gate refuses, and why: the table that explains every difference.

use crate::corpus::{Case, Expected};

/// An implementation to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oracle {
    PyJwt,
    Joserfc,
}

impl Oracle {
    /// As `oracle.py` names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PyJwt => "PyJWT",
            Self::Joserfc => "joserfc",
        }
    }
}

/// A kind of token that an oracle accepts and the gate does not.
pub(crate) struct Difference {
    pub(crate) what: &'static str,
    pub(crate) why: &'static str,
    /// Who accepts some of them.
    pub(crate) accepted_by: &'static [Oracle],
    /// The gate's reasons.
    reasons: &'static [&'static str],
    /// By the case's name.
    covers: fn(&str) -> bool,
}

impl Difference {
    pub(crate) fn explains(&self, case: &Case, oracle: Oracle) -> bool {
        let Expected::Unauthorized(reason) = case.expected else { return false };
        self.accepted_by.contains(&oracle) && self.reasons.contains(&reason) && (self.covers)(&case.name)
    }
}

const BOTH: &[Oracle] = &[Oracle::PyJwt, Oracle::Joserfc];
const MALFORMED: &[&str] = &["token_malformed"];

fn begins_with_any(name: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| name.starts_with(beginning))
}

fn has_any(name: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| name.contains(part))
}

/// Every one of them is a choice of the gate to be stricter. None is a signature, a key, an algorithm or an issuer.
pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        what: "a member twice",
        why: "Python keeps the last one, other parsers the first: RFC 8725 section 2.4 warns of both at once",
        accepted_by: BOTH,
        reasons: MALFORMED,
        covers: |name| name.contains(" twice"),
    },
    Difference {
        what: "padding",
        why: "RFC 7515 section 2 has none; PyJWT pads what lacks it and takes what is there",
        accepted_by: &[Oracle::PyJwt],
        reasons: &["token_malformed", "credential_malformed"],
        covers: |name| name.starts_with('=') && name.contains("behind"),
    },
    Difference {
        what: "nesting",
        why: "bounded at 16 levels here, by the interpreter's stack there",
        accepted_by: BOTH,
        reasons: MALFORMED,
        covers: |name| name.contains(" deep"),
    },
    Difference {
        what: "numbers that JSON does not have, or no double holds",
        why: "Python reads NaN, Infinity and 1e400, and integers of any length",
        accepted_by: BOTH,
        reasons: MALFORMED,
        covers: |name| has_any(name, &["NaN", "Infinity", "1e400", "4,000 digits"]),
    },
    Difference {
        what: "UTF-16, UTF-32 and byte order marks",
        why: "Python guesses the encoding; RFC 8259 section 8.1 has UTF-8 alone",
        accepted_by: BOTH,
        reasons: MALFORMED,
        covers: |name| begins_with_any(name, &["UTF-", "a byte order mark,"]),
    },
    Difference {
        what: "surrogates without their other half",
        why: "no text holds them (RFC 8259 section 8.2), and each reader makes something else of them",
        accepted_by: BOTH,
        reasons: MALFORMED,
        covers: |name| has_any(name, &["\\ud8", "\\udc", "[ed, "]),
    },
    Difference {
        what: "header members that bring a key",
        why: "ignored there, joserfc checks their form; no Okta token has them, so that here whoever sends them is stopped",
        accepted_by: BOTH,
        reasons: &["header_forbidden_member"],
        covers: |name| begins_with_any(name, &["jku", "jwk", "x5u", "x5c"]),
    },
    Difference {
        what: "header members that change the encoding",
        why: "ignored there, although with them the payload may be another; no Okta token has them",
        accepted_by: BOTH,
        reasons: &["header_forbidden_member"],
        covers: |name| begins_with_any(name, &["b64", "zip", "enc", "cty"]),
    },
    Difference {
        what: "crit that asks for nothing new",
        why: "RFC 7515 section 4.1.11 forbids an empty list and names of that RFC; joserfc takes both",
        accepted_by: &[Oracle::Joserfc],
        reasons: &["header_critical"],
        covers: |name| name.starts_with("crit"),
    },
    Difference {
        what: "another type of token",
        why: "neither looks at typ unless told to (RFC 8725 section 3.11)",
        accepted_by: BOTH,
        reasons: &["type_not_allowed"],
        covers: |name| name.starts_with("typ"),
    },
    Difference {
        what: "typ that is no string",
        why: "PyJWT does not look at it",
        accepted_by: &[Oracle::PyJwt],
        reasons: &["header_malformed"],
        covers: |name| name.starts_with("typ"),
    },
    Difference {
        what: "size",
        why: "neither has a bound; API Gateway passes no token of more than 8 KiB",
        accepted_by: BOTH,
        reasons: &["token_too_large"],
        covers: |_| true,
    },
    Difference {
        what: "lifetime",
        why: "a rule of the profile's, `maxTokenLifetimeSeconds`",
        accepted_by: BOTH,
        reasons: &["token_lifetime_too_long"],
        covers: |_| true,
    },
    Difference {
        what: "times that are none",
        why: "negative, beyond 2^53, and in PyJWT text and truth values too; here a time is a number from 0 to 2^53",
        accepted_by: BOTH,
        reasons: &["claims_malformed"],
        covers: |name| begins_with_any(name, &["exp ", "nbf ", "iat "]),
    },
    Difference {
        what: "fractions of a second at the leeway's end",
        why: "PyJWT cuts all times down, joserfc compares fractions; here each is rounded against the token",
        accepted_by: BOTH,
        reasons: &["token_expired", "token_not_yet_valid", "token_issued_in_future"],
        covers: |name| name.contains("a fraction"),
    },
    Difference {
        what: "a client id that is no text",
        why: "cid is Okta's claim: both only know that it must be there",
        accepted_by: BOTH,
        reasons: &["client_missing"],
        covers: |name| name.starts_with("cid "),
    },
    Difference {
        what: "scopes that are no list of scopes",
        why: "scp is Okta's claim: neither knows it",
        accepted_by: BOTH,
        reasons: &["claims_malformed"],
        covers: |name| name.starts_with("scp "),
    },
    Difference {
        what: "what a token is bound to",
        why: "neither looks at cnf; here a bound token is no bearer token, and a binding that cannot be read is not overlooked",
        accepted_by: BOTH,
        reasons: &["binding_not_enabled", "claims_malformed"],
        covers: |name| name.starts_with("cnf "),
    },
    Difference {
        what: "an empty sub or jti",
        why: "a text to both; here a principal and a deny list's entry are never empty",
        accepted_by: BOTH,
        reasons: &["claims_malformed"],
        covers: |name| begins_with_any(name, &["sub \"\"", "jti \"\""]),
    },
];
