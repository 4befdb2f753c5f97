//! The profiles of one load: parsed, in their order, the last good version kept where a document is refused or gone.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::deny_list::{DenyList, DenyListError};
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::jose::stored_key_set::StoredKeySet;
use crate::domain::profile::{ProfileName, SecurityProfile, Transport};
use crate::domain::time::MonotonicTime;
use crate::ports::profile_store::{LoadedProfiles, MissingProfile, ProfileSelection, StoredProfile};

/// The profiles in force after one load.
#[derive(Debug, Default)]
pub struct Snapshot {
    profiles: Vec<LoadedProfile>,
    broken: Vec<ProfileName>,
    deny_list: Option<Arc<DenyList>>,
}

/// A profile and its stored key set.
#[derive(Debug, Clone)]
pub struct LoadedProfile {
    /// The profile.
    pub profile: Arc<SecurityProfile>,
    /// Its stored key set, where there is a usable one.
    pub stored_keys: Option<Arc<StoredKeySet>>,
    /// When its document was last read and accepted.
    read_at: MonotonicTime,
    /// Why an earlier version is in force.
    kept: Option<KeptBecause>,
}

/// Why the last good version of a profile is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
enum KeptBecause {
    /// Its document is refused, for this reason.
    Refused(String),
    /// Its parameter or file is gone.
    Vanished,
}

impl LoadedProfile {
    /// A profile that was read just now.
    #[must_use]
    pub fn new(profile: Arc<SecurityProfile>, stored_keys: Option<Arc<StoredKeySet>>, now: MonotonicTime) -> Self {
        Self { profile, stored_keys, read_at: now, kept: None }
    }

    /// How long ago its document was last read and accepted: more than the profiles' time to live where the store, the
    /// document or the parameter fails.
    #[must_use]
    pub fn age(&self, now: MonotonicTime) -> Duration {
        now.since(self.read_at)
    }
}

impl Snapshot {
    /// The profiles that apply to a request, in their order.
    pub fn applying_to<'s>(&'s self, arn: &'s MethodArn) -> impl Iterator<Item = &'s LoadedProfile> {
        self.profiles.iter().filter(move |loaded| loaded.profile.applies_to(arn))
    }

    /// The profile with this name.
    #[must_use]
    pub fn named(&self, name: &ProfileName) -> Option<&LoadedProfile> {
        self.profiles.iter().find(|loaded| loaded.profile.name() == name)
    }

    /// Profiles whose documents are refused and of which no earlier version is held: what they would have said of a
    /// request cannot be known.
    #[must_use]
    pub fn broken(&self) -> &[ProfileName] {
        &self.broken
    }

    /// Who is let in nowhere; nothing where the list cannot be read and no earlier one is held: then nobody can be let in.
    #[must_use]
    pub fn deny_list(&self) -> Option<&DenyList> {
        self.deny_list.as_deref()
    }

    /// Parses what was loaded. What changes for a profile between `held` and this load is said in the log, once.
    pub(super) fn of(
        loaded: LoadedProfiles,
        held: Option<&Self>,
        selection: &ProfileSelection,
        transport: Transport,
        now: MonotonicTime,
    ) -> Self {
        let deny_list = deny_list(loaded.deny_list(), held.and_then(|held| held.deny_list.as_ref()));
        let mut snapshot = Self { deny_list, ..Self::default() };
        let key_sets_read = loaded.key_sets_read;
        for stored in loaded.found {
            let before = held.and_then(|held| held.named(&stored.name));
            match SecurityProfile::from_json(&stored.name, &stored.document, transport) {
                Ok(profile) => {
                    log_accepted(&profile, before);
                    let stored_keys = match before {
                        Some(before) if !key_sets_read => before.stored_keys.clone(),
                        Some(_) | None => stored_keys(&stored),
                    };
                    snapshot.profiles.push(LoadedProfile::new(Arc::new(profile), stored_keys, now));
                }
                Err(error) => {
                    let why = KeptBecause::Refused(error.to_string());
                    snapshot.keep(stored.name, before, why, held, |name| {
                        tracing::error!(profile = %name, %error, "profile refused");
                    });
                }
            }
        }
        for MissingProfile { name, location } in loaded.missing {
            let before = held.and_then(|held| held.named(&name));
            snapshot.keep(name, before, KeptBecause::Vanished, held, |name| {
                tracing::error!(profile = %name, location, "profile vanished");
            });
        }
        snapshot.sort(selection);
        snapshot
    }

    /// Keeps the version before, or counts the profile among the broken ones; `log` says so where it is news.
    fn keep(
        &mut self,
        name: ProfileName,
        before: Option<&LoadedProfile>,
        why: KeptBecause,
        held: Option<&Self>,
        log: impl FnOnce(&ProfileName),
    ) {
        match before {
            Some(before) => {
                if before.kept.as_ref() != Some(&why) {
                    log(&name);
                }
                self.profiles.push(LoadedProfile { kept: Some(why), ..before.clone() });
            }
            None => {
                if !held.is_some_and(|held| held.broken.contains(&name)) {
                    log(&name);
                }
                self.broken.push(name);
            }
        }
    }

    /// The first profile that a token satisfies governs, so the order of `PROFILES` is kept, whatever failed.
    fn sort(&mut self, selection: &ProfileSelection) {
        match selection {
            ProfileSelection::All => self.profiles.sort_by(|a, b| a.profile.name().cmp(b.profile.name())),
            ProfileSelection::Named(names) => {
                self.profiles.sort_by_key(|loaded| names.iter().position(|name| name == loaded.profile.name()));
            }
        }
    }
}

/// The list as it is stored; the held one where it is refused. A list that is gone keeps nobody out.
fn deny_list(stored: Result<DenyList, DenyListError>, held: Option<&Arc<DenyList>>) -> Option<Arc<DenyList>> {
    match stored {
        Ok(list) => Some(Arc::new(list)),
        Err(error) => {
            tracing::error!(%error, held = held.is_some(), "deny list refused");
            held.cloned()
        }
    }
}

fn log_accepted(profile: &SecurityProfile, before: Option<&LoadedProfile>) {
    let name = profile.name();
    if before.is_some_and(|before| before.kept.is_some()) {
        tracing::info!(profile = %name, "profile accepted again");
    }
    if before.is_none_or(|before| before.profile.version() != profile.version()) {
        for warning in profile.warnings() {
            tracing::warn!(profile = %name, %warning, "profile accepted with a warning");
        }
    }
}

/// A stored key set that cannot be read is worth a warning and no more: the issuer still has the keys.
fn stored_keys(stored: &StoredProfile) -> Option<Arc<StoredKeySet>> {
    let json = stored.key_set.as_ref()?;
    match StoredKeySet::from_json(json.as_bytes()) {
        Ok(keys) => Some(Arc::new(keys)),
        Err(error) => {
            tracing::warn!(profile = %stored.name, %error, "stored key set ignored");
            None
        }
    }
}
