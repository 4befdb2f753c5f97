//! The issuer and the URLs of its authorization server (RFC 8414 section 2, OpenID Connect Discovery 1.0).

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::document::ProfileDocument;
use super::finding::Finding;

/// Where a discovery document may lie below its issuer.
const DISCOVERY_SUFFIXES: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

/// Texts of Okta's documentation that a reader is meant to replace.
const PLACEHOLDERS: [&str; 2] = ["yourOktaDomain", "yourAuthServerId"];

/// Whether an issuer may be reached without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// `https` only, and never to an address written as numbers.
    Https,
    /// Also `http` and `https` to a loopback address, for the stand-in authorization server of `profiles local`.
    HttpsOrLoopback,
}

/// An issuer identifier, compared with `iss` byte for byte (RFC 8414 section 2, RFC 7519 section 4.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Issuer(String);

impl Issuer {
    /// The issuer as written in the profile.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An authorization server's issuer and endpoints, all on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Compared with `iss`.
    pub issuer: Issuer,
    /// The discovery document.
    pub discovery_url: Url,
    /// The authorization endpoint; unused by the 2-legged flow.
    pub authorization_url: Url,
    /// The token endpoint.
    pub token_url: Url,
    /// The user-info endpoint; unused by the 2-legged flow.
    pub user_info_url: Url,
    /// The key set.
    pub keys_url: Url,
    /// The introspection endpoint, where the profile uses it.
    pub introspection_url: Option<Url>,
}

impl Endpoints {
    /// Reads the URLs of a document, filling in what follows from the issuer. What is wrong goes to `findings`.
    pub(super) fn from_document(
        document: &ProfileDocument,
        transport: Transport,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let (field, issuer) = issuer_text(document, findings)?;
        let takes_org_server = document.introspection.as_ref().is_some_and(|introspection| introspection.opaque);
        let issuer_url = issuer_url(field, &issuer, transport, takes_org_server, findings)?;
        // The endpoints of an org authorization server lie below /oauth2 (Okta, "Org authorization server").
        let base = if is_bare(&issuer_url) { format!("{issuer}/oauth2") } else { issuer.clone() };
        let mut endpoint = |field: &'static str, given: Option<&String>, suffix: &str| {
            let base = if suffix.starts_with("/.well-known/") { &issuer } else { &base };
            let text = given.cloned().unwrap_or_else(|| format!("{base}{suffix}"));
            same_host_url(field, &text, &issuer_url, findings)
        };
        let discovery_url = endpoint("discoveryUrl", document.discovery_url.as_ref(), DISCOVERY_SUFFIXES[0]);
        let authorization_url = endpoint("authorizationUrl", document.authorization_url.as_ref(), "/v1/authorize");
        let token_url = endpoint("tokenUrl", document.token_url.as_ref(), "/v1/token");
        let user_info_url = endpoint("userInfoUrl", document.user_info_url.as_ref(), "/v1/userinfo");
        let keys_url = endpoint("keysUrl", document.keys_url.as_ref(), "/v1/keys");
        let introspection_url = document
            .introspection
            .as_ref()
            .map(|introspection| endpoint("introspection.url", introspection.url.as_ref(), "/v1/introspect"));
        Some(Self {
            introspection_url: introspection_url.flatten(),
            issuer: Issuer(issuer),
            discovery_url: discovery_url?,
            authorization_url: authorization_url?,
            token_url: token_url?,
            user_info_url: user_info_url?,
            keys_url: keys_url?,
        })
    }

    /// Whether the issuer is an org authorization server.
    #[must_use]
    pub fn is_org_server(&self) -> bool {
        self.issuer.as_str().matches('/').count() == 2
    }
}

fn is_bare(issuer: &Url) -> bool {
    issuer.path() == "/"
}

