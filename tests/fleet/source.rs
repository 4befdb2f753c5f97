//! The constants that the simulation repeats are those of the source.

use std::path::Path;
use std::time::Duration;

use crate::simulation::constants::{
    ATTEMPT_TIMEOUT, INIT_PATIENCE, INVOCATION, KEYS_PATIENCE, MARGIN, OKTA_TIMEOUT, OPERATION_TIMEOUT, RESERVE,
};

fn assert_says(path: &str, line: &str) {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a text");
    assert!(text.contains(line), "{path} does not say `{line}`: mend examples/fleet/simulation/constants.rs");
}

fn duration(value: Duration) -> String {
    let grouped = |ms: u128| if ms < 1_000 { ms.to_string() } else { format!("{}_{:03}", ms / 1_000, ms % 1_000) };
    match value.subsec_nanos() {
        0 => format!("Duration::from_secs({})", value.as_secs()),
        _ => format!("Duration::from_millis({})", grouped(value.as_millis())),
    }
}

#[test]
fn the_simulation_waits_as_long_as_the_functions_do() {
    for (path, name, value) in [
        ("src/functions.rs", "INIT_PATIENCE", INIT_PATIENCE),
        ("src/adapters/deadline.rs", "RESERVE", RESERVE),
        ("src/adapters/deadline.rs", "MARGIN", MARGIN),
        ("src/application/refresh_keys.rs", "PATIENCE", KEYS_PATIENCE),
        ("src/adapters/okta/keys.rs", "TIMEOUT", OKTA_TIMEOUT),
        ("src/adapters/ssm/client.rs", "ATTEMPT_TIMEOUT", ATTEMPT_TIMEOUT),
        ("src/adapters/ssm/client.rs", "OPERATION_TIMEOUT", OPERATION_TIMEOUT),
    ] {
        assert_says(path, &format!("const {name}: Duration = {};", duration(value)));
    }
    assert_says("template.yaml", &format!("      Timeout: {}\n", INVOCATION.as_secs()));
}
