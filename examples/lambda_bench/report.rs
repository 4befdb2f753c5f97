//! `lambda_bench run`: one program's figures as JSON.

use std::io;
use std::time::Duration;

use serde_json::json;

use crate::options::Run;
use crate::runtime_api::Events;
use crate::under_test::Function;

pub(crate) fn run(run: &Run) -> io::Result<String> {
    let function = Function {
        program: run.program.clone(),
        environment: run.environment.iter().map(|pair| variable(pair)).collect::<io::Result<_>>()?,
        concurrency: run.concurrency.max(1),
    };
    let events = match &run.events {
        None => Events::whole(vec!["{}".to_owned()]),
        Some(file) => Events::whole(read_events(&std::fs::read_to_string(file)?)?),
    };
    let (mut init, mut first_answer) = (Vec::new(), Vec::new());
    for _ in 1..run.starts {
        let (_running, cold) = function.start(&events)?;
        init.push(cold.init);
        first_answer.push(cold.first_answer);
    }
    let (mut running, cold) = function.start(&events)?;
    init.push(cold.init);
    first_answer.push(cold.first_answer);
    running.play(&events, 1, run.warm_up.max(1))?;
    let warm = running.play(&events, 1 + run.warm_up, run.calls.max(1))?;
    let figures = json!({
        "program": run.program,
        "starts": init.len(),
        "initMs": milliseconds(median(&mut init)),
        "firstAnswerMs": milliseconds(median(&mut first_answer)),
        "calls": warm.latencies.len(),
        "errors": warm.errors,
        "p50Us": microseconds(quantile(&warm.latencies, 0.5)),
        "p99Us": microseconds(quantile(&warm.latencies, 0.99)),
        "p999Us": microseconds(quantile(&warm.latencies, 0.999)),
        "cpuUsPerCall": warm.cpu.map(microseconds),
        "callsPerSecond": warm.calls_per_second.round(),
        "peakMemoryKb": running.peak_memory_kb(),
        "lastAnswer": warm.answer,
    });
    Ok(format!("{figures:#}\n"))
}

/// A whole file that is one event, or one event to a line.
fn read_events(text: &str) -> io::Result<Vec<String>> {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return Ok(vec![text.to_owned()]);
    }
    let lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    for line in &lines {
        serde_json::from_str::<serde::de::IgnoredAny>(line).map_err(io::Error::other)?;
    }
    if lines.is_empty() { Err(io::Error::other("the file holds no event")) } else { Ok(lines) }
}

fn variable(pair: &str) -> io::Result<(String, String)> {
    let parts = pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    parts.ok_or_else(|| io::Error::other(format!("--env takes NAME=VALUE, and got `{pair}`")))
}

/// The middle one.
pub(crate) fn median<T: PartialOrd + Copy>(values: &mut [T]) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values[values.len() / 2]
}

/// Of sorted values.
pub(crate) fn quantile(sorted: &[Duration], quantile: f64) -> Duration {
    let index = (sorted.len() as f64 * quantile) as usize;
    sorted[index.min(sorted.len() - 1)]
}

pub(crate) fn microseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e7).round() / 10.0
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}
