//! The Lambda authorizer: configuration, adapters, run.

use std::process::ExitCode;

use okta_security_profiles::adapters::configured;
use okta_security_profiles::config::{Config, ConfigError};
use okta_security_profiles::functions::{StartError, run_authorizer, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    start("authorizer", serve).await
}

async fn serve(config: Result<Config, ConfigError>) -> Result<(), StartError> {
    let config = config?;
    run_authorizer(configured::authorizer(&config).await?, config.response).await
}
