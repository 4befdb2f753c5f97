//! `profiles test`: the Test button.

use clap::Args;
use serde::Serialize;

use super::error::CliError;
use super::global::GlobalArguments;
use super::output::{Mark, Output, progress};
use super::stdin::read_token;
use super::{terminal, wait_for};
use crate::adapters::configured::okta_client;
use crate::adapters::system_clock::SystemClock;
use crate::application::test_profile::{TestProfile, Tested};
use crate::application::test_step::{Ended, StepReport, TestStep};
use crate::domain::oauth::client_credentials::{ClientAuthentication, ClientCredentials};
use crate::domain::profile::{ClientId, ProfileName};

const EXAMPLES: &str = "\
Examples:
  profiles test orders
  profiles test orders --client-id 0oa1b2c3d4e5f6g7h8i9 < secret.txt
  profiles test orders --token - < token.txt

A client's secret is asked for at a terminal, and otherwise read from standard input. Exit status: 0 where nothing fails,
otherwise 1.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TestArguments {
    /// The profile's name
    name: String,
    /// Fetch the token for this client, whose secret is asked for, and not for the stored one
    #[arg(long, value_name = "ID", conflicts_with = "token")]
    client_id: Option<String>,
    /// `-`: test the token that is read from standard input, and fetch none
    #[arg(long, value_name = "-", allow_hyphen_values = true)]
    token: Option<String>,
}

/// At least one step failed, and was printed.
#[derive(Debug, thiserror::Error)]
#[error("the profile `{name}` fails its test: {}", failed.join(", "))]
struct Failed {
    name: ProfileName,
    failed: Vec<&'static str>,
}

/// The whole report for programs.
#[derive(Serialize)]
struct Document<'r> {
    profile: &'r str,
    ok: bool,
    steps: Vec<Line<'r>>,
}

#[derive(Serialize)]
struct Line<'r> {
    step: &'static str,
    status: Mark,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    detail: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'r str>,
}

impl TestArguments {
    /// Prints each step as it ends.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        let name = ProfileName::new(&self.name).map_err(|error| CliError::usage(error.to_string()))?;
        let tested = self.tested()?;
        wait_for(async {
            let bench = global.open().await?;
            let okta = okta_client(&bench.config)?;
            let (store, transport) = (bench.repository.as_store(), bench.config.transport);
            let job = TestProfile { store, okta, clock: SystemClock, transport };
            let mut printer = Printer { output: bench.output, skipped: Vec::new(), failure: None };
            progress(&format!("testing `{name}`"));
            let lines = job.test(&name, tested, |line| printer.tell(line)).await?;
            printer.finish()?;
            let failed: Vec<&StepReport> = lines.iter().filter(|line| line.ended == Ended::Fail).collect();
            if !bench.output.is_human() {
                let steps = lines.iter().map(Line::from).collect();
                bench.output.json(&Document { profile: name.as_str(), ok: failed.is_empty(), steps })?;
            }
            if failed.is_empty() {
                return Ok(());
            }
            let mut failed: Vec<&'static str> = failed.iter().map(|line| line.step.name()).collect();
            failed.dedup();
            Err(Failed { name, failed }.into())
        })
    }

    fn tested(&self) -> Result<Tested, CliError> {
        match (&self.client_id, self.token.as_deref()) {
            (None, None) => Ok(Tested::StoredClient),
            (None, Some(place)) => Ok(Tested::Token(read_token("--token -", place)?.credential)),
            (Some(client_id), _) => {
                let client_id = ClientId::new(client_id)
                    .ok_or_else(|| CliError::usage("--client-id is empty or has other than printable characters"))?;
                let authentication = ClientAuthentication::Basic(terminal::secret(client_id.as_str())?);
                Ok(Tested::Client(ClientCredentials { client_id, authentication }))
            }
        }
    }
}

/// Prints lines as they come; what is skipped for one reason is one line.
struct Printer {
    output: Output,
    skipped: Vec<(TestStep, String)>,
    failure: Option<std::io::Error>,
}

impl Printer {
    fn tell(&mut self, line: &StepReport) {
        if !self.output.is_human() || self.failure.is_some() {
            return;
        }
        if let Err(error) = self.print(line) {
            self.failure = Some(error);
        }
    }

    fn print(&mut self, line: &StepReport) -> std::io::Result<()> {
        if line.ended == Ended::Skip {
            if self.skipped.first().is_some_and(|(_, why)| *why != line.detail) {
                self.print_skipped()?;
            }
            self.skipped.push((line.step, line.detail.clone()));
            return Ok(());
        }
        self.print_skipped()?;
        let mark = self.output.mark(mark(line.ended));
        self.output.line(&format!("{mark}  {:<14}  {}", line.step.name(), line.detail))?;
        match &line.remedy {
            Some(remedy) => self.output.line(&format!("      {:<14}  {remedy}", "")),
            None => Ok(()),
        }
    }

    fn print_skipped(&mut self) -> std::io::Result<()> {
        let skipped = std::mem::take(&mut self.skipped);
        let Some((_, why)) = skipped.first() else { return Ok(()) };
        let names: Vec<&str> = skipped.iter().map(|(step, _)| step.name()).collect();
        self.output.line(&skip_line(self.output, 14, &names, why))
    }

    fn finish(mut self) -> std::io::Result<()> {
        self.print_skipped()?;
        self.failure.map_or(Ok(()), Err)
    }
}

impl<'r> From<&'r StepReport> for Line<'r> {
    fn from(line: &'r StepReport) -> Self {
        let (step, status) = (line.step.name(), mark(line.ended));
        Self { step, status, reason: line.reason, detail: &line.detail, remedy: line.remedy.as_deref() }
    }
}

/// Steps that were skipped for one reason, on one line.
pub(super) fn skip_line(output: Output, width: usize, names: &[&str], why: &str) -> String {
    let mark = output.mark(Mark::Skip);
    match names {
        [name] => format!("{mark}  {name:<width$}  {why}"),
        several => {
            let count = format!("{} steps", several.len());
            format!("{mark}  {count:<width$}  {why}: {}", several.join(", "))
        }
    }
}

const fn mark(ended: Ended) -> Mark {
    match ended {
        Ended::Pass => Mark::Pass,
        Ended::Skip => Mark::Skip,
        Ended::Warn => Mark::Warn,
        Ended::Fail => Mark::Fail,
    }
}