/// The issuer: as given, or what is left of the discovery URL.
fn issuer_text(document: &ProfileDocument, findings: &mut Vec<Finding>) -> Option<(&'static str, String)> {
    match (&document.issuer, &document.discovery_url) {
        (Some(issuer), _) => Some(("issuer", issuer.clone())),
        (None, Some(discovery)) => {
            let issuer = DISCOVERY_SUFFIXES.iter().find_map(|suffix| discovery.strip_suffix(suffix));
            if issuer.is_none() {
                let expected = DISCOVERY_SUFFIXES[0];
                findings.push(Finding::new(
                    "discoveryUrl",
                    format!(
                        "`{discovery}` does not end in `{expected}`, so the issuer cannot be told from it; add `issuer`"
                    ),
                ));
            }
            issuer.map(|issuer| ("discoveryUrl", issuer.to_owned()))
        }
        (None, None) => {
            findings.push(Finding::new(
                "issuer",
                "is missing; expected the authorization server's Issuer URI, such as `https://acme.okta.com/oauth2/default`",
            ));
            None
        }
    }
}

fn issuer_url(
    field: &str,
    issuer: &str,
    transport: Transport,
    takes_org_server: bool,
    findings: &mut Vec<Finding>,
) -> Option<Url> {
    let mut refuse = |problem: String| {
        findings.push(Finding::new(field, problem));
        None
    };
    let url = match parse_url(issuer) {
        Ok(url) => url,
        Err(problem) => return refuse(problem),
    };
    if url.query().is_some() || url.fragment().is_some() {
        return refuse(format!("`{issuer}` has a query or a fragment; expected the bare issuer"));
    }
    if issuer.ends_with('/') {
        return refuse(format!("`{issuer}` ends in `/`; remove it, the issuer is compared with `iss` byte for byte"));
    }
    if is_bare(&url) && !takes_org_server {
        return refuse(format!(
            "`{issuer}` is an org authorization server, whose access tokens cannot be verified locally; expected a custom \
             authorization server's issuer, such as `{issuer}/oauth2/default`, or `introspection` with `opaque`"
        ));
    }
    if let Err(problem) = check_transport(&url, transport) {
        return refuse(format!("`{issuer}` {problem}"));
    }
    Some(url)
}

fn check_transport(url: &Url, transport: Transport) -> Result<(), &'static str> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) | None => None,
    };
    let loopback = address.map_or(url.host_str() == Some("localhost"), |address| address.is_loopback());
    match (transport, loopback) {
        (Transport::HttpsOrLoopback, true) if matches!(url.scheme(), "http" | "https") => Ok(()),
        _ if url.scheme() != "https" => Err("is not https; expected an `https://` URL"),
        _ if address.is_some() => Err("is an address in numbers; expected the Okta domain's name"),
        _ => Ok(()),
    }
}

fn same_host_url(field: &'static str, text: &str, issuer: &Url, findings: &mut Vec<Finding>) -> Option<Url> {
    let refusal = match parse_url(text) {
        Ok(url) if url.origin() == issuer.origin() => return Some(url),
        Ok(_) => {
            let origin = issuer.origin().ascii_serialization();
            format!("`{text}` is not on the issuer's host; expected a URL that begins with `{origin}/`")
        }
        Err(problem) => problem,
    };
    findings.push(Finding::new(field, refusal));
    None
}

fn parse_url(text: &str) -> Result<Url, String> {
    let lower = text.to_ascii_lowercase();
    if let Some(placeholder) =
        PLACEHOLDERS.into_iter().find(|placeholder| lower.contains(&placeholder.to_ascii_lowercase()))
    {
        return Err(format!("`{text}` still holds the placeholder `{placeholder}`; replace it with your own value"));
    }
    if text.contains(['{', '}', '<', '>', ' ']) {
        return Err(format!("`{text}` still holds a placeholder or a space; expected a complete URL"));
    }
    match Url::parse(text) {
        Ok(url) if !is_written_plainly(text, &url) => {
            Err(format!("`{}` is not a URL; expected `https://host/path`", text.escape_debug()))
        }
        Ok(url) if url.has_host() && url.username().is_empty() && url.password().is_none() => Ok(url),
        Ok(_) => Err(format!("`{text}` has no host, or has a user name; expected `https://host/path`")),
        Err(_) => Err(format!("`{text}` is not a URL; expected `https://host/path`")),
    }
}

/// The URL standard reads much as a URL that nobody means as one: `https:host`, `https:///host`, backslashes, line feeds.
fn is_written_plainly(text: &str, url: &Url) -> bool {
    let behind_scheme = text.strip_prefix(url.scheme()).and_then(|rest| rest.strip_prefix("://"));
    behind_scheme.is_some_and(|rest| !rest.starts_with('/'))
        && !text.contains(|character: char| character == '\\' || character.is_control())
}
