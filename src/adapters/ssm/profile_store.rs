//! Profiles as parameters: `{root}/{profile}`, `{root}/{profile}/keys`, `{root}/{profile}/client`.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use secrecy::SecretString;

use crate::adapters::stored_client;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::ProfileName;
use crate::ports::profile_store::{
    LoadRequest, LoadedProfiles, MissingProfile, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile,
};

/// The most names that one `GetParameters` takes.
const NAMES_PER_CALL: usize = 10;
/// The most pages of ten that `GetParametersByPath` is followed through: 200 profiles.
const MAX_PAGES: usize = 20;

/// Reads profiles from SSM, and writes their stored key sets there.
#[derive(Debug, Clone)]
pub struct SsmProfileStore {
    pub(super) client: Client,
    root: String,
}

impl SsmProfileStore {
    /// Profiles below `root`, which begins with `/` and does not end with one.
    #[must_use]
    pub fn new(client: Client, root: String) -> Self {
        Self { client, root }
    }

    pub(super) fn document_name(&self, profile: &ProfileName) -> String {
        format!("{}/{profile}", self.root)
    }

    pub(super) fn root(&self) -> &str {
        &self.root
    }

    pub(super) fn client_name(&self, profile: &ProfileName) -> String {
        format!("{}/{profile}/client", self.root)
    }

    pub(super) fn deny_list_name(&self) -> String {
        format!("{}/deny", self.root)
    }

    pub(super) fn keys_name(&self, profile: &ProfileName) -> String {
        format!("{}/{profile}/keys", self.root)
    }

    /// Documents and stored key sets of the named profiles, all in one round of parallel calls.
    async fn load_named(
        &self,
        names: &[ProfileName],
        key_sets_needed: bool,
    ) -> Result<LoadedProfiles, ProfileStoreError> {
        let key_sets_read = key_sets_needed || calls_for(2 * names.len()) == calls_for(names.len());
        let mut parameters: Vec<String> = names.iter().map(|name| self.document_name(name)).collect();
        if key_sets_read {
            parameters.extend(names.iter().map(|name| self.keys_name(name)));
        }
        let mut values = self.parameters(parameters).await?;
        let mut loaded = LoadedProfiles { key_sets_read, ..LoadedProfiles::default() };
        for name in names {
            let location = self.document_name(name);
            match values.remove(&location) {
                Some(document) => {
                    let key_set = values.remove(&self.keys_name(name));
                    loaded.found.push(StoredProfile { name: name.clone(), document, key_set });
                }
                None => loaded.missing.push(MissingProfile { name: name.clone(), location }),
            }
        }
        Ok(loaded)
    }

    /// Every profile below the root: the documents page by page, then their stored key sets in one parallel round.
    async fn load_all(&self, key_sets_needed: bool) -> Result<LoadedProfiles, ProfileStoreError> {
        let documents = self.documents_by_path().await?;
        let mut keys = HashMap::new();
        if key_sets_needed {
            keys = self.parameters(documents.iter().map(|(name, _)| self.keys_name(name)).collect()).await?;
        }
        let with_keys = |(name, document): (ProfileName, String)| {
            let key_set = keys.remove(&self.keys_name(&name));
            StoredProfile { name, document, key_set }
        };
        let mut found: Vec<StoredProfile> = documents.into_iter().map(with_keys).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(LoadedProfiles { found, missing: Vec::new(), key_sets_read: key_sets_needed })
    }

    pub(super) async fn documents_by_path(&self) -> Result<Vec<(ProfileName, String)>, ProfileStoreError> {
        let mut documents = Vec::new();
        let mut next_token = None;
        for _ in 0..MAX_PAGES {
            let request =
                self.client.get_parameters_by_path().path(&self.root).recursive(false).set_next_token(next_token);
            let page = request.send().await.map_err(|error| unavailable("GetParametersByPath", &self.root, error))?;
            for parameter in page.parameters.unwrap_or_default() {
                let name = parameter.name.as_deref().and_then(|name| name.strip_prefix(&self.root)?.strip_prefix('/'));
                // What is no profile's name, the deny list included, is no profile.
                if let (Some(Ok(name)), Some(document)) = (name.map(ProfileName::new), parameter.value) {
                    documents.push((name, document));
                }
            }
            next_token = page.next_token.filter(|token| !token.is_empty());
            if next_token.is_none() {
                return Ok(documents);
            }
        }
        Err(ProfileStoreError::TooManyPages { root: self.root.clone(), pages: MAX_PAGES })
    }

    fn gave_up(&self, within: Duration, elapsed: tokio::time::error::Elapsed) -> ProfileStoreError {
        let what = format!("ssm under `{}`, no answer within {} ms", self.root, within.as_millis());
        ProfileStoreError::Unavailable { what, source: elapsed.into() }
    }

    /// The values of those of `names` that exist, ten to a call, the calls in parallel, nothing decrypted.
    async fn parameters(&self, names: Vec<String>) -> Result<HashMap<String, String>, ProfileStoreError> {
        let calls: Vec<_> = names
            .chunks(NAMES_PER_CALL)
            .map(|names| {
                let call = self.client.get_parameters().set_names(Some(names.to_vec())).with_decryption(false).send();
                tokio::spawn(call)
            })
            .collect();
        let mut values = HashMap::with_capacity(names.len());
        for call in calls {
            let answer = call
                .await
                .map_err(|error| ProfileStoreError::Unavailable {
                    what: "GetParameters".to_owned(),
                    source: error.into(),
                })?
                .map_err(|error| unavailable("GetParameters", &self.root, error))?;
            let parameters = answer.parameters.unwrap_or_default();
            values.extend(parameters.into_iter().filter_map(|parameter| Some((parameter.name?, parameter.value?))));
        }
        Ok(values)
    }
}

impl ProfileStore for SsmProfileStore {
    async fn load(&self, request: LoadRequest<'_>) -> Result<LoadedProfiles, ProfileStoreError> {
        let LoadRequest { selection, key_sets_needed, within } = request;
        let load = async {
            match selection {
                ProfileSelection::All => self.load_all(key_sets_needed).await,
                ProfileSelection::Named(names) => self.load_named(names, key_sets_needed).await,
            }
        };
        match tokio::time::timeout(within, load).await {
            Ok(loaded) => loaded,
            Err(elapsed) => Err(self.gave_up(within, elapsed)),
        }
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        let location = self.client_name(name);
        let answer = match self.client.get_parameter().name(&location).with_decryption(true).send().await {
            Ok(answer) => answer,
            Err(SdkError::ServiceError(error)) if error.err().is_parameter_not_found() => return Ok(None),
            Err(error) => return Err(unavailable("GetParameter", &location, error)),
        };
        match answer.parameter.and_then(|parameter| parameter.value) {
            Some(json) => stored_client::parse(&SecretString::from(json), location).map(Some),
            None => Ok(None),
        }
    }
}

/// The calls that so many names take.
#[must_use]
pub const fn calls_for(names: usize) -> usize {
    names.div_ceil(NAMES_PER_CALL)
}

fn unavailable<E>(operation: &str, place: &str, error: SdkError<E>) -> ProfileStoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let code = error.code().map(|code| format!(", {code}")).unwrap_or_default();
    ProfileStoreError::Unavailable { what: format!("ssm:{operation} on `{place}`{code}"), source: error.into() }
}
