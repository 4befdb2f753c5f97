//! The functions' frame: begin logging, load the profiles during init, hand invocations to the handlers, and refresh
//! what is due once an answer is out.

mod after_answer;

use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lambda_http::Request;
use lambda_http::request::RequestContext;
use lambda_http::{Adapter, RequestExt, service_fn};
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime};
use serde_json::value::RawValue;

use after_answer::AfterAnswer;

use crate::adapters::api_gateway::handler::{AuthorizerHandler, HandlerError};
use crate::adapters::configured::{ConfiguredKeys, ConfiguredTokenIssuer};
use crate::adapters::http::cors::AllowedOrigins;
use crate::adapters::http::token_handler::{TokenCall, TokenHandler};
use crate::adapters::keys_handler::KeysHandler;
use crate::adapters::system_clock::SystemClock;
use crate::adapters::trust::TrustError;
use crate::application::authorize_request::AuthorizeRequest;
use crate::application::key_ring::chain;
use crate::application::profile_catalog::CatalogError;
use crate::config::{AuthorizerResponse, Config, ConfigError};
use crate::ports::clock::Clock;
use crate::ports::introspection_endpoint::IntrospectionEndpoint;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::ProfileStore;
use crate::ports::token_endpoint::TokenEndpoint;
use crate::telemetry;

/// How long a start waits for the store, of the 10 s that Lambda gives it (Lambda developer guide, "Understanding the
/// Lambda execution environment lifecycle"): where a thousand sandboxes start at once, SSM throttles most of them for a
/// while.
const INIT_PATIENCE: Duration = Duration::from_secs(8);

/// Why a function does not start. Reads as one line.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An environment variable cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The extra trust anchors cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A profile that the configuration names does not exist.
    #[error(transparent)]
    Profiles(#[from] CatalogError),
    /// The Lambda runtime ended.
    #[error("the Lambda runtime ended: {0}")]
    Runtime(#[source] lambda_runtime::Error),
}

/// Reads the configuration, begins logging and serves until the sandbox ends. What stops the function is said in one
/// line on standard error.
pub async fn start<F>(function: &str, serve: impl FnOnce(Result<Config, ConfigError>) -> F) -> ExitCode
where
    F: Future<Output = Result<(), StartError>>,
{
    let config = Config::from_environment();
    if let Ok(config) = &config {
        telemetry::log_json(&config.log_filter, &config.metrics_namespace);
    }
    match serve(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the function's last words, when logging may not have begun")]
            {
                eprintln!("{function}: {}", chain(&error));
            }
            ExitCode::FAILURE
        }
    }
}

/// Serves authorizer events.
///
/// # Errors
/// [`StartError`] where a named profile does not exist, or the runtime ends.
pub async fn run_authorizer<S, K, T, C>(
    application: AuthorizeRequest<S, K, T, C>,
    response: AuthorizerResponse,
) -> Result<(), StartError>
where
    S: ProfileStore + 'static,
    K: KeySetSource + 'static,
    T: TokenEndpoint + IntrospectionEndpoint + 'static,
    C: Clock + 'static,
{
    unless_out_of_reach(application.warm_up(INIT_PATIENCE).await)?;
    let handler = Arc::new(AuthorizerHandler { application, response });
    let refreshing = Arc::clone(&handler);
    let refresh_due = move |remaining| {
        let handler = Arc::clone(&refreshing);
        async move { handler.refresh_due(Some(remaining)).await }
    };
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let handler = Arc::clone(&handler);
        async move {
            let remaining = SystemClock.until(event.context.deadline);
            handler.handle(event.payload.get(), Some(remaining)).await
        }
    });
    let runtime = Runtime::new(service).layer(AfterAnswer::new(refresh_due));
    runtime.run().await.map_err(StartError::Runtime)
}

/// Serves the token URL.
///
/// # Errors
/// [`StartError`] where a named profile does not exist, or the runtime ends.
pub async fn run_token_function(application: ConfiguredTokenIssuer, origins: AllowedOrigins) -> Result<(), StartError> {
    unless_out_of_reach(application.warm_up(INIT_PATIENCE).await)?;
    let handler = Arc::new(TokenHandler { application, origins });
    let refreshing = Arc::clone(&handler);
    let refresh_due = move |remaining| {
        let handler = Arc::clone(&refreshing);
        async move { handler.refresh_due(Some(remaining)).await }
    };
    let service = service_fn(move |request: Request| {
        let handler = Arc::clone(&handler);
        async move {
            let remaining = request.lambda_context_ref().map(|context| SystemClock.until(context.deadline));
            let gateway = Gateway::of(&request);
            let call = TokenCall {
                request: &request,
                path: request.raw_http_path(),
                request_id: &gateway.request_id,
                caller: gateway.caller,
                origin: &gateway.origin,
                remaining,
            };
            Ok::<_, std::convert::Infallible>(handler.handle(call).await)
        }
    });
    let runtime = Runtime::new(Adapter::from(service)).layer(AfterAnswer::new(refresh_due));
    runtime.run().await.map_err(StartError::Runtime)
}

/// Renews every stored key set at every event, whatever it holds.
///
/// # Errors
/// [`StartError`] where the runtime ends.
pub async fn run_keys(application: ConfiguredKeys) -> Result<(), StartError> {
    let handler = Arc::new(KeysHandler { application });
    let service = service_fn(move |_event: LambdaEvent<Box<RawValue>>| {
        let handler = Arc::clone(&handler);
        async move { handler.handle().await.map_err(|error| StoreOutOfReach(chain(&error))) }
    });
    Runtime::new(service).run().await.map_err(StartError::Runtime)
}

/// The answer to an event where not even the profiles could be read. Lambda tries a scheduled event again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct StoreOutOfReach(String);

impl From<StoreOutOfReach> for Diagnostic {
    fn from(error: StoreOutOfReach) -> Self {
        tracing::error!(%error, "no key set was renewed");
        Self { error_type: "ProfilesUnavailable".to_owned(), error_message: error.0 }
    }
}

/// A profile that does not exist stops the function; a store that cannot be read now does not, since it may come back
/// before the first call.
fn unless_out_of_reach(warmed_up: Result<(), CatalogError>) -> Result<(), CatalogError> {
    match warmed_up {
        Ok(()) => Ok(()),
        Err(error @ CatalogError::Unavailable { .. }) => {
            tracing::error!(error = %chain(&error), "profiles not loaded, the first call tries again");
            Ok(())
        }
        Err(error @ CatalogError::Missing(_)) => Err(error),
    }
}

/// What an HTTP API says of a request (API Gateway developer guide, payload format 2.0).
#[derive(Default)]
struct Gateway {
    request_id: String,
    caller: Option<IpAddr>,
    origin: String,
}

impl Gateway {
    fn of(request: &Request) -> Self {
        match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => Self {
                request_id: context.request_id.clone().unwrap_or_default(),
                caller: context.http.source_ip.as_deref().and_then(|address| address.parse().ok()),
                origin: format!("https://{}", context.domain_name.as_deref().unwrap_or_default()),
            },
            Some(_) | None => Self::default(),
        }
    }
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match &error {
            HandlerError::Unauthorized => "Unauthorized",
            HandlerError::Event(_) => "UnsupportedEvent",
            HandlerError::Failed { .. } => "AuthorizerFailure",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}
