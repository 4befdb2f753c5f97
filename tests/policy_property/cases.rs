//! What the property is tried with: routes that often collide, tokens, and requests made from those routes and then bent.

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Value, json};

/// The scopes that routes ask for.
pub(crate) const SCOPES: [&str; 3] = ["read", "write", "admin"];
/// What `ANY` stands for.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/// Few, so that templates overlap often.
const LITERALS: [&str; 9] = ["a", "b", "orders", "items", "export", "a.b", "A", "a$", "%2Fa"];
/// What stands where a template has a variable, or where a request is bent.
const VALUES: [&str; 27] = [
    "1", "a", "b", "items", "orders", "export", "A", "ITEMS", "", ".", "..", "...", "a.b", "x%2Fy", "%2e", "a%2E.b",
    "%5C", "*", "?", "a*", "$", "$connect", "${x}", "${*}", "${$}", "a\"b\\c", "é",
];
/// The length of a segment that makes a resource longer than API Gateway takes.
const OVERLONG: usize = 600;
/// The longest path of a request: API Gateway answers 414 where the whole ARN has more than 1,600 bytes.
const LONGEST_PATH: usize = 1_400;

/// A route of a profile, as a document has it.
#[derive(Debug, Clone)]
pub(crate) struct RouteText {
    pub(crate) key: String,
    /// `all` or `any`, and the scopes.
    pub(crate) scopes: Option<(&'static str, Vec<&'static str>)>,
}

impl RouteText {
    /// As an element of `routes`.
    pub(crate) fn document(&self) -> Value {
        match &self.scopes {
            None => json!({"route": self.key}),
            Some((quantifier, scopes)) => json!({"route": self.key, "scopes": {*quantifier: scopes}}),
        }
    }

    /// The method and the path of a route key; `$default` and `$connect` stand for themselves.
    fn parts(&self) -> (&str, &str) {
        match self.key.as_str() {
            "$default" => ("ANY", "/{proxy+}"),
            "$connect" => ("$connect", "/"),
            key => key.split_once(' ').expect("a route key"),
        }
    }

    /// The same for two routes between which API Gateway could not choose: variables lose their names.
    fn shape(&self) -> String {
        self.key.replace("{x}", "{id}")
    }
}

/// A request before it is known what it is made from.
#[derive(Debug, Clone)]
pub(crate) struct RequestPlan {
    /// Which of the routes, or of the resources that a policy allows, the request is made from.
    source: Index,
    /// Whether it is made from what a policy allows, where there is a policy.
    from_policy: bool,
    /// Which of [`METHODS`], where the source leaves it open.
    any: Index,
    /// A method instead of the source's.
    method: Option<&'static str>,
    /// What stands where the source has something variable, one after the other.
    values: Vec<String>,
    bends: Vec<Bend>,
}

/// A way to spoil a path. Positions are taken modulo what there is.
#[derive(Debug, Clone)]
enum Bend {
    Append(String),
    Insert(Index, String),
    Replace(Index, String),
    DropOne(Index),
    SwapCase(Index),
}

impl RequestPlan {
    /// Method and path (without its first slash) of a request made from one of the routes.
    pub(crate) fn among_routes(&self, routes: &[RouteText]) -> (String, String) {
        if routes.is_empty() {
            return self.bent("ANY", &self.values.join("/"));
        }
        let (method, path) = self.source.get(routes).parts();
        self.made(method, path.trim_start_matches('/'), &["{proxy+}", "{id}", "{x}"])
    }

    /// The same from a policy's allowed resources, without the stage's prefix, where the plan says so and there are some.
    pub(crate) fn among_policy_or_routes(&self, allowed: &[String], routes: &[RouteText]) -> (String, String) {
        if !self.from_policy || allowed.is_empty() {
            return self.among_routes(routes);
        }
        let resource = self.source.get(allowed);
        let (method, path) = resource.split_once('/').unwrap_or((resource, ""));
        self.made(method, path, &["?*", "*", "?"])
    }

    fn made(&self, method: &str, path: &str, holes: &[&str]) -> (String, String) {
        let mut path = path.to_owned();
        let mut values = self.values.iter().cycle();
        // Filled from the left; a value that looks like a hole is no longer one.
        let mut filled = String::new();
        while let Some((at, hole)) = holes.iter().filter_map(|hole| Some((path.find(hole)?, *hole))).min() {
            let value = values.next().map_or("1", String::as_str);
            filled.push_str(&path[..at]);
            filled.push_str(value);
            // What `{proxy+}` or `*` stands for may have slashes.
            if hole != "{id}" && hole != "{x}" && hole != "?" && value.len() > 1 {
                filled.push('/');
                filled.push_str(values.next().map_or("1", String::as_str));
            }
            path.drain(..at + hole.len());
        }
        filled.push_str(&path);
        self.bent(method, &filled)
    }

