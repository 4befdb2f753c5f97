//! The Lambda Runtime API (version 2018-06-01), with as little between the clock and the function as there can be: a thread
//! for each connection, which reads the clock when an event leaves and when its answer comes.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// What a function is told that it has for a call.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a batch may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(300);

/// A text with places for what differs from event to event.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    /// What stays the same.
    around: Vec<String>,
    /// What stands between, in turn.
    parts: Arc<Vec<String>>,
}

impl Events {
    /// `template`, where `place` is filled with each of `parts` in turn.
    pub(crate) fn filled(template: &str, place: &str, parts: Arc<Vec<String>>) -> Self {
        Self { around: template.split(place).map(str::to_owned).collect(), parts }
    }

    /// These texts in turn.
    pub(crate) fn whole(texts: Vec<String>) -> Self {
        Self { around: vec![String::new(); 2], parts: Arc::new(texts) }
    }

    fn event(&self, index: usize) -> String {
        self.around.join(&self.parts[index % self.parts.len()])
    }
}

/// What came of a batch of calls.
#[derive(Debug, Default, Clone)]
pub(crate) struct Batch {
    /// From the event's last byte out to the answer's first byte in.
    pub(crate) latencies: Vec<Duration>,
    /// How many were answered with an error.
    pub(crate) errors: usize,
    /// The last answer.
    pub(crate) answer: String,
    pub(crate) first_poll: Option<Instant>,
    pub(crate) first_answer: Option<Instant>,
    pub(crate) last_answer: Option<Instant>,
}

#[derive(Default)]
struct State {
    events: Option<Events>,
    /// Where in `events` the batch begins.
    offset: usize,
    sent: usize,
    calls: usize,
    polls_waiting: usize,
    under_way: HashMap<String, Instant>,
    batch: Batch,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// The Runtime API of one function.
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl RuntimeApi {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, shared) = (listener.local_addr()?, Arc::<Shared>::default());
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&serving);
                // A function that has been killed closes its connections.
                std::thread::spawn(move || shared.serve(connection));
            }
        });
        Ok(Self { address, shared })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Lays out `calls` events, from the one at `offset` on, for the polls to come.
    pub(crate) fn lay_out(&self, events: &Events, offset: usize, calls: usize) {
        let mut state = self.shared.lock();
        let first_poll = state.batch.first_poll;
        *state = State {
            events: Some(events.clone()),
            offset,
            calls,
            polls_waiting: state.polls_waiting,
            batch: Batch { latencies: Vec::with_capacity(calls), first_poll, ..Batch::default() },
            ..State::default()
        };
        self.shared.changed.notify_all();
    }

    /// Waits until all of the batch is answered and the function asks for more; `None` where it never does.
    pub(crate) fn collect(&self, mut is_alive: impl FnMut() -> bool) -> Option<Batch> {
        let began = Instant::now();
        let mut state = self.shared.lock();
        loop {
            if state.batch.latencies.len() == state.calls && state.polls_waiting > 0 {
                return Some(std::mem::take(&mut state.batch));
            }
            if began.elapsed() > PATIENCE || !is_alive() {
                return None;
            }
            let waited = self.shared.changed.wait_timeout(state, Duration::from_millis(200));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, connection: TcpStream) -> io::Result<()> {
        connection.set_nodelay(true)?;
        let mut reader = BufReader::with_capacity(64 * 1024, connection.try_clone()?);
        let mut writer = connection;
        while let Some((line, body, at)) = read_request(&mut reader)? {
            let path = line.split(' ').nth(1).unwrap_or_default();
            let (rest, verb) = path.rsplit_once('/').unwrap_or_default();
            let id = rest.rsplit('/').next().unwrap_or_default();
            match verb {
                "next" => self.hand_out(&mut writer)?,
                "response" | "error" if id != "init" => {
                    writer.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")?;
                    self.settle(id, verb == "error", body, at);
                }
                _ => writer.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")?,
            }
        }
        Ok(())
    }

    fn hand_out(&self, writer: &mut TcpStream) -> io::Result<()> {
        let mut state = self.lock();
        state.batch.first_poll.get_or_insert_with(Instant::now);
        if state.sent == state.calls {
            state.polls_waiting += 1;
            self.changed.notify_all();
            while state.sent == state.calls {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.polls_waiting -= 1;
        }
        let index = state.offset + state.sent;
        state.sent += 1;
        let event = state.events.as_ref().map(|events| events.event(index)).unwrap_or_default();
        let id = format!("00000000-0000-4000-8000-{index:012}");
        let deadline = SystemTime::now() + TIMEOUT;
        let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Lambda-Runtime-Aws-Request-Id: {id}\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:measured\r\n\
             Lambda-Runtime-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1\r\n\r\n{event}",
            event.len()
        );
        state.under_way.insert(id, Instant::now());
        drop(state);
        writer.write_all(answer.as_bytes())
    }

    fn settle(&self, id: &str, is_error: bool, body: Vec<u8>, at: Instant) {
        let mut state = self.lock();
        let Some(began) = state.under_way.remove(id) else { return };
        let batch = &mut state.batch;
        batch.latencies.push(at.duration_since(began));
        batch.errors += usize::from(is_error);
        batch.first_answer.get_or_insert(at);
        batch.last_answer = Some(at);
        batch.answer = String::from_utf8(body).unwrap_or_default();
    }
}

/// The request line, the body, and when the first line was there; nothing at the connection's end.
fn read_request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<(String, Vec<u8>, Instant)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let at = Instant::now();
    let (mut length, mut is_chunked) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
            "transfer-encoding" => is_chunked = true,
            _ => {}
        }
    }
    let mut body = Vec::new();
    if is_chunked {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
            reader.by_ref().take(size as u64).read_to_end(&mut body)?;
            reader.read_line(&mut String::new())?;
            if size == 0 {
                break;
            }
        }
    } else {
        reader.by_ref().take(length).read_to_end(&mut body)?;
    }
    Ok(Some((line, body, at)))
}
