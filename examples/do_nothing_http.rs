//! The least that a function behind an HTTP API can do: what the token function is measured against
//! (`examples/lambda_bench`).

use std::convert::Infallible;

use lambda_http::{Adapter, Body, Request, Response, service_fn};
use lambda_runtime::Runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let nothing = |_request: Request| async { Ok::<_, Infallible>(Response::new(Body::Empty)) };
    Runtime::new(Adapter::from(service_fn(nothing))).run().await
}
