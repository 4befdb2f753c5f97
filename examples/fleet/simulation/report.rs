//! What was counted, as Markdown: a table, and a line for each goal.

use std::fmt::Write as _;
use std::time::Duration;

use okta_security_profiles::adapters::ssm::calls_for;
use okta_security_profiles::domain::key_cache::MAX_FRESHNESS;

use super::ledger::{Counts, Ledger, Phase};
use super::options::Options;
use super::outcome::{Cause, Refusal};

/// A goal, and whether it was met.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub(crate) goal: &'static str,
    pub(crate) holds: bool,
    /// Whether it has to hold in this scenario: SSM can answer the start, and is there, and so on.
    pub(crate) by_design: bool,
    pub(crate) found: String,
}

/// Whether the goals are met.
pub(crate) fn verdicts(ledger: &Ledger, options: &Options) -> Vec<Verdict> {
    vec![no_refusal(ledger, options), within_the_limit(ledger, options), no_call_to_okta(ledger, options)]
}

/// The table and the verdicts.
pub(crate) fn tables(ledger: &Ledger, options: &Options, verdicts: &[Verdict]) -> String {
    let phases: Vec<Phase> = Phase::ALL.into_iter().filter(|phase| !ledger.of(*phase).lasted.is_zero()).collect();
    let cells =
        |cell: &dyn Fn(Phase) -> String| phases.iter().map(|phase| cell(*phase)).collect::<Vec<_>>().join(" | ");
    let mut text = String::new();
    let _ = writeln!(text, "| | {} |", cells(&|phase| phase.name().to_owned()));
    let _ = writeln!(text, "| --- | {} |", cells(&|_| "---:".to_owned()));
    for Row { name, seldom, number } in rows() {
        if !seldom || phases.iter().any(|phase| number(ledger.of(*phase)) > 0) {
            let _ = writeln!(text, "| {name} | {} |", cells(&|phase| grouped(number(ledger.of(phase)))));
        }
    }
    let Options { sandboxes, starting_within, profiles, requests_per_second, ssm_limit, ttl, seed, .. } = options;
    let _ = writeln!(
        text,
        "\n{sandboxes} sandboxes start within {starting_within} s; {profiles} profiles of {} issuers; \
         {requests_per_second} requests/s; SSM answers {ssm_limit} calls/s; time to live {ttl} s; seed {seed}.\n",
        options.issuers()
    );
    for Verdict { goal, holds, found, .. } in verdicts {
        let _ = writeln!(text, "* {goal}: **{}**, {found}.", if *holds { "holds" } else { "missed" });
    }
    text
}

/// A row of the table.
struct Row {
    name: String,
    /// Whether it is left out where it is zero in every phase.
    seldom: bool,
    number: Box<dyn Fn(&Counts) -> u64>,
}

fn rows() -> Vec<Row> {
    let row =
        |name: &str, number: fn(&Counts) -> u64| Row { name: name.to_owned(), seldom: false, number: Box::new(number) };
    let seldom = |name: &str, number: fn(&Counts) -> u64| Row { seldom: true, ..row(name, number) };
    let mut rows = vec![
        row("lasted, s", |counts| counts.lasted.as_secs_f64().round() as u64),
        row("requests", |counts| counts.requests),
        row("SSM calls/s, with retries, mean", |counts| per_second(counts.ssm.total, counts.lasted)),
        row("SSM calls/s, busiest minute", |counts| counts.ssm.busiest_minute.div_ceil(60)),
        row("SSM calls/s, busiest second", |counts| counts.ssm.busiest_second),
        row("SSM calls throttled", |counts| counts.throttled),
        row("loads that failed", |counts| counts.failed_loads),
        row("Okta calls by the authorizer", |counts| counts.okta.total),
        row("... in the busiest second", |counts| counts.okta.busiest_second),
        row("... for a made-up kid", |counts| counts.okta_for(Cause::MadeUpKid)),
        seldom("... for a new key", |counts| counts.okta_for(Cause::NewKey)),
        seldom("... since keys from Okta aged", |counts| counts.okta_for(Cause::OwnKeysAge)),
        row("... since stored keys aged", |counts| counts.okta_for(Cause::StoredKeysAge)),
        row("Okta calls by `keys`", |counts| counts.keys_calls),
        seldom("profiles that `keys` did not renew", |counts| counts.keys_failed),
        row("requests refused", Counts::refused),
    ];
    rows.extend(Refusal::ALL.map(|refusal| Row {
        name: format!("... `{}`", refusal.word()),
        seldom: true,
        number: Box::new(move |counts| counts.refused.get(&refusal).copied().unwrap_or_default()),
    }));
    rows.extend([
        seldom("refused since Okta was down and the key new", |counts| counts.refused_for_okta),
        row("made-up kids refused", |counts| counts.made_up),
        row("starts", |counts| counts.starts),
        seldom("starts of over 10 s", |counts| counts.too_long_starts),
        row("longest start, ms", |counts| millis(counts.longest_start)),
        row("longest wait of another good request, ms", |counts| millis(counts.longest_wait)),
        seldom("longest wait of a made-up kid, ms", |counts| millis(counts.longest_wait_of_made_up)),
        row("sandboxes at work after an answer, at most", |counts| counts.held),
        row("requests that met a sandbox at work", |counts| counts.handed_on),
    ]);
    rows
}

