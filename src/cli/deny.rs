//! `profiles deny`: the emergency deny list, read and changed.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::error::CliError;
use super::global::{GlobalArguments, Workbench};
use super::wait_for;
use crate::domain::deny_list::{DenyList, Listed};
use crate::ports::profile_repository::{Expected, Item, ProfileRepository as _, Tier};

const EXAMPLES: &str = "\
Examples:
  profiles deny add --cid 0oa1b2c3d4e5f6g7h8i9
  profiles deny list
  profiles deny remove --cid 0oa1b2c3d4e5f6g7h8i9";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DenyArguments {
    #[command(subcommand)]
    verb: DenyVerb,
}

#[derive(Debug, Subcommand)]
enum DenyVerb {
    /// Keep clients, subjects, tokens or keys out, whatever a profile says
    #[command(after_help = EXAMPLES)]
    Add(Entries),
    /// Let them in again, as the profiles say
    #[command(after_help = EXAMPLES)]
    Remove(Entries),
    /// Who is kept out
    List,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Entries {
    /// A client's id
    #[arg(long, value_name = "CLIENT_ID")]
    cid: Vec<String>,
    /// A subject
    #[arg(long, value_name = "SUBJECT")]
    sub: Vec<String>,
    /// One token's id
    #[arg(long, value_name = "TOKEN_ID")]
    jti: Vec<String>,
    /// A key's id, and so every token that it signed
    #[arg(long, value_name = "KEY_ID")]
    kid: Vec<String>,
}

/// What is printed for programs.
#[derive(Serialize)]
struct Report<'l> {
    location: &'l str,
    changed: usize,
    list: &'l DenyList,
}

impl DenyArguments {
    /// Reads the list, and writes it back where it changed and nobody else changed it meanwhile.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        wait_for(async {
            let bench = global.open().await?;
            let stored = bench.repository.read(&Item::DenyList).await?;
            let expected = stored.as_ref().map_or(Expected::Nothing, |stored| Expected::Version(stored.version));
            let mut list = match &stored {
                Some(stored) => DenyList::from_json(&stored.text)?,
                None => DenyList::new(),
            };
            let changed = match &self.verb {
                DenyVerb::Add(entries) => entries.each(|kind, value| list.add(kind, value))?,
                DenyVerb::Remove(entries) => entries.each(|kind, value| list.remove(kind, value))?,
                DenyVerb::List => 0,
            };
            if changed > 0 {
                bench.repository.write(&Item::DenyList, &list.to_json(), expected, Tier::Standard).await?;
            }
            self.report(&bench, &list, changed)
        })
    }

    fn report(&self, bench: &Workbench, list: &DenyList, changed: usize) -> Result<(), CliError> {
        let (output, location) = (bench.output, bench.repository.location(&Item::DenyList));
        if !output.is_human() {
            return Ok(output.json(&Report { location: &location, changed, list })?);
        }
        let rows = Listed::ALL
            .into_iter()
            .flat_map(|kind| list.entries(kind).iter().map(move |value| vec![kind.name().to_owned(), value.clone()]));
        let rows: Vec<Vec<String>> = rows.collect();
        match &self.verb {
            DenyVerb::Add(_) | DenyVerb::Remove(_) if changed == 0 => output.line("nothing to change")?,
            DenyVerb::Add(_) | DenyVerb::Remove(_) => {
                output.line(&format!(
                    "`{location}`: {changed} changed, in force within the functions' PROFILE_TTL_SECONDS"
                ))?;
                output.line("API Gateway goes on using policies that it has cached, until their time to live ends")?;
            }
            DenyVerb::List if rows.is_empty() => output.line("nobody is kept out")?,
            DenyVerb::List => {}
        }
        if !rows.is_empty() {
            output.table(&["KIND", "VALUE"], &rows)?;
        }
        Ok(())
    }
}

impl Entries {
    /// How many entries `change` changed.
    fn each(&self, mut change: impl FnMut(Listed, &str) -> bool) -> Result<usize, CliError> {
        let given = [
            (Listed::Client, &self.cid),
            (Listed::Subject, &self.sub),
            (Listed::TokenId, &self.jti),
            (Listed::KeyId, &self.kid),
        ];
        let mut changed = 0;
        for (kind, values) in given {
            for value in values {
                if value.is_empty() || value.trim() != value {
                    let name = kind.name();
                    return Err(CliError::usage(format!("--{name} `{value}` is empty or has spaces around it")));
                }
                changed += usize::from(change(kind, value));
            }
        }
        Ok(changed)
    }
}
