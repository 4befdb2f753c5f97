//! What is in the way of a start: a port, an option, a variable.

use std::net::TcpListener;

use crate::gateway::{ended, start};

#[tokio::test]
async fn a_port_in_use_is_told_in_one_line_with_the_option_to_change_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    for (option, arguments) in [
        ("--port", ["local", "--port", &port, "--okta-port", "0"]),
        ("--okta-port", ["local", "--port", "0", "--okta-port", &port]),
    ] {
        let (status, lines) = ended(&start(&arguments, &[])).await;
        assert_eq!((status, lines.len()), (Some(1), 1), "{lines:?}");
        let line = &lines[0];
        assert!(line.starts_with(&format!("profiles: port {port} cannot be used")), "{line}");
        assert!(line.ends_with(&format!("choose another with {option}")), "{line}");
    }
}

#[tokio::test]
async fn wrong_usage_ends_with_status_2_and_names_what_is_wrong() {
    for (arguments, expected) in [
        (&["local", "--unknown"][..], "--unknown"),
        (&["local", "--form", "soap"], "token, request, http1, http2, simple, websocket"),
        (&["local", "--port", "99999"], "99999"),
        (&["local", "--api", "abcdef1234"], "apiId/stage"),
        (&["local", "--upstream", "ftp://backend"], "http://host"),
        (&["local", "extra"], "extra"),
        (&["unknown"], "unknown"),
        (&[], "local"),
    ] {
        let (status, lines) = ended(&start(arguments, &[])).await;
        assert_eq!(status, Some(2), "{arguments:?}: {lines:?}");
        assert!(lines.iter().any(|line| line.contains(expected)), "{arguments:?}: {lines:?}");
    }
}

#[tokio::test]
async fn help_and_version_end_with_status_0() {
    for (arguments, expected) in
        [(&["--help"][..], "local"), (&["local", "--help"], "--okta-port"), (&["--version"], env!("CARGO_PKG_VERSION"))]
    {
        let (status, lines) = ended(&start(arguments, &[])).await;
        assert_eq!(status, Some(0), "{arguments:?}");
        assert!(lines.iter().any(|line| line.contains(expected)), "{arguments:?}: {lines:?}");
    }
}

#[tokio::test]
async fn a_bad_variable_is_told_in_one_line() {
    for (variable, value) in [("RUST_LOG", "a=b=c"), ("SSL_CERT_FILE", "/nowhere/ca.pem")] {
        let process = start(&["local", "--port", "0", "--okta-port", "0"], &[(variable, value)]);
        let (status, lines) = ended(&process).await;
        assert_eq!((status, lines.len()), (Some(1), 1), "{lines:?}");
        let expected = format!("profiles: the environment variable {variable} is `{value}`");
        assert!(lines[0].starts_with(&expected), "{lines:?}");
    }
}
