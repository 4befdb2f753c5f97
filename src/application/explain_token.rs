//! What each profile would say of a token, and of a call with it: the authorizer's own steps, one profile at a time.

use std::sync::Arc;
use std::time::Duration;

use super::call_time::CallTime;
use super::climb::{Climb, climb};
use super::introspector::ask_once;
use super::key_ring::KeyRing;
use super::profile_catalog::LoadedProfile;
use crate::domain::gateway::request::AuthorizationRequest;
use crate::domain::jose::stored_key_set::StoredKeySet;
use crate::domain::oauth::bearer::{Credential, CredentialError};
use crate::domain::profile::{ApiPattern, ProfileError, ProfileName, SecurityProfile, Transport};
use crate::domain::refresh::Jitter;
use crate::ports::clock::Clock;
use crate::ports::introspection_endpoint::IntrospectionEndpoint;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::{LoadRequest, MissingProfile, ProfileSelection, ProfileStore, ProfileStoreError};

/// How long the store and each of Okta's answers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Explains tokens.
#[derive(Debug)]
pub struct ExplainToken<S, K, E, C> {
    /// Where profiles and their key sets are kept.
    pub store: S,
    /// Where the keys come from that no stored key set has.
    pub keys: Arc<K>,
    /// Who is asked whether tokens are active; `None`: nobody.
    pub introspection: Option<E>,
    /// The clocks.
    pub clock: C,
    /// Whether issuers on a loopback address are allowed.
    pub transport: Transport,
}

/// What the profiles say.
#[derive(Debug)]
pub struct Explanation {
    /// Each profile, in the order in which they are tried.
    pub profiles: Vec<ExplainedProfile>,
    /// Named profiles that do not exist.
    pub missing: Vec<MissingProfile>,
}

/// What one profile says.
#[derive(Debug)]
pub struct ExplainedProfile {
    /// Its name.
    pub name: ProfileName,
    /// What it says.
    pub verdict: Verdict,
}

/// What a profile says of a token.
#[derive(Debug)]
pub enum Verdict {
    /// How far the token gets.
    Climbed(Climb),
    /// The profile is not asked: it does not cover the call's API and stage.
    DoesNotApply {
        /// What it covers.
        apis: Vec<ApiPattern>,
    },
    /// Its document is refused.
    Broken(ProfileError),
}

impl<S: ProfileStore, K: KeySetSource, E: IntrospectionEndpoint, C: Clock> ExplainToken<S, K, E, C> {
    /// Asks every selected profile, whatever the one before said. Keys are found as a cold start of the authorizer finds
    /// them: in the stored key set while that can be used, and from the issuer where it lacks the key or is too old.
    ///
    /// # Errors
    /// [`ProfileStoreError`] where the profiles cannot be read at all.
    pub async fn explain(
        &self,
        credential: &Result<Credential, CredentialError>,
        call: Option<&AuthorizationRequest>,
        selection: &ProfileSelection,
    ) -> Result<Explanation, ProfileStoreError> {
        let loaded = self.store.load(LoadRequest::everything(selection, PATIENCE)).await?;
        let deny_list = loaded.deny_list();
        let mut profiles = Vec::with_capacity(loaded.found.len());
        for stored in loaded.found {
            let verdict = match SecurityProfile::from_json(&stored.name, &stored.document, self.transport) {
                Err(error) => Verdict::Broken(error),
                Ok(profile) if call.is_some_and(|call| !profile.applies_to(&call.method_arn)) => {
                    Verdict::DoesNotApply { apis: profile.apis().to_vec() }
                }
                Ok(profile) => {
                    let stored_keys = stored.key_set.as_deref().map(str::as_bytes).map(StoredKeySet::from_json);
                    let stored_keys = stored_keys.and_then(Result::ok).map(Arc::new);
                    let now = self.clock.now();
                    let loaded = LoadedProfile::new(Arc::new(profile), stored_keys, now.monotonic);
                    // A ring of its own: what was asked for the profile before is no reason to wait here.
                    let keys = KeyRing::new(Arc::clone(&self.keys), Jitter::from_random(0));
                    let word = match (&self.introspection, credential) {
                        (Some(endpoint), Ok(Credential::Token(_, token))) => {
                            ask_once(&self.store, endpoint, token, &loaded.profile, PATIENCE).await
                        }
                        _ => None,
                    };
                    let time = CallTime { now, left: PATIENCE };
                    Verdict::Climbed(climb(credential, call, &loaded, &deny_list, &keys, word, time).await)
                }
            };
            profiles.push(ExplainedProfile { name: stored.name, verdict });
        }
        Ok(Explanation { profiles, missing: loaded.missing })
    }
}

#[cfg(test)]
#[path = "explain_token_tests.rs"]
mod tests;
