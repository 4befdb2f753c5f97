//! A profile's routes, and which of them governs a request, as API Gateway itself resolves it (developer guide, "Working
//! with routes for HTTP APIs"; REST APIs resolve the resource first and then its method).

use std::cmp::Ordering;
use std::fmt;

use super::path_template::{PathTemplate, PathTemplateError, Segment, Tail};
use super::request::EventForm;
use crate::domain::oauth::scope::{ScopeSet, ScopeToken};

/// The methods that `ANY` stands for.
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The method of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteMethod {
    /// `ANY`, or no method as with `$default`.
    Any,
    /// One of [`METHODS`].
    Only(&'static str),
    /// `$connect` of a WebSocket API.
    Connect,
}

/// Which scopes a route asks for, besides those that the profile asks of every token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequiredScopes {
    /// Every one of these; an empty set asks for nothing more.
    All(ScopeSet),
    /// At least one of these.
    Any(ScopeSet),
}

/// One of a profile's `routes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: RouteMethod,
    /// The path.
    pub path: PathTemplate,
    /// The scopes.
    pub scopes: RequiredScopes,
    /// As it stands in the profile.
    pub text: String,
}

/// Why a text is no route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Not `METHOD /path`, `$default` or `$connect`.
    #[error("expected `METHOD /path`, `$default` or `$connect`")]
    Form,
    /// An unknown method.
    #[error("the method must be ANY, GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS")]
    Method,
    /// The path.
    #[error(transparent)]
    Path(#[from] PathTemplateError),
}

/// How an API chooses among routes that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// REST: the most specific resource, whatever its methods; then the method, then `ANY`.
    ResourceFirst,
    /// HTTP: of the routes that match method and path, a full match before a greedy one, before `$default`.
    RouteFirst,
}

impl From<EventForm> for Resolution {
    fn from(form: EventForm) -> Self {
        if form.is_rest() { Self::ResourceFirst } else { Self::RouteFirst }
    }
}

impl Route {
    /// Reads a route key.
    ///
    /// # Errors
    /// [`RouteError`] where API Gateway has no such route.
    pub fn parse(text: &str, scopes: RequiredScopes) -> Result<Self, RouteError> {
        let (method, path) = match text {
            "$default" => (RouteMethod::Any, PathTemplate::catch_all()),
            "$connect" => (RouteMethod::Connect, PathTemplate::parse("/")?),
            _ => {
                let (method, path) = text.split_once(' ').ok_or(RouteError::Form)?;
                (method_named(method)?, PathTemplate::parse(path)?)
            }
        };
        Ok(Self { method, path, scopes, text: text.to_owned() })
    }

    /// Whether a token with these scopes may call the route.
    #[must_use]
    pub fn admits(&self, granted: &ScopeSet) -> bool {
        match &self.scopes {
            RequiredScopes::All(required) => granted.first_missing(required).is_none(),
            RequiredScopes::Any(accepted) => accepted.iter().any(|scope| granted.contains(scope)),
        }
    }

    /// The fewest scopes that open the route: a token that may call it has all of one of these sets.
    #[must_use]
    pub fn least_scopes(&self) -> Vec<ScopeSet> {
        match &self.scopes {
            RequiredScopes::All(scopes) => vec![scopes.clone()],
            RequiredScopes::Any(scopes) => scopes.iter().map(|scope| ScopeSet::from_iter([scope.clone()])).collect(),
        }
    }

    /// Every scope that the route names.
    pub fn mentioned_scopes(&self) -> impl Iterator<Item = &ScopeToken> {
        match &self.scopes {
            RequiredScopes::All(scopes) | RequiredScopes::Any(scopes) => scopes.iter(),
        }
    }

    /// Whether the route is about this method.
    #[must_use]
    pub fn covers_method(&self, method: &str) -> bool {
        match self.method {
            RouteMethod::Any => METHODS.contains(&method),
            RouteMethod::Only(only) => only == method,
            RouteMethod::Connect => method == "$connect",
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn method_named(name: &str) -> Result<RouteMethod, RouteError> {
    if name == "ANY" {
        return Ok(RouteMethod::Any);
    }
    METHODS.into_iter().find(|method| *method == name).map(RouteMethod::Only).ok_or(RouteError::Method)
}

/// A path of an API for one method: the template, and the route that governs it, if any does.
#[derive(Debug, Clone, Copy)]
pub struct Governed<'r> {
    /// The template.
    pub path: &'r PathTemplate,
    /// The route; `None` where the resource has no such method.
    pub route: Option<&'r Route>,
}

/// Every template that takes part in resolving requests of one method, each shape once.
#[must_use]
pub fn governed_paths<'r>(routes: &'r [Route], method: &str, resolution: Resolution) -> Vec<Governed<'r>> {
    let mut governed: Vec<Governed<'r>> = Vec::new();
    for route in routes {
        if governed.iter().any(|known| known.path == &route.path) {
            continue;
        }
        let same_path = || routes.iter().filter(|other| other.path == route.path && other.covers_method(method));
        let exact = same_path().find(|other| other.method != RouteMethod::Any);
        let governing = exact.or_else(|| same_path().next());
        // `$connect` is a route of its own, no resource that could hide another.
        let is_resource = resolution == Resolution::ResourceFirst && route.method != RouteMethod::Connect;
        if governing.is_some() || (is_resource && method != "$connect") {
            governed.push(Governed { path: &route.path, route: governing });
        }
    }
    governed
}

