//! `--form websocket`: a real upgrade through the gateway.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::gateway::Gateway;

const GRANT: &str = "grant_type=client_credentials";

/// Asks for an upgrade (RFC 6455 section 4.1) and returns the answer's head and what follows it at once.
async fn connect(gateway: &Gateway, authorization: Option<&str>) -> (String, TcpStream) {
    let address = gateway.api().strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let authorization = authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
    let request = format!(
        "GET /chat HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n{authorization}\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    (String::from_utf8(head).expect("text"), stream)
}

/// One unmasked text frame (RFC 6455 section 5.2), as a server sends it.
async fn read_text(stream: &mut TcpStream) -> String {
    assert_eq!(stream.read_u8().await.expect("a frame"), 0x81, "one whole text frame");
    let length = match stream.read_u8().await.expect("a length") {
        126 => usize::from(stream.read_u16().await.expect("a length")),
        short => usize::from(short),
    };
    let mut text = vec![0; length];
    stream.read_exact(&mut text).await.expect("a payload");
    String::from_utf8(text).expect("text")
}

#[tokio::test]
async fn a_good_token_opens_a_connection_that_is_told_its_context_and_echoes() {
    let gateway = Gateway::start(&["--form", "websocket"]).await;
    let (_, granted) = gateway.ask_for_token("demo-client", "demo-secret", GRANT).await;
    let token = format!("Bearer {}", granted["access_token"].as_str().expect("a token"));
    let (head, mut stream) = connect(&gateway, Some(&token)).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let context: serde_json::Value = serde_json::from_str(&read_text(&mut stream).await).expect("a context");
    assert_eq!((&context["principalId"], &context["profile"]), (&"demo-client".into(), &"demo".into()));
    // "hi", masked with zeros.
    stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']).await.expect("a message");
    assert_eq!(read_text(&mut stream).await, "hi");
}

#[tokio::test]
async fn a_connection_without_a_good_token_is_refused_before_the_upgrade() {
    let gateway = Gateway::start(&["--form", "websocket"]).await;
    let form = format!("{GRANT}&scope=OtherScope");
    let (_, granted) = gateway.ask_for_token("demo-client", "demo-secret", &form).await;
    let lacking = format!("Bearer {}", granted["access_token"].as_str().expect("a token"));
    for (authorization, status) in [(None, "401"), (Some("Bearer not-a-token"), "401"), (Some(&*lacking), "403")] {
        let (head, _) = connect(&gateway, authorization).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{authorization:?}: {head}");
    }
}
