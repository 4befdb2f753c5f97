//! One connection of the [`FaultProxy`](super::FaultProxy): its requests in turn, each answered as the fault has it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::WireFault;
use super::fault_proxy::Shared;
use super::http_message::HttpMessage;

/// Long enough for what was sent to arrive before a reset, which could overtake it.
const ARRIVAL: Duration = Duration::from_millis(50);

/// What is left of a connection after an answer.
enum Then {
    Next,
    Close,
}

/// A connection with or without TLS.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    /// The next `close` resets the connection instead of ending it in an orderly way.
    fn reset_on_close(&self) -> io::Result<()>;
}

impl Wire for TcpStream {
    fn reset_on_close(&self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

impl Wire for TlsStream<TcpStream> {
    fn reset_on_close(&self) -> io::Result<()> {
        self.get_ref().0.set_zero_linger()
    }
}

/// Serves a connection until either side closes it.
pub(super) async fn serve_connection(mut stream: TcpStream, shared: &Shared) {
    // A connection that the client breaks off is the client's to notice.
    let _broken_off = match &shared.tls {
        None => serve_requests(&mut stream, shared).await,
        Some(_) if shared.is_black_hole() => swallow(&mut stream).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(mut stream) => serve_requests(&mut stream, shared).await,
            // A client that does not trust the authority hangs up here.
            Err(error) => Err(error),
        },
    };
}

async fn serve_requests(wire: &mut impl Wire, shared: &Shared) -> io::Result<()> {
    // Neither a request in time nor the client's own close: the connection was idle for too long.
    while let Ok(request) = tokio::time::timeout(shared.idle_time(), HttpMessage::read_request(wire)).await {
        let Some(request) = request? else { return Ok(()) };
        let fault = shared.note(&request);
        match answer(wire, shared, request, fault).await? {
            Then::Next => {}
            Then::Close => break,
        }
    }
    wire.shutdown().await
}

async fn answer(wire: &mut impl Wire, shared: &Shared, request: HttpMessage, fault: WireFault) -> io::Result<Then> {
    match fault {
        WireFault::None => {
            let answer = true_answer(shared, request).await?;
            send(wire, &answer.bytes()).await?;
        }
        WireFault::BlackHole | WireFault::Silence => {
            swallow(wire).await?;
            return Ok(Then::Close);
        }
        WireFault::Refuse | WireFault::HangUp => return Ok(Then::Close),
        WireFault::ResetMidBody => {
            send_half(wire, &true_answer(shared, request).await?).await?;
            tokio::time::sleep(ARRIVAL).await;
            wire.reset_on_close()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        WireFault::Truncate => {
            send_half(wire, &true_answer(shared, request).await?).await?;
            return Ok(Then::Close);
        }
        WireFault::Drip { bytes, every } => {
            let answer = true_answer(shared, request).await?.bytes();
            for piece in answer.chunks(bytes) {
                send(wire, piece).await?;
                tokio::time::sleep(every).await;
            }
        }
        WireFault::Delay(delay) => {
            let answer = true_answer(shared, request).await?;
            tokio::time::sleep(delay).await;
            send(wire, &answer.bytes()).await?;
        }
        WireFault::Answer { status, content_type, headers, body } => {
            let answer = HttpMessage::new(&format!("HTTP/1.1 {status} Fault"), body.into_bytes());
            let answer = headers.iter().fold(answer, |answer, (name, value)| answer.with_header(name, value));
            send(wire, &answer.with_header("Content-Type", content_type).bytes()).await?;
        }
        WireFault::Huge(bytes) => {
            let mut body = br#"{"padded": true}"#.to_vec();
            body.resize(bytes, b' ');
            let answer = HttpMessage::new("HTTP/1.1 200 OK", body).with_header("Content-Type", "application/json");
            send(wire, &answer.bytes()).await?;
        }
    }
    Ok(Then::Next)
}

/// What the server answers, over a connection of its own that ends with it. A server that is away is a broken wire.
async fn true_answer(shared: &Shared, request: HttpMessage) -> io::Result<HttpMessage> {
    let mut upstream = TcpStream::connect(shared.upstream).await?;
    upstream.write_all(&request.with_header("Connection", "close").bytes()).await?;
    Ok(HttpMessage::read_last_answer(&mut upstream).await?.without_header("Connection"))
}

async fn send(wire: &mut impl Wire, bytes: &[u8]) -> io::Result<()> {
    wire.write_all(bytes).await?;
    wire.flush().await
}

async fn send_half(wire: &mut impl Wire, answer: &HttpMessage) -> io::Result<()> {
    send(wire, &answer.head()).await?;
    send(wire, &answer.body[..answer.body.len() / 2]).await
}

/// Takes whatever comes until the client closes the connection.
async fn swallow(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut unheard = [0; 1_024];
    while stream.read(&mut unheard).await? > 0 {}
    Ok(())
}
