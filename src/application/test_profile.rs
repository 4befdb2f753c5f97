//! The Test button: a profile, its issuer, its keys, a client and the client's token, each step told as it ends.

use std::sync::Arc;
use std::time::Duration;

use super::call_time::CallTime;
use super::climb::climb;
use super::introspector::ask_once;
use super::key_ring::{KeyRing, chain};
use super::profile_catalog::LoadedProfile;
use super::remedies::Remedy;
use super::stored_client_token::ask;
use super::test_keys::{Fetched, check_clock, check_keys, check_stored_keys};
use super::test_step::{Report, StepReport, TestStep};
use crate::domain::deny_list::{DenyList, DenyListError};
use crate::domain::oauth::bearer::{Credential, CredentialError, Scheme};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::BearerToken;
use crate::domain::profile::{ProfileName, SecurityProfile, Transport};
use crate::domain::refresh::Jitter;
use crate::ports::clock::Clock;
use crate::ports::discovery::DiscoverySource;
use crate::ports::introspection_endpoint::IntrospectionEndpoint;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::{LoadRequest, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile};
use crate::ports::token_endpoint::TokenEndpoint;

/// How long the store and each of Okta's answers may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How a profile's own client is stored.
const STORE_A_CLIENT: &str = "Store a client beside the profile with `profiles put NAME --client-id ID`, which asks for its \
                              secret. Or name one for this test alone with --client-id.";

/// Tests profiles.
#[derive(Debug)]
pub struct TestProfile<S, O, C> {
    /// Where profiles, their key sets and their clients are kept.
    pub store: S,
    /// Okta; shared with the key ring that verifies.
    pub okta: Arc<O>,
    /// The clocks.
    pub clock: C,
    /// Whether issuers on a loopback address are allowed.
    pub transport: Transport,
}

/// Whose token is tested.
#[derive(Debug)]
pub enum Tested {
    /// The client's that is stored beside the profile.
    StoredClient,
    /// This client's.
    Client(ClientCredentials),
    /// This one, as somebody would present it.
    Token(Result<Credential, CredentialError>),
}

