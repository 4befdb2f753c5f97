//! `profiles put`: store a profile's document, and the client that it keeps, where nobody else wrote meanwhile.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::described::{FindingRecord, Urls, findings};
use super::difference::{difference, print};
use super::document::{STANDARD_INPUT, read};
use super::error::CliError;
use super::global::{GlobalArguments, Workbench};
use super::output::{Mark, progress};
use super::{terminal, wait_for};
use crate::application::manage_profiles::{Change, ManageProfiles, NewDocument, PlannedWrite};
use crate::domain::oauth::secret::ClientSecret;
use crate::domain::profile::{ClientId, ProfileName};
use crate::ports::profile_repository::{Item, ProfileRepository as _, Tier};

const EXAMPLES: &str = "\
Examples:
  profiles put orders orders.yaml --yes
  profiles put returns --issuer https://acme.okta.com/oauth2/default --audience api://returns --scope CustomScope --api abcdef1234/prod

A file in JSON or YAML, or flags. What stands there is compared line by line, and replaced after a yes. With --client-id, the
secret is asked for at a terminal and otherwise read from standard input: it is never an argument. The document is stored
first, the client after it; the same command again does what is left.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PutArguments {
    /// The profile
    #[arg(value_parser = ProfileName::new)]
    name: ProfileName,
    /// The document, JSON or YAML; `-`: standard input
    file: Option<PathBuf>,
    #[command(flatten)]
    fields: Fields,
    /// Store this client beside the profile, for tests and for automatic mode; its secret is asked for
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client_id: Option<ClientId>,
    /// The KMS key that encrypts the client; default: the account's own for SSM
    #[arg(long, value_name = "ID", requires = "client_id")]
    kms_key: Option<String>,
    /// Store the document in an advanced parameter: 8 KB, priced by AWS
    #[arg(long)]
    advanced: bool,
    /// Replace what stands there without a question
    #[arg(long, short)]
    yes: bool,
}

#[derive(Debug, Args)]
struct Fields {
    /// The custom authorization server's Issuer URI
    #[arg(long, value_name = "URL", conflicts_with = "file")]
    issuer: Option<String>,
    /// Its discovery document, instead of the issuer
    #[arg(long, value_name = "URL", conflicts_with = "file")]
    discovery_url: Option<String>,
    /// An accepted audience; may be repeated
    #[arg(long, value_name = "AUDIENCE", conflicts_with = "file")]
    audience: Vec<String>,
    /// A scope that every token must hold; may be repeated
    #[arg(long, value_name = "SCOPE", conflicts_with = "file")]
    scope: Vec<String>,
    /// Where the profile applies, `apiId` or `apiId/stage`; may be repeated
    #[arg(long, value_name = "API", conflicts_with = "file")]
    api: Vec<String>,
    /// Free text
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    description: Option<String>,
}

/// A client id of printable ASCII characters.
fn client_id(text: &str) -> Result<ClientId, &'static str> {
    ClientId::new(text).ok_or("expected the client id that Okta shows, such as 0oa1b2c3")
}

impl Fields {
    fn document(&self) -> Option<String> {
        let document = NewDocument {
            description: self.description.clone(),
            issuer: self.issuer.clone(),
            discovery_url: self.discovery_url.clone(),
            audiences: self.audience.clone(),
            scopes: self.scope.clone(),
            apis: self.api.clone(),
        };
        (document != NewDocument::default()).then(|| document.to_text())
    }
}

/// What was done, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Done<'p> {
    profile: &'p str,
    location: String,
    version: Option<String>,
    /// `created`, `replaced` or `unchanged`; `null` where only a client was stored.
    change: Option<&'static str>,
    difference: Vec<String>,
    warnings: Vec<FindingRecord>,
    urls: Option<Urls<'p>>,
    client_id: Option<&'p str>,
}

