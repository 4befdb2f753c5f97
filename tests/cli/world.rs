//! A place with profiles in it, and the command line beside it.

use std::io::{PipeWriter, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Moto, PATIENCE, ParameterType, Process};

/// Makes one test for each store of each check.
macro_rules! for_each_store {
    ($($check:ident,)+) => {
        mod a_folder {
            $(#[tokio::test]
            async fn $check() {
                super::$check(crate::world::World::folder()).await;
            })+
        }
        mod ssm {
            $(#[tokio::test]
            async fn $check() {
                super::$check(crate::world::World::ssm().await).await;
            })+
        }
    };
}
pub(crate) use for_each_store;

/// Where profiles are kept.
enum Store {
    Folder,
    Ssm(&'static Moto),
}

/// A working folder, and a store.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    /// `store`, or a root in moto.
    pub(crate) root: String,
    store: Store,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Standard output, of a run that went well and had nothing to complain about.
    #[track_caller]
    pub(crate) fn fine(self) -> String {
        assert_eq!((self.status, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self.stdout
    }

    /// Standard error, of a run that ended with this status: one line.
    #[track_caller]
    pub(crate) fn failed(self, status: i32) -> String {
        assert_eq!(self.status, Some(status), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        self.stderr.trim_end().to_owned()
    }

    /// The JSON document that a run printed.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let text = self.fine();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl World {
    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("store")).expect("a folder");
        Self { folder, root: "store".to_owned(), store: Store::Folder }
    }

    pub(crate) async fn ssm() -> Self {
        let moto = Moto::shared().await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, root: moto.fresh_root(), store: Store::Ssm(moto) }
    }

    pub(crate) fn is_folder(&self) -> bool {
        matches!(self.store, Store::Folder)
    }

    /// Where a profile's document is kept, as the command line tells it.
    pub(crate) fn location(&self, name: &str) -> String {
        if self.is_folder() { format!("store/{name}.json") } else { format!("{}/{name}", self.root) }
    }

    /// The command line, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_profiles"));
        command
            .args(arguments)
            .env_clear()
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .envs(self.environment());
        command
    }

    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![("NO_COLOR", "1"), ("AWS_EC2_METADATA_DISABLED", "true")];
        variables.extend([("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")]);
        let mut variables: Vec<_> = variables.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        match &self.store {
            Store::Folder => variables.push(("PROFILE_STORE", "file:store".to_owned())),
            Store::Ssm(moto) => variables.extend([
                ("PROFILE_ROOT", self.root.clone()),
                ("AWS_ACCESS_KEY_ID", "test-access-key".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "test-secret-access-key".to_owned()),
                ("AWS_REGION", "eu-west-1".to_owned()),
                ("AWS_ENDPOINT_URL_SSM", moto.endpoint()),
            ]),
        }
        variables
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Run {
        finish(self.command(arguments)).await
    }

    /// With this on standard input.
    pub(crate) async fn run_with(&self, input: &str, arguments: &[&str]) -> Run {
        let (mut command, mut writer) = self.piped(arguments);
        writer.write_all(input.as_bytes()).expect("a pipe with room");
        drop(writer);
        command.current_dir(self.folder.path());
        finish(command).await
    }

    /// With a standard input that the test writes to, and closes.
    pub(crate) fn piped(&self, arguments: &[&str]) -> (Command, PipeWriter) {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = self.command(arguments);
        command.stdin(reader);
        (command, writer)
    }

    /// A file in the working folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Stores a document as somebody else would.
    pub(crate) async fn put_document(&self, name: &str, text: &str) {
        self.put(name, ".json", "", text).await;
    }

    pub(crate) async fn put_keys(&self, name: &str, text: &str) {
        self.put(name, ".keys.json", "/keys", text).await;
    }

    async fn put(&self, name: &str, suffix: &str, below: &str, text: &str) {
        match &self.store {
            Store::Folder => drop(self.write(&format!("store/{name}{suffix}"), text)),
            Store::Ssm(moto) => {
                moto.put_parameter(&format!("{}/{name}{below}", self.root), text, ParameterType::String).await;
            }
        }
    }

    pub(crate) async fn document(&self, name: &str) -> Option<String> {
        self.stored(name, ".json", "").await
    }

    pub(crate) async fn keys(&self, name: &str) -> Option<String> {
        self.stored(name, ".keys.json", "/keys").await
    }

    /// The stored client, decrypted.
    pub(crate) async fn client(&self, name: &str) -> Option<String> {
        self.stored(name, ".client.json", "/client").await
    }

    async fn stored(&self, name: &str, suffix: &str, below: &str) -> Option<String> {
        match &self.store {
            Store::Folder => std::fs::read_to_string(self.folder.path().join(format!("store/{name}{suffix}"))).ok(),
            Store::Ssm(moto) => moto.parameter(&format!("{}/{name}{below}", self.root)).await,
        }
    }

    /// How moto keeps a parameter; nothing for a folder.
    pub(crate) async fn parameter_kind(&self, below: &str) -> Option<(ParameterType, Option<String>)> {
        let Store::Ssm(moto) = &self.store else { return None };
        let name = format!("{}/{below}", self.root);
        let filter = aws_sdk_ssm::types::ParameterStringFilter::builder().key("Name").values(&name).build();
        let described = moto.client().describe_parameters().parameter_filters(filter.expect("a filter")).send().await;
        let parameter = described.expect("moto answers").parameters?.pop()?;
        Some((parameter.r#type?, parameter.key_id))
    }
}

/// Waits for the end of a run.
pub(crate) async fn finish(command: Command) -> Run {
    let process = Process::spawn(command);
    let status = process.wait_exit(PATIENCE).await.code();
    Run { status, stdout: process.stdout(), stderr: process.stderr() }
}

/// A document that is good until a test spoils one thing.
pub(crate) fn document() -> Value {
    json!({
        "version": 1, "issuer": "https://acme.okta.com/oauth2/default", "audiences": ["api://orders"],
        "scopes": ["CustomScope"], "apis": ["abcdef1234/prod"],
    })
}

/// The same with one member set.
pub(crate) fn with(member: &str, value: Value) -> String {
    let mut document = document();
    document[member] = value;
    document.to_string()
}

/// A key set as the keys function stores it, fetched so many seconds ago.
pub(crate) fn key_set(age: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let mut key = crate::support::SigningKey::rs256().public_jwk();
    key["kid"] = json!("key-1");
    json!({"fetchedAt": now - age, "maxAge": 3_600, "keys": [key]}).to_string()
}
