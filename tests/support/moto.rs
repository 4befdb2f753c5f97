//! SSM Parameter Store on loopback: one `moto_server` per test process, which ends with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_ssm::Client;
use aws_sdk_ssm::config::{BehaviorVersion, Credentials, Region};
pub(crate) use aws_sdk_ssm::types::ParameterType;
use tokio::sync::OnceCell;

use super::Process;

/// The region that the test bed's functions and clients use; moto keeps the parameters of each region apart.
const REGION: &str = "eu-west-1";

/// Runs moto in place of the shell (`$$` stays its process id) and, beside it, a watcher that ends it as soon as the
/// standard input closes. The test process holds the other end of that pipe, so moto ends with it, however that ends:
/// the shared server is a static, which is never dropped. Port 0 lets the system choose, so that no other process can
/// be faster.
const SCRIPT: &str = r#"
exec 3<&0 </dev/null
( while read -r _; do :; done <&3; kill "$$" ) >/dev/null 2>&1 &
exec "$0" -H 127.0.0.1 -p 0 3<&-
"#;

/// What moto writes, with its address after it, once it listens.
const LISTENING: &str = "Running on http://";

/// A running `moto_server`.
pub(crate) struct Moto {
    address: SocketAddr,
    roots: AtomicU64,
    _process: Process,
}

impl Moto {
    /// The server that all tests of this process share, started by the first of them. Starting takes a second or two,
    /// so tests keep apart by their roots ([`Moto::fresh_root`]) and not by their servers.
    pub(crate) async fn shared() -> &'static Self {
        static SHARED: OnceCell<Moto> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    /// A server of one's own, for a test that needs it to go away: it does so when it is dropped.
    ///
    /// # Panics
    /// If moto is not installed or does not come up.
    pub(crate) async fn start() -> Self {
        let mut command = Command::new("/bin/sh");
        // No other variable: moto must not meet the tester's AWS settings or proxies.
        command.arg("-c").arg(SCRIPT).arg(moto_server()).env_clear().stdin(Stdio::piped());
        let process = Process::spawn(command);
        process.wait_for("Press CTRL+C").await;
        let said = process.stderr();
        let address = said.lines().find_map(|line| line.split_once(LISTENING)?.1.parse().ok());
        let address = address.unwrap_or_else(|| panic!("moto does not say where it listens:\n{said}"));
        Self { address, roots: AtomicU64::new(0), _process: process }
    }

    /// The value of `AWS_ENDPOINT_URL_SSM`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where moto listens, for something in front of it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A root (`PROFILE_ROOT`) that no other test of this process has.
    pub(crate) fn fresh_root(&self) -> String {
        format!("/root-{}", self.roots.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// A client of the SDK for this server. It belongs to the async runtime of the test that asks for it.
    pub(crate) fn client(&self) -> Client {
        let config = aws_sdk_ssm::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static(REGION))
            .endpoint_url(self.endpoint())
            .credentials_provider(Credentials::new("test-access-key", "test-secret-access-key", None, None, "test bed"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        Client::from_conf(config)
    }

    /// Writes a parameter, replacing what is there.
    pub(crate) async fn put_parameter(&self, name: &str, value: &str, kind: ParameterType) {
        let request = self.client().put_parameter().name(name).value(value).r#type(kind).overwrite(true);
        if let Err(error) = request.send().await {
            panic!("moto does not store `{name}`: {error:?}");
        }
    }

    /// The value of a parameter, where there is one.
    pub(crate) async fn parameter(&self, name: &str) -> Option<String> {
        let answer = self.client().get_parameters().names(name).with_decryption(true).send().await;
        answer.expect("moto answers").parameters?.pop()?.value
    }

    /// Deletes a parameter.
    pub(crate) async fn delete_parameter(&self, name: &str) {
        if let Err(error) = self.client().delete_parameter().name(name).send().await {
            panic!("moto does not delete `{name}`: {error:?}");
        }
    }
}

/// The Python that moto is installed for: it has the AWS tools too.
pub(crate) fn python() -> PathBuf {
    moto_server().with_file_name("python")
}

/// Where moto is installed: `MOTO_SERVER`, or else where `./check` puts it.
fn moto_server() -> PathBuf {
    let given = std::env::var_os("MOTO_SERVER").map(PathBuf::from);
    let path = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/moto_server"));
    assert!(path.is_file(), "`{}` does not exist: run `./check` once, it installs moto", path.display());
    path
}
