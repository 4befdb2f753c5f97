//! From a profile's routes to a policy that may be cached: for every declared route it says what a fresh call would say.
//!
//! IAM's `*` crosses slashes, so `GET/orders/?*` for `GET /orders/{id}` also covers `GET/orders/1/items`. The builder denies
//! what a pattern says too much, and what belongs to a more specific route that the token may not call. Where such a Deny
//! would hit a route that the token may call, the two cannot stand in one policy: the route that is being called comes
//! first, and the other is left out, which denies it until the policy is no longer cached. Where it would hit the very path
//! that is being called, that path stands for its route.
//!
//! INVARIANT: the policy never allows a request that [`check_route`] denies.

use super::method_arn::MethodArn;
use super::path_template::{PathTemplate, has_encoded_dot};
use super::policy::{Conditions, Policy, json_length};
use super::resource_pattern::{beyond, covering, exactly, matches, meets};
use super::route::{Governed, METHODS, Resolution, Route, governed_paths, governing_route, specificity};
use crate::domain::oauth::scope::ScopeSet;

/// The longest resource in a policy, in characters (API Gateway quotas).
const MAX_RESOURCE_LENGTH: usize = 512;

/// What the routes of a policy may take where its context is of ordinary size, in bytes.
pub const USUAL_BUDGET: usize = 7_000;

/// Paths that no route governs, whatever it matches: servers disagree about what they mean. `${*}` and `${?}` are IAM's
/// way to write the characters themselves.
const IRREGULAR: [&str; 8] = ["*/./*", "*/.", "*/../*", "*/..", "*%2e*", "*%2E*", "*${*}*", "*${?}*"];

/// What a policy is built from.
#[derive(Debug, Clone, Copy)]
pub struct Routes<'p> {
    /// The profile's routes; none: the whole stage is one.
    pub routes: &'p [Route],
    /// How the API chooses among them.
    pub resolution: Resolution,
    /// The token's scopes.
    pub granted: &'p ScopeSet,
}

/// Why a route does not open for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteDenial {
    /// The path has `*`, `?`, a dot segment or an encoded dot.
    Irregular,
    /// No route governs the request.
    NoRoute,
    /// The governing route asks for other scopes.
    Scopes {
        /// The route as it stands in the profile.
        route: String,
    },
}

/// Whether a path, without its first slash, is one that servers disagree about.
#[must_use]
pub fn is_irregular(path: &str) -> bool {
    path.contains(['*', '?']) || path.split('/').any(|segment| matches!(segment, "." | "..")) || has_encoded_dot(path)
}

/// The direct decision: whether a token with these scopes may call.
///
/// # Errors
/// [`RouteDenial`] where it may not.
pub fn check_route(routes: Routes<'_>, method: &str, path: &str) -> Result<(), RouteDenial> {
    if routes.routes.is_empty() {
        return Ok(());
    }
    if is_irregular(path) {
        return Err(RouteDenial::Irregular);
    }
    let route = governing_route(routes.routes, method, path, routes.resolution).ok_or(RouteDenial::NoRoute)?;
    if route.admits(routes.granted) { Ok(()) } else { Err(RouteDenial::Scopes { route: route.text.clone() }) }
}

/// The policy for a token, given the call that asked for it; `budget` is what it may take, in bytes of JSON. What does not
/// fit is denied.
#[must_use]
pub fn build(routes: Routes<'_>, arn: &MethodArn, conditions: Conditions, budget: usize) -> Policy {
    let room = budget.saturating_sub(Policy::frame_length(&conditions));
    if routes.routes.is_empty() {
        let allowed = Some(arn.whole_stage()).filter(|stage| json_length(stage) <= room);
        return Policy::of(allowed.into_iter().collect(), Vec::new(), conditions, arn);
    }
    // Its one honest resource would be full of wildcards.
    if arn.path().contains(['*', '?']) {
        return Policy::deny_all(arn);
    }
    let call = Some((arn.method(), arn.path()));
    let mut draft = Draft::new(arn.stage_prefix(), room);
    draft.add_routes(routes, call);
    let called = resource(arn.method(), arn.path());
    if check_route(routes, arn.method(), arn.path()).is_ok() && !draft.allows(&called) {
        draft = Draft::new(arn.stage_prefix(), room);
        draft.add_call(called);
        draft.add_routes(routes, call);
    }
    draft.finish(conditions, arn)
}

/// The policy for a token that is only good for the call which asked for it: a later one has to be asked about again.
#[must_use]
pub fn build_for_call(routes: Routes<'_>, arn: &MethodArn, conditions: Conditions, budget: usize) -> Policy {
    let mut draft = Draft::new(arn.stage_prefix(), budget.saturating_sub(Policy::frame_length(&conditions)));
    if check_route(routes, arn.method(), arn.path()).is_ok() {
        draft.add_call(resource(arn.method(), arn.path()));
    }
    draft.finish(conditions, arn)
}

