//! Profiles as parameters: `{root}/{profile}`, `{root}/{profile}/keys`, `{root}/{profile}/client`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use secrecy::SecretString;
use tokio::task::JoinHandle;

use super::first_load::{Answer, FirstLoad};
use crate::adapters::stored_client;
use crate::adapters::system_clock::SystemClock;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::ProfileName;
use crate::ports::profile_store::{
    LoadRequest, LoadedProfiles, MissingProfile, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile,
};

/// The most names that one `GetParameters` takes.
const NAMES_PER_CALL: usize = 10;
/// The most pages of ten that `GetParametersByPath` is followed through: 200 profiles.
const MAX_PAGES: usize = 20;

/// The reserved name of the deny list.
const DENY_LIST: &str = "deny";

/// Reads profiles from SSM, and writes their stored key sets there.
#[derive(Debug, Clone)]
pub struct SsmProfileStore {
    pub(super) client: Client,
    root: String,
    first_load: Arc<FirstLoad>,
}

impl SsmProfileStore {
    /// Profiles below `root`, which begins with `/` and does not end with one.
    #[must_use]
    pub fn new(client: Client, root: String) -> Self {
        Self { client, root, first_load: Arc::default() }
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
        format!("{}/{DENY_LIST}", self.root)
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
        let key_sets_read = key_sets_needed || calls_for(names.len(), true) == calls_for(names.len(), false);
        let mut parameters: Vec<String> = names.iter().map(|name| self.document_name(name)).collect();
        parameters.push(self.deny_list_name());
        if key_sets_read {
            parameters.extend(names.iter().map(|name| self.keys_name(name)));
        }
        let mut values = self.parameters(parameters).await?;
        let deny_list = values.remove(&self.deny_list_name());
        let mut loaded = LoadedProfiles { key_sets_read, deny_list, ..LoadedProfiles::default() };
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
        let (documents, deny_list) = self.documents_by_path().await?;
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
        Ok(LoadedProfiles { found, missing: Vec::new(), key_sets_read: key_sets_needed, deny_list })
    }

    /// The documents, and the deny list, which lies beside them.
    pub(super) async fn documents_by_path(
        &self,
    ) -> Result<(Vec<(ProfileName, String)>, Option<String>), ProfileStoreError> {
        let (mut documents, mut deny_list) = (Vec::new(), None);
        let mut next_token = None;
        for _ in 0..MAX_PAGES {
            let request =
                self.client.get_parameters_by_path().path(&self.root).recursive(false).set_next_token(next_token);
            let page = request.send().await.map_err(|error| unavailable("GetParametersByPath", &self.root, error))?;
            for parameter in page.parameters.unwrap_or_default() {
                let name = parameter.name.as_deref().and_then(|name| name.strip_prefix(&self.root)?.strip_prefix('/'));
                // What is no profile's name is no profile.
                match (name.map(ProfileName::new), parameter.value) {
                    (Some(Ok(name)), Some(document)) => documents.push((name, document)),
                    (Some(Err(_)), Some(value)) if name == Some(DENY_LIST) => deny_list = Some(value),
                    (Some(Ok(_) | Err(_)) | None, _) => {}
                }
            }
            next_token = page.next_token.filter(|token| !token.is_empty());
            if next_token.is_none() {
                return Ok((documents, deny_list));
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
        let calls: Vec<_> = names.chunks(NAMES_PER_CALL).map(|names| self.call(names)).collect();
        let mut values = HashMap::with_capacity(names.len());
        for call in calls {
            let answer = match call {
                Call::Answered(answer) => answer,
                Call::UnderWay(call) => call.await.map_err(|error| ProfileStoreError::Unavailable {
                    what: "GetParameters".to_owned(),
                    source: error.into(),
                })??,
            };
            values.extend(answer.values);
        }
        self.first_load.complete();
        Ok(values)
    }

    /// A call for at most ten names, under way from here on, unless an earlier load was answered it.
    fn call(&self, names: &[String]) -> Call {
        if let Some(answer) = self.first_load.kept(names, SystemClock.elapsed()) {
            return Call::Answered(answer);
        }
        let (store, names) = (self.clone(), names.to_vec());
        Call::UnderWay(tokio::spawn(async move {
            let answer = store.ask(&names).await?;
            store.first_load.keep(&names, &answer, SystemClock.elapsed());
            Ok(answer)
        }))
    }

    async fn ask(&self, names: &[String]) -> Result<Answer, ProfileStoreError> {
        let call = self.client.get_parameters().set_names(Some(names.to_vec())).with_decryption(false);
        let answered = call.send().await.map_err(|error| unavailable("GetParameters", &self.root, error))?;
        let parameters = answered.parameters.unwrap_or_default().into_iter();
        let values = parameters.filter_map(|parameter| Some((parameter.name?, parameter.value?))).collect();
        let answer = Answer { values, absent: answered.invalid_parameters.unwrap_or_default() };
        // A parameter that is neither there nor said not to be there has not been asked about.
        match names.iter().find(|name| !answer.values.contains_key(*name) && !answer.absent.contains(name)) {
            None => Ok(answer),
            Some(name) => Err(ProfileStoreError::Unavailable {
                what: format!("ssm:GetParameters on `{}`", self.root),
                source: format!("the answer says nothing of `{name}`").into(),
            }),
        }
    }
}

/// A call for some of a load's parameters.
enum Call {
    /// Answered to an earlier load.
    Answered(Answer),
    UnderWay(JoinHandle<Result<Answer, ProfileStoreError>>),
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

/// The calls that a load of so many named profiles takes: their documents and the deny list, with or without the stored
/// key sets.
#[must_use]
pub const fn calls_for(profiles: usize, with_key_sets: bool) -> usize {
    let names = 1 + if with_key_sets { 2 * profiles } else { profiles };
    names.div_ceil(NAMES_PER_CALL)
}

fn unavailable<E>(operation: &str, place: &str, error: SdkError<E>) -> ProfileStoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let code = error.code().map(|code| format!(", {code}")).unwrap_or_default();
    ProfileStoreError::Unavailable { what: format!("ssm:{operation} on `{place}`{code}"), source: error.into() }
}
