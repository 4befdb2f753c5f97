//! What every verb can be told: where the profiles are, how to reach them, how to print.

use clap::Args;

use super::error::CliError;
use super::output::{Format, Output};
use crate::adapters::configured_repository::ConfiguredRepository;
use crate::adapters::ssm::SsmConnection;
use crate::config::{Config, StoreConfig, aws_region, no_color};

/// Where profiles are kept, and how to print.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every verb")]
pub(super) struct GlobalArguments {
    /// `ssm`, or `file:DIR` for a folder; default: PROFILE_STORE, or else `ssm`
    #[arg(long, global = true, value_name = "STORE")]
    store: Option<String>,
    /// SSM path under which the profiles live; default: PROFILE_ROOT, or else /okta-security-profiles
    #[arg(long, global = true, value_name = "PATH")]
    root: Option<String>,
    /// AWS region, of SSM and in the URLs of APIs; default: as everywhere
    #[arg(long, global = true)]
    region: Option<String>,
    /// SSM endpoint other than the region's
    #[arg(long, global = true, value_name = "URL")]
    endpoint_url: Option<String>,
    /// For people, or for programs
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    output: Format,
    /// Tell the causes of an error, too
    #[arg(long, short, global = true)]
    pub(super) verbose: bool,
}

/// What a verb works with.
pub(super) struct Workbench {
    pub(super) repository: ConfiguredRepository,
    pub(super) config: Config,
    pub(super) output: Output,
}

impl GlobalArguments {
    /// The environment's configuration, with what the command line says otherwise.
    pub(super) fn config(&self) -> Result<Config, CliError> {
        Ok(Config::from_environment_with(self.store.as_deref(), self.root.as_deref())?)
    }

    /// How to print.
    pub(super) fn output(&self) -> Output {
        Output::new(self.output, no_color())
    }

    /// The region that the URLs of APIs are in, where one is named.
    pub(super) fn region(&self) -> Option<String> {
        self.region.clone().or_else(aws_region)
    }

    /// Whether the command line itself names a store.
    pub(super) fn names_a_store(&self) -> bool {
        self.store.is_some()
    }

    /// Opens the store. Nothing is read yet.
    pub(super) async fn open(&self) -> Result<Workbench, CliError> {
        let config = self.config()?;
        let repository = ConfiguredRepository::open(&config.store, self.connection(&config)?).await;
        Ok(Workbench { repository, config, output: self.output() })
    }

    fn connection(&self, config: &Config) -> Result<SsmConnection, CliError> {
        let is_folder = matches!(config.store, StoreConfig::File { .. });
        if is_folder && (self.endpoint_url.is_some() || self.root.is_some()) {
            return Err(CliError::usage(
                "--root and --endpoint-url are for SSM, and the store is a folder; leave them out, or use `--store ssm`",
            ));
        }
        Ok(SsmConnection { region: self.region.clone(), endpoint_url: self.endpoint_url.clone() })
    }
}