impl PutArguments {
    /// Lints, compares, asks, writes.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        wait_for(self.put(global))
    }

    async fn put(self, global: &GlobalArguments) -> Result<(), CliError> {
        let document = self.document()?;
        let bench = global.open().await?;
        let manage = ManageProfiles { repository: &bench.repository, transport: bench.config.transport };
        let location = bench.repository.location(&Item::Document(self.name.clone()));
        progress(&format!("reading {location}"));
        let plan = match &document {
            Some(document) => Some(manage.plan(&self.name, document).await?),
            None => {
                manage.stored(&self.name).await?;
                None
            }
        };
        let lines = plan.as_ref().map(|plan| show(&bench, plan, &location)).transpose()?.unwrap_or_default();
        self.approve(&bench, plan.as_ref(), &location).await?;
        let secret = self.client_id.as_ref().map(|client| terminal::secret(client.as_str())).transpose()?;

        let version = match &plan {
            Some(plan) => Some(self.write(&bench, plan, &location).await?),
            None => None,
        };
        if let (Some(client), Some(secret)) = (&self.client_id, &secret) {
            self.store_client(&bench, client, secret, version.as_deref()).await?;
        }
        self.tell(&bench, plan.as_ref(), Written { location, version, difference: lines })
    }

    fn document(&self) -> Result<Option<String>, CliError> {
        let standard_input = self.file.as_deref() == Some(Path::new(STANDARD_INPUT));
        if standard_input && self.client_id.is_some() {
            return Err(CliError::usage(
                "the document and the client's secret cannot both come from standard input; name the document's file",
            ));
        }
        let document = match &self.file {
            Some(file) => Some(read(file)?),
            None => self.fields.document(),
        };
        if document.is_none() && self.client_id.is_none() {
            return Err(CliError::usage(format!(
                "there is nothing to put; name a file (`profiles put {0} {0}.yaml`, `profiles init {0}` makes one), or give \
                 `--issuer`, `--audience`, `--scope` and `--api`",
                self.name
            )));
        }
        Ok(document)
    }

    /// A new profile needs no question, and neither does what stays the same.
    async fn approve(&self, bench: &Workbench, plan: Option<&PlannedWrite>, location: &str) -> Result<(), CliError> {
        let replaces = plan.is_some_and(|plan| plan.change() == Change::Replaced);
        let has_client = self.client_id.is_some() && !self.yes && !bench.client_state(&self.name).await.is_missing();
        let what = match (replaces, has_client) {
            (false, false) => return Ok(()),
            (true, false) => format!("Replace `{location}`?"),
            (false, true) => format!("Replace the client that `{}` keeps?", self.name),
            (true, true) => format!("Replace `{location}`, and the client that it keeps?"),
        };
        terminal::approve(self.yes, &what, &format!("see `profiles diff {0} FILE` or `profiles show {0}`", self.name))
    }

    async fn write(&self, bench: &Workbench, plan: &PlannedWrite, location: &str) -> Result<String, CliError> {
        let version = match (plan.change(), &plan.stored) {
            (Change::Unchanged, Some(stored)) => stored.version,
            (Change::Created | Change::Replaced | Change::Unchanged, _) => {
                progress(&format!("writing {location}"));
                let manage = ManageProfiles { repository: &bench.repository, transport: bench.config.transport };
                let tier = if self.advanced { Tier::Advanced } else { Tier::Standard };
                manage.write(plan, tier).await?
            }
        };
        Ok(bench.version(version))
    }

    async fn store_client(
        &self,
        bench: &Workbench,
        client: &ClientId,
        secret: &ClientSecret,
        version: Option<&str>,
    ) -> Result<(), CliError> {
        progress(&format!("writing the client of {}", self.name));
        let stored = bench.repository.store_client(&self.name, client, secret, self.kms_key.as_deref()).await;
        stored.map_err(|error| {
            let line = error.to_string();
            let document = version.map_or_else(
                || "nothing was written".to_owned(),
                |version| format!("the document stands as version {version}, the client was not stored; try again"),
            );
            CliError::from(error).with_message(format!("{line}; {document}"))
        })
    }

    fn tell(&self, bench: &Workbench, plan: Option<&PlannedWrite>, written: Written) -> Result<(), CliError> {
        let (output, name) = (bench.output, &self.name);
        let Written { location, version, difference } = written;
        let change = plan.map(PlannedWrite::change);
        let urls = plan.map(|plan| Urls::of(plan.profile.endpoints()));
        if !output.is_human() {
            let done = Done {
                profile: name.as_str(),
                location,
                version,
                change: change.map(word),
                difference,
                warnings: plan.map(|plan| findings(plan.profile.warnings())).unwrap_or_default(),
                urls,
                client_id: self.client_id.as_ref().map(ClientId::as_str),
            };
            return Ok(output.json(&done)?);
        }
        if let (Some(change), Some(version)) = (change, version) {
            output.line(&format!("{location}: {} (version {version})", word(change)))?;
        }
        if let Some(client) = &self.client_id {
            output.line(&format!("{location}: keeps the client `{client}`, with its secret"))?;
        }
        for line in urls.iter().flat_map(Urls::lines) {
            output.line(&format!("  {line}"))?;
        }
        let next = match change {
            Some(Change::Created | Change::Replaced) => "in force within five minutes (PROFILE_TTL_SECONDS); ",
            Some(Change::Unchanged) | None => "",
        };
        Ok(output.line(&format!("next: {next}`profiles test {name}` asks for a token and checks it"))?)
    }
}

/// What a run has done.
struct Written {
    location: String,
    version: Option<String>,
    difference: Vec<String>,
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Created => "created",
        Change::Replaced => "replaced",
        Change::Unchanged => "unchanged",
    }
}

/// Shows warnings and, where something is replaced, the difference; returns the difference.
pub(super) fn show(bench: &Workbench, plan: &PlannedWrite, location: &str) -> Result<Vec<String>, CliError> {
    let (before, after) = plan.texts();
    let lines = difference(&before, &after);
    if bench.output.is_human() {
        for warning in plan.profile.warnings() {
            bench.output.line(&format!("{} {warning}", bench.output.mark(Mark::Warn)))?;
        }
        if plan.change() == Change::Replaced {
            bench.output.line(&format!("{location}: stored (-) and new (+)"))?;
            print(bench.output, &lines)?;
        }
    }
    Ok(lines)
}
