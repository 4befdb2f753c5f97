//! `lambda_bench table`: this project's functions beside functions that do nothing, as a Markdown table with ratios.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::options::Table;
use crate::programs::Programs;
use crate::report::{median, microseconds, milliseconds, quantile};
use crate::runtime_api::Events;
use crate::under_test::{Function, Warm};
use crate::world::{Anchors, Profiles, World};

/// A row of warm calls.
struct Row {
    name: &'static str,
    function: Function,
    events: Events,
    /// Which row it is held against.
    base: usize,
    warm_up: usize,
    calls: usize,
    rounds: Vec<Warm>,
    memory: Vec<u64>,
}

pub(crate) fn run(options: &Table) -> io::Result<String> {
    let programs = Programs::find(options.programs.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let world = runtime.block_on(World::create(Duration::from_millis(options.delay)))?;
    let mut text = String::new();
    cold(&mut text, options, &programs, &world, &runtime)?;
    warm(&mut text, options, &programs, &world)?;
    Ok(text)
}

/// Starts, all functions in turn.
fn cold(
    text: &mut String,
    options: &Table,
    programs: &Programs,
    world: &World,
    runtime: &tokio::runtime::Runtime,
) -> io::Result<()> {
    let call = world.calls(&world.tokens(1))?;
    let token_request = world.token_requests(1)?;
    let nothing =
        |program: &std::path::Path| Function { program: program.to_owned(), environment: Vec::new(), concurrency: 1 };
    let starts: [(&str, Function, &Events); 6] = [
        ("does nothing (`lambda_runtime`)", nothing(&programs.do_nothing), &call),
        ("`authorizer`", world.function(&programs.authorizer, Profiles::One, Anchors::One), &call),
        (
            "`authorizer`, system's trust anchors",
            world.function(&programs.authorizer, Profiles::One, Anchors::System),
            &call,
        ),
        ("`authorizer`, 50 profiles", world.function(&programs.authorizer, Profiles::Fifty, Anchors::One), &call),
        ("does nothing (`lambda_http`)", nothing(&programs.do_nothing_http), &token_request),
        ("`token`, its first token", world.function(&programs.token, Profiles::One, Anchors::One), &token_request),
    ];
    let mut took: Vec<[Vec<Duration>; 2]> = starts.iter().map(|_| <[Vec<Duration>; 2]>::default()).collect();
    let mut ssm = Vec::new();
    for _ in 0..options.starts {
        for ((name, function, events), [init, first]) in starts.iter().zip(&mut took) {
            let (_running, cold) = function.start(events)?;
            good(name, cold.errors, &cold.answer)?;
            init.push(cold.init);
            first.push(cold.first_answer);
        }
        ssm.push(runtime.block_on(world.ssm_answer())?);
    }
    let ssm = median(&mut ssm);
    let nothing = median(&mut took[0][1]);
    put(
        text,
        "| cold start, median | init | first answer | beyond do-nothing and one SSM answer |\n| --- | --- | --- | --- |",
    );
    put(text, &format!("| one SSM answer, connection open | | {} ms | |", milliseconds(ssm)));
    for ((name, ..), [init, first]) in starts.iter().zip(&mut took) {
        let (init, first) = (median(init), median(first));
        let beyond = first.saturating_sub(nothing).saturating_sub(ssm);
        let beyond = if name.contains("nothing") { String::new() } else { format!("{} ms", milliseconds(beyond)) };
        put(text, &format!("| {name} | {} ms | {} ms | {beyond} |", milliseconds(init), milliseconds(first)));
    }
    put(text, "");
    Ok(())
}

/// Warm calls, all rows in turn, round for round.
fn warm(text: &mut String, options: &Table, programs: &Programs, world: &World) -> io::Result<()> {
    let calls = options.calls;
    let (one, ten, many) = (world.tokens(1), world.tokens(10), world.tokens(options.tokens.max(calls * 2)));
    let authorizer = |profiles| world.function(&programs.authorizer, profiles, Anchors::One);
    let two_at_once = Function { concurrency: 2, ..authorizer(Profiles::One) };
    let nothing =
        |program: &std::path::Path| Function { program: program.to_owned(), environment: Vec::new(), concurrency: 1 };
    let row = |name, function, events: io::Result<Events>, base| {
        Ok::<_, io::Error>(Row {
            name,
            function,
            events: events?,
            base,
            warm_up: 500,
            calls,
            rounds: Vec::new(),
            memory: Vec::new(),
        })
    };
    let misses = (calls / 4).min(400);
    let mut rows = vec![
        row("does nothing (`lambda_runtime`)", nothing(&programs.do_nothing), world.calls(&one), 0)?,
        row("`authorizer`, token seen before", authorizer(Profiles::One), world.calls(&one), 0)?,
        row("... 50 profiles", authorizer(Profiles::Fifty), world.calls(&one), 1)?,
        row("... 200 routes", authorizer(Profiles::Routes), world.calls(&one), 1)?,
        row("... 10 tokens in turn", authorizer(Profiles::One), world.calls(&ten), 1)?,
        row("`authorizer`, a new token each time", authorizer(Profiles::One), world.calls(&many), 0)?,
        row("... two calls at once", two_at_once, world.calls(&many), 5)?,
        row("does nothing (`lambda_http`)", nothing(&programs.do_nothing_http), world.token_requests(1), 7)?,
        row(
            "`token`, token held",
            world.function(&programs.token, Profiles::One, Anchors::One),
            world.token_requests(1),
            7,
        )?,
        Row {
            warm_up: 20,
            calls: misses,
            ..row(
                "`token`, a new client each time",
                world.function(&programs.token, Profiles::One, Anchors::One),
                world.token_requests(2_000),
                7,
            )?
        },
    ];
    let mut verification = Vec::new();
    for _ in 0..options.rounds.max(1) {
        for row in &mut rows {
            let (mut running, cold) = row.function.start(&row.events)?;
            good(row.name, cold.errors, &cold.answer)?;
            running.play(&row.events, 1, row.warm_up)?;
            let warm = running.play(&row.events, 1 + row.warm_up, row.calls)?;
            good(row.name, warm.errors, &warm.answer)?;
            row.rounds.push(warm);
            row.memory.extend(running.peak_memory_kb());
        }
        verification.push(rsa_verification(world)?);
    }
    put(
        text,
        "| warm call, median of the rounds | CPU | to the row it is held against | p50 | p99 | p99.9 | calls/s | peak memory |",
    );
    put(text, "| --- | --- | --- | --- | --- | --- | --- | --- |");
    let figures: Vec<_> = rows.iter_mut().map(Figures::of).collect();
    for (row, figures_of_row) in rows.iter().zip(&figures) {
        put(text, &figures_of_row.line(row.name, &figures[row.base]));
    }
    put(
        text,
        &format!("\nOne RSA-2048 verification of the crypto library: {} us.", microseconds(median(&mut verification))),
    );
    growth(text, options, programs, world, &many)?;
    Ok(())
}

/// Memory and CPU of one process over many tokens.
fn growth(
    text: &mut String,
    options: &Table,
    programs: &Programs,
    world: &World,
    many: &Arc<Vec<String>>,
) -> io::Result<()> {
    let events = world.calls(many)?;
    let (mut running, _cold) = world.function(&programs.authorizer, Profiles::One, Anchors::One).start(&events)?;
    let first = running.play(&events, 1, options.calls)?;
    let before = running.peak_memory_kb().unwrap_or_default();
    let rest = many.len().saturating_sub(2 * options.calls + 1);
    running.play(&events, 1 + options.calls, rest.max(1))?;
    let last = running.play(&events, 1 + options.calls + rest, options.calls)?;
    let after = running.peak_memory_kb().unwrap_or_default();
    let us = |warm: &Warm| warm.cpu.map_or(0.0, microseconds);
    put(
        text,
        &format!(
            "After {} different tokens: {} us a call and {before} kB at most; after {}: {} us and {after} kB.",
            options.calls,
            us(&first),
            many.len(),
            us(&last),
        ),
    );
    Ok(())
}

struct Figures {
    cpu: f64,
    p50: f64,
    p99: f64,
    p999: f64,
    calls_per_second: f64,
    memory: u64,
}

impl Figures {
    fn of(row: &mut Row) -> Self {
        let median_of = |figure: &dyn Fn(&Warm) -> f64| median(&mut row.rounds.iter().map(figure).collect::<Vec<_>>());
        Self {
            cpu: median_of(&|warm| warm.cpu.map_or(0.0, microseconds)),
            p50: median_of(&|warm| microseconds(quantile(&warm.latencies, 0.5))),
            p99: median_of(&|warm| microseconds(quantile(&warm.latencies, 0.99))),
            p999: median_of(&|warm| microseconds(quantile(&warm.latencies, 0.999))),
            calls_per_second: median_of(&|warm| warm.calls_per_second),
            memory: row.memory.iter().copied().max().unwrap_or_default(),
        }
    }

    fn line(&self, name: &str, base: &Self) -> String {
        let Self { cpu, p50, p99, p999, calls_per_second, memory } = self;
        let ratio = |own: f64, other: f64| own / other.max(f64::MIN_POSITIVE);
        format!(
            "| {name} | {cpu:.1} us | CPU x{:.2} ({:+.1} us), p50 x{:.2}, calls/s x{:.2} | {p50:.0} us | {p99:.0} us | {p999:.0} us | {calls_per_second:.0} | {:.1} MB |",
            ratio(*cpu, base.cpu),
            cpu - base.cpu,
            ratio(*p50, base.p50),
            ratio(*calls_per_second, base.calls_per_second),
            *memory as f64 / 1024.0,
        )
    }
}

/// One verification, RS256, by the library alone, on this thread.
fn rsa_verification(world: &World) -> io::Result<Duration> {
    let (token, key) = (world.tokens(1)[0].clone(), world.public_key());
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(io::Error::other);
    let (message, signature) = token.rsplit_once('.').ok_or_else(|| io::Error::other("no token"))?;
    let (signature, n, e) = (decode(signature)?, decode(&key.0)?, decode(&key.1)?);
    let key = RsaPublicKeyComponents { n, e };
    let mut took = Vec::new();
    for _ in 0..2_000 {
        let began = Instant::now();
        let verified = key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature);
        took.push(began.elapsed());
        verified.map_err(io::Error::other)?;
    }
    Ok(median(&mut took))
}

/// A row whose calls fail measures something else.
fn good(name: &str, errors: usize, answer: &str) -> io::Result<()> {
    let is_good = name.contains("nothing") || answer.contains("Allow") || answer.contains("access_token");
    if errors == 0 && is_good { Ok(()) } else { Err(io::Error::other(format!("{name}: {errors} errors: {answer}"))) }
}

fn put(text: &mut String, line: &str) {
    // A `String` takes everything.
    let _never_fails = writeln!(text, "{line}");
}
