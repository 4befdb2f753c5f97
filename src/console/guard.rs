//! What every request must get past: its host, its session, its origin, its form's token, and whether changes are allowed.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, ORIGIN, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Console;
use super::fields::Fields;
use super::page::Refusal;

/// Nothing but what this process itself serves; no inline script, no inline style, no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
/// The most that a form may hold, in bytes.
const MAX_FORM: usize = 64 * 1024;
/// What may be posted though nothing may be changed: none of these writes to the store.
const UNCHANGING: [&str; 2] = ["/preview", "/test"];

/// Lets a request through, or says why not; every answer gets the headers that keep it here.
pub(super) async fn guard(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let mut answer = match admitted(&console, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let headers = answer.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Takes the one-time key for a session's cookie, and leaves the key's address at once.
pub(super) async fn enter(State(console): State<Arc<Console>>, uri: Uri) -> Result<Response, Refusal> {
    let fields = Fields::read(uri.query().unwrap_or_default().as_bytes());
    let id = console.sessions.enter(fields.raw("key")).ok_or_else(|| {
        let why = "This key is not the console's, or was used before. Start the console anew for another one.";
        Refusal::new(StatusCode::FORBIDDEN, "This key does not open the console", why)
    })?;
    let cookie = format!("{}={id}; Path=/; HttpOnly; SameSite=Strict", cookie_name(console.port));
    Ok((StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, "/".to_owned())]).into_response())
}

async fn admitted(console: &Console, request: Request) -> Result<Request, Refusal> {
    let headers = request.headers();
    let host = single(headers, &HOST).filter(|host| is_ours(host, console.port));
    let host = host.ok_or_else(|| {
        let why = "The console answers at 127.0.0.1 and localhost only, with its own port.";
        Refusal::new(StatusCode::MISDIRECTED_REQUEST, "Not this address", why)
    })?;
    let path = request.uri().path();
    if request.method() != Method::POST {
        let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
        if !is_read {
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "No such method", "Pages are read or posted to."));
        }
        if path == "/enter" || path.starts_with("/assets/") {
            return Ok(request);
        }
    } else if !comes_from_here(headers, host) {
        let why = "This form was not sent from a page of the console, so nothing was done.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "Sent from elsewhere", why));
    }
    let session = session_id(headers, console.port).and_then(|id| console.sessions.find(id));
    let session = session.ok_or_else(|| {
        let why =
            "Open the address that `profiles console` printed. It works once; start the console anew for another one.";
        Refusal::new(StatusCode::FORBIDDEN, "You are not signed in here", why)
    })?;
    let is_change = request.method() == Method::POST && !UNCHANGING.iter().any(|end| path.ends_with(end));
    let (mut parts, body) = request.into_parts();
    let mut fields = Fields::default();
    if parts.method == Method::POST {
        let too_large = |_| Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "Too much", "The form holds more than 64 KB.");
        fields = Fields::read(&to_bytes(body, MAX_FORM).await.map_err(too_large)?);
        if !session.wrote(fields.raw("csrf")) {
            let why = "The form is not one of this session's. Go back, load the page again, and send it once more.";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "An old form", why));
        }
        let is_reading_call = parts.uri.path().ends_with("/try") && fields.text("method") == "GET";
        if is_change && console.read_only && !is_reading_call {
            let why = "The console was started with --read-only, which refuses every change. Nothing was done.";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "Read-only", why));
        }
    }
    parts.extensions.insert(session);
    parts.extensions.insert(fields);
    Ok(Request::from_parts(parts, Body::empty()))
}

fn cookie_name(port: u16) -> String {
    format!("profiles_console_{port}")
}

fn session_id(headers: &HeaderMap, port: u16) -> Option<&str> {
    let name = cookie_name(port);
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, id)| id)
}

/// Against DNS rebinding: the name that the browser believes to talk to.
fn is_ours(host: &str, port: u16) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| host == format!("{name}:{port}"))
}

/// Our own origin, or where the browser keeps it to itself (`no-referrer` does that), its word for the same.
fn comes_from_here(headers: &HeaderMap, host: &str) -> bool {
    let site = single(headers, &HeaderName::from_static("sec-fetch-site"));
    match single(headers, &ORIGIN) {
        Some("null") | None => site == Some("same-origin") && headers.get_all(ORIGIN).iter().count() < 2,
        Some(origin) => origin.strip_prefix("http://") == Some(host) && site.is_none_or(|site| site == "same-origin"),
    }
}

fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
