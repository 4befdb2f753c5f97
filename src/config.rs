//! The functions' configuration: the one place that reads the environment.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::domain::profile::{ProfileName, Transport};
use crate::ports::profile_store::ProfileSelection;

/// Where profiles live where nothing else is said.
pub const DEFAULT_PROFILE_ROOT: &str = "/okta-security-profiles";
/// The CloudWatch namespace of the metrics where nothing else is said.
pub const DEFAULT_METRICS_NAMESPACE: &str = "OktaSecurityProfiles";
/// The longest time that a profile may be held, in seconds: one day.
const MAX_PROFILE_TTL_SECONDS: u64 = 86_400;

/// What a function is told by its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `PROFILES`.
    pub selection: ProfileSelection,
    /// `PROFILE_ROOT` and `PROFILE_STORE`.
    pub store: StoreConfig,
    /// `PROFILE_TTL_SECONDS`.
    pub profile_ttl: Duration,
    /// `AUTHORIZER_RESPONSE`.
    pub response: AuthorizerResponse,
    /// `ALLOW_LOOPBACK_HTTP`.
    pub transport: Transport,
    /// `RUST_LOG`.
    pub log_filter: String,
    /// `METRICS_NAMESPACE`: where CloudWatch keeps the metrics.
    pub metrics_namespace: String,
    /// `SSL_CERT_FILE`: extra trust anchors (PEM).
    pub extra_trust_anchors: Option<PathBuf>,
    /// `OKTA_PROXY`: an HTTP proxy for calls to Okta.
    pub okta_proxy: Option<Url>,
    /// `TOKEN_ALLOWED_ORIGINS`: whose pages may use the token URL from a browser.
    pub token_allowed_origins: Vec<String>,
}

/// Where profiles are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// SSM Parameter Store, below this path.
    Ssm {
        /// Begins with `/`, does not end with one.
        root: String,
    },
    /// A folder.
    File {
        /// The folder.
        directory: PathBuf,
    },
}

/// How HTTP API payload 2.0 events are answered; every other form is always answered with a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorizerResponse {
    /// With an IAM policy.
    Iam,
    /// With `isAuthorized`, for HTTP APIs that have simple responses enabled.
    Simple,
}

/// A variable whose value cannot be used. Reads as one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {variable} is `{value}`: expected {expected}")]
pub struct ConfigError {
    /// Its name.
    pub variable: &'static str,
    /// Its value, with unprintable characters escaped.
    pub value: String,
    /// What would have been right.
    pub expected: String,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`ConfigError`] with the first variable whose value cannot be used.
    pub fn from_environment() -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The same, with another store or root than the environment's where the command line names one.
    ///
    /// # Errors
    /// [`ConfigError`] with the first value that cannot be used.
    pub fn from_environment_with(store: Option<&str>, root: Option<&str>) -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self::from_variables(|name| match name {
            "PROFILE_STORE" if store.is_some() => store.map(str::to_owned),
            "PROFILE_ROOT" if root.is_some() => root.map(str::to_owned),
            _ => std::env::var(name).ok(),
        })
    }

    /// Reads variables through `variable`; an empty value counts as unset.
    ///
    /// # Errors
    /// [`ConfigError`] with the first variable whose value cannot be used.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let read = |name: &str| variable(name).filter(|value| !value.is_empty());
        Ok(Self {
            selection: selection(read("PROFILES"))?,
            store: store(read("PROFILE_STORE").as_deref(), read("PROFILE_ROOT"))?,
            profile_ttl: profile_ttl(read("PROFILE_TTL_SECONDS"))?,
            response: response(read("AUTHORIZER_RESPONSE").as_deref())?,
            transport: transport(read("ALLOW_LOOPBACK_HTTP").as_deref())?,
            log_filter: log_filter(read("RUST_LOG"))?,
            metrics_namespace: metrics_namespace(read("METRICS_NAMESPACE"))?,
            extra_trust_anchors: read("SSL_CERT_FILE").map(PathBuf::from),
            okta_proxy: read("OKTA_PROXY").map(|value| okta_proxy(&value)).transpose()?,
            token_allowed_origins: token_allowed_origins(&read("TOKEN_ALLOWED_ORIGINS").unwrap_or_default())?,
        })
    }
}

/// `NO_COLOR`: whatever its value, unless it is empty (no-color.org).
#[must_use]
pub fn no_color() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    std::env::var("NO_COLOR").is_ok_and(|value| !value.is_empty())
}

/// `AWS_REGION`, or else `AWS_DEFAULT_REGION`, as the SDK looks for them.
#[must_use]
pub fn aws_region() -> Option<String> {
    let read = |name: &str| {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        std::env::var(name).ok().filter(|value| !value.is_empty())
    };
    read("AWS_REGION").or_else(|| read("AWS_DEFAULT_REGION"))
}

fn error(variable: &'static str, value: &str, expected: impl Into<String>) -> ConfigError {
    ConfigError { variable, value: value.escape_debug().to_string(), expected: expected.into() }
}

