//! The least that a function can do: what every other one is measured against (`examples/lambda_bench`).

use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let nothing = |_event: LambdaEvent<Box<RawValue>>| async { Ok::<_, lambda_runtime::Error>(()) };
    Runtime::new(service_fn(nothing)).run().await
}
