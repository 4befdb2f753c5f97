//! Starting and stopping the local gateway and the stand-in Okta.

use std::future::IntoFuture;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

use super::backend::Backend;
use super::demo::Demo;
use super::event::{ApiStage, Form};
use super::gateway::{Gateway, Played, router};
use super::okta::StandInOktaError;
use super::result_cache::ResultCache;
use crate::adapters::api_gateway::handler::AuthorizerHandler;
use crate::adapters::configured::{self, ConfiguredStore};
use crate::adapters::http::cors::AllowedOrigins;
use crate::adapters::http::token_handler::TokenHandler;
use crate::adapters::trust::{TrustError, client_config};
use crate::config::{AuthorizerResponse, Config, DEFAULT_METRICS_NAMESPACE, StoreConfig};
use crate::domain::profile::{ProfileError, ProfileName, SecurityProfile, Transport};
use crate::ports::profile_store::{LoadRequest, ProfileSelection, ProfileStore, ProfileStoreError};

/// How soon a changed document takes effect.
const PROFILE_TTL: Duration = Duration::from_secs(5);
/// How long requests under way may go on after Ctrl-C.
const GRACE: Duration = Duration::from_secs(2);

/// Profiles to use instead of the demonstration.
#[derive(Debug, Clone)]
pub struct OwnProfiles {
    /// Where they are kept.
    pub place: StoreConfig,
    /// The same place, opened.
    pub store: ConfiguredStore,
}

/// What the local gateway is told.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// The form of the authorizer.
    pub form: Form,
    /// The gateway's port; 0: any free one.
    pub port: u16,
    /// The stand-in Okta's port; 0: any free one.
    pub okta_port: u16,
    /// The user's own profiles; there is no stand-in Okta then.
    pub profiles: Option<OwnProfiles>,
    /// The API and stage to play; where absent, one that the first profile covers.
    pub api: Option<ApiStage>,
    /// How long the authorizer's results are cached, as API Gateway does; zero: not at all.
    pub cache: Duration,
    /// A real backend.
    pub upstream: Option<Url>,
    /// Extra trust anchors (PEM).
    pub extra_trust_anchors: Option<PathBuf>,
}

