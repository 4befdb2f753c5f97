//! The target URI of a request, as DPoP proofs name it: `htu` (RFC 9449 section 4.2), compared after the normalisation of RFC
//! 3986 section 6.2 that changes no meaning.

use std::fmt::Write as _;

use url::Url;

/// What was called, as far as the event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestTarget {
    /// The HTTP method. A WebSocket's `$connect` is a `GET` (RFC 6455 section 4.1).
    pub method: String,
    /// The host that the client called, with a port where it is not the scheme's own.
    pub host: String,
    /// The path as the client wrote it: a stage or the base path of a custom domain included.
    pub path: String,
}

/// A URI without query and fragment, in the one spelling that all equal ones share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUri(String);

impl TargetUri {
    /// Reads a URI. `None` where it is none of `https` or `wss`, or carries a user name. A WebSocket's URI is read as that of
    /// the request which opens it; a loopback address may be plain.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let scheme = match url.scheme() {
            "https" | "wss" => "https",
            "http" | "ws" if is_loopback => "http",
            _ => return None,
        };
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        // Each scheme's own port is left out already; only those of the WebSocket schemes are the same as their twins'.
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self(format!("{scheme}://{}{port}{}", url.host_str()?, normal_path(url.path()))))
    }

    /// Where the request went by what the event says of it.
    #[must_use]
    pub fn of_request(target: &RequestTarget) -> Option<Self> {
        if target.host.is_empty()
            || !target.host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
        {
            return None;
        }
        let host = target.host.rsplit_once(':').map_or(&*target.host, |(host, _)| host);
        let scheme = if matches!(host, "localhost" | "127.0.0.1" | "[::1]") { "http" } else { "https" };
        Self::parse(&format!("{scheme}://{}{}", target.host, target.path))
    }

    /// Where a path lies below a base URL.
    #[must_use]
    pub fn below(base: &str, path: &str) -> Option<Self> {
        let base = base.trim_end_matches('/');
        Self::parse(&if path.is_empty() { base.to_owned() } else { format!("{base}/{path}") })
    }
}

/// RFC 3986 section 6.2.2.1 and 6.2.2.2: hexadecimal digits in upper case, and nothing escaped that needs no escape.
fn normal_path(path: &str) -> String {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        normal.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => normal.push(char::from(byte)),
            Some(byte) => {
                // Writing to a string cannot fail.
                let _written = write!(normal, "%{byte:02X}");
            }
            None => {
                normal.push('%');
                rest = &rest[at + 1..];
                continue;
            }
        }
        rest = &rest[at + 3..];
    }
    normal.push_str(rest);
    normal
}

#[cfg(test)]
mod tests {
    use super::{RequestTarget, TargetUri};

    fn uri(text: &str) -> TargetUri {
        TargetUri::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn spellings_of_one_uri_are_equal() {
        let one = uri("https://api.example.com/orders/~a%2Fb");
        for other in [
            "HTTPS://API.example.COM/orders/~a%2Fb",
            "https://api.example.com:443/orders/~a%2fb",
            "https://api.example.com/orders/%7Ea%2Fb",
            "https://api.example.com/x/../orders/./~a%2Fb",
            "https://api.example.com/orders/~a%2Fb?page=2#top",
            "wss://api.example.com/orders/~a%2Fb",
        ] {
            assert_eq!(uri(other), one, "{other}");
        }
        assert_eq!(uri("https://api.example.com"), uri("https://api.example.com/"));
    }

    #[test]
    fn other_uris_are_not() {
        let one = uri("https://api.example.com/orders/a");
        for other in [
            "https://api.example.com/orders/A",
            "https://api.example.com/orders/a/",
            "https://api.example.com//orders/a",
            "https://api.example.com/orders%2Fa",
            "https://api.example.com:8443/orders/a",
            "https://api.example.org/orders/a",
            "https://api.example.com./orders/a",
        ] {
            assert_ne!(uri(other), one, "{other}");
        }
    }

    #[test]
    fn what_is_no_https_uri_is_none() {
        for text in [
            "",
            "/orders",
            "http://api.example.com/",
            "ftp://a.example/",
            "https://u@api.example.com/",
            "data:,x",
            "https://",
        ] {
            assert_eq!(TargetUri::parse(text), None, "{text}");
        }
        assert!(TargetUri::parse("http://127.0.0.1:8080/orders").is_some());
    }

    #[test]
    fn a_request_is_named_by_its_host_and_whole_path() {
        let target = |host: &str, path: &str| RequestTarget {
            method: "GET".to_owned(),
            host: host.to_owned(),
            path: path.to_owned(),
        };
        let of = |host, path| TargetUri::of_request(&target(host, path));
        assert_eq!(of("api.example.com", "/prod/orders"), Some(uri("https://api.example.com/prod/orders")));
        assert_eq!(of("127.0.0.1:8080", "/orders"), Some(uri("http://127.0.0.1:8080/orders")));
        assert_eq!(of("", "/orders"), None);
        for host in ["evil.example/x?", "u@evil.example", "evil.example#", "évil.example"] {
            assert_eq!(of(host, "/orders"), None, "{host}");
        }
    }

    #[test]
    fn a_path_below_a_base_url_is_joined_with_one_slash() {
        assert_eq!(uri("https://a.example/%+1%zz%"), uri("https://a.example/%+1%zz%"));
        let below = TargetUri::below("https://api.example.com/v1/", "orders/1");
        assert_eq!(below, Some(uri("https://api.example.com/v1/orders/1")));
        assert_eq!(TargetUri::below("https://api.example.com/v1", ""), Some(uri("https://api.example.com/v1")));
    }
}
