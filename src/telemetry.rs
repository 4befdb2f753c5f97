//! What an operator sees: JSON log lines on standard output, one per decision. Never a token, a secret or a claim set.

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;

use crate::adapters::system_clock::SystemClock;
use crate::ports::clock::Clock;

/// The namespace of the metrics.
const NAMESPACE: &str = "OktaSecurityProfiles";

/// Set where lines go to CloudWatch.
static METRICS: OnceLock<()> = OnceLock::new();

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
    METRICS.get_or_init(|| ());
}

fn writes_metrics() -> bool {
    METRICS.get().is_some()
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
    /// How old the issuer's keys are.
    pub key_age: Option<Duration>,
}

impl DecisionRecord<'_> {
    /// Writes the line. For a function it is also its metrics, in CloudWatch's embedded metric format.
    pub fn log(&self) {
        let Self { request_id, form, route, profile, outcome, reason, detail, kid, cid, ms, key_age } = self;
        if !writes_metrics() {
            tracing::info!(request_id, form, route, profile, outcome, reason, detail, kid, cid, ms, "decision");
            return;
        }
        // A dimension may not be empty.
        let by_reason: &[&[&str]] = &[&["form", "outcome"], &["form", "outcome", "reason"]];
        let dimensions = if reason.is_empty() { &by_reason[..1] } else { by_reason };
        let mut metrics = vec![("Decisions", "Count"), ("DecisionTime", "Milliseconds")];
        metrics.extend(key_age.map(|_| ("KeyAge", "Seconds")));
        let mut line = embedded_metrics(&metrics, dimensions);
        for (name, value) in [
            ("message", "decision"),
            ("requestId", request_id),
            ("form", form),
            ("route", route),
            ("profile", profile),
            ("outcome", outcome),
            ("reason", reason),
            ("detail", detail),
            ("kid", kid),
            ("cid", cid),
        ] {
            line.insert(name.to_owned(), value.into());
        }
        line.insert("Decisions".to_owned(), 1.into());
        line.insert("DecisionTime".to_owned(), (*ms).into());
        if let Some(age) = key_age {
            line.insert("KeyAge".to_owned(), age.as_secs().into());
        }
        write_line(line);
    }
}

/// One call to Okta, as it is measured.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamRecord {
    /// `keys` or `token`.
    pub endpoint: &'static str,
    /// The HTTP status; `None` where there was no answer.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
}

impl UpstreamRecord {
    /// Writes the line.
    pub fn log(&self) {
        let Self { endpoint, status, took } = *self;
        let ms = took.as_secs_f64() * 1_000.0;
        if !writes_metrics() {
            tracing::debug!(endpoint, status, ms, "upstream call");
            return;
        }
        let metrics = [("UpstreamCalls", "Count"), ("UpstreamTime", "Milliseconds")];
        let mut line = embedded_metrics(&metrics, &[&["endpoint"], &["endpoint", "status"]]);
        line.insert("message".to_owned(), "upstream call".into());
        line.insert("endpoint".to_owned(), endpoint.into());
        line.insert("status".to_owned(), status.map_or_else(|| "none".to_owned(), |status| status.to_string()).into());
        line.insert("UpstreamCalls".to_owned(), 1.into());
        line.insert("UpstreamTime".to_owned(), ms.into());
        write_line(line);
    }
}

/// The beginning of a line in the embedded metric format (CloudWatch user guide, "Specification: Embedded metric format").
fn embedded_metrics(metrics: &[(&str, &str)], dimensions: &[&[&str]]) -> Map<String, Value> {
    let timestamp = SystemClock.now().wall.seconds().saturating_mul(1_000);
    let metrics: Vec<Value> = metrics.iter().map(|(name, unit)| json!({"Name": name, "Unit": unit})).collect();
    let directive = json!({
        "Timestamp": timestamp,
        "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}],
    });
    Map::from_iter([("_aws".to_owned(), directive), ("level".to_owned(), "INFO".into())])
}

/// One line, whole, whoever else writes. A log that cannot be written is no reason to refuse a call.
fn write_line(line: Map<String, Value>) {
    let text = format!("{}\n", Value::Object(line));
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