impl<S, O, C> TestProfile<S, O, C>
where
    S: ProfileStore,
    O: KeySetSource + DiscoverySource + TokenEndpoint + IntrospectionEndpoint,
    C: Clock,
{
    /// Takes every step, and tells each as it ends. A step that another one needs is skipped where that one fails.
    ///
    /// # Errors
    /// [`ProfileStoreError`] where the profile cannot be read at all.
    pub async fn test(
        &self,
        name: &ProfileName,
        tested: Tested,
        tell: impl FnMut(&StepReport),
    ) -> Result<Vec<StepReport>, ProfileStoreError> {
        let mut report = Report::new(tell);
        let selection = ProfileSelection::Named(vec![name.clone()]);
        let loaded = self.store.load(LoadRequest::everything(&selection, PATIENCE)).await?;
        let deny_list = loaded.deny_list();
        if let Some(stored) = loaded.found.into_iter().next() {
            self.test_stored(stored, tested, &deny_list, &mut report).await;
        } else {
            let location = loaded.missing.first().map(|missing| missing.location.as_str()).unwrap_or_default();
            let detail = format!("there is no profile `{name}`: `{location}` does not exist");
            let remedy = "Check the name, the store and the root, or store the profile first.";
            report.fail(TestStep::Document, "profile_unknown", detail, remedy);
            report.skip_after(TestStep::Document, "not_reached", "there is no profile");
        }
        Ok(report.into_lines())
    }

    async fn test_stored<F: FnMut(&StepReport)>(
        &self,
        stored: StoredProfile,
        tested: Tested,
        deny_list: &Result<DenyList, DenyListError>,
        report: &mut Report<F>,
    ) {
        let Some(profile) = self.check_document(&stored, report) else {
            report.skip_after(TestStep::Document, "not_reached", "the document is refused");
            return;
        };
        let profile = Arc::new(profile);
        self.check_discovery(&profile, report).await;
        let fetched = check_keys(&*self.okta, &profile, PATIENCE, report).await;
        let now = self.clock.now();
        check_stored_keys(&stored, fetched.as_ref(), now.wall, report);
        check_clock(&profile, fetched.as_ref(), now.wall, report);
        let stored_keys = fetched.as_ref().and_then(|fetched: &Fetched| fetched.as_stored(now.wall));
        let loaded = LoadedProfile::new(profile, stored_keys, now.monotonic);
        let (credential, asked_by) = match tested {
            Tested::Token(credential) => {
                report.skip(TestStep::TokenEndpoint, "token_given", "a token is given, so none is fetched");
                (credential, None)
            }
            Tested::Client(client) => match self.fetch_token(&loaded, &client, report).await {
                Some(token) => (Ok(Credential::Token(Scheme::Bearer, token)), Some(client)),
                None => return,
            },
            Tested::StoredClient => {
                let Some(client) = self.stored_client(loaded.profile.name(), report).await else { return };
                match self.fetch_token(&loaded, &client, report).await {
                    Some(token) => (Ok(Credential::Token(Scheme::Bearer, token)), Some(client)),
                    None => return,
                }
            }
        };
        let time = CallTime { now: self.clock.now(), left: PATIENCE };
        let keys = KeyRing::new(Arc::clone(&self.okta), Jitter::from_random(0));
        let word = match &credential {
            Ok(Credential::Token(_, token)) => {
                ask_once(&self.store, &self.okta, token, &loaded.profile, PATIENCE).await
            }
            Ok(Credential::Basic(_)) | Err(_) => None,
        };
        let climb = climb(&credential, None, &loaded, deny_list, &keys, word, time).await;
        let is_other = match (&climb.token, &asked_by) {
            (Some(token), Some(client)) => token.claims().client_id != client.client_id.as_str(),
            (Some(_) | None, Some(_) | None) => false,
        };
        report.climbed(&if is_other { climb.of_another_client() } else { climb });
    }

    fn check_document<F: FnMut(&StepReport)>(
        &self,
        stored: &StoredProfile,
        report: &mut Report<F>,
    ) -> Option<SecurityProfile> {
        match SecurityProfile::from_json(&stored.name, &stored.document, self.transport) {
            Ok(profile) => {
                report.pass(TestStep::Document, format!("the profile `{}` is valid", stored.name));
                for warning in profile.warnings() {
                    let remedy = "Read docs/profile.md about this field.";
                    report.warn(TestStep::Document, "profile_warning", warning.to_string(), remedy);
                }
                Some(profile)
            }
            Err(error) => {
                for finding in error.findings {
                    let remedy = format!("Correct the field `{}`, and store the document again.", finding.field);
                    report.fail(TestStep::Document, "profile_broken", finding.to_string(), remedy);
                }
                None
            }
        }
    }

    /// The discovery document, and where it disagrees with the profile.
    async fn check_discovery<F: FnMut(&StepReport)>(&self, profile: &SecurityProfile, report: &mut Report<F>) {
        let endpoints = profile.endpoints();
        let discovery = match self.okta.discover(&endpoints.discovery_url, PATIENCE).await {
            Ok(discovery) => discovery,
            Err(error) => {
                report.fail(TestStep::Discovery, "discovery_unavailable", chain(&error), error.remedy());
                report.skip(TestStep::Urls, "not_reached", "there is no discovery document");
                return;
            }
        };
        let (expected, found) = (profile.issuer().as_str(), discovery.issuer.as_str());
        if found == expected {
            report.pass(TestStep::Discovery, format!("`{}` names the issuer `{expected}`", endpoints.discovery_url));
        } else {
            let is_org_server = expected.strip_prefix(found).is_some_and(|path| path.starts_with("/oauth2/"));
            let remedy = if is_org_server {
                "Correct `discoveryUrl`: it is that of the org authorization server, whose tokens nobody but Okta can \
                 verify. The custom authorization server's lies below its Issuer URI."
                    .to_owned()
            } else {
                format!("Set `issuer` to `{}`, or correct `discoveryUrl`.", found.escape_default())
            };
            let detail = format!("the discovery document is that of `{}`", found.escape_default());
            report.fail(TestStep::Discovery, "issuer_mismatch", detail, remedy);
        }
        let compared = [
            ("tokenUrl", endpoints.token_url.as_str(), discovery.token_endpoint.as_str()),
            ("keysUrl", endpoints.keys_url.as_str(), discovery.jwks_uri.as_str()),
        ];
        let mut agree = true;
        for (field, ours, theirs) in compared.into_iter().filter(|(_, ours, theirs)| ours != theirs) {
            agree = false;
            let theirs = theirs.escape_default();
            let detail = format!("the profile's `{field}` is `{ours}`, and the discovery document says `{theirs}`");
            let remedy = format!("Set `{field}` to `{theirs}`, unless you know better than the issuer.");
            report.warn(TestStep::Urls, "urls_differ", detail, remedy);
        }
        if agree {
            report.pass(TestStep::Urls, "the token URL and the keys URL are the issuer's own");
        }
    }

    async fn stored_client<F: FnMut(&StepReport)>(
        &self,
        name: &ProfileName,
        report: &mut Report<F>,
    ) -> Option<ClientCredentials> {
        let detail = match self.store.client(name).await {
            Ok(Some(client)) => return Some(client),
            Ok(None) => {
                let detail = "the profile keeps no client, so no token can be fetched";
                report.warn(TestStep::TokenEndpoint, "stored_client_missing", detail, STORE_A_CLIENT);
                "there is no client to fetch a token for"
            }
            Err(error) => {
                let remedy = "Check the permissions (ssm:GetParameter, kms:Decrypt), or store the client again.";
                report.fail(TestStep::TokenEndpoint, "stored_client_unavailable", chain(&error), remedy);
                "the client cannot be read"
            }
        };
        report.skip_after(TestStep::TokenEndpoint, "not_reached", detail);
        None
    }

    async fn fetch_token<F: FnMut(&StepReport)>(
        &self,
        loaded: &LoadedProfile,
        client: &ClientCredentials,
        report: &mut Report<F>,
    ) -> Option<BearerToken> {
        match ask(&*self.okta, &loaded.profile, client).await {
            Ok(token) => {
                let detail =
                    format!("the client `{}` was given a token for `{}`", client.client_id, loaded.profile.scopes());
                report.pass(TestStep::TokenEndpoint, detail);
                Some(token)
            }
            Err(error) => {
                report.fail(TestStep::TokenEndpoint, error.reason(), chain(&error), error.remedy());
                report.skip_after(TestStep::TokenEndpoint, "not_reached", "there is no token");
                None
            }
        }
    }
}

#[cfg(test)]
#[path = "test_profile_tests.rs"]
mod tests;
