//! The `routes` of a profile document: read, checked against each other, and judged for what a policy can say of them.

use super::checks::scopes;
use super::document::{RouteDocument, RouteScopesDocument};
use super::finding::Finding;
use crate::domain::gateway::policy_builder::{Routes, USUAL_BUDGET, left_out};
use crate::domain::gateway::route::{RequiredScopes, Resolution, Route, RouteMethod};
use crate::domain::oauth::scope::ScopeSet;

/// Reads the routes; what is wrong goes to `findings`.
pub(super) fn routes(given: Vec<RouteDocument>, findings: &mut Vec<Finding>) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::with_capacity(given.len());
    for (index, document) in given.into_iter().enumerate() {
        let field = format!("routes[{index}]");
        let scopes = required_scopes(&field, document.scopes, findings);
        match Route::parse(&document.route, scopes) {
            Ok(route) if routes.iter().any(|known| known.method == route.method && known.path == route.path) => {
                let problem = format!("`{}` is the same route as one above it; remove one of them", document.route);
                findings.push(Finding::new(field, problem));
            }
            Ok(route) => routes.push(route),
            Err(error) => {
                findings
                    .push(Finding::new(format!("{field}.route"), format!("`{}` is no route: {error}", document.route)));
            }
        }
    }
    routes
}

fn required_scopes(field: &str, given: Option<RouteScopesDocument>, findings: &mut Vec<Finding>) -> RequiredScopes {
    let Some(given) = given else { return RequiredScopes::All(ScopeSet::default()) };
    match (given.all, given.any) {
        (Some(all), None) => RequiredScopes::All(scopes(&format!("{field}.scopes.all"), &all, findings)),
        (None, Some(any)) => RequiredScopes::Any(scopes(&format!("{field}.scopes.any"), &any, findings)),
        (Some(_), Some(_)) | (None, None) => {
            findings.push(Finding::new(format!("{field}.scopes"), "needs exactly one of `all` and `any`"));
            RequiredScopes::All(ScopeSet::default())
        }
    }
}

/// Routes that no policy can express exactly: IAM's `*` crosses slashes, and a policy is small. `granted` is what every
/// token has.
pub(super) fn route_warnings(routes: &[Route], granted: &ScopeSet) -> Vec<Finding> {
    let mut affected = left_out(Routes { routes, resolution: Resolution::ResourceFirst, granted }, USUAL_BUDGET);
    affected.extend(left_out(Routes { routes, resolution: Resolution::RouteFirst, granted }, USUAL_BUDGET));
    affected.sort();
    affected.dedup();
    let is_connect = |route: &Route| route.method == RouteMethod::Connect;
    let mut warnings = Vec::new();
    if !affected.is_empty() {
        warnings.push(Finding::new(
            "routes",
            format!(
                "{} cannot stand in one policy with the other routes: a fresh call is decided exactly, but while a policy of \
                 another route is cached they are denied; add the route to the authorizer's identity sources \
                 (`context.resourcePath` and `context.httpMethod`, or `$context.routeKey`), or set its TTL to 0",
                affected.iter().map(|route| format!("`{route}`")).collect::<Vec<_>>().join(", ")
            ),
        ));
    }
    if routes.iter().any(is_connect) && !routes.iter().all(is_connect) {
        warnings.push(Finding::new(
            "routes",
            "`$connect` is a WebSocket API's route and the others are not; use two profiles",
        ));
    }
    warnings
}