    fn bent(&self, method: &str, path: &str) -> (String, String) {
        let method = if method == "ANY" { self.any.get(&METHODS) } else { method };
        let method = self.method.unwrap_or(method).to_owned();
        if method == "$connect" {
            return (method, String::new());
        }
        let mut segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        for bend in &self.bends {
            let count = segments.len();
            match bend {
                Bend::Append(value) => segments.push(value.clone()),
                Bend::Insert(at, value) => segments.insert(at.index(count + 1), value.clone()),
                Bend::Replace(at, value) => segments[at.index(count)].clone_from(value),
                Bend::DropOne(at) if count > 1 => drop(segments.remove(at.index(count))),
                Bend::DropOne(_) => {}
                Bend::SwapCase(at) => {
                    let segment = &mut segments[at.index(count)];
                    let upper = segment.to_uppercase();
                    *segment = if *segment == upper { segment.to_lowercase() } else { upper };
                }
            }
        }
        // A longer ARN never reaches an authorizer.
        (method, segments.join("/").chars().take(LONGEST_PATH).collect())
    }
}

fn template() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        5 => select(&LITERALS[..]).prop_map(str::to_owned),
        2 => Just("{id}".to_owned()),
        1 => Just("{x}".to_owned()),
    ];
    let tail = prop_oneof![4 => Just(None), 1 => Just(Some("{proxy+}".to_owned()))];
    (proptest::collection::vec(segment, 0..=4), tail).prop_map(|(mut segments, tail)| {
        segments.extend(tail);
        format!("/{}", segments.join("/"))
    })
}

fn route_scopes() -> impl Strategy<Value = Option<(&'static str, Vec<&'static str>)>> {
    let some = || subsequence(&SCOPES[..], 1..=2);
    prop_oneof![
        Just(None),
        some().prop_map(|scopes| Some(("all", scopes))),
        some().prop_map(|scopes| Some(("any", scopes))),
    ]
}

fn route() -> impl Strategy<Value = RouteText> {
    let method = prop_oneof![3 => Just("GET"), 2 => Just("ANY"), 2 => select(&METHODS[1..])];
    let ordinary = (method, template()).prop_map(|(method, path)| format!("{method} {path}"));
    let key = prop_oneof![
        20 => ordinary,
        1 => Just("$default".to_owned()),
        1 => Just("$connect".to_owned()),
    ];
    (key, route_scopes()).prop_map(|(key, scopes)| RouteText { key, scopes })
}

/// Up to `most` routes, none of them twice.
pub(crate) fn routes(most: usize) -> impl Strategy<Value = Vec<RouteText>> {
    proptest::collection::vec(route(), 0..=most).prop_map(|mut routes| {
        let mut shapes = Vec::new();
        routes.retain(|route| {
            let is_new = !shapes.contains(&route.shape());
            shapes.push(route.shape());
            is_new
        });
        routes
    })
}

/// Routes that can be expressed exactly: in each collection literal paths and at most one variable or greedy leaf, and
/// nothing below the variable one.
pub(crate) fn ordinary_routes() -> impl Strategy<Value = Vec<RouteText>> {
    let paths = prop_oneof![
        subsequence(&["", "/export", "/{id}", "/a.b"][..], 1..=4),
        subsequence(&["", "/export", "/{proxy+}", "/a/b", "/items/export"][..], 1..=5),
        subsequence(&["/{id}/{proxy+}", "/a/b", "/items/export/a"][..], 1..=3),
    ];
    let methods = prop_oneof![select(&["GET", "DELETE"][..]).prop_map(|method| vec![method]), Just(vec!["ANY", "GET"])];
    let collection = (paths, methods, proptest::collection::vec(route_scopes(), 10));
    proptest::collection::vec(collection, 1..=3).prop_map(|collections| {
        let mut routes = Vec::new();
        for ((paths, methods, scopes), root) in collections.into_iter().zip(["/orders", "/items", "/a/orders"]) {
            let keys = methods.iter().flat_map(|method| paths.iter().map(move |path| format!("{method} {root}{path}")));
            routes.extend(keys.zip(scopes).map(|(key, scopes)| RouteText { key, scopes }));
        }
        routes
    })
}

/// The scopes of a token, besides those that the profile asks of every token.
pub(crate) fn granted() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(&SCOPES[..], 0..=SCOPES.len())
}

/// A request.
pub(crate) fn request() -> impl Strategy<Value = RequestPlan> {
    let value = || {
        prop_oneof![
            30 => select(&VALUES[..]).prop_map(str::to_owned),
            1 => Just("x".repeat(OVERLONG)),
        ]
    };
    let bend = prop_oneof![
        value().prop_map(Bend::Append),
        Just(Bend::Append(String::new())),
        (any::<Index>(), value()).prop_map(|(at, value)| Bend::Insert(at, value)),
        (any::<Index>(), value()).prop_map(|(at, value)| Bend::Replace(at, value)),
        any::<Index>().prop_map(Bend::DropOne),
        any::<Index>().prop_map(Bend::SwapCase),
    ];
    let method = prop_oneof![
        12 => Just(None),
        2 => select(&METHODS[..]).prop_map(Some),
        1 => select(&["get", "TRACE", "$connect"][..]).prop_map(Some),
    ];
    let bends = prop_oneof![2 => Just(Vec::new()), 3 => proptest::collection::vec(bend, 1..=2)];
    let values = proptest::collection::vec(value(), 1..=4);
    (any::<Index>(), any::<bool>(), any::<Index>(), method, values, bends).prop_map(
        |(source, from_policy, any, method, values, bends)| RequestPlan {
            source,
            from_policy,
            any,
            method,
            values,
            bends,
        },
    )
}
