//! `profiles explain`: what is in a token, and what the authorizer would say of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::dpop_event::with_proof;
use super::error::CliError;
use super::explanation::{AnswerLine, Told, print};
use super::global::{GlobalArguments, Workbench};
use super::key_source::KeySource;
use super::output::progress;
use super::stdin::read_token;
use super::wait_for;
use crate::adapters::api_gateway::event;
use crate::adapters::api_gateway::handler::AuthorizerHandler;
use crate::adapters::configured::{authorizer_over, okta_client};
use crate::adapters::system_clock::SystemClock;
use crate::application::explain_token::ExplainToken;
use crate::domain::gateway::request::AuthorizationRequest;
use crate::domain::jose::peek::Peek;
use crate::domain::oauth::bearer::{Credential, CredentialError, Scheme};
use crate::domain::profile::ProfileName;
use crate::ports::clock::Clock;
use crate::ports::profile_store::ProfileSelection;

/// How long the authorizer has for its answer.
const PATIENCE: Duration = Duration::from_secs(30);

const EXAMPLES: &str = "\
Examples:
  profiles explain - < token.txt
  profiles explain - --profile orders --offline < token.txt
  profiles explain - --event event.json --dpop proof.txt < token.txt

Exit status: 0 where the token was explained, whatever the answer.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExplainArguments {
    /// `-`: the token is read from standard input
    #[arg(value_name = "-", allow_hyphen_values = true)]
    token: String,
    /// Ask this profile only; default: PROFILES, or else every profile
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Judge a call as well: an authorizer event (JSON), of any form; the token takes the place of the event's own
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    /// Judge the call with the DPoP proof in this file, in place of the event's own
    #[arg(long, value_name = "FILE", requires = "event")]
    dpop: Option<PathBuf>,
    /// Ask Okta for nothing: use the stored key sets alone
    #[arg(long)]
    offline: bool,
}

impl ExplainArguments {
    /// Prints what is in the token, and what each profile says of it.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        let profile = self.profile.as_deref().map(ProfileName::new).transpose();
        let profile = profile.map_err(|error| CliError::usage(error.to_string()))?;
        let event = self.event.as_ref().map(|path| {
            std::fs::read_to_string(path)
                .map_err(|error| CliError::failed(format!("`{}` cannot be read: {error}", path.display())))
        });
        let mut event = event.transpose()?;
        if let (Some(event), Some(proof)) = (&mut event, &self.dpop) {
            *event = with_proof(event, proof)?;
        }
        let presented = read_token("profiles explain -", &self.token)?;
        let peek = Peek::at(presented.text.expose());
        let credential = match presented.credential {
            // An id and a secret are no token; automatic mode would have to send them to Okta.
            Ok(Credential::Basic(_)) => Err(CredentialError::NotBearer),
            credential => credential,
        };
        match &event {
            Some(event) => {
                let read = event::read(event)?.request;
                let credential = as_in_the_event(credential, &read, self.dpop.is_some());
                let request = AuthorizationRequest { credential, ..read };
                wait_for(self.explain(global, profile, &request.credential, Some(&request), &peek))
            }
            None => wait_for(self.explain(global, profile, &credential, None, &peek)),
        }
    }

    async fn explain(
        &self,
        global: &GlobalArguments,
        profile: Option<ProfileName>,
        credential: &Result<Credential, CredentialError>,
        call: Option<&AuthorizationRequest>,
        peek: &Peek,
    ) -> Result<(), CliError> {
        let Workbench { repository, mut config, output } = global.open().await?;
        if let Some(name) = profile {
            config.selection = ProfileSelection::Named(vec![name]);
        }
        let okta = okta_client(&config)?;
        let keys = if self.offline { KeySource::Offline } else { KeySource::Okta(Arc::clone(&okta)) };
        let store = repository.as_store();
        let job = ExplainToken {
            store: store.clone(),
            keys: Arc::new(keys.clone()),
            introspection: (!self.offline).then(|| Arc::clone(&okta)),
            clock: SystemClock,
            transport: config.transport,
        };
        progress("asking the profiles");
        let explanation = job.explain(credential, call, &config.selection).await?;
        if let Some(missing) = explanation.missing.first() {
            let (name, location) = (&missing.name, &missing.location);
            return Err(CliError::failed(format!("there is no profile `{name}`: `{location}` does not exist")));
        }
        let application = authorizer_over(&config, store, keys, okta);
        let authorizer = AuthorizerHandler { application, response: config.response };
        let answer = match call {
            Some(request) => {
                let decision = authorizer.application.decide(request, PATIENCE).await;
                Some(AnswerLine::of(&decision, &authorizer.answer(request, &decision)))
            }
            None => None,
        };
        print(
            output,
            &Told { peek, now: SystemClock.now().wall, explanation: &explanation, call, answer: answer.as_ref() },
        )?;
        Ok(())
    }
}

/// The token, with the scheme of the event's own: a proof goes with `DPoP` alone.
fn as_in_the_event(
    credential: Result<Credential, CredentialError>,
    event: &AuthorizationRequest,
    has_proof: bool,
) -> Result<Credential, CredentialError> {
    match (credential, &event.credential) {
        (Ok(Credential::Token(Scheme::Bearer, token)), Ok(Credential::Token(Scheme::Dpop, _))) => {
            Ok(Credential::Token(Scheme::Dpop, token))
        }
        (Ok(Credential::Token(Scheme::Bearer, token)), _) if has_proof => Ok(Credential::Token(Scheme::Dpop, token)),
        (credential, _) => credential,
    }
}
