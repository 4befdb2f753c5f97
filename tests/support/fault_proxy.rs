//! A proxy that breaks the wire: requests are noted and passed on to a server, and its answers are played back with a
//! fault.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::background::{self, Background};
use super::fault_wire::serve_connection;
use super::http_message::HttpMessage;
use super::{PATIENCE, PrivateCa};

/// How many connections the system takes before the proxy does.
const BACKLOG: u32 = 1_024;
/// How long an idle connection is kept where nothing else is said: longer than any test.
const LONG: Duration = Duration::from_secs(3_600);

/// What happens to a connection or an answer.
#[derive(Debug, Clone, Default)]
pub(crate) enum WireFault {
    /// Nothing.
    #[default]
    None,
    /// Nobody listens: connections are refused, and those that were open have been broken off.
    Refuse,
    /// Nothing ever comes back: no TLS handshake on a new connection, no answer on an open one.
    BlackHole,
    /// The request is taken, and never answered.
    Silence,
    /// The request is taken, and the connection closed without an answer.
    HangUp,
    /// Half of the body comes, then the connection is reset.
    ResetMidBody,
    /// Half of the body comes where all of it was announced, then the connection is closed in an orderly way.
    Truncate,
    /// The answer comes in pieces of so many bytes, one each time.
    Drip { bytes: usize, every: Duration },
    /// The answer comes this much later.
    Delay(Duration),
    /// This answer comes, and the server is not asked.
    Answer { status: u16, content_type: &'static str, headers: Vec<(&'static str, String)>, body: String },
    /// 200 and JSON of so many bytes, and the server is not asked.
    Huge(usize),
}

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct ProxiedRequest {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// The operation of an AWS call, `GetParameters` say; empty for any other request.
    pub(crate) operation: String,
    /// When the proxy had all of it.
    pub(crate) at: Instant,
}

/// A running proxy.
pub(crate) struct FaultProxy {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    doors: mpsc::UnboundedSender<DoorOrder>,
    _server: Background,
}

/// What the test, the listener and the connections share.
pub(super) struct Shared {
    pub(super) upstream: SocketAddr,
    pub(super) tls: Option<TlsAcceptor>,
    open: watch::Sender<usize>,
    state: Mutex<State>,
}

struct State {
    fault: WireFault,
    next_faults: VecDeque<WireFault>,
    keep_alive: Duration,
    connections: usize,
    requests: Vec<ProxiedRequest>,
}

/// Whether the proxy listens from now on; answered once it is so.
struct DoorOrder {
    listen: bool,
    done: std::sync::mpsc::Sender<()>,
}

impl FaultProxy {
    /// Speaks plain HTTP on both sides.
    pub(crate) fn plain(upstream: SocketAddr) -> Self {
        Self::start("http", None, upstream)
    }

    /// Takes the TLS off, with the certificate of `ca`, and speaks plain HTTP to `upstream`.
    pub(crate) fn tls(ca: &PrivateCa, upstream: SocketAddr) -> Self {
        Self::start("https", Some(TlsAcceptor::from(ca.server_config())), upstream)
    }

    /// Sets what happens to the connections and requests to come. Connections that are open stay so, but for
    /// [`WireFault::Refuse`].
    pub(crate) fn set(&self, fault: WireFault) {
        let listen = !matches!(fault, WireFault::Refuse);
        self.shared.lock().fault = fault;
        let (done, is_done) = std::sync::mpsc::channel();
        assert!(self.doors.send(DoorOrder { listen, done }).is_ok(), "the proxy runs for as long as its handle lives");
        assert!(is_done.recv_timeout(PATIENCE).is_ok(), "the proxy does not open or close within {PATIENCE:?}");
    }

    /// Sets what happens to the next request alone, or to the one after those for which this was said already.
    ///
    /// # Panics
    /// For a fault of the listener, which no single request can have.
    pub(crate) fn set_once(&self, fault: WireFault) {
        assert!(!matches!(fault, WireFault::Refuse), "a single request cannot be refused a connection");
        self.shared.lock().next_faults.push_back(fault);
    }

    /// Connections that become idle from now on are closed by the proxy after this time.
    pub(crate) fn keep_alive(&self, idle: Duration) {
        self.shared.lock().keep_alive = idle;
    }