fn selection(value: Option<String>) -> Result<ProfileSelection, ConfigError> {
    let Some(value) = value.filter(|value| value != "*") else { return Ok(ProfileSelection::All) };
    let mut names: Vec<ProfileName> = Vec::new();
    for name in value.split(',').map(str::trim) {
        let name = ProfileName::new(name).map_err(|problem| {
            error("PROFILES", &value, format!("`*` or profile names separated by commas; {problem}"))
        })?;
        if names.contains(&name) {
            return Err(error("PROFILES", &value, format!("each profile once, `{name}` is there twice")));
        }
        names.push(name);
    }
    Ok(ProfileSelection::Named(names))
}

fn store(store: Option<&str>, root: Option<String>) -> Result<StoreConfig, ConfigError> {
    let root = profile_root(root)?;
    match store {
        None | Some("ssm") => Ok(StoreConfig::Ssm { root }),
        Some(value) => match value.strip_prefix("file:") {
            Some(directory) if !directory.is_empty() => Ok(StoreConfig::File { directory: PathBuf::from(directory) }),
            Some(_) | None => Err(error("PROFILE_STORE", value, "`ssm` or `file:DIRECTORY`")),
        },
    }
}

/// A parameter's name has letters, digits and `.-_` between slashes (Systems Manager, "PutParameter").
fn profile_root(value: Option<String>) -> Result<String, ConfigError> {
    let Some(value) = value else { return Ok(DEFAULT_PROFILE_ROOT.to_owned()) };
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    match value.strip_prefix('/') {
        Some(path) if path.split('/').all(word) => Ok(value),
        Some(_) | None => Err(error(
            "PROFILE_ROOT",
            &value,
            format!("a parameter path without a slash at its end, such as `{DEFAULT_PROFILE_ROOT}`"),
        )),
    }
}

fn profile_ttl(value: Option<String>) -> Result<Duration, ConfigError> {
    let Some(value) = value else { return Ok(Duration::from_secs(300)) };
    match value.parse() {
        Ok(seconds @ 1..=MAX_PROFILE_TTL_SECONDS) => Ok(Duration::from_secs(seconds)),
        Ok(_) | Err(_) => Err(error(
            "PROFILE_TTL_SECONDS",
            &value,
            format!("a number of seconds from 1 to {MAX_PROFILE_TTL_SECONDS}"),
        )),
    }
}

fn response(value: Option<&str>) -> Result<AuthorizerResponse, ConfigError> {
    match value {
        None | Some("iam") => Ok(AuthorizerResponse::Iam),
        Some("simple") => Ok(AuthorizerResponse::Simple),
        Some(other) => Err(error("AUTHORIZER_RESPONSE", other, "`iam` or `simple`")),
    }
}

fn transport(value: Option<&str>) -> Result<Transport, ConfigError> {
    match value {
        None | Some("false") => Ok(Transport::Https),
        Some("true") => Ok(Transport::HttpsOrLoopback),
        Some(other) => Err(error("ALLOW_LOOPBACK_HTTP", other, "`true`, or unset")),
    }
}

/// A proxy that asks for a password would need a secret in the environment: there is no such thing, and none is repeated.
fn okta_proxy(value: &str) -> Result<Url, ConfigError> {
    let expected = "an HTTP proxy without a user name, such as `http://proxy.example:3128`";
    if value.contains('@') {
        return Err(error("OKTA_PROXY", "...@...", expected));
    }
    let url = Url::parse(value).ok().filter(|url| url.scheme() == "http" && url.has_host());
    url.ok_or_else(|| error("OKTA_PROXY", value, expected))
}

/// Origins as a browser writes them (RFC 6454 section 6.1): no path, no default port, no wildcard.
fn token_allowed_origins(value: &str) -> Result<Vec<String>, ConfigError> {
    let is_origin = |text: &str| {
        Url::parse(text).is_ok_and(|url| {
            let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            (url.scheme() == "https" || url.scheme() == "http" && loopback)
                && url.origin().ascii_serialization() == text
        })
    };
    let origins: Vec<&str> = value.split(',').map(str::trim).filter(|origin| !origin.is_empty()).collect();
    if origins.iter().all(|origin| is_origin(origin)) {
        return Ok(origins.into_iter().map(str::to_owned).collect());
    }
    let expected = "origins separated by commas, each such as `https://app.example`, without a path and without `*`";
    Err(error("TOKEN_ALLOWED_ORIGINS", value, expected))
}

fn log_filter(value: Option<String>) -> Result<String, ConfigError> {
    let value = value.unwrap_or_else(|| "info".to_owned());
    match tracing_subscriber::EnvFilter::try_new(&value) {
        Ok(_) => Ok(value),
        Err(_) => Err(error("RUST_LOG", &value, "a filter such as `info` or `okta_security_profiles=debug`")),
    }
}

