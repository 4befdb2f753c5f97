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

/// The namespace of the metrics, set where lines go to CloudWatch.
static METRICS: OnceLock<String> = OnceLock::new();

/// The runtime's own line about a failed call repeats ours, and would make each 401 an error in the log.
const SILENCED: &str = "lambda_runtime::layers::panic=off";

/// Begins logging as JSON lines, for functions, with metrics in the namespace `metrics`.
///
/// Both were checked by [`crate::config::Config`].
pub fn log_json(filter: &str, metrics: &str) {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(env_filter(filter))
        .finish();
    install(subscriber.with(filter_fn(holds_no_secret)));
    METRICS.get_or_init(|| metrics.to_owned());
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
    /// Whether a token that was handed out was held from an earlier request; nothing where that is no question.
    pub reused: Option<bool>,
    /// How old the issuer's keys are.
    pub key_age: Option<Duration>,
    /// How long ago the governing profile's document was last read and accepted.
    pub profile_age: Option<Duration>,
}

impl DecisionRecord<'_> {
    /// Writes the line. For a function it is also its metrics, in CloudWatch's embedded metric format.
    pub fn log(&self) {
        let Self {
            request_id,
            form,
            route,
            profile,
            outcome,
            reason,
            detail,
            kid,
            cid,
            ms,
            reused,
            key_age,
            profile_age,
        } = self;
        if !writes_metrics() {
            tracing::info!(request_id, form, route, profile, outcome, reason, detail, kid, cid, ms, reused, "decision");
            return;
        }
        // A dimension may not be empty.
        let by_reason: &[&[&str]] = &[&["form", "outcome"], &["form", "outcome", "reason"]];
        let dimensions = if reason.is_empty() { &by_reason[..1] } else { by_reason };
        let mut metrics = vec![("Decisions", "Count"), ("DecisionTime", "Milliseconds")];
        metrics.extend(reused.map(|_| ("TokensReused", "Count")));
        let ages = [("KeyAge", key_age), ("ProfileAge", profile_age)];
        let ages = ages.into_iter().filter_map(|(name, age)| Some((name, (*age)?)));
        metrics.extend(ages.clone().map(|(name, _)| (name, "Seconds")));
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
        if let Some(reused) = reused {
            line.insert("TokensReused".to_owned(), u8::from(*reused).into());
        }
        for (name, age) in ages {
            line.insert(name.to_owned(), age.as_secs().into());
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

/// One reading of the profile store, as it is measured.
#[derive(Debug, Clone, Copy)]
pub struct StoreRecord {
    /// Whether it worked.
    pub loaded: bool,
    /// How long it took.
    pub took: Duration,
}

impl StoreRecord {
    /// Writes the line.
    pub fn log(&self) {
        let (outcome, ms) = (if self.loaded { "loaded" } else { "failed" }, self.took.as_secs_f64() * 1_000.0);
        if !writes_metrics() {
            tracing::debug!(outcome, ms, "profile load");
            return;
        }
        let metrics = [("ProfileLoads", "Count"), ("ProfileLoadTime", "Milliseconds")];
        let mut line = embedded_metrics(&metrics, &[&["outcome"]]);
        line.insert("message".to_owned(), "profile load".into());
        line.insert("outcome".to_owned(), outcome.into());
        line.insert("ProfileLoads".to_owned(), 1.into());
        line.insert("ProfileLoadTime".to_owned(), ms.into());
        write_line(line);
    }
}

/// What one run of the `keys` function came to for one profile.
#[derive(Debug, Clone, Copy)]
pub struct KeysRecord<'r> {
    /// The profile.
    pub profile: &'r str,
    /// `unchanged`, `renewed`, `changed`, `failed`.
    pub outcome: &'r str,
    /// Why it failed.
    pub detail: &'r str,
    /// How old the stored key set is.
    pub age: Option<Duration>,
    /// In how many places the issuer's discovery document disagrees with the profile.
    pub drift: usize,
    /// How many keys the issuer publishes.
    pub keys: usize,
}

impl KeysRecord<'_> {
    /// Writes the line.
    pub fn log(&self) {
        let Self { profile, outcome, detail, age, drift, keys } = *self;
        if !writes_metrics() {
            tracing::info!(profile, outcome, detail, drift, keys, "key set");
            return;
        }
        let mut metrics = vec![("KeyRefreshes", "Count"), ("KeyDrift", "Count")];
        metrics.extend(age.map(|_| ("StoredKeyAge", "Seconds")));
        let mut line = embedded_metrics(&metrics, &[&["profile"], &["outcome"]]);
        line.insert("message".to_owned(), "key set".into());
        for (name, value) in [("profile", profile), ("outcome", outcome), ("detail", detail)] {
            line.insert(name.to_owned(), value.into());
        }
        line.insert("keys".to_owned(), keys.into());
        line.insert("KeyRefreshes".to_owned(), 1.into());
        line.insert("KeyDrift".to_owned(), drift.into());
        if let Some(age) = age {
            line.insert("StoredKeyAge".to_owned(), age.as_secs().into());
        }
        write_line(line);
    }
}

/// The beginning of a line in the embedded metric format (CloudWatch user guide, "Specification: Embedded metric format").
fn embedded_metrics(metrics: &[(&str, &str)], dimensions: &[&[&str]]) -> Map<String, Value> {
    let timestamp = SystemClock.now().wall.seconds().saturating_mul(1_000);
    let metrics: Vec<Value> = metrics.iter().map(|(name, unit)| json!({"Name": name, "Unit": unit})).collect();
    let directive = json!({
        "Timestamp": timestamp,
        "CloudWatchMetrics": [{"Namespace": METRICS.get(), "Dimensions": dimensions, "Metrics": metrics}],
    });
    Map::from_iter([("_aws".to_owned(), directive), ("level".to_owned(), "INFO".into())])
}

/// One line, whole, whoever else writes. A log that cannot be written is no reason to refuse a call.
fn write_line(line: Map<String, Value>) {
    let text = format!("{}\n", Value::Object(line));
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
