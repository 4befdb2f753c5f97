//! `profiles local`.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use super::error::CliError;
use super::global::GlobalArguments;
use super::wait_for;
use crate::adapters::configured::ConfiguredStore;
use crate::config::StoreConfig;
use crate::domain::profile::SecurityProfile;
use crate::local::{ApiStage, Demo, Form, LocalGateway, LocalOptions, MAX_CACHE_SECONDS, OwnProfiles};
use crate::telemetry;

const EXAMPLES: &str = "\
Examples:
  profiles local --form http2
  profiles local --store ssm --port 8090

Then paste one of the lines that it prints. Without --profiles and --store there is a profile to try, and a stand-in Okta.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LocalArguments {
    /// What the local gateway plays
    #[arg(long, value_enum, default_value_t = FormArgument::Request)]
    form: FormArgument,
    /// The gateway's port; 0: any free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The stand-in Okta's port; 0: any free one
    #[arg(long, default_value_t = 8081)]
    okta_port: u16,
    /// A folder of your own profiles (NAME.json), for example of a real Okta tenant; the same as `--store file:DIR`
    #[arg(long, value_name = "DIR")]
    profiles: Option<PathBuf>,
    /// The API and stage that the gateway plays; default: one that the first profile covers
    #[arg(long, value_name = "APIID/STAGE", value_parser = api_stage)]
    api: Option<ApiStage>,
    /// Cache the authorizer's results for this many seconds, as API Gateway does; 0: not at all
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=MAX_CACHE_SECONDS))]
    cache_seconds: u64,
    /// A real backend instead of the echo
    #[arg(long, value_name = "URL", value_parser = upstream)]
    upstream: Option<Url>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormArgument {
    /// REST API, TOKEN authorizer
    Token,
    /// REST API, REQUEST authorizer
    Request,
    /// HTTP API, payload 1.0
    Http1,
    /// HTTP API, payload 2.0, IAM policy
    Http2,
    /// HTTP API, payload 2.0, simple response
    Simple,
    /// WebSocket API, $connect
    Websocket,
}

impl From<FormArgument> for Form {
    fn from(form: FormArgument) -> Self {
        match form {
            FormArgument::Token => Self::Token,
            FormArgument::Request => Self::Request,
            FormArgument::Http1 => Self::Http1,
            FormArgument::Http2 => Self::Http2,
            FormArgument::Simple => Self::Simple,
            FormArgument::Websocket => Self::WebSocket,
        }
    }
}

fn api_stage(text: &str) -> Result<ApiStage, &'static str> {
    ApiStage::parse(text).ok_or("expected apiId/stage, such as abcdef1234/prod")
}

fn upstream(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).ok().filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
    url.ok_or("expected http://host or https://host")
}

impl LocalArguments {
    /// Runs until Ctrl-C.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        let config = global.config()?;
        telemetry::log_text(&config.log_filter);
        wait_for(async {
            let options = LocalOptions {
                form: self.form.into(),
                port: self.port,
                okta_port: self.okta_port,
                profiles: self.own_profiles(global).await?,
                api: self.api,
                cache: Duration::from_secs(self.cache_seconds),
                upstream: self.upstream,
                extra_trust_anchors: config.extra_trust_anchors,
            };
            let gateway = LocalGateway::bind(options).await?;
            io::stdout().write_all(greeting(&gateway)?.as_bytes())?;
            io::stdout().flush()?;
            Ok(gateway.serve(interrupt()).await?)
        })
    }

    /// The user's own profiles, where the command line names a place; the environment alone names none.
    async fn own_profiles(&self, global: &GlobalArguments) -> Result<Option<OwnProfiles>, CliError> {
        match (&self.profiles, global.names_a_store()) {
            (None, false) => Ok(None),
            (Some(directory), false) => {
                let place = StoreConfig::File { directory: directory.clone() };
                let store = ConfiguredStore::open(&place).await;
                Ok(Some(OwnProfiles { place, store }))
            }
            (None, true) => {
                let bench = global.open().await?;
                Ok(Some(OwnProfiles { store: bench.repository.as_store(), place: bench.config.store }))
            }
            (Some(_), true) => Err(CliError::usage("--profiles and --store name two places; leave one of them out")),
        }
    }
}