/// Routes that cannot be expressed exactly, in the profile's order: while the policy of another call is cached, some or all
/// of their paths are denied. `granted` is what every token has; `budget` as in [`build`].
///
/// Two routes of which one needs a Deny that hits the other are both named, since which of them is left out depends on the
/// call; so is a route that is hit by a Deny of its own. What does not fit is what a token misses that may call every route.
#[must_use]
pub fn left_out(every_token: Routes<'_>, budget: usize) -> Vec<String> {
    let Routes { routes, resolution, granted } = every_token;
    let everything: ScopeSet = routes.iter().flat_map(Route::mentioned_scopes).chain(granted.iter()).cloned().collect();
    // As long as an ARN's beginning usually is.
    let prefix = "arn:aws:execute-api:ap-southeast-2:123456789012:abcdef1234/production/".to_owned();
    let mut draft = Draft::new(prefix, budget.saturating_sub(Policy::frame_length(&Conditions::default())));
    draft.add_routes(Routes { routes, resolution, granted: &everything }, None);
    let mut affected = draft.left_out;
    let tables = tables(routes, resolution);
    for (index, (_, table)) in tables.iter().enumerate() {
        if tables[..index].iter().any(|(_, earlier)| is_same_table(earlier, table)) {
            continue;
        }
        let open = || table.iter().filter_map(|governed| Some((governed.path, governed.route?)));
        for (path, route) in open() {
            let guards = guards(path, table.iter(), resolution);
            for (other_path, other) in open() {
                let hits = |guard: &Guard<'_>| {
                    guard.harms(other_path, resolution) && guard.stands_beside([route, other], granted)
                };
                if guards.iter().any(hits) {
                    affected.extend([route, other]);
                }
            }
        }
    }
    let is_affected = |route: &&Route| affected.iter().any(|affected| std::ptr::eq(*affected, *route));
    routes.iter().filter(is_affected).map(|route| route.text.clone()).collect()
}

/// For every method the templates that take part in resolving its requests.
fn tables(routes: &[Route], resolution: Resolution) -> Vec<(&'static str, Vec<Governed<'_>>)> {
    let methods = METHODS.into_iter().chain(["$connect"]);
    methods.map(|method| (method, governed_paths(routes, method, resolution))).collect()
}

/// Most methods are resolved alike.
fn is_same_table(a: &[Governed<'_>], b: &[Governed<'_>]) -> bool {
    let is_same = |(a, b): (&Governed<'_>, &Governed<'_>)| a.path == b.path && a.route == b.route;
    a.len() == b.len() && a.iter().zip(b).all(is_same)
}

/// What has to be denied where a template is open and these others are closed.
fn guards<'t, 'r: 't>(
    template: &PathTemplate,
    closed: impl Iterator<Item = &'t Governed<'r>>,
    resolution: Resolution,
) -> Vec<Guard<'r>> {
    let is_narrower = |closed: &&Governed<'_>| {
        closed.path.overlaps(template) && specificity(closed.path, template, resolution).is_lt()
    };
    let narrower = closed.filter(is_narrower).copied().map(Guard::Closed);
    beyond(template).into_iter().map(Guard::Beyond).chain(narrower).collect()
}

/// A policy under construction. Resources are kept without the stage's prefix, as `METHOD/path`.
struct Draft<'r> {
    prefix: String,
    room: usize,
    allowed: Vec<String>,
    denied: Vec<String>,
    /// The templates that are allowed so far, by method.
    opened: Vec<(&'static str, &'r PathTemplate)>,
    /// What is denied for their sake, by method.
    guards: Vec<(&'static str, Guard<'r>)>,
    /// The one path that is allowed as it stands, if any.
    called: Option<String>,
    left_out: Vec<&'r Route>,
}

/// A Deny that an Allow needs beside it.
#[derive(Debug, Clone)]
enum Guard<'r> {
    /// What the pattern of a template says too much.
    Beyond(String),
    /// A more specific template that the token may not call.
    Closed(Governed<'r>),
}

impl<'r> Guard<'r> {
    fn pattern(&self) -> String {
        match self {
            Self::Beyond(pattern) => pattern.clone(),
            Self::Closed(closed) => covering(closed.path),
        }
    }

    /// Whether the guard would deny a path that an open template governs.
    fn harms(&self, open: &PathTemplate, resolution: Resolution) -> bool {
        match self {
            Self::Beyond(pattern) => meets(pattern, open),
            Self::Closed(closed) => {
                let governs_some = closed.path.overlaps(open) && specificity(open, closed.path, resolution).is_lt();
                governs_some || beyond(closed.path).iter().any(|pattern| meets(pattern, open))
            }
        }
    }

    /// Whether some token may call these routes and still needs the guard; every token has the scopes `granted`.
    fn stands_beside(&self, open: [&Route; 2], granted: &ScopeSet) -> bool {
        let Self::Closed(Governed { route: Some(closed), .. }) = self else { return true };
        let [first, second] = open.map(Route::least_scopes);
        let mut pairs = first.iter().flat_map(|first| second.iter().map(move |second| (first, second)));
        pairs.any(|(first, second)| {
            let least: ScopeSet = granted.iter().chain(first.iter()).chain(second.iter()).cloned().collect();
            !closed.admits(&least)
        })
    }
}