    /// The requests so far. One that came over a connection without a handshake is not among them.
    pub(crate) fn requests(&self) -> Vec<ProxiedRequest> {
        self.shared.lock().requests.clone()
    }

    /// How many requests there were so far.
    pub(crate) fn count(&self) -> usize {
        self.shared.lock().requests.len()
    }

    /// How many connections were taken so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Waits until no connection is open.
    ///
    /// # Panics
    /// If one still is after [`PATIENCE`].
    pub(crate) async fn all_closed(&self) {
        let mut open = self.shared.open.subscribe();
        let closed = tokio::time::timeout(PATIENCE, open.wait_for(|open| *open == 0)).await;
        assert!(closed.is_ok(), "connections are still open after {PATIENCE:?}");
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, or the same with `https`.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// `http://localhost:PORT`, or the same with `https`.
    pub(crate) fn localhost_url(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.address.port())
    }

    fn start(scheme: &'static str, tls: Option<TlsAcceptor>, upstream: SocketAddr) -> Self {
        let (listener, address) = background::bind_loopback();
        let state = State {
            fault: WireFault::None,
            next_faults: VecDeque::new(),
            keep_alive: LONG,
            connections: 0,
            requests: Vec::new(),
        };
        let shared = Arc::new(Shared { upstream, tls, open: watch::Sender::new(0), state: Mutex::new(state) });
        let (doors, orders) = mpsc::unbounded_channel();
        let serving = Arc::clone(&shared);
        let server = Background::run(async move {
            serve(background::into_async(listener), address, &serving, orders).await;
        });
        Self { address, scheme, shared, doors, _server: server }
    }
}

/// Takes connections while the door is open. While it is closed the port stays bound, so that nobody else gets it.
async fn serve(
    mut listener: TcpListener,
    address: SocketAddr,
    shared: &Arc<Shared>,
    mut orders: mpsc::UnboundedReceiver<DoorOrder>,
) {
    let mut connections = JoinSet::new();
    loop {
        let closed = tokio::select! {
            biased;
            Some(order) = orders.recv() => {
                if order.listen {
                    order.done();
                    continue;
                }
                order
            }
            Ok((stream, _peer)) = listener.accept() => {
                let open = shared.connection_opens();
                let shared = Arc::clone(shared);
                connections.spawn(async move {
                    serve_connection(stream, &shared).await;
                    drop(open);
                });
                continue;
            }
        };
        drop(listener);
        connections.shutdown().await;
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("a socket that may follow another one");
        // A program that a test starts at this moment has the listener, too, until it runs: a bind fails until then.
        while let Err(error) = socket.bind(address) {
            assert_eq!(error.kind(), ErrorKind::AddrInUse, "the port that was given up a moment ago: {error}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        closed.done();
        let opened = loop {
            match orders.recv().await {
                Some(order) if order.listen => break order,
                Some(order) => order.done(),
                None => return,
            }
        };
        listener = socket.listen(BACKLOG).expect("a listener on the same port");
        opened.done();
    }
}

impl DoorOrder {
    fn done(self) {
        // A test that no longer waits has failed already.
        let _nobody_waits = self.done.send(());
    }
}

impl Shared {
    /// Notes a request and says what happens to it.
    pub(super) fn note(&self, request: &HttpMessage) -> WireFault {
        let mut words = request.first_line.split(' ').map(str::to_owned);
        let target = request.header("x-amz-target").unwrap_or_default();
        let request = ProxiedRequest {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            operation: target.rsplit('.').next().unwrap_or_default().to_owned(),
            at: Instant::now(),
        };
        let mut state = self.lock();
        state.requests.push(request);
        state.next_faults.pop_front().unwrap_or_else(|| state.fault.clone())
    }

    pub(super) fn is_black_hole(&self) -> bool {
        matches!(self.lock().fault, WireFault::BlackHole)
    }

    pub(super) fn idle_time(&self) -> Duration {
        self.lock().keep_alive
    }

    fn connection_opens(&self) -> OpenConnection {
        self.lock().connections += 1;
        self.open.send_modify(|open| *open += 1);
        OpenConnection(self.open.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }
}

/// A connection that counts as open, however it ends.
struct OpenConnection(watch::Sender<usize>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}
