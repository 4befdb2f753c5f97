//! How a request ends, and why Okta is asked on the way.

use okta_security_profiles::domain::key_cache::FetchReason;

use super::okta::Kid;

/// Why Okta is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// A token has a made-up `kid`.
    MadeUpKid,
    /// A good token is of a key that the held set does not have.
    NewKey,
    /// Keys that came from Okta, and not from the store, are no longer young.
    OwnKeysAge,
    /// The stored key set is missing or no longer young.
    StoredKeysAge,
}

/// An answer, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Decided,
    /// A made-up `kid`, refused as it should be.
    MadeUpRefused,
    Refused(Refusal),
}

/// A good request that is refused. The words are those of `docs/reasons.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    ProfilesUnavailable,
    KeysUnavailable,
    KeyUnknown,
    KeyCoolingDown,
    Deadline,
}

impl Refusal {
    pub(super) const ALL: [Self; 5] =
        [Self::ProfilesUnavailable, Self::KeysUnavailable, Self::KeyUnknown, Self::KeyCoolingDown, Self::Deadline];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::ProfilesUnavailable => "profiles_unavailable",
            Self::KeysUnavailable => "keys_unavailable",
            Self::KeyUnknown => "key_unknown",
            Self::KeyCoolingDown => "key_cooling_down",
            Self::Deadline => "deadline",
        }
    }
}

impl Cause {
    /// Why the cache asks, where the held keys came from Okta or from the store.
    pub(super) const fn of(why: FetchReason, kid: Kid, own: bool) -> Self {
        match (why, kid) {
            (FetchReason::UnknownKeyId, Kid::MadeUp) => Self::MadeUpKid,
            (FetchReason::UnknownKeyId, Kid::Signing(_)) => Self::NewKey,
            (FetchReason::NothingHeld | FetchReason::Due | FetchReason::Stale, _) if own => Self::OwnKeysAge,
            (FetchReason::NothingHeld | FetchReason::Due | FetchReason::Stale, _) => Self::StoredKeysAge,
        }
    }
}
