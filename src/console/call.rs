//! The call that a page is about: the API and stage that a URL is of, and the ARN that stands for it.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use super::page::Refusal;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::route::RequiredScopes;
use crate::domain::profile::{ApiPattern, SecurityProfile};

/// A region and an account that stand for those of the API.
const ARN_PREFIX: &str = "arn:aws:execute-api:us-east-1:123456789012";
/// The API and stage that stand for any.
const ANY_API: &str = "abcdef1234/prod";

/// A call that may be made with a profile's token.
pub(super) struct AllowedCall {
    pub(super) url: Url,
    pub(super) arn: MethodArn,
    /// Where it comes from, where that is known.
    pub(super) source_ip: Option<IpAddr>,
}

/// A call of an API and stage that the profile covers.
pub(super) fn any_call(profile: &SecurityProfile) -> Result<MethodArn, Refusal> {
    arn(&covered(profile), "GET", "/")
}

/// An API and stage that the profile covers.
fn covered(profile: &SecurityProfile) -> String {
    let of_pattern = |pattern: &ApiPattern| match pattern {
        ApiPattern::Any => None,
        ApiPattern::Api { api_id } => Some(format!("{api_id}/prod")),
        ApiPattern::Stage { api_id, stage } => Some(format!("{api_id}/{stage}")),
    };
    profile.apis().iter().find_map(of_pattern).unwrap_or_else(|| ANY_API.to_owned())
}

fn arn(api: &str, method: &str, path: &str) -> Result<MethodArn, Refusal> {
    let text = format!("{ARN_PREFIX}:{api}/{method}{path}");
    MethodArn::parse(&text).map_err(|_| Refusal::bad(format!("`{api}` is no API and stage.")))
}

/// The call of this URL, where a token of the profile may be sent there: to an API that the profile governs, over HTTPS and
/// at API Gateway's own name, or to this machine. A token goes nowhere else.
pub(super) fn allowed_call(profile: &SecurityProfile, method: &str, text: &str) -> Result<AllowedCall, Refusal> {
    let elsewhere = || {
        Refusal::bad(
            "A token is sent only to https://APIID.execute-api.REGION.amazonaws.com of an API that the profile governs, or to \
             this machine (http://127.0.0.1:PORT).",
        )
    };
    let url = Url::parse(text).map_err(|_| Refusal::bad("This is not a URL; expected https://host/path."))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(elsewhere());
    }
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if is_loopback && matches!(url.scheme(), "http" | "https") {
        let arn = arn(&covered(profile), method, url.path())?;
        return Ok(AllowedCall { url, arn, source_ip: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) });
    }
    let host = url.host_str().unwrap_or_default();
    let name = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"));
    let labels: Vec<&str> = name.unwrap_or_default().split('.').collect();
    let [api_id, "execute-api", _region] = labels[..] else { return Err(elsewhere()) };
    if url.scheme() != "https" || url.port().is_some() {
        return Err(elsewhere());
    }
    let by_default = arn(&format!("{api_id}/$default"), method, url.path())?;
    let first = url.path().split('/').nth(1).unwrap_or_default();
    let rest = url.path().get(1 + first.len()..).filter(|rest| !rest.is_empty()).unwrap_or("/");
    let by_stage = arn(&format!("{api_id}/{first}"), method, rest).ok();
    let named = |pattern: &ApiPattern| matches!(pattern, ApiPattern::Stage { api_id: id, stage } if id == api_id && stage == first);
    let staged = by_stage.filter(|arn| profile.applies_to(arn));
    let arn = match staged {
        Some(arn) if profile.apis().iter().any(named) || !is_default(profile, api_id) => Some(arn),
        Some(_) | None => Some(by_default).filter(|arn| profile.applies_to(arn)),
    };
    Ok(AllowedCall { arn: arn.ok_or_else(elsewhere)?, url, source_ip: None })
}

fn is_default(profile: &SecurityProfile, api_id: &str) -> bool {
    let default = |pattern: &ApiPattern| matches!(pattern, ApiPattern::Stage { api_id: id, stage } if id == api_id && stage == "$default");
    profile.apis().iter().any(default)
}

/// What a route asks for, in words.
pub(super) fn needs(scopes: &RequiredScopes) -> String {
    match scopes {
        RequiredScopes::All(scopes) if scopes.is_empty() => "nothing more".to_owned(),
        RequiredScopes::All(scopes) => format!("all of {scopes}"),
        RequiredScopes::Any(scopes) => format!("any of {scopes}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::allowed_call;
    use crate::testing::{profile, profile_document, with};

    #[test]
    fn a_token_goes_to_the_profiles_own_apis_and_to_this_machine_only() {
        let profile = profile(&with(profile_document(), "apis", json!(["abc/prod", "def/$default"])));
        for (url, called) in [
            ("https://abc.execute-api.eu-west-1.amazonaws.com/prod/orders/1", "abc/prod/GET/orders/1"),
            ("https://def.execute-api.eu-west-1.amazonaws.com/orders/1", "def/$default/GET/orders/1"),
            ("http://127.0.0.1:8080/orders/1", "abc/prod/GET/orders/1"),
            ("http://localhost:8080/", "abc/prod/GET/"),
        ] {
            let call = allowed_call(&profile, "GET", url).expect(url);
            let arn = call.arn;
            assert_eq!(format!("{}/{}/{}/{}", arn.api_id(), arn.stage(), arn.method(), arn.path()), called, "{url}");
        }
        for url in [
            "http://abc.execute-api.eu-west-1.amazonaws.com/prod/orders/1",
            "https://abc.execute-api.eu-west-1.amazonaws.com:8443/prod/",
            "https://abc.execute-api.eu-west-1.amazonaws.com/test/orders/1",
            "https://xyz.execute-api.eu-west-1.amazonaws.com/prod/",
            "https://abc.execute-api.eu-west-1.amazonaws.com.evil.example/prod/",
            "https://user@abc.execute-api.eu-west-1.amazonaws.com/prod/",
            "https://evil.example/",
            "http://169.254.169.254/latest/meta-data/",
            "http://127.0.0.1.evil.example/",
            "file:///etc/passwd",
            "nonsense",
        ] {
            assert!(allowed_call(&profile, "GET", url).is_err(), "{url}");
        }
    }
}
