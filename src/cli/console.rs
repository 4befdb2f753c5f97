//! `profiles console`.

use std::io::{self, Write as _};

use clap::Args;

use super::error::CliError;
use super::global::GlobalArguments;
use super::list::token_base;
use super::local::interrupt;
use super::wait_for;
use crate::console::{BoundConsole, ConsoleOptions};

const EXAMPLES: &str = "\
Examples:
  profiles console --token-base https://auth.example.com
  profiles console --store file:my-profiles --port 8090 --read-only
Then open the address that it prints, which works once. Ctrl-C ends it, and every session with it.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ConsoleArguments {
    /// The port on this machine's loopback address; 0: any free one
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// Refuse every change
    #[arg(long)]
    read_only: bool,
    /// Where the token function answers, to tell each profile's token URL
    #[arg(long, value_name = "URL", value_parser = token_base)]
    token_base: Option<String>,
}

impl ConsoleArguments {
    /// Runs until Ctrl-C.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        wait_for(async {
            let bench = global.open().await?;
            let options = ConsoleOptions {
                port: self.port,
                read_only: self.read_only,
                token_base: self.token_base,
                region: global.region(),
                repository: bench.repository,
                config: bench.config,
            };
            let console = BoundConsole::bind(options).await?;
            let mut out = io::stdout().lock();
            writeln!(out, "Security profiles in a browser. Open this address, which works once; Ctrl-C ends it.\n")?;
            writeln!(out, "  {}\n", console.url())?;
            out.flush()?;
            drop(out);
            Ok(console.serve(interrupt()).await?)
        })
    }
}