impl<'r> Draft<'r> {
    fn new(prefix: String, room: usize) -> Self {
        Self {
            prefix,
            room,
            allowed: Vec::new(),
            denied: Vec::new(),
            opened: Vec::new(),
            guards: Vec::new(),
            called: None,
            left_out: Vec::new(),
        }
    }

    /// Adds every route that the token may call, the called one first.
    fn add_routes(&mut self, routes: Routes<'r>, called: Option<(&str, &str)>) {
        let tables = tables(routes.routes, routes.resolution);
        let is_open = |governed: &Governed<'_>| governed.route.is_some_and(|route| route.admits(routes.granted));
        let governing =
            called.and_then(|(method, path)| governing_route(routes.routes, method, path, routes.resolution));
        let mut candidates = Vec::new();
        for (method, table) in &tables {
            for governed in table.iter().filter(|governed| is_open(governed)) {
                let governs = |route: &Route| governing.is_some_and(|governing| std::ptr::eq(governing, route));
                let is_called =
                    called.is_some_and(|(called, _)| called == *method) && governed.route.is_some_and(governs);
                candidates.push((!is_called, *method, governed));
            }
        }
        // Stable: after the called one, the profile's order is kept.
        candidates.sort_by_key(|(is_not_called, _, _)| *is_not_called);
        for (_, method, governed) in candidates {
            let table = tables.iter().find(|(other, _)| *other == method).map_or(&[][..], |(_, table)| table);
            let closed = table.iter().filter(|other| !is_open(other));
            self.open(method, governed, closed, routes.resolution);
        }
    }

    /// Opens a template for a method, with the guards that it needs, if all fit and harm nothing that is open.
    fn open<'t>(
        &mut self,
        method: &'static str,
        governed: &Governed<'r>,
        closed: impl Iterator<Item = &'t Governed<'r>>,
        resolution: Resolution,
    ) where
        'r: 't,
    {
        let template = governed.path;
        let guards = guards(template, closed, resolution);
        let of_method = |known: &&'static str| *known == method;
        let harms_open = self
            .opened
            .iter()
            .filter(|(known, _)| of_method(known))
            .any(|(_, open)| guards.iter().any(|guard| guard.harms(open, resolution)));
        let is_harmed = self
            .guards
            .iter()
            .filter(|(known, _)| of_method(known))
            .any(|(_, guard)| guard.harms(template, resolution));
        let resource = resource(method, &covering(template));
        let mut denied: Vec<String> = guards.iter().map(|guard| format!("{method}/{}", guard.pattern())).collect();
        if resource.contains(['*', '?']) {
            denied.extend(IRREGULAR.map(str::to_owned));
        }
        let harms_call =
            self.called.as_ref().is_some_and(|called| denied.iter().any(|pattern| matches(pattern, called)));
        if harms_open || is_harmed || harms_call || !self.add(resource, denied) {
            self.left_out.extend(governed.route);
            return;
        }
        self.opened.push((method, template));
        self.guards.extend(guards.into_iter().map(|guard| (method, guard)));
    }

    /// Opens one path, whose route may be called, and nothing else. No Deny that is added later hits it.
    fn add_call(&mut self, called: String) {
        if self.add(exactly(&called), Vec::new()) {
            self.called = Some(called);
        }
    }

    /// Adds an Allow and what has to be denied beside it, if they are short enough and there is room.
    fn add(&mut self, allowed: String, mut denied: Vec<String>) -> bool {
        denied.retain(|pattern| !self.denied.contains(pattern));
        let mut length = 0;
        for pattern in std::iter::once(&allowed).chain(&denied) {
            let resource = format!("{}{pattern}", self.prefix);
            if resource.chars().count() > MAX_RESOURCE_LENGTH {
                return false;
            }
            // And a comma.
            length += json_length(&resource) + 1;
        }
        if length > self.room {
            return false;
        }
        self.room -= length;
        self.allowed.push(allowed);
        self.denied.append(&mut denied);
        true
    }

    fn allows(&self, resource: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, resource));
        any(&self.allowed) && !any(&self.denied)
    }

    fn finish(mut self, conditions: Conditions, arn: &MethodArn) -> Policy {
        let complete = |patterns: &mut Vec<String>| {
            patterns.sort();
            patterns.dedup();
            patterns.iter().map(|pattern| format!("{}{pattern}", self.prefix)).collect()
        };
        let (allowed, denied) = (complete(&mut self.allowed), complete(&mut self.denied));
        Policy::of(allowed, denied, conditions, arn)
    }
}

/// `METHOD/path`; the route `$connect` has no path.
fn resource(method: &str, path: &str) -> String {
    if method == "$connect" { method.to_owned() } else { format!("{method}/{path}") }
}
