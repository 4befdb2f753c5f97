//! A place to keep profiles in, as its operator fills it, and the store that reads it.

use okta_security_profiles::adapters::file::FileProfileStore;
use okta_security_profiles::adapters::ssm::SsmProfileStore;
use okta_security_profiles::domain::profile::ProfileName;
use okta_security_profiles::ports::key_set_store::KeySetStore;
use okta_security_profiles::ports::profile_repository::ProfileRepository;
use okta_security_profiles::ports::profile_store::{ProfileSelection, ProfileStore};
use tempfile::TempDir;

use crate::support::{Moto, ParameterType, SsmFront};

/// What the suite needs of a place.
pub(crate) trait Bench {
    type Store: ProfileStore + KeySetStore + ProfileRepository;

    async fn empty() -> Self;
    fn store(&self) -> &Self::Store;
    /// Where the profile's document is kept, as an error names it.
    fn document_location(&self, name: &str) -> String;
    /// Where the profile's client is kept.
    fn client_location(&self, name: &str) -> String;
    async fn put_document(&self, name: &str, document: &str);
    async fn put_keys(&self, name: &str, keys: &str);
    async fn put_client(&self, name: &str, client: &str);
    /// Things that lie beside profiles and are none.
    async fn put_other_things(&self);
}

/// A folder.
pub(crate) struct Folder {
    pub(crate) directory: TempDir,
    store: FileProfileStore,
}

/// A root in moto, with a front that notes the store's calls.
pub(crate) struct Ssm {
    pub(crate) root: String,
    pub(crate) front: SsmFront,
    moto: &'static Moto,
    store: SsmProfileStore,
}

impl Bench for Folder {
    type Store = FileProfileStore;

    async fn empty() -> Self {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let store = FileProfileStore::new(directory.path().to_owned());
        Self { directory, store }
    }

    fn store(&self) -> &FileProfileStore {
        &self.store
    }

    fn document_location(&self, name: &str) -> String {
        self.directory.path().join(format!("{name}.json")).display().to_string()
    }

    fn client_location(&self, name: &str) -> String {
        self.directory.path().join(format!("{name}.client.json")).display().to_string()
    }

    async fn put_document(&self, name: &str, document: &str) {
        self.write(&format!("{name}.json"), document);
    }

    async fn put_keys(&self, name: &str, keys: &str) {
        self.write(&format!("{name}.keys.json"), keys);
    }

    async fn put_client(&self, name: &str, client: &str) {
        self.write(&format!("{name}.client.json"), client);
    }

    async fn put_other_things(&self) {
        for name in ["deny.json", "README.md", "orders.yaml", "-odd.json", ".hidden.json", "a b.json", "old.json.bak"] {
            self.write(name, "{}");
        }
        std::fs::create_dir(self.directory.path().join("team")).expect("a folder");
        self.write("team/returns.json", "{}");
    }
}

impl Folder {
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).expect("a file in a temporary folder");
    }
}

impl Bench for Ssm {
    type Store = SsmProfileStore;

    async fn empty() -> Self {
        let moto = Moto::shared().await;
        let (root, front) = (moto.fresh_root(), SsmFront::of(moto));
        let config = moto.client().config().to_builder().endpoint_url(front.endpoint()).build();
        let store = SsmProfileStore::new(aws_sdk_ssm::Client::from_conf(config), root.clone());
        Self { root, front, moto, store }
    }

    fn store(&self) -> &SsmProfileStore {
        &self.store
    }

    fn document_location(&self, name: &str) -> String {
        format!("{}/{name}", self.root)
    }

    fn client_location(&self, name: &str) -> String {
        format!("{}/{name}/client", self.root)
    }

    async fn put_document(&self, name: &str, document: &str) {
        self.put(name, document, ParameterType::String).await;
    }

    async fn put_keys(&self, name: &str, keys: &str) {
        self.put(&format!("{name}/keys"), keys, ParameterType::String).await;
    }

    async fn put_client(&self, name: &str, client: &str) {
        self.put(&format!("{name}/client"), client, ParameterType::SecureString).await;
    }

    async fn put_other_things(&self) {
        for name in ["deny", "_odd", "team.json", "team/returns", "team/returns/keys"] {
            self.put(name, "{}", ParameterType::String).await;
        }
    }
}

impl Ssm {
    /// A store of the same root that calls another endpoint.
    pub(crate) fn store_at(&self, endpoint: &str) -> SsmProfileStore {
        let config = self.moto.client().config().to_builder().endpoint_url(endpoint).build();
        SsmProfileStore::new(aws_sdk_ssm::Client::from_conf(config), self.root.clone())
    }

    async fn put(&self, name: &str, value: &str, kind: ParameterType) {
        self.moto.put_parameter(&format!("{}/{name}", self.root), value, kind).await;
    }
}

/// A profile's name.
pub(crate) fn name(name: &str) -> ProfileName {
    ProfileName::new(name).expect("a profile name")
}

/// These profiles, in this order.
pub(crate) fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> ProfileSelection {
    ProfileSelection::Named(names.into_iter().map(name).collect())
}
