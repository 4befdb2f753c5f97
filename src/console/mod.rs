//! The security-profile page: the command line's jobs in a browser, served on loopback to the one who started it.

mod access;
mod assets;
mod call;
mod deny;
mod document_form;
mod fields;
mod form;
mod guard;
mod page;
mod profiles;
mod session;
mod test_page;
mod try_page;

use std::collections::HashMap;
use std::future::IntoFuture as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::adapters::configured::okta_client;
use crate::adapters::configured_repository::ConfiguredRepository;
use crate::adapters::okta::OktaClient;
use crate::adapters::trust::{TrustError, client_config};
use crate::application::manage_profiles::ManageProfiles;
use crate::application::test_step::Ended;
use crate::config::{Config, StoreConfig};
use crate::domain::time::UnixTime;

/// How long a called API may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// How long requests under way may go on after Ctrl-C.
const GRACE: Duration = Duration::from_secs(2);

/// What the console is told.
#[derive(Debug)]
pub struct ConsoleOptions {
    /// The port on loopback; 0: any free one.
    pub port: u16,
    /// Whether every change is refused.
    pub read_only: bool,
    /// Where the token function answers, without a slash at its end.
    pub token_base: Option<String>,
    /// The region in the URLs of APIs.
    pub region: Option<String>,
    /// Where the profiles are.
    pub repository: ConfiguredRepository,
    /// How Okta is reached.
    pub config: Config,
}

/// Why the console does not start. Reads as one line.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The port is in use or may not be used.
    #[error("port {port} cannot be used ({problem}); choose another with --port")]
    Port {
        /// The port.
        port: u16,
        /// What the system said.
        problem: io::Error,
    },
    /// The extra trust anchors cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The client towards APIs cannot be made.
    #[error("no HTTP client for calls: {0}")]
    Client(#[source] reqwest::Error),
    /// The system has no randomness left.
    #[error("the system gives no randomness for keys: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The server ended.
    #[error("the console's server ended: {0}")]
    Serve(#[source] io::Error),
}

/// What the pages work with.
struct Console {
    port: u16,
    read_only: bool,
    token_base: Option<String>,
    region: Option<String>,
    repository: ConfiguredRepository,
    config: Config,
    okta: Arc<OktaClient>,
    http: reqwest::Client,
    sessions: session::Sessions,
    last_tests: Mutex<HashMap<String, LastTest>>,
    drafts: Mutex<form::Drafts>,
}

/// The last test of a profile in this process.
#[derive(Clone, Copy)]
struct LastTest {
    ended: Ended,
    at: UnixTime,
}

/// A console that is bound to its port and not yet serving.
pub struct BoundConsole {
    console: Arc<Console>,
    listener: TcpListener,
    address: SocketAddr,
    key: String,
}

impl BoundConsole {
    /// Binds the port on 127.0.0.1.
    ///
    /// # Errors
    /// [`ConsoleError`] with the first thing that is in the way.
    pub async fn bind(options: ConsoleOptions) -> Result<Self, ConsoleError> {
        let port = |problem| ConsoleError::Port { port: options.port, problem };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(port)?;
        let address = listener.local_addr().map_err(port)?;
        let okta = okta_client(&options.config)?;
        let tls = client_config(options.config.extra_trust_anchors.as_deref())?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the client towards the operator's own APIs, bounded and without redirects"
        )]
        let builder = reqwest::Client::builder();
        let http = builder
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(CALL_TIMEOUT)
            .build()
            .map_err(ConsoleError::Client)?;
        let key = session::random()?;
        let console = Console {
            port: address.port(),
            read_only: options.read_only,
            token_base: options.token_base,
            region: options.region,
            repository: options.repository,
            config: options.config,
            okta,
            http,
            sessions: session::Sessions::opened_by(key.clone()),
            last_tests: Mutex::default(),
            drafts: Mutex::default(),
        };
        Ok(Self { console: Arc::new(console), listener, address, key })
    }

    /// The address to open, with the key that opens it once.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/enter?key={}", self.address, self.key)
    }

    /// Serves until `stop` ends.
    ///
    /// # Errors
    /// [`ConsoleError::Serve`].
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), ConsoleError> {
        let (stopping, mut stopped) = tokio::sync::watch::channel(false);
        let shutdown = async move {
            // An error is the other end's own end: nothing is left to wait for.
            let _ended = stopped.wait_for(|stopped| *stopped).await;
        };
        let server = axum::serve(self.listener, router(self.console)).with_graceful_shutdown(shutdown).into_future();
        let mut server = std::pin::pin!(server);
        tokio::select! {
            ended = &mut server => return ended.map_err(ConsoleError::Serve),
            () = stop => {}
        }
        stopping.send_replace(true);
        match tokio::time::timeout(GRACE, server).await {
            Ok(ended) => ended.map_err(ConsoleError::Serve),
            Err(_) => Ok(()),
        }
    }
}

impl Console {
    fn manage(&self) -> ManageProfiles<'_, ConfiguredRepository> {
        ManageProfiles { repository: &self.repository, transport: self.config.transport }
    }

    /// Where the profiles are, as the pages tell it.
    fn place(&self) -> String {
        match &self.config.store {
            StoreConfig::Ssm { root } => format!("SSM {root}"),
            StoreConfig::File { directory } => format!("folder {}", directory.display()),
        }
    }
}

/// A lock that a panic elsewhere does not close for ever: what it guards is whole after every step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn router(console: Arc<Console>) -> Router {
    Router::new()
        .route("/", get(profiles::list))
        .route("/enter", get(guard::enter))
        .route("/assets/console.css", get(assets::style))
        .route("/assets/console.js", get(assets::script))
        .route("/new", get(form::new))
        .route("/preview", post(form::preview))
        .route("/save", post(form::save))
        .route("/profiles/{name}", get(form::edit))
        .route("/profiles/{name}/test", get(test_page::show).post(test_page::run))
        .route("/profiles/{name}/access", get(access::show))
        .route("/profiles/{name}/assign", post(access::assign))
        .route("/profiles/{name}/unassign", post(access::unassign))
        .route("/profiles/{name}/try", get(try_page::show).post(try_page::run))
        .route("/deny", get(deny::show))
        .route("/deny/add", post(deny::add))
        .route("/deny/remove", post(deny::remove))
        .fallback(page::not_found)
        .layer(from_fn_with_state(Arc::clone(&console), guard::guard))
        .with_state(console)
}
