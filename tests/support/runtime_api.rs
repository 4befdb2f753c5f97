//! The AWS Lambda Runtime API, version 2018-06-01, as a server on loopback that hands out a test's events.
//!
//! Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::PATIENCE;
use super::background::{self, Background};

/// The largest answer that Lambda takes from a function, in bytes (6 MB).
const MAX_ANSWER_BYTES: usize = 6 * 1024 * 1024;

/// What a function posted back for one event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// The JSON posted to `/response`.
    Response(Value),
    /// The JSON posted to `/error`: API Gateway looks at `error_message`.
    Error { error_type: String, error_message: String },
}

impl Answer {
    /// The response, for a test that expects one.
    ///
    /// # Panics
    /// If the function reported an error.
    pub(crate) fn response(self) -> Value {
        match self {
            Self::Response(response) => response,
            Self::Error { error_type, error_message } => {
                panic!("a response was expected, and the function reported {error_type}: {error_message}")
            }
        }
    }

    /// The message of the error, for a test that expects one.
    ///
    /// # Panics
    /// If the function responded.
    pub(crate) fn error_message(self) -> String {
        match self {
            Self::Response(response) => panic!("an error was expected, and the function responded {response}"),
            Self::Error { error_message, .. } => error_message,
        }
    }
}

/// An answer, and when it came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TimedAnswer {
    pub(crate) answer: Answer,
    /// When it was posted.
    pub(crate) at: Instant,
    /// What was left of the invocation then.
    pub(crate) left: Duration,
}

/// An error as a function reports it, `errorType` and `errorMessage` being its only required fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReportedError {
    pub(crate) error_type: String,
    pub(crate) error_message: String,
}

/// What was posted back, or what was wrong with the body that was.
type Posted = Result<Answer, String>;

/// An event that is under way.
struct Unanswered {
    waiting: oneshot::Sender<Result<TimedAnswer, String>>,
    /// Known once the function has taken it.
    deadline: Option<SystemTime>,
}

/// One event on its way to the function.
struct Invocation {
    request_id: String,
    event: String,
    timeout: Duration,
}

/// What the test and the server share.
struct Exchange {
    /// Held by the poll that is next in line: a function may poll several times at once.
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    unanswered: Mutex<HashMap<String, Unanswered>>,
    init_errors: Mutex<Vec<ReportedError>>,
}

/// The Runtime API of one function.
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Invocation>,
    exchange: Arc<Exchange>,
    invocations: AtomicU64,
    _server: Background,
}

impl RuntimeApi {
    /// Serves the Runtime API on a free loopback port.
    pub(crate) fn start() -> Self {
        let (events, queue) = mpsc::unbounded_channel();
        let exchange = Arc::new(Exchange {
            events: tokio::sync::Mutex::new(queue),
            unanswered: Mutex::default(),
            init_errors: Mutex::default(),
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(MAX_ANSWER_BYTES))
            .with_state(Arc::clone(&exchange));
        let (listener, address) = background::bind_loopback();
        let server = Background::run(async move {
            let served = axum::serve(background::into_async(listener), routes).await;
            served.expect("the Runtime API is served");
        });
        Self { address, events, exchange, invocations: AtomicU64::new(0), _server: server }
    }

    /// `host:port`, the value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Hands `event` (JSON) to the function and returns its answer. The function is told that it has `timeout`, counted
    /// from when it takes the event.
    ///
    /// # Panics
    /// If no answer comes within [`PATIENCE`], or one that is not JSON.
    pub(crate) async fn invoke(&self, event: &str, timeout: Duration) -> Answer {
        let pending = self.send(event, timeout);
        match tokio::time::timeout(PATIENCE, pending.answer()).await {
            Ok(answer) => answer,
            Err(_elapsed) => panic!("no function answered within {PATIENCE:?}; the event was {event}"),
        }
    }

    /// Queues `event` without waiting for the answer, so that a test can have several under way.
    pub(crate) fn send(&self, event: &str, timeout: Duration) -> PendingAnswer {
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(event) {
            panic!("Lambda hands out JSON only, and this event is not ({error}): {event}");
        }
        let number = self.invocations.fetch_add(1, Ordering::Relaxed) + 1;
        let request_id = format!("00000000-0000-4000-8000-{number:012}");
        let (waiting, answered) = oneshot::channel();
        lock(&self.exchange.unanswered).insert(request_id.clone(), Unanswered { waiting, deadline: None });
        let invocation = Invocation { request_id: request_id.clone(), event: event.to_owned(), timeout };
        assert!(self.events.send(invocation).is_ok(), "the Runtime API takes events for as long as it lives");
        PendingAnswer { request_id, answered }
    }

    /// What the function has posted to `/init/error` so far.
    pub(crate) fn init_errors(&self) -> Vec<ReportedError> {
        lock(&self.exchange.init_errors).clone()
    }
}

/// The answer to an event that was sent.
pub(crate) struct PendingAnswer {
    request_id: String,
    answered: oneshot::Receiver<Result<TimedAnswer, String>>,
}

impl PendingAnswer {
    /// The request id that the function sees in its context.
    pub(crate) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Waits for the answer, without a bound: [`RuntimeApi::invoke`] and `LambdaFunction::invoke` add theirs.
    ///
    /// # Panics
    /// If the function posts something that is not what the Runtime API takes.
    pub(crate) async fn answer(self) -> Answer {
        self.timed_answer().await.answer
    }