/// The route that governs a request, if any does.
#[must_use]
pub fn governing_route<'r>(routes: &'r [Route], method: &str, path: &str, resolution: Resolution) -> Option<&'r Route> {
    governed_paths(routes, method, resolution)
        .into_iter()
        .filter(|governed| governed.path.matches(path))
        .min_by(|a, b| specificity(a.path, b.path, resolution))
        .and_then(|governed| governed.route)
}

/// Of two templates that match the same path, the lesser is the more specific.
#[must_use]
pub fn specificity(a: &PathTemplate, b: &PathTemplate, resolution: Resolution) -> Ordering {
    let by_segment = rank(a).cmp(&rank(b));
    match resolution {
        Resolution::ResourceFirst => by_segment,
        Resolution::RouteFirst => a.tail().cmp(&b.tail()).then(by_segment),
    }
}

/// Literal before variable before greedy before catch-all, from left to right; of two literals neither is first.
fn rank(template: &PathTemplate) -> Vec<u8> {
    let segments = template.segments().iter().map(|segment| match segment {
        Segment::Literal(_) => 0,
        Segment::Variable => 1,
    });
    let tail = match template.tail() {
        Tail::End => None,
        Tail::Greedy => Some(2),
        Tail::CatchAll => Some(3),
    };
    segments.chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::{PathTemplateError, RequiredScopes, Resolution, Route, RouteError, governing_route};
    use crate::domain::oauth::scope::ScopeSet;

    fn routes(texts: &[&str]) -> Vec<Route> {
        let free = || RequiredScopes::All(ScopeSet::default());
        texts.iter().map(|text| Route::parse(text, free()).expect("a route")).collect()
    }

    fn governing(texts: &[&str], resolution: Resolution, method: &str, path: &str) -> Option<String> {
        governing_route(&routes(texts), method, path, resolution).map(|route| route.text.clone())
    }

    #[test]
    fn the_most_specific_route_governs_as_the_developer_guide_says() {
        let texts = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"];
        for (method, path, expected) in [
            ("GET", "pets/dog/1", "GET /pets/dog/1"),
            ("GET", "pets/dog/2", "GET /pets/dog/{id}"),
            ("GET", "pets/cat/1", "GET /pets/{proxy+}"),
            ("POST", "test/5", "ANY /{proxy+}"),
            ("GET", "", "$default"),
        ] {
            let found = governing(&texts, Resolution::RouteFirst, method, path);
            assert_eq!(found.as_deref(), Some(expected), "{method} {path}");
        }
    }

    #[test]
    fn a_rest_api_resolves_the_resource_before_the_method() {
        let texts = ["GET /orders/{id}", "POST /orders/export"];
        assert_eq!(governing(&texts, Resolution::ResourceFirst, "GET", "orders/export"), None);
        assert_eq!(
            governing(&texts, Resolution::RouteFirst, "GET", "orders/export").as_deref(),
            Some("GET /orders/{id}")
        );
    }

    #[test]
    fn a_method_of_its_own_comes_before_any() {
        let texts = ["ANY /orders", "GET /orders"];
        for resolution in [Resolution::ResourceFirst, Resolution::RouteFirst] {
            assert_eq!(governing(&texts, resolution, "GET", "orders").as_deref(), Some("GET /orders"));
            assert_eq!(governing(&texts, resolution, "PUT", "orders").as_deref(), Some("ANY /orders"));
        }
    }

    #[test]
    fn a_full_match_comes_before_a_greedy_one_in_an_http_api() {
        let texts = ["ANY /a/{proxy+}", "ANY /{x}/b"];
        assert_eq!(governing(&texts, Resolution::RouteFirst, "GET", "a/b").as_deref(), Some("ANY /{x}/b"));
        assert_eq!(governing(&texts, Resolution::ResourceFirst, "GET", "a/b").as_deref(), Some("ANY /a/{proxy+}"));
    }

    /// Threat 38.
    #[test]
    fn a_method_that_is_not_listed_has_no_route() {
        for method in ["POST", "HEAD", "OPTIONS", "get", "TRACE", "*", ""] {
            assert_eq!(governing(&["GET /orders"], Resolution::RouteFirst, method, "orders"), None, "{method}");
        }
        for method in ["TRACE", "$connect", "*"] {
            assert_eq!(governing(&["ANY /orders"], Resolution::RouteFirst, method, "orders"), None, "{method}");
        }
    }

    #[test]
    fn connect_is_a_route_of_its_own() {
        assert_eq!(governing(&["$connect"], Resolution::RouteFirst, "$connect", "").as_deref(), Some("$connect"));
        assert_eq!(governing(&["$connect", "ANY /{proxy+}"], Resolution::RouteFirst, "GET", ""), None);
    }

    #[test]
    fn what_is_no_route_is_refused() {
        let error = |text: &str| Route::parse(text, RequiredScopes::All(ScopeSet::default())).expect_err("refused");
        assert_eq!(error("/orders"), RouteError::Form);
        assert_eq!(error("$disconnect"), RouteError::Form);
        assert_eq!(error("get /orders"), RouteError::Method);
        assert_eq!(error("TRACE /orders"), RouteError::Method);
        assert_eq!(error("GET orders"), RouteError::Path(PathTemplateError::NoSlash));
    }
}
