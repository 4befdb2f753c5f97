//! `profiles list`: every stored profile, what it governs and how fresh its keys are; a broken one with what is wrong.

use clap::Args;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use url::Url;

use super::described::{ApiRecord, FindingRecord, KeySetState, api, findings, printable};
use super::error::CliError;
use super::global::{GlobalArguments, Workbench};
use super::output::progress;
use super::wait_for;
use crate::domain::profile::{Audience, ProfileError, ProfileName, SecurityProfile};
use crate::ports::profile_repository::{Item, ProfileRepository as _, RepositoryError};

/// How many profiles are read at the same time.
const AT_ONCE: usize = 8;

const EXAMPLES: &str = "\
Examples:
  profiles list
  profiles list --region eu-west-1 --token-base https://auth.example.com";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ListArguments {
    /// Where the token function answers, to tell each profile's token URL
    #[arg(long, value_name = "URL", value_parser = token_base)]
    token_base: Option<String>,
}

/// Without the slash at its end.
pub(super) fn token_base(text: &str) -> Result<String, &'static str> {
    let url = Url::parse(text).ok().filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
    url.map(|_| text.trim_end_matches('/').to_owned()).ok_or("expected a URL such as https://auth.example.com")
}

/// One profile, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    profile: String,
    location: String,
    valid: bool,
    errors: Vec<FindingRecord>,
    issuer: Option<String>,
    audiences: Vec<String>,
    apis: Vec<ApiRecord>,
    key_set: KeySetState,
    token_url: Option<String>,
}

/// All of them.
#[derive(Debug, Serialize)]
struct Listing {
    profiles: Vec<Listed>,
}

impl ListArguments {
    /// Reads and prints.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        wait_for(self.list(global))
    }

    async fn list(self, global: &GlobalArguments) -> Result<(), CliError> {
        let bench = global.open().await?;
        progress("reading the profiles");
        let names = bench.repository.names().await?;
        let region = global.region();
        let read = stream::iter(names).map(|name| self.listed(&bench, name, region.as_deref())).buffered(AT_ONCE);
        let profiles: Vec<Listed> = read.try_filter_map(async |listed| Ok(listed)).try_collect().await?;
        if !bench.output.is_human() {
            return Ok(bench.output.json(&Listing { profiles })?);
        }
        if profiles.is_empty() {
            return Ok(bench.output.line("there are no profiles yet; `profiles init` begins one")?);
        }
        self.print(&bench, &profiles)
    }

    /// Nothing where it was deleted meanwhile.
    async fn listed(
        &self,
        bench: &Workbench,
        name: ProfileName,
        region: Option<&str>,
    ) -> Result<Option<Listed>, RepositoryError> {
        let item = Item::Document(name.clone());
        let Some(stored) = bench.repository.read(&item).await? else { return Ok(None) };
        let key_set = bench.key_set(&name).await?;
        let checked = SecurityProfile::from_json(&name, &stored.text, bench.config.transport);
        let (profile, errors) = match &checked {
            Ok(profile) => (Some(profile), Vec::new()),
            Err(ProfileError { findings: found, .. }) => (None, findings(found)),
        };
        let texts = |audiences: &[Audience]| audiences.iter().map(|audience| audience.as_str().to_owned()).collect();
        Ok(Some(Listed {
            location: bench.repository.location(&item),
            valid: profile.is_some(),
            errors,
            issuer: profile.map(|profile| profile.issuer().to_string()),
            audiences: profile.map(|profile| texts(profile.audiences())).unwrap_or_default(),
            apis: profile.iter().flat_map(|profile| profile.apis()).map(|pattern| api(pattern, region)).collect(),
            key_set,
            token_url: self.token_base.as_ref().map(|base| format!("{base}/oauth2/{name}/v1/token")),
            profile: name.to_string(),
        }))
    }

    /// A row for each API; what a profile has once stands in its first row.
    fn print(&self, bench: &Workbench, profiles: &[Listed]) -> Result<(), CliError> {
        let mut rows = Vec::new();
        for listed in profiles.iter().filter(|listed| listed.valid) {
            for (index, ApiRecord { api, url }) in listed.apis.iter().enumerate() {
                let first = |text: String| if index == 0 { text } else { String::new() };
                rows.push(vec![
                    first(listed.profile.clone()),
                    first(listed.issuer.clone().unwrap_or_default()),
                    first(printable(&listed.audiences.join(", "))),
                    first(listed.key_set.age()),
                    api.clone(),
                    url.clone().unwrap_or_else(|| "every API with this authorizer".to_owned()),
                ]);
            }
        }
        if !rows.is_empty() {
            bench.output.table(&["PROFILE", "ISSUER", "AUDIENCES", "KEYS", "API", "API URL"], &rows)?;
        }
        for listed in profiles.iter().filter(|listed| !listed.valid) {
            for FindingRecord { field, problem } in &listed.errors {
                bench.output.line(&printable(&format!("{}: error: field `{field}`: {problem}", listed.profile)))?;
            }
        }
        if self.token_base.is_some() {
            bench.output.line("")?;
            let rows: Vec<Vec<String>> = profiles
                .iter()
                .map(|listed| vec![listed.profile.clone(), listed.token_url.clone().unwrap_or_default()])
                .collect();
            bench.output.table(&["PROFILE", "TOKEN URL"], &rows)?;
        }
        Ok(())
    }
}