fn no_refusal(ledger: &Ledger, options: &Options) -> Verdict {
    let refused = ledger.refused();
    let mut found = if refused == 0 { "none was".to_owned() } else { format!("{} were", grouped(refused)) };
    let (needed, answered) = calls_of_the_start(options);
    if needed > answered {
        let _ = write!(
            found,
            "; the start takes {} calls, and SSM answers {} meanwhile",
            grouped(needed),
            grouped(answered)
        );
    }
    let by_design = start_is_within_the_limit(options);
    Verdict { goal: "No request is refused for a reason of ours", holds: refused == 0, by_design, found }
}

fn within_the_limit(ledger: &Ledger, options: &Options) -> Verdict {
    let goal = "In the steady state SSM is asked within its limit, retries included";
    let by_design = start_is_within_the_limit(options);
    let steady = ledger.of(Phase::Steady);
    if steady.lasted < Duration::from_secs(60) {
        return Verdict { goal, holds: false, by_design, found: "there was none".to_owned() };
    }
    let (mean, minute) = (per_second(steady.ssm.total, steady.lasted), steady.ssm.busiest_minute.div_ceil(60));
    let found = format!("{mean} calls/s on average and {minute} in the busiest minute, of {}", options.ssm_limit);
    Verdict { goal, holds: minute <= u64::from(options.ssm_limit), by_design, found }
}

fn no_call_to_okta(ledger: &Ledger, options: &Options) -> Verdict {
    let total = |cause| Phase::ALL.iter().map(|phase| ledger.of(*phase).okta_for(cause)).sum::<u64>();
    let aged = total(Cause::StoredKeysAge);
    let others = [
        (Cause::MadeUpKid, "made-up kids"),
        (Cause::NewKey, "new keys"),
        (Cause::OwnKeysAge, "keys from Okta that aged"),
    ];
    let others = others.map(|(cause, name)| format!("{} for {name}", grouped(total(cause))));
    let found = format!("{} calls, and {}", grouped(aged), others.join(", "));
    // Stored key sets do not hold where SSM cannot be read, nor where Okta says that they do not.
    let by_design = start_is_within_the_limit(options)
        && options.ssm_outage_minutes == 0
        && Duration::from_secs(options.okta_max_age) >= MAX_FRESHNESS;
    Verdict { goal: "No request asks Okta while stored key sets hold", holds: aged == 0, by_design, found }
}

/// The calls that all starts take, and those that SSM answers while they last.
fn calls_of_the_start(options: &Options) -> (u64, u64) {
    let needed = options.sandboxes * calls_for(options.profiles, true);
    (needed as u64, u64::from(options.ssm_limit) * (options.starting_within + 1))
}

fn start_is_within_the_limit(options: &Options) -> bool {
    let (needed, answered) = calls_of_the_start(options);
    needed <= answered
}

fn per_second(total: u64, lasted: Duration) -> u64 {
    (total as f64 / lasted.as_secs_f64().max(1.0)).ceil() as u64
}

const fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// `12,345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