/// Why the local gateway does not start. Reads as one line.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// A port is in use or may not be used.
    #[error("port {port} cannot be used ({problem}); choose another with {option}")]
    Port {
        /// The port.
        port: u16,
        /// What the system said.
        problem: io::Error,
        /// The option that chooses it.
        option: &'static str,
    },
    /// The demonstration's profile cannot be written.
    #[error("the demonstration's profile cannot be written to the temporary folder: {0}")]
    Demo(#[source] io::Error),
    /// The stand-in Okta cannot be made.
    #[error(transparent)]
    Okta(#[from] StandInOktaError),
    /// The profiles cannot be read.
    #[error(transparent)]
    Store(#[from] ProfileStoreError),
    /// The place holds no profile.
    #[error("`{0}` holds no profile; store one with `profiles put`")]
    NoProfiles(String),
    /// A profile is refused.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The extra trust anchors cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The backend's client cannot be made.
    #[error("no HTTP client for the backend: {0}")]
    Backend(#[source] reqwest::Error),
    /// A server ended.
    #[error("a local server ended: {0}")]
    Serve(#[source] io::Error),
}

/// A local gateway that is bound to its ports and not yet serving.
pub struct LocalGateway {
    gateway: Arc<Gateway>,
    listener: TcpListener,
    okta: Option<(Arc<super::okta::StandInOkta>, TcpListener)>,
    demo: Option<Demo>,
    profiles: Vec<SecurityProfile>,
    address: SocketAddr,
}

impl LocalGateway {
    /// Binds the ports and loads the profiles.
    ///
    /// # Errors
    /// [`LocalError`] with the first thing that is in the way.
    pub async fn bind(options: LocalOptions) -> Result<Self, LocalError> {
        let (listener, address) = bind(options.port, "--port").await?;
        let (okta, demo, own) = match options.profiles {
            Some(own) => (None, None, own),
            None => {
                let (listener, address) = bind(options.okta_port, "--okta-port").await?;
                let issuer = format!("http://{address}/oauth2/default");
                let server = Arc::new(Demo::authorization_server(&issuer)?);
                let api = options.api.clone().unwrap_or_default();
                let demo = Demo::write(&issuer, &api).map_err(LocalError::Demo)?;
                let place = StoreConfig::File { directory: demo.directory().to_owned() };
                let store = ConfiguredStore::open(&place).await;
                (Some((server, listener)), Some(demo), OwnProfiles { place, store })
            }
        };
        let profiles = load(&own).await?;
        let covered = || profiles.iter().flat_map(SecurityProfile::apis).find_map(ApiStage::of_pattern);
        let config = config(own.place, options.form, options.extra_trust_anchors);
        let okta_client = configured::okta_client(&config)?;
        let backend = match options.upstream {
            None => Backend::Echo,
            Some(url) => {
                let tls = client_config(config.extra_trust_anchors.as_deref())?;
                Backend::upstream(url, tls).map_err(LocalError::Backend)?
            }
        };
        let of_the_demo = demo.as_ref().map(|_| ApiStage::default());
        let api = options.api.or(of_the_demo).or_else(covered).unwrap_or_default();
        let gateway = Arc::new(Gateway {
            authorizer: AuthorizerHandler {
                application: configured::authorizer_over(
                    &config,
                    own.store.clone(),
                    Arc::clone(&okta_client),
                    Arc::clone(&okta_client),
                ),
                response: config.response,
            },
            token: TokenHandler {
                application: configured::token_issuer_over(&config, own.store, okta_client),
                origins: AllowedOrigins::default(),
            },
            form: options.form,
            automatic: demo
                .as_ref()
                .map(|_| Played { path: Demo::AUTOMATIC_PATH, ..Played::new(Demo::automatic_api(), &profiles) }),
            api: Played::new(api, &profiles),
            backend,
            results: ResultCache::new(options.cache),
            requests: AtomicU64::new(0),
        });
        Ok(Self { gateway, listener, okta, demo, profiles, address })
    }

    /// Where the gateway listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The API and stage that it plays.
    #[must_use]
    pub fn api(&self) -> &ApiStage {
        &self.gateway.api.api
    }

    /// The form that it plays.
    #[must_use]
    pub fn form(&self) -> Form {
        self.gateway.form
    }

    /// The demonstration, where no profiles were given.
    #[must_use]
    pub fn demo(&self) -> Option<&Demo> {
        self.demo.as_ref()
    }

    /// The profiles that were loaded.
    #[must_use]
    pub fn profiles(&self) -> &[SecurityProfile] {
        &self.profiles
    }

    /// Serves until `stop` is done.
    ///
    /// # Errors
    /// [`LocalError::Serve`] where a server ends by itself.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), LocalError> {
        let (stopper, stopped) = watch::channel(false);
        let until_stopped = |mut stopped: watch::Receiver<bool>| async move {
            // An error means that the sender is gone, which is a stop too.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        let service = router(Arc::clone(&self.gateway)).into_make_service_with_connect_info::<SocketAddr>();
        let gateway =
            axum::serve(self.listener, service).with_graceful_shutdown(until_stopped(stopped.clone())).into_future();
        let okta = async {
            match self.okta {
                Some((server, listener)) => server.serve(listener, until_stopped(stopped)).await,
                None => Ok(()),
            }
        };
        let servers = async { tokio::try_join!(gateway, okta).map(|_| ()).map_err(LocalError::Serve) };
        tokio::pin!(servers);
        tokio::select! {
            ended = &mut servers => ended,
            () = stop => {
                stopper.send_replace(true);
                // A request that does not end within the grace period is cut off.
                tokio::time::timeout(GRACE, servers).await.unwrap_or(Ok(()))
            }
        }
    }
}

async fn bind(port: u16, option: &'static str) -> Result<(TcpListener, SocketAddr), LocalError> {
    let refused = |problem| LocalError::Port { port, problem, option };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

async fn load(own: &OwnProfiles) -> Result<Vec<SecurityProfile>, LocalError> {
    let loaded = own.store.load(LoadRequest::everything(&ProfileSelection::All, GRACE)).await?;
    if loaded.found.is_empty() {
        return Err(LocalError::NoProfiles(match &own.place {
            StoreConfig::Ssm { root } => root.to_string(),
            StoreConfig::File { directory } => directory.display().to_string(),
        }));
    }
    let parse =
        |name: &ProfileName, document: &str| SecurityProfile::from_json(name, document, Transport::HttpsOrLoopback);
    Ok(loaded.found.iter().map(|stored| parse(&stored.name, &stored.document)).collect::<Result<_, _>>()?)
}

fn config(store: StoreConfig, form: Form, extra_trust_anchors: Option<PathBuf>) -> Config {
    Config {
        metrics_namespace: DEFAULT_METRICS_NAMESPACE.to_owned(),
        selection: ProfileSelection::All,
        store,
        profile_ttl: PROFILE_TTL,
        response: if form == Form::Simple { AuthorizerResponse::Simple } else { AuthorizerResponse::Iam },
        transport: Transport::HttpsOrLoopback,
        log_filter: "info".to_owned(),
        extra_trust_anchors,
        okta_proxy: None,
        token_allowed_origins: Vec::new(),
    }
}
