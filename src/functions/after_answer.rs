//! Work that follows an answer within the same invocation: the caller has the answer already, and the sandbox is not frozen
//! before the runtime asks for the next event (AWS compute blog, "Running code after returning a response from an AWS
//! Lambda function").

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use lambda_runtime::LambdaInvocation;
use lambda_runtime::tower::{Layer, Service};

use crate::adapters::system_clock::SystemClock;

/// A layer of the runtime that runs `work` after each answer, telling it what is left of the invocation.
#[derive(Debug, Clone)]
pub(super) struct AfterAnswer<W> {
    work: W,
}

/// The runtime's service with the work behind it.
#[derive(Debug, Clone)]
pub(super) struct AnswerThenWork<S, W> {
    answer: S,
    work: W,
}

impl<W> AfterAnswer<W> {
    pub(super) const fn new(work: W) -> Self {
        Self { work }
    }
}

impl<S, W: Clone> Layer<S> for AfterAnswer<W> {
    type Service = AnswerThenWork<S, W>;

    fn layer(&self, answer: S) -> Self::Service {
        AnswerThenWork { answer, work: self.work.clone() }
    }
}

impl<S, W, F> Service<LambdaInvocation> for AnswerThenWork<S, W>
where
    S: Service<LambdaInvocation, Response = ()>,
    S::Future: Send + 'static,
    W: Fn(Duration) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send,
{
    type Response = ();
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.answer.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let deadline = invocation.context.deadline;
        let (answer, work) = (self.answer.call(invocation), self.work.clone());
        Box::pin(async move {
            answer.await?;
            // The runtime's own net is around the answer alone; a panic here must not end the sandbox either.
            if AssertUnwindSafe(work(SystemClock.until(deadline))).catch_unwind().await.is_err() {
                tracing::error!("a refresh after an answer panicked; what is held serves on");
            }
            Ok(())
        })
    }
}
