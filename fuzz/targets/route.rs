//! Method ARNs, path templates and routes, and whether a template says the same of a path as the patterns made from it.

use okta_security_profiles::domain::gateway::method_arn::MethodArn;
use okta_security_profiles::domain::gateway::path_template::{PathTemplate, Tail};
use okta_security_profiles::domain::gateway::resource_pattern::{beyond, covering, exactly, matches, meets};
use okta_security_profiles::domain::gateway::route::{
    RequiredScopes, Resolution, Route, governed_paths, governing_route,
};
use okta_security_profiles::domain::oauth::scope::ScopeSet;
use okta_security_profiles::domain::profile::ApiPattern;

/// Lines: an ARN, a path, an API pattern, then routes.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut lines = text.split('\n');
    let (arn, path) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let (pattern, rest) = (lines.next().unwrap_or_default(), lines.take(8).collect::<Vec<_>>());
    if let Ok(arn) = MethodArn::parse(arn) {
        check_arn(&arn, pattern);
    }
    let routes: Vec<Route> =
        rest.iter().filter_map(|text| Route::parse(text, RequiredScopes::All(ScopeSet::default())).ok()).collect();
    for template in rest.iter().filter_map(|text| PathTemplate::parse(text).ok()) {
        check_template(&template, path);
    }
    for resolution in [Resolution::ResourceFirst, Resolution::RouteFirst] {
        for method in ["GET", "$connect"] {
            let governing = governing_route(&routes, method, path, resolution);
            if let Some(route) = governing {
                assert!(route.covers_method(method), "{} does not cover {method}", route.text);
                assert!(routes.iter().any(|other| other.text == route.text));
            }
            assert!(governed_paths(&routes, method, resolution).len() <= routes.len());
        }
    }
}

fn check_arn(arn: &MethodArn, pattern: &str) {
    let written = format!("{}{}/{}", arn.stage_prefix(), arn.method(), arn.path());
    assert_eq!(MethodArn::parse(&written).as_ref(), Ok(arn), "{written}");
    for part in [arn.api_id(), arn.stage(), arn.method()] {
        assert!(!part.is_empty() && !part.contains(['*', '?', '/', ':']), "{part}");
    }
    assert!(matches(&arn.whole_stage(), &written));
    if let Some(pattern) = ApiPattern::parse(pattern) {
        assert!(pattern.covers(&pattern));
        assert!(!pattern.matches(arn) || ApiPattern::parse("*").expect("all").covers(&pattern));
    }
}

fn check_template(template: &PathTemplate, path: &str) {
    assert!(template.overlaps(template));
    if path.len() > 200 || path.contains(['*', '?', '$']) {
        return;
    }
    assert!(matches(&exactly(path), path), "{path}");
    if template.matches(path) {
        let covering = covering(template);
        assert!(matches(&covering, path), "{covering} does not cover {path}");
        assert!(meets(&exactly(path), template), "{path} meets its own template");
        // A greedy tail loses some paths to its neighbours.
        let is_exact = template.tail() == Tail::End;
        assert!(
            !is_exact || !beyond(template).iter().any(|pattern| matches(pattern, path)),
            "{path} is taken for a neighbour"
        );
    }
}
