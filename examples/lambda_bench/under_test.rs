//! One function's process: started with exactly the environment that it is given, its CPU time and memory read from `/proc`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::runtime_api::{Batch, Events, RuntimeApi};

/// What is to be measured.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) program: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) concurrency: usize,
}

/// A batch of warm calls.
#[derive(Debug, Clone)]
pub(crate) struct Warm {
    /// Sorted.
    pub(crate) latencies: Vec<Duration>,
    /// CPU time for each call, all threads together; nothing where there is no `/proc`.
    pub(crate) cpu: Option<Duration>,
    pub(crate) calls_per_second: f64,
    pub(crate) errors: usize,
    pub(crate) answer: String,
}

/// A start.
#[derive(Debug, Clone)]
pub(crate) struct Cold {
    /// From the process's start to its first request for an event.
    pub(crate) init: Duration,
    /// From the process's start to its first answer.
    pub(crate) first_answer: Duration,
    pub(crate) errors: usize,
    pub(crate) answer: String,
}

/// A function that runs. Dropping it ends it.
pub(crate) struct Running {
    api: RuntimeApi,
    process: Child,
    log: tempfile::NamedTempFile,
    name: String,
}

impl Function {
    /// Starts the function, whose first event waits for it already, and waits for the answer.
    pub(crate) fn start(&self, events: &Events) -> io::Result<(Running, Cold)> {
        let api = RuntimeApi::start()?;
        api.lay_out(events, 0, 1);
        // A file: a pipe's reader would take turns with the function on the same cores.
        let log = tempfile::NamedTempFile::new()?;
        let mut command = Command::new(&self.program);
        command.env_clear().envs(lambda_environment(&api.address())).envs(self.environment.iter().cloned());
        if self.concurrency > 1 {
            command.env("AWS_LAMBDA_MAX_CONCURRENCY", self.concurrency.to_string());
        }
        command.stdin(Stdio::null()).stdout(log.reopen()?).stderr(File::options().append(true).open(log.path())?);
        let began = Instant::now();
        let process = command.spawn().map_err(|error| {
            io::Error::new(error.kind(), format!("`{}` does not start: {error}", self.program.display()))
        })?;
        let name = self.program.display().to_string();
        let mut running = Running { api, process, log, name };
        let batch = running.collect()?;
        let since = |at: Option<Instant>| at.map_or(Duration::ZERO, |at| at.duration_since(began));
        let cold = Cold {
            init: since(batch.first_poll),
            first_answer: since(batch.first_answer),
            errors: batch.errors,
            answer: batch.answer,
        };
        Ok((running, cold))
    }
}

impl Running {
    /// Sends `calls` events from the one at `offset` on, and waits for the answers.
    pub(crate) fn play(&mut self, events: &Events, offset: usize, calls: usize) -> io::Result<Warm> {
        let (before, began) = (self.cpu_time(), Instant::now());
        self.api.lay_out(events, offset, calls);
        let batch = self.collect()?;
        let took = batch.last_answer.map_or(Duration::ZERO, |at| at.duration_since(began));
        let cpu = self.cpu_time().zip(before).map(|(after, before)| after.saturating_sub(before) / per_call(calls));
        let mut latencies = batch.latencies;
        latencies.sort_unstable();
        let calls_per_second = calls as f64 / took.as_secs_f64().max(1e-9);
        Ok(Warm { latencies, cpu, calls_per_second, errors: batch.errors, answer: batch.answer })
    }

    /// The most memory that the process has had at once, in kB; nothing where there is no `/proc`.
    pub(crate) fn peak_memory_kb(&self) -> Option<u64> {
        let status = std::fs::read_to_string(self.proc().join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// What all threads have used so far.
    fn cpu_time(&self) -> Option<Duration> {
        let mut nanoseconds = 0;
        for thread in std::fs::read_dir(self.proc().join("task")).ok()? {
            let statistics = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            nanoseconds += statistics.split(' ').next()?.parse::<u64>().ok()?;
        }
        Some(Duration::from_nanos(nanoseconds))
    }

    fn proc(&self) -> PathBuf {
        Path::new("/proc").join(self.process.id().to_string())
    }

    fn collect(&mut self) -> io::Result<Batch> {
        let Self { api, process, log, name } = self;
        let collected = api.collect(|| matches!(process.try_wait(), Ok(None)));
        collected.ok_or_else(|| {
            let said = std::fs::read_to_string(log.path()).unwrap_or_default();
            io::Error::other(format!("`{name}` did not answer; it wrote:\n{said}"))
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What has ended already need not be ended.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

fn per_call(calls: usize) -> u32 {
    u32::try_from(calls.max(1)).unwrap_or(u32::MAX)
}

/// What Lambda sets for a function on a custom runtime.
fn lambda_environment(runtime_api: &str) -> [(&'static str, String); 11] {
    [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/measured"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]00000000000000000000000000000000"),
        ("AWS_ACCESS_KEY_ID", "measured-access-key"),
        ("AWS_SECRET_ACCESS_KEY", "measured-secret-access-key"),
        ("AWS_SESSION_TOKEN", "measured-session-token"),
        ("AWS_REGION", "eu-west-1"),
        ("RUST_LOG", "info"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
}
