//! In front of moto: every SSM call is noted and passed on, or answered with what moto has no way to answer.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::background::{self, Background};
use super::{Moto, plain_client};

/// One call as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct SsmCall {
    /// `GetParameters`, say.
    pub(crate) operation: String,
    /// Its parameters.
    pub(crate) input: Value,
}

/// How calls are answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SsmAnswers {
    /// As moto answers them.
    True,
    /// With this status and error code.
    Error(u16, &'static str),
    /// As moto answers them, but for writes, which are refused.
    RefuseWrites,
    /// As moto answers them, but for those that name a parameter with this ending, which are refused.
    RefuseNaming(&'static str),
    /// With an empty object.
    Nothing,
    /// As moto answers them, but every write is one that somebody else made at the same moment, too.
    RepeatWrites,
    /// With a page without parameters and a token for the next one, for ever.
    EndlessPages,
}

/// A running front.
pub(crate) struct SsmFront {
    endpoint: String,
    shared: Arc<Shared>,
    _server: Background,
}

struct Shared {
    moto: String,
    http: reqwest::Client,
    calls: Mutex<Vec<SsmCall>>,
    answers: Mutex<SsmAnswers>,
}

impl SsmFront {
    /// Serves on a free loopback port.
    pub(crate) fn of(moto: &Moto) -> Self {
        let shared = Arc::new(Shared {
            moto: moto.endpoint(),
            http: plain_client(),
            calls: Mutex::default(),
            answers: Mutex::new(SsmAnswers::True),
        });
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let (listener, address) = background::bind_loopback();
        let server = Background::run(async move {
            axum::serve(background::into_async(listener), routes).await.expect("the front is served");
        });
        Self { endpoint: format!("http://{address}"), shared, _server: server }
    }

    /// The value of `AWS_ENDPOINT_URL_SSM`.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Answers the calls to come like this.
    pub(crate) fn answer_with(&self, answers: SsmAnswers) {
        *lock(&self.shared.answers) = answers;
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<SsmCall> {
        lock(&self.shared.calls).clone()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.trim_start_matches("AmazonSSM.").to_owned();
    let input: Value = serde_json::from_slice(&body).unwrap_or_default();
    let named = input["Names"].as_array().cloned().unwrap_or_default();
    let is_write = operation.starts_with("Put");
    lock(&shared.calls).push(SsmCall { operation, input });
    let answers = *lock(&shared.answers);
    let names = |parameter: &str| named.iter().any(|name| name.as_str().is_some_and(|name| name.ends_with(parameter)));
    match answers {
        SsmAnswers::RefuseNaming(parameter) if names(parameter) => refuse(400, "AccessDeniedException"),
        SsmAnswers::RefuseNaming(_) => pass_on(&shared, headers, body).await,
        SsmAnswers::True => pass_on(&shared, headers, body).await,
        SsmAnswers::Nothing => json_answer(200, &json!({})),
        SsmAnswers::RefuseWrites | SsmAnswers::RepeatWrites if !is_write => pass_on(&shared, headers, body).await,
        SsmAnswers::RepeatWrites => {
            pass_on(&shared, headers.clone(), body.clone()).await;
            pass_on(&shared, headers, body).await
        }
        SsmAnswers::RefuseWrites => refuse(400, "AccessDeniedException"),
        SsmAnswers::Error(status, code) => refuse(status, code),
        SsmAnswers::EndlessPages => json_answer(200, &json!({"Parameters": [], "NextToken": "again"})),
    }
}

async fn pass_on(shared: &Shared, mut headers: HeaderMap, body: Bytes) -> Response {
    for name in [HOST, CONTENT_LENGTH] {
        headers.remove(name);
    }
    let answer = shared.http.post(&shared.moto).headers(headers).body(body).send().await.expect("an answer from moto");
    let status = answer.status().as_u16();
    json_answer(status, &serde_json::from_slice(&answer.bytes().await.expect("moto's answer")).unwrap_or_default())
}

fn refuse(status: u16, code: &str) -> Response {
    json_answer(status, &json!({"__type": code, "message": "the front refuses this call"}))
}

fn json_answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("an HTTP status");
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.1")], body.to_string()).into_response()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds this lock")
}
