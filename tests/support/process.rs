//! A program beside the test: only the environment that it is given, its whole output kept, ended on drop.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// How often a process is looked at while something waits for it.
const GLANCE: Duration = Duration::from_millis(10);

/// A running program.
pub(crate) struct Process {
    name: String,
    child: Mutex<Child>,
    stdout: Captured,
    stderr: Captured,
}

impl Process {
    /// Starts `program` with `arguments` and exactly the variables in `environment`: nothing is inherited.
    ///
    /// # Panics
    /// If the program cannot be started.
    pub(crate) fn start<K, V>(
        program: impl AsRef<Path>,
        arguments: &[&str],
        environment: impl IntoIterator<Item = (K, V)>,
    ) -> Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let mut command = Command::new(program.as_ref());
        command.args(arguments).env_clear().envs(environment).stdin(Stdio::null());
        Self::spawn(command)
    }

    /// Starts `command`. If its standard input is a pipe, closing that must end the program: so it ends even where the
    /// test process is killed and no destructor runs.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => panic!("`{name}` does not start: {error}"),
        };
        let stdout = Captured::from(child.stdout.take().expect("a piped standard output"));
        let stderr = Captured::from(child.stderr.take().expect("a piped standard error"));
        Self { name, child: Mutex::new(child), stdout, stderr }
    }

    /// The system's number for the program, to send it a signal.
    pub(crate) fn id(&self) -> u32 {
        self.child().id()
    }

    /// Sends the program a signal, `STOP` say.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("/bin/sh").args(["-c", r#"kill -s "$0" "$1""#, name, &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{} does not take the signal {name}", self.name);
    }

    /// Stops the program between two instructions and waits until all of it stands still: a signal that was sent is not
    /// yet one that was taken, and on a busy machine a thread may go on for milliseconds.
    ///
    /// # Panics
    /// If it still runs when [`PATIENCE`] runs out.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
        let asked = Instant::now();
        while !self.stands_still() {
            assert!(asked.elapsed() < PATIENCE, "{} still runs {PATIENCE:?} after SIGSTOP", self.name);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether every thread of the program is stopped, as the system sees it: by `/proc` where there is one, else by `ps`.
    fn stands_still(&self) -> bool {
        let id = self.id();
        let Ok(threads) = std::fs::read_dir(format!("/proc/{id}/task")) else {
            let state = Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output();
            return state.is_ok_and(|state| state.stdout.trim_ascii_start().starts_with(b"T"));
        };
        threads.flatten().all(|thread| {
            // The state follows the program's name, which stands in brackets and may itself hold brackets.
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('T'))
        })
    }

    /// What the program has written to its standard output so far.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What the program has written to its standard error so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// All output so far, standard output first. The two are kept apart: mixed in order of arrival, each could cut a
    /// word of the other in two, and a search for that word would miss it. To search what a run must *not* have
    /// written, use [`Process::stop`]: this one may be a line behind.
    pub(crate) fn logs(&self) -> String {
        format!("{}\n{}", self.stdout(), self.stderr())
    }

    /// Waits until the output holds `text`.
    ///
    /// # Panics
    /// If the program ends, or [`PATIENCE`] runs out, without it.
    pub(crate) async fn wait_for(&self, text: &str) {
        let started = Instant::now();
        loop {
            // Looked at before the output: what a program writes before it ends must count.
            let ended = self.ended();
            if ended.is_some() {
                self.drain();
            }
            if self.stdout().contains(text) || self.stderr().contains(text) {
                return;
            }
            if let Some(status) = ended {
                panic!("{} ended ({status}) and never wrote `{text}`:\n{}", self.name, self.logs());
            }
            if started.elapsed() > PATIENCE {
                panic!("{} did not write `{text}` within {PATIENCE:?}:\n{}", self.name, self.logs());
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Waits until the program ends by itself; its output is complete then.
    ///
    /// # Panics
    /// If it is still running after `timeout`.
    pub(crate) async fn wait_exit(&self, timeout: Duration) -> ExitStatus {
        match tokio::time::timeout(timeout, self.exited()).await {
            Ok(status) => status,
            Err(_elapsed) => panic!("{} is still running after {timeout:?}:\n{}", self.name, self.logs()),
        }
    }

    /// Waits until the program ends by itself, for ever if need be: for a `select!` with something that is bounded.
    pub(crate) async fn exited(&self) -> ExitStatus {
        loop {
            if let Some(status) = self.ended() {
                self.drain();
                return status;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Ends the program and returns everything that it wrote, to the last byte.
    pub(crate) fn stop(self) -> String {
        self.end();
        self.drain();
        self.logs()
    }

    /// How the program ended, if it has.
    fn ended(&self) -> Option<ExitStatus> {
        self.child().try_wait().expect("the state of a child process")
    }

    fn end(&self) {
        let mut child = self.child();
        if let Some(stdin) = child.stdin.take() {
            drop(stdin);
            let asked = Instant::now();
            while matches!(child.try_wait(), Ok(None)) && asked.elapsed() < PATIENCE {
                std::thread::sleep(GLANCE);
            }
        }
        // Both fail only for a child that has ended, which is what is wanted.
        let _already_ended = child.kill();
        let _already_waited_for = child.wait();
    }

    /// Waits for the last of the output of a program that has ended.
    fn drain(&self) {
        self.stdout.drain(&self.name);
        self.stderr.drain(&self.name);
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().expect("nothing panics while it holds this lock")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// One output stream, read to its end by a thread so that the program never waits for a full pipe.
struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Closed by the reading thread when the stream ends.
    end: Mutex<Receiver<()>>,
}

impl Captured {
    fn from(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (reading, end) = channel::<()>();
        let sink = Arc::clone(&bytes);
        std::thread::spawn(move || {
            let _closed_when_this_thread_ends = reading;
            let mut chunk = [0; 8192];
            while let Ok(count @ 1..) = stream.read(&mut chunk) {
                sink.lock().expect("nothing panics while it holds this lock").extend_from_slice(&chunk[..count]);
            }
        });
        Self { bytes, end: Mutex::new(end) }
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().expect("nothing panics while it holds this lock");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits for the end of the stream. A child of the program that still holds it open would make this wait for ever.
    fn drain(&self, name: &str) {
        let end = self.end.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if end.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            panic!("{name} has ended, and something still holds its output open");
        }
    }
}
