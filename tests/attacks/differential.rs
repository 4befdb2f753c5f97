//! The corpus before two independent implementations, PyJWT and joserfc (`oracle.py`), each set to the same rules.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::corpus::{Case, Expected};
use crate::differences::{DIFFERENCES, Oracle};
use crate::support::python;
use crate::world::{AUDIENCE, ISSUER, LEEWAY, OTHER_ISSUER, Rules, World};
use crate::{CORPUS, WORLD};

/// What each oracle says of each token, in the corpus's order.
fn ask(world: &World, cases: &[Case]) -> Vec<Value> {
    let algorithms = |rules: Rules| (rules.name(), json!(rules.algorithms()));
    let rules = json!({
        "now": world.now, "audience": AUDIENCE, "leeway": LEEWAY,
        "algorithms": serde_json::Map::from_iter(
            [Rules::Okta, Rules::EveryAlgorithm].map(algorithms).map(|(name, names)| (name.to_owned(), names))
        ),
        "issuers": [
            {"issuer": ISSUER, "keys": world.key_set()["keys"]},
            {"issuer": OTHER_ISSUER, "keys": world.other_key_set()["keys"]},
        ],
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks/oracle.py");
    let mut input = tempfile::tempfile().expect("a file");
    writeln!(input, "{rules}").expect("a line");
    for case in cases {
        writeln!(input, "{}", json!({"token": case.token, "rules": case.rules.name()})).expect("a line");
    }
    std::io::Seek::rewind(&mut input).expect("a file that can be read again");
    let run = Command::new(python()).arg("-I").arg(script).stdin(Stdio::from(input)).output().expect("Python");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let said = String::from_utf8(run.stdout).expect("UTF-8");
    let said: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(said.len(), cases.len(), "an answer for each token\n{}", String::from_utf8_lossy(&run.stderr));
    said
}

/// Threats 5 to 27.
#[test]
fn what_the_gate_accepts_pyjwt_and_joserfc_accept_and_a_table_says_where_it_is_stricter() {
    let said = ask(&WORLD, &CORPUS.cases);
    let mut wrong = Vec::new();
    let mut needed = BTreeMap::new();
    for (case, said) in CORPUS.cases.iter().zip(&said) {
        let we_accept = !matches!(case.expected, Expected::Unauthorized(_));
        for oracle in [Oracle::PyJwt, Oracle::Joserfc] {
            let said = &said[oracle.name()];
            match (we_accept, said == "accepted") {
                (true, true) | (false, false) => {}
                (true, false) => wrong.push(format!("{}: accepted here, {said} by {oracle:?}", case.name)),
                (false, true) => match DIFFERENCES.iter().position(|row| row.explains(case, oracle)) {
                    Some(row) => *needed.entry((row, oracle.name())).or_insert(0) += 1,
                    None => wrong.push(format!("{}: {:?}, and accepted by {oracle:?}", case.name, case.expected)),
                },
            }
        }
    }
    assert!(wrong.is_empty(), "{} not explained: {:#?}", wrong.len(), &wrong[..wrong.len().min(60)]);
    for (at, row) in DIFFERENCES.iter().enumerate() {
        assert!(!row.why.is_empty());
        for oracle in row.accepted_by {
            let count = needed.get(&(at, oracle.name()));
            let accepted = count.copied().unwrap_or(0);
            let _ = writeln!(std::io::stderr(), "attacks: {} accepts {accepted}: {}", oracle.name(), row.what);
            assert!(accepted > 0, "{} accepts none of `{}`: the table says too much", oracle.name(), row.what);
        }
    }
}