/// A namespace has up to 255 letters, digits and `.-_/#: `, and does not begin with a colon; `AWS/` is Amazon's own
/// (Amazon CloudWatch API, "MetricDatum", namespaces).
fn metrics_namespace(value: Option<String>) -> Result<String, ConfigError> {
    let Some(value) = value else { return Ok(DEFAULT_METRICS_NAMESPACE.to_owned()) };
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#: ".contains(&byte);
    if value.len() <= 255 && value.bytes().all(known) && !value.starts_with([':', ' ']) && !value.starts_with("AWS/") {
        return Ok(value);
    }
    let expected =
        format!("a CloudWatch namespace such as `{DEFAULT_METRICS_NAMESPACE}`: letters, digits and `.-_/#:`");
    Err(error("METRICS_NAMESPACE", &value, expected))
}

#[cfg(test)]
mod tests {
    use super::{AuthorizerResponse, Config, ConfigError, StoreConfig};
    use crate::domain::profile::Transport;
    use crate::ports::profile_store::ProfileSelection;

    fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_environment_gives_the_documented_defaults() {
        let config = config(&[]).expect("valid");
        assert_eq!(config.selection, ProfileSelection::All);
        assert_eq!(config.store, StoreConfig::Ssm { root: "/okta-security-profiles".to_owned() });
        assert_eq!((config.profile_ttl.as_secs(), config.response), (300, AuthorizerResponse::Iam));
        assert_eq!((config.transport, config.log_filter.as_str()), (Transport::Https, "info"));
        assert_eq!(config.metrics_namespace, "OktaSecurityProfiles");
    }

    #[test]
    fn every_bad_value_names_the_variable_the_value_and_what_was_expected() {
        for (variable, value, expected) in [
            ("PROFILES", "orders,,x", "profile names separated by commas"),
            ("PROFILES", "orders,deny", "reserved"),
            ("PROFILES", "orders, orders", "there twice"),
            ("PROFILE_ROOT", "okta", "a parameter path"),
            ("PROFILE_ROOT", "/okta/", "a parameter path"),
            ("PROFILE_ROOT", "/", "a parameter path"),
            ("PROFILE_ROOT", "/a b", "a parameter path"),
            ("PROFILE_STORE", "s3://bucket", "`ssm` or `file:DIRECTORY`"),
            ("PROFILE_STORE", "file:", "`ssm` or `file:DIRECTORY`"),
            ("PROFILE_TTL_SECONDS", "0", "from 1 to 86400"),
            ("PROFILE_TTL_SECONDS", "5m", "from 1 to 86400"),
            ("AUTHORIZER_RESPONSE", "Simple", "`iam` or `simple`"),
            ("ALLOW_LOOPBACK_HTTP", "1", "`true`, or unset"),
            ("RUST_LOG", "a=b=c", "a filter"),
            ("METRICS_NAMESPACE", "AWS/Lambda", "a CloudWatch namespace"),
            ("METRICS_NAMESPACE", ":mine", "a CloudWatch namespace"),
            ("METRICS_NAMESPACE", "Okta,Profiles", "a CloudWatch namespace"),
            ("OKTA_PROXY", "proxy.example:3128", "an HTTP proxy"),
            ("TOKEN_ALLOWED_ORIGINS", "*", "origins separated by commas"),
            ("TOKEN_ALLOWED_ORIGINS", "https://app.example/", "origins separated by commas"),
            ("TOKEN_ALLOWED_ORIGINS", "https://app.example:443", "origins separated by commas"),
            ("TOKEN_ALLOWED_ORIGINS", "http://app.example", "origins separated by commas"),
            ("OKTA_PROXY", "https://proxy.example", "an HTTP proxy"),
        ] {
            let line = config(&[(variable, value)]).expect_err("refused").to_string();
            assert!(
                line.contains(variable) && line.contains(&format!("`{value}`")) && line.contains(expected),
                "{line}"
            );
            assert!(!line.contains('\n'));
        }
    }

    #[test]
    fn profiles_keep_the_order_in_which_they_are_named() {
        let ProfileSelection::Named(names) = config(&[("PROFILES", "b, a")]).expect("valid").selection else {
            panic!("named")
        };
        assert_eq!(names.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn a_password_for_the_proxy_is_refused_and_not_repeated() {
        let line = config(&[("OKTA_PROXY", "http://user:s3cret@proxy.example:3128")]).expect_err("refused").to_string();
        assert!(line.contains("OKTA_PROXY") && !line.contains("s3cret"), "{line}");
        let config = config(&[("OKTA_PROXY", "http://proxy.example:3128")]).expect("valid");
        assert_eq!(config.okta_proxy.expect("a proxy").as_str(), "http://proxy.example:3128/");
    }

    #[test]
    fn origins_are_read_one_by_one() {
        let config = config(&[("TOKEN_ALLOWED_ORIGINS", "https://app.example, http://localhost:3000")]).expect("valid");
        assert_eq!(config.token_allowed_origins, ["https://app.example", "http://localhost:3000"]);
    }

    #[test]
    fn a_folder_can_be_the_store() {
        let config = config(&[("PROFILE_STORE", "file:profiles")]).expect("valid");
        assert_eq!(config.store, StoreConfig::File { directory: "profiles".into() });
    }
}
