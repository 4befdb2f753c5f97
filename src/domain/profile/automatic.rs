//! Automatic mode of a profile: who may call without a token, the gateway fetching one for them.

use ipnet::IpNet;

use super::document::AutomaticDocument;
use super::finding::Finding;
use crate::domain::gateway::route::{Route, RouteMethod};

/// Who may call without a token. Nobody, unless the profile says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Automatic {
    /// A client that sends its id and secret (`Authorization: Basic`) to the API itself.
    pub basic: bool,
    /// Whoever calls from `allowedIps` without credentials, as the profile's stored client.
    pub anonymous: bool,
    /// Whether the backend is handed the token that was fetched.
    pub forward_token: bool,
}

impl Automatic {
    /// Reads `automatic`; what is wrong goes to `findings`.
    pub(super) fn from_document(
        document: Option<AutomaticDocument>,
        allowed_ips: &[IpNet],
        findings: &mut Vec<Finding>,
    ) -> Self {
        let Some(AutomaticDocument { basic, anonymous, forward_token }) = document else { return Self::default() };
        if !basic && !anonymous {
            let problem =
                "lets nobody call without a token; expected `basic` or `anonymous` to be `true`, or no `automatic`";
            findings.push(Finding::new("automatic", problem));
        }
        if anonymous && allowed_ips.is_empty() {
            let problem = "lets anyone call; expected `allowedIps` beside it, with the networks that may";
            findings.push(Finding::new("automatic.anonymous", problem));
        }
        if anonymous && let Some(everywhere) = allowed_ips.iter().find(|network| network.prefix_len() == 0) {
            let problem =
                format!("lets anyone call, since `allowedIps` holds `{everywhere}`; expected narrower networks");
            findings.push(Finding::new("automatic.anonymous", problem));
        }
        Self { basic, anonymous, forward_token }
    }

    /// What the operator should know of a profile with these routes.
    pub(super) fn warnings(self, routes: &[Route]) -> Vec<Finding> {
        let is_safe = |route: &Route| match &route.method {
            RouteMethod::Any => false,
            RouteMethod::Connect => true,
            RouteMethod::Only(method) => matches!(*method, "GET" | "HEAD" | "OPTIONS"),
        };
        if !self.anonymous || !routes.is_empty() && routes.iter().all(is_safe) {
            return Vec::new();
        }
        let problem = "any page in a browser within `allowedIps` can make calls that change things; \
                       declare `routes`, all of them `GET`";
        vec![Finding::new("automatic.anonymous", problem)]
    }
}
