//! `profiles init`: a commented document to begin with.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::error::CliError;
use super::global::GlobalArguments;
use super::terminal;
use crate::domain::profile::ProfileName;

/// The document, with a word in `@...@` for each value.
const TEMPLATE: &str = include_str!("init.yaml");
const OKTA_DOMAIN: &str = "yourOktaDomain";
const AUTH_SERVER: &str = "default";
const AUDIENCE: &str = "api://orders";
const SCOPE: &str = "CustomScope";

const EXAMPLES: &str = "\
Examples:
  profiles init billing
  profiles init shipping --okta-domain acme.okta.com --auth-server default --audience api://shipping --scope CustomScope";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InitArguments {
    /// The profile; the document is written to NAME.yaml
    #[arg(value_parser = ProfileName::new, default_value = "orders")]
    name: ProfileName,
    /// Your Okta org's domain, such as acme.okta.com
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    okta_domain: Option<String>,
    /// The custom authorization server's id
    #[arg(long, value_name = "ID")]
    auth_server: Option<String>,
    /// Its audience
    #[arg(long)]
    audience: Option<String>,
    /// A scope that every token must hold
    #[arg(long)]
    scope: Option<String>,
}

/// Without `https://` and without a path, as people copy it.
fn domain(text: &str) -> Result<String, &'static str> {
    let domain = text.trim_start_matches("https://").trim_end_matches('/');
    let is_domain = |domain: &str| domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    if !domain.is_empty() && is_domain(domain) {
        Ok(domain.to_owned())
    } else {
        Err("expected a domain, such as acme.okta.com")
    }
}

/// What was written, for programs.
#[derive(Debug, Serialize)]
struct Begun<'p> {
    profile: &'p str,
    file: &'p str,
    /// What is left to be replaced.
    placeholders: Vec<&'static str>,
}

impl InitArguments {
    /// Asks for what no flag says, where somebody is there, and writes the file.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        let file = format!("{}.yaml", self.name);
        if std::path::Path::new(&file).exists() {
            return Err(exists(&file));
        }
        let okta_domain = answer(self.okta_domain, "Okta domain, such as acme.okta.com:", OKTA_DOMAIN)?;
        let okta_domain = domain(&okta_domain).map_err(CliError::usage)?;
        let auth_server = answer(self.auth_server, "Authorization server id:", AUTH_SERVER)?;
        let audience = answer(self.audience, "Audience:", AUDIENCE)?;
        let scope = answer(self.scope, "Scope that every token must hold:", SCOPE)?;
        let issuer = format!("https://{okta_domain}/oauth2/{auth_server}");
        // Every JSON text is a YAML text.
        let quoted = |text: &str| Value::from(text).to_string();
        let text = TEMPLATE
            .replace("@name@", self.name.as_str())
            .replace("@issuer@", &quoted(&issuer))
            .replace("@audience@", &quoted(&audience))
            .replace("@scope@", &quoted(&scope));

        let created = OpenOptions::new().write(true).create_new(true).open(&file);
        match created.and_then(|mut created| created.write_all(text.as_bytes())) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exists(&file)),
            Err(error) => return Err(CliError::failed(format!("`{file}` cannot be written: {error}"))),
        }
        let placeholders: Vec<&str> =
            [OKTA_DOMAIN, "yourAuthServerId"].into_iter().filter(|placeholder| issuer.contains(placeholder)).collect();
        let output = global.output();
        if !output.is_human() {
            return Ok(output.json(&Begun { profile: self.name.as_str(), file: &file, placeholders })?);
        }
        output.line(&format!("{file}: written"))?;
        if !placeholders.is_empty() {
            output.line(&format!("replace in it: {}", placeholders.join(", ")))?;
        }
        Ok(output
            .line(&format!("next: set `apis`, then `profiles lint {file}` and `profiles put {} {file}`", self.name))?)
    }
}

fn exists(file: &str) -> CliError {
    CliError::failed(format!("`{file}` exists already, and is not overwritten; choose another name, or move it away"))
}

fn answer(given: Option<String>, prompt: &str, default: &str) -> Result<String, CliError> {
    match given {
        Some(given) => Ok(given),
        None if terminal::is_interactive() => Ok(terminal::ask(prompt, default)?),
        None => Ok(default.to_owned()),
    }
}
