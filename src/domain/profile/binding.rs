//! `binding` and `dpop` of a profile document: what tokens must be bound to.

use url::Url;

use super::automatic::Automatic;
use super::document::DpopDocument;
use super::finding::Finding;
use crate::domain::binding::mode::Binding;
use crate::domain::binding::possession::BindingRules;
use crate::domain::binding::target::TargetUri;

/// Reads both fields. What is wrong goes to `findings`.
pub(super) fn binding_rules(
    binding: Option<&str>,
    dpop: Option<DpopDocument>,
    automatic: Automatic,
    findings: &mut Vec<Finding>,
) -> BindingRules {
    let mode = Binding::from_name(binding.unwrap_or(Binding::None.name())).unwrap_or_else(|| {
        let known = Binding::ALL.map(|mode| format!("`{}`", mode.name())).join(", ");
        let given = binding.unwrap_or_default();
        findings.push(Finding::new("binding", format!("`{given}` is unknown; expected one of {known}")));
        Binding::None
    });
    if mode.is_required() && (automatic.basic || automatic.anonymous) {
        let problem = "excludes `automatic`: a token that is fetched for its caller is bound to nothing that the caller has; \
                       remove one of the two";
        findings.push(Finding::new("binding", problem));
    }
    let urls = dpop.map(|dpop| dpop.urls).unwrap_or_default();
    if !urls.is_empty() && !mode.takes_dpop() {
        findings.push(Finding::new("dpop", "needs `binding` to be `dpop` or `any-bound`; set it, or remove `dpop`"));
    }
    for (index, url) in urls.iter().enumerate() {
        let is_plain = Url::parse(url).is_ok_and(|url| url.query().is_none() && url.fragment().is_none());
        if TargetUri::parse(url).is_none() || !is_plain {
            let problem = format!("`{url}` is no base URL; expected one such as `https://api.example.com/orders`");
            findings.push(Finding::new(format!("dpop.urls[{index}]"), problem));
        }
    }
    BindingRules { mode, urls }
}

/// What the operator should know about profiles whose tokens are bound.
pub(super) fn binding_warnings(binding: &BindingRules) -> Vec<Finding> {
    if !binding.mode.is_required() {
        return Vec::new();
    }
    let text = "every call has to prove possession: set the authorizer's result TTL to 0, since API Gateway would answer the \
                calls that follow from its cache without asking";
    vec![Finding::new("binding", text)]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::domain::profile::{ProfileError, SecurityProfile, Transport};
    use crate::testing::{name, profile_document, with};

    fn parse(document: &Value) -> Result<SecurityProfile, ProfileError> {
        SecurityProfile::from_json(&name("orders"), &document.to_string(), Transport::Https)
    }

    #[test]
    fn binding_is_one_of_four_modes_and_excludes_automatic_mode() {
        for mode in ["none", "dpop", "mtls", "any-bound"] {
            let profile = parse(&with(profile_document(), "binding", json!(mode))).expect("valid");
            assert_eq!(profile.binding().mode.name(), mode);
            assert_eq!(profile.warnings().iter().any(|warning| warning.field == "binding"), mode != "none");
            assert_eq!(profile.answers_for_the_called_route_only(), mode != "none");
        }
        let error = parse(&with(profile_document(), "binding", json!("tls"))).expect_err("refused").to_string();
        assert!(error.contains("field `binding`: `tls` is unknown") && error.contains("`mtls`"), "{error}");
        let mut document = with(profile_document(), "binding", json!("dpop"));
        document["automatic"] = json!({"basic": true});
        let error = parse(&document).expect_err("refused").to_string();
        assert!(error.contains("excludes `automatic`"), "{error}");
    }

    #[test]
    fn urls_of_dpop_clients_are_base_urls_and_need_dpop() {
        let document = |urls: Value, binding: &str| {
            let mut document = with(profile_document(), "binding", json!(binding));
            document["dpop"] = json!({"urls": urls});
            document
        };
        let urls = json!(["https://api.example.com", "https://api.example.com/v1"]);
        assert_eq!(parse(&document(urls.clone(), "dpop")).expect("valid").binding().urls.len(), 2);
        let error = parse(&document(urls, "mtls")).expect_err("refused").to_string();
        assert!(error.contains("field `dpop`: needs `binding`"), "{error}");
        for url in
            ["api.example.com", "http://api.example.com", "https://api.example.com?x=1", "https://api.example.com#x"]
        {
            let error = parse(&document(json!([url]), "dpop")).expect_err("refused").to_string();
            assert!(error.contains("field `dpop.urls[0]`") && error.contains(url), "{error}");
        }
    }
}
