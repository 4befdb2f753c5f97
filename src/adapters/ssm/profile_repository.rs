//! Profiles as an operator keeps them in SSM: versions are SSM's own, and what is replaced stays in its history.

use aws_sdk_ssm::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::types::{ParameterTier, ParameterType};

use super::profile_store::SsmProfileStore;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::ClientSecret;
use crate::domain::profile::{ClientId, ProfileName};
use crate::ports::profile_repository::{
    Expected, Item, ProfileRepository, RepositoryError, Tier, Version, Versioned, client_json,
};
use crate::ports::profile_store::ProfileStoreError;

impl ProfileRepository for SsmProfileStore {
    async fn names(&self) -> Result<Vec<ProfileName>, RepositoryError> {
        let (documents, _) = self.documents_by_path().await.map_err(|error| self.unreadable(error))?;
        let mut names: Vec<ProfileName> = documents.into_iter().map(|(name, _)| name).collect();
        names.sort();
        Ok(names)
    }

    async fn read(&self, item: &Item) -> Result<Option<Versioned>, RepositoryError> {
        let location = self.location(item);
        let answer = match self.client.get_parameter().name(&location).send().await {
            Ok(answer) => answer,
            Err(SdkError::ServiceError(error)) if error.err().is_parameter_not_found() => return Ok(None),
            Err(error) => return Err(unavailable(location, "read", "GetParameter", &error)),
        };
        let parameter = answer.parameter;
        Ok(parameter
            .and_then(|parameter| Some(Versioned { version: version(parameter.version), text: parameter.value? })))
    }

    async fn write(&self, item: &Item, text: &str, expected: Expected, tier: Tier) -> Result<Version, RepositoryError> {
        let location = self.location(item);
        check_size(&location, text, tier)?;
        let conflict = || RepositoryError::Conflict { location: location.clone() };
        if let Expected::Version(expected) = expected
            && self.read(item).await?.map(|found| found.version) != Some(expected)
        {
            return Err(conflict());
        }
        let put = self.client.put_parameter().name(&location).value(text).r#type(ParameterType::String);
        let put = put.overwrite(expected != Expected::Nothing).set_tier(wire_tier(tier)).send().await;
        match put {
            Ok(written) => {
                let written = version(Some(written.version));
                // Between the look and the write somebody else wrote: both versions are in the history.
                let is_next = |expected: Version| written == Version(expected.0 + 1);
                match expected {
                    Expected::Version(expected) if !is_next(expected) => {
                        Err(RepositoryError::Overwritten { location, written: written.0 })
                    }
                    Expected::Version(_) | Expected::Nothing => Ok(written),
                }
            }
            Err(SdkError::ServiceError(error)) if error.err().is_parameter_already_exists() => Err(conflict()),
            Err(error) => Err(unavailable(location, "written", "PutParameter", &error)),
        }
    }

    async fn delete(&self, name: &ProfileName, expected: Version) -> Result<(), RepositoryError> {
        let document = Item::Document(name.clone());
        let location = self.location(&document);
        if self.read(&document).await?.map(|found| found.version) != Some(expected) {
            return Err(RepositoryError::Conflict { location });
        }
        let names = [location.clone(), self.keys_name(name), self.client_name(name)];
        let deleted = self.client.delete_parameters().set_names(Some(names.to_vec())).send().await;
        deleted.map(|_| ()).map_err(|error| unavailable(location, "deleted", "DeleteParameters", &error))
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, RepositoryError> {
        Box::pin(self.stored_client(name)).await.map_err(|error| self.unreadable(error))
    }

    async fn store_client(
        &self,
        name: &ProfileName,
        client_id: &ClientId,
        secret: &ClientSecret,
        key: Option<&str>,
    ) -> Result<(), RepositoryError> {
        let location = self.client_name(name);
        let put = self.client.put_parameter().name(&location).value(client_json(client_id, secret).as_str());
        let put = put.r#type(ParameterType::SecureString).set_key_id(key.map(str::to_owned)).overwrite(true);
        put.send().await.map(|_| ()).map_err(|error| unavailable(location, "written", "PutParameter", &error))
    }

    fn location(&self, item: &Item) -> String {
        match item {
            Item::Document(name) => self.document_name(name),
            Item::KeySet(name) => self.keys_name(name),
            Item::DenyList => self.deny_list_name(),
        }
    }
}

impl SsmProfileStore {
    async fn stored_client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        <Self as crate::ports::profile_store::ProfileStore>::client(self, name).await
    }

    /// The reading side's error, told as this side tells its own.
    fn unreadable(&self, error: ProfileStoreError) -> RepositoryError {
        let location = self.root().to_owned();
        let (what, source) = match error {
            ProfileStoreError::MalformedClient { location } => return RepositoryError::MalformedClient { location },
            ProfileStoreError::Unavailable { what, source } => {
                let chain = DisplayErrorContext(&*source).to_string();
                let code = what.rsplit_once("`, ").map(|(_, code)| code);
                let no_answer = if code.is_some() { "" } else { ", no answer" };
                (format!("{what}{no_answer}; {}", remedy(code, &chain)), chain.into())
            }
            other @ ProfileStoreError::TooManyPages { .. } => (other.to_string(), other.into()),
        };
        RepositoryError::Unavailable { location, attempt: "read", what, source }
    }
}

fn check_size(location: &str, text: &str, tier: Tier) -> Result<(), RepositoryError> {
    let remedy = match tier {
        Tier::Standard => {
            "remove what it does not need, split the profile, or store it with `--advanced` (8 KB, priced by AWS)"
        }
        Tier::Advanced => "remove what it does not need, or split the profile in two",
    };
    let (bytes, limit) = (text.len(), tier.bytes());
    if bytes <= limit {
        Ok(())
    } else {
        Err(RepositoryError::TooLarge { location: location.to_owned(), bytes, limit, remedy })
    }
}

/// A standard parameter keeps the tier that it has.
fn wire_tier(tier: Tier) -> Option<ParameterTier> {
    match tier {
        Tier::Standard => None,
        Tier::Advanced => Some(ParameterTier::Advanced),
    }
}

fn version(number: impl Into<Option<i64>>) -> Version {
    Version(number.into().and_then(|number| u64::try_from(number).ok()).unwrap_or_default())
}

fn unavailable<E>(location: String, attempt: &'static str, operation: &str, error: &SdkError<E>) -> RepositoryError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let chain = DisplayErrorContext(error).to_string();
    let code = error.code();
    let what = format!("ssm:{operation}, {}; {}", code.unwrap_or("no answer"), remedy(code, &chain));
    RepositoryError::Unavailable { location, attempt, what, source: chain.into() }
}

/// What to do about a failure, by SSM's or KMS's code, or by what the SDK says where there was no answer.
fn remedy(code: Option<&str>, chain: &str) -> &'static str {
    match code {
        Some("AccessDeniedException") => {
            "allow it in your IAM policy, and for a client's secret in that of its KMS key"
        }
        Some(
            "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "ExpiredTokenException"
            | "ExpiredToken"
            | "IncompleteSignatureException"
            | "InvalidClientTokenId",
        ) => "renew your AWS credentials",
        Some("ThrottlingException" | "TooManyUpdates") => "try again in a minute",
        Some("InvalidKeyId") => "name a KMS key that exists with `--kms-key`",
        Some(_) => "`--verbose` tells what AWS said",
        None if chain.contains("redentials") => "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID",
        None if chain.contains("egion") => "no AWS region is set: name it with `--region`",
        None => "check the network, the region and `--endpoint-url`",
    }
}
