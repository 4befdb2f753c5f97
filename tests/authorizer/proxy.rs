//! The one proxy that is used is the one that `OKTA_PROXY` names; those of the environment are not looked at.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::events::{bearer, rest_token, status_of};
use crate::support::{Scenario, TIMEOUT};

/// A proxy that tunnels (RFC 9110 section 9.3.6) and notes where to.
async fn tunnel() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let targets = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&targets);
    tokio::spawn(async move {
        while let Ok((stream, _peer)) = listener.accept().await {
            tokio::spawn(pass_through(stream, Arc::clone(&noted)));
        }
    });
    (address, targets)
}

async fn pass_through(mut stream: TcpStream, noted: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    let head = String::from_utf8(head).expect("a request in ASCII");
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).expect("a tunnel").to_owned();
    noted.lock().expect("unpoisoned").push(target.clone());
    let mut upstream = TcpStream::connect(&target).await.expect("the target");
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("a caller");
    let _broken_off = copy_bidirectional(&mut stream, &mut upstream).await;
}

#[tokio::test]
async fn okta_is_asked_through_the_configured_proxy_and_no_other() {
    let scenario = Scenario::new().await;
    let (proxy, tunnelled) = tunnel().await;
    let nowhere = "http://127.0.0.1:1";
    let proxy = format!("http://{proxy}");
    let event = rest_token(&bearer(&scenario.good_token()));
    for (okta_proxy, tunnels) in [("", 0), (&*proxy, 1)] {
        let variables = [("HTTPS_PROXY", nowhere), ("https_proxy", nowhere), ("ALL_PROXY", nowhere)];
        let authorizer = scenario.authorizer(&[&variables[..], &[("OKTA_PROXY", okta_proxy)]].concat());
        assert_eq!(status_of(&authorizer.invoke(&event, TIMEOUT).await), 200, "{}", authorizer.logs());
        assert_eq!(tunnelled.lock().expect("unpoisoned").len(), tunnels);
    }
    assert_eq!(tunnelled.lock().expect("unpoisoned")[0], format!("localhost:{}", scenario.okta_address().port()));
}