    /// The same, and when it came.
    pub(crate) async fn timed_answer(self) -> TimedAnswer {
        match self.answered.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(problem)) => panic!("the function's answer is unusable: {problem}"),
            Err(_gone) => panic!("the Runtime API was dropped before the function answered"),
        }
    }
}

/// `GET /invocation/next`: waits until there is an event.
async fn next(State(exchange): State<Arc<Exchange>>) -> impl IntoResponse {
    let Some(invocation) = exchange.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = SystemTime::now() + invocation.timeout;
    if let Some(unanswered) = lock(&exchange.unanswered).get_mut(&invocation.request_id) {
        unanswered.deadline = Some(deadline);
    }
    let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).expect("a clock past 1970");
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.request_id),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:123456789012:function:function-under-test".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".to_owned(),
        ),
    ];
    (headers, invocation.event).into_response()
}

/// `POST /invocation/{id}/response`.
async fn response(State(exchange): State<Arc<Exchange>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let posted = serde_json::from_slice(&body).map(Answer::Response);
    exchange.settle(&id, posted.map_err(|error| not_json(&error, &body)))
}

/// `POST /invocation/{id}/error`.
async fn error(State(exchange): State<Arc<Exchange>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let posted = serde_json::from_slice(&body)
        .map(|ReportedError { error_type, error_message }| Answer::Error { error_type, error_message });
    exchange.settle(&id, posted.map_err(|error| not_json(&error, &body)))
}

/// `POST /init/error`.
async fn init_error(State(exchange): State<Arc<Exchange>>, body: Bytes) -> StatusCode {
    let reported = serde_json::from_slice(&body).unwrap_or_else(|error| ReportedError {
        error_type: "unreadable".to_owned(),
        error_message: not_json(&error, &body),
    });
    lock(&exchange.init_errors).push(reported);
    StatusCode::ACCEPTED
}

impl Exchange {
    /// Passes what was posted to whoever waits for it. Lambda refuses an id that it did not hand out or that was
    /// answered already.
    fn settle(&self, request_id: &str, posted: Posted) -> StatusCode {
        match lock(&self.unanswered).remove(request_id) {
            Some(Unanswered { waiting, deadline }) => {
                let left = deadline.and_then(|deadline| deadline.duration_since(SystemTime::now()).ok());
                let (at, left) = (Instant::now(), left.unwrap_or_default());
                // A test that no longer waits has failed already, or did not care.
                let _nobody_waits = waiting.send(posted.map(|answer| TimedAnswer { answer, at, left }));
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }
}

fn not_json(error: &serde_json::Error, body: &Bytes) -> String {
    format!("{error} in `{}`", String::from_utf8_lossy(body))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds this lock")
}
