//! The token function: configuration, adapters, run.

use std::process::ExitCode;

use okta_security_profiles::adapters::configured;
use okta_security_profiles::adapters::http::cors::AllowedOrigins;
use okta_security_profiles::config::{Config, ConfigError};
use okta_security_profiles::functions::{StartError, run_token_function, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    start("token", serve).await
}

async fn serve(config: Result<Config, ConfigError>) -> Result<(), StartError> {
    let config = config?;
    run_token_function(configured::token_issuer(&config).await?, AllowedOrigins::new(config.token_allowed_origins))
        .await
}