/// Ends with Ctrl-C or a polite kill. Where neither can be listened for, the system's own way to end a process is left.
pub(super) async fn interrupt() {
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        }
        (Ok(_) | Err(_), Ok(_) | Err(_)) => std::future::pending().await,
    }
}

/// What a newcomer reads: where things are, and lines to paste.
fn greeting(gateway: &LocalGateway) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let base = format!("http://{}", gateway.address());
    writeln!(
        text,
        "Local gateway, form `{}`, playing API {}. Ctrl-C ends it.\n",
        gateway.form().name(),
        gateway.api()
    )?;
    writeln!(text, "  API            {base}/ (any path)")?;
    let is_automatic = |profile: &&SecurityProfile| profile.name().as_str() == Demo::AUTOMATIC_PROFILE;
    for profile in gateway.profiles().iter().filter(|profile| gateway.demo().is_none() || !is_automatic(profile)) {
        let name = profile.name();
        writeln!(
            text,
            "  profile        {name}: audience {}, scopes {}",
            profile.audiences()[0].as_str(),
            profile.scopes()
        )?;
        writeln!(text, "  token URL      {base}/oauth2/{name}/v1/token")?;
        writeln!(text, "  issuer         {}", profile.issuer())?;
    }
    let (profile, client, other_scope) = match gateway.demo() {
        Some(demo) => {
            writeln!(
                text,
                "  document       {} (edit it: it is read again within seconds)",
                demo.profile_path().display()
            )?;
            writeln!(text, "  client         {} with the secret {}", Demo::CLIENT_ID, Demo::CLIENT_SECRET)?;
            (
                Demo::PROFILE.to_owned(),
                format!("{}:{}", Demo::CLIENT_ID, Demo::CLIENT_SECRET),
                Demo::USELESS_SCOPE.to_owned(),
            )
        }
        None => {
            let name = gateway.profiles()[0].name().to_string();
            (name, "CLIENT_ID:CLIENT_SECRET".to_owned(), "ANOTHER_GRANTABLE_SCOPE".to_owned())
        }
    };
    let token = |scope: &str| {
        format!(
            "$(curl -s -u {client} -d grant_type=client_credentials{scope} {base}/oauth2/{profile}/v1/token \
             | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')"
        )
    };
    // A WebSocket API is called with an upgrade; curl then waits for messages, so it is told to stop.
    let (call, good) = match gateway.form() {
        Form::WebSocket => (
            "curl -i --max-time 2 --http1.1 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
             -H 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=='",
            101,
        ),
        Form::Token | Form::Request | Form::Http1 | Form::Http2 | Form::Simple => ("curl -i", 200),
    };
    writeln!(text, "\nA good call, {good}:\n{call} -H \"Authorization: Bearer {}\" {base}/orders/1", token(""))?;
    writeln!(text, "\nA call without a token, 401:\n{call} {base}/orders/1")?;
    let lacking = token(&format!(" -d scope={other_scope}"));
    writeln!(text, "\nA call whose token lacks the scope, 403:")?;
    writeln!(text, "{call} -H \"Authorization: Bearer {lacking}\" {base}/orders/1\n")?;
    if gateway.demo().is_some() && gateway.form().carries_source_ip() && gateway.form() != Form::WebSocket {
        let url = format!("{base}{}/orders/1", Demo::AUTOMATIC_PATH);
        writeln!(text, "Automatic mode, no token needed from this machine (open it in a browser), 200:\n{call} {url}")?;
        writeln!(text, "\nAutomatic mode for a client's own id and secret, 200:\n{call} -u {client} {url}\n")?;
    }
    Ok(text)
}
