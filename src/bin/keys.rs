//! The function that stores key sets on a schedule: configuration, adapters, run.

use std::process::ExitCode;

use okta_security_profiles::adapters::configured;
use okta_security_profiles::config::{Config, ConfigError};
use okta_security_profiles::functions::{StartError, run_keys, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    start("keys", serve).await
}

async fn serve(config: Result<Config, ConfigError>) -> Result<(), StartError> {
    run_keys(configured::refresh_keys(&config?).await?).await
}
