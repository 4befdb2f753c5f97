//! What an operator sees: JSON log lines on standard output, one per decision. Never a token, a secret or a claim set.

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;

/// The runtime's own line about a failed call repeats ours, and would make each 401 an error in the log.
const SILENCED: &str = "lambda_runtime::layers::panic=off";

/// Begins logging as JSON lines, for functions.
///
/// `filter` was checked by [`crate::config::Config`].
pub fn log_json(filter: &str) {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(env_filter(filter))
        .finish();
    install(subscriber.with(filter_fn(holds_no_secret)));
}

/// Begins logging as text on standard error, for people at a terminal.
pub fn log_text(filter: &str) {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .with_env_filter(env_filter(filter))
        .finish();
    install(subscriber.with(filter_fn(holds_no_secret)));
}

fn env_filter(filter: &str) -> EnvFilter {
    EnvFilter::new(format!("{filter},{SILENCED}"))
}

/// Whatever `RUST_LOG` asks for: below INFO the runtime logs whole events, the SDK whole answers and the HTTP clients
/// whole requests, with the tokens and secrets in them.
fn holds_no_secret(line: &Metadata<'_>) -> bool {
    line.target().starts_with(env!("CARGO_CRATE_NAME")) || *line.level() <= Level::INFO
}

/// A second call in one process keeps the first subscriber.
fn install(subscriber: impl tracing::Subscriber + Send + Sync + 'static) {
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::debug!("logging had already begun");
    }
}

/// One decision, as it is logged. Every field is empty where it does not apply.
#[derive(Debug, Clone, Copy, Default)]
pub struct DecisionRecord<'r> {
    /// API Gateway's request id.
    pub request_id: &'r str,
    /// The form of event or `token`.
    pub form: &'r str,
    /// `METHOD /path`, or the token URL's profile.
    pub route: &'r str,
    /// The profile that governed.
    pub profile: &'r str,
    /// `allow`, `deny`, `unauthorized`, `error`, `issued`, `refused`.
    pub outcome: &'r str,
    /// One fixed word, on everything but an allow.
    pub reason: &'r str,
    /// What to do about it; never holds a part of the request's credentials.
    pub detail: &'r str,
    /// The key that proved the token.
    pub kid: &'r str,
    /// The client.
    pub cid: &'r str,
    /// Milliseconds from event to answer.
    pub ms: f64,
}

impl DecisionRecord<'_> {
    /// Writes the line.
    pub fn log(&self) {
        let Self { request_id, form, route, profile, outcome, reason, detail, kid, cid, ms } = self;
        tracing::info!(request_id, form, route, profile, outcome, reason, detail, kid, cid, ms, "decision");
    }
}
