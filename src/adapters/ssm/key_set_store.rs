//! Stored key sets as parameters: `{root}/{profile}/keys`, a String of at most 4,096 bytes.

use aws_sdk_ssm::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_ssm::types::ParameterType;

use super::profile_store::SsmProfileStore;
use crate::domain::profile::ProfileName;
use crate::ports::key_set_store::{KeySetStore, KeySetStoreError};

impl KeySetStore for SsmProfileStore {
    async fn store_key_set(&self, name: &ProfileName, key_set: &str) -> Result<(), KeySetStoreError> {
        let location = self.keys_name(name);
        let put = self.client.put_parameter().name(&location).value(key_set).r#type(ParameterType::String);
        let put = put.overwrite(true).send().await;
        put.map(|_| ()).map_err(|error: SdkError<_>| {
            let code = error.code().map(|code| format!(", {code}")).unwrap_or_default();
            KeySetStoreError { what: format!("ssm:PutParameter on `{location}`{code}"), source: error.into() }
        })
    }
}
