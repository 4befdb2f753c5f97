//! Tests of the process that runs beside a test.

use crate::support::{PATIENCE, Process};

const NO_VARIABLES: [(&str, &str); 0] = [];

fn shell(script: &str) -> Process {
    Process::start("/bin/sh", &["-c", script], NO_VARIABLES)
}

#[tokio::test]
async fn both_outputs_and_the_status_of_a_program_are_kept() {
    let process = shell("echo out; echo err >&2; exit 7");
    assert_eq!(process.wait_exit(PATIENCE).await.code(), Some(7));
    assert_eq!(process.stdout(), "out\n");
    assert_eq!(process.stderr(), "err\n");
    assert_eq!(process.logs(), "out\n\nerr\n");
}

#[tokio::test]
async fn a_program_has_the_variables_that_it_is_given_and_no_other() {
    let process = Process::start("/bin/sh", &["-c", "echo \"[$GIVEN][$CARGO_MANIFEST_DIR]\""], [("GIVEN", "this")]);
    process.wait_exit(PATIENCE).await;
    assert_eq!(process.stdout(), "[this][]\n");
}

#[tokio::test]
async fn more_output_than_a_pipe_holds_does_not_block_the_program() {
    let process = shell("i=0; while [ $i -lt 20000 ]; do echo 'a line of some thirty characters'; i=$((i+1)); done");
    assert_eq!(process.wait_exit(PATIENCE).await.code(), Some(0));
    assert_eq!(process.stdout().lines().count(), 20_000);
}

#[tokio::test]
async fn a_stopped_program_gives_all_that_it_wrote() {
    let process = shell("echo before; exec sleep 600");
    process.wait_for("before").await;
    assert_eq!(process.stop(), "before\n\n");
}

#[tokio::test]
async fn a_dropped_program_is_gone() {
    let process = shell("echo \"pid $$.\"; exec sleep 600");
    process.wait_for(".").await;
    let pid = process.stdout().replace("pid ", "").replace(".\n", "");
    let alive = format!("kill -0 {pid} 2>/dev/null && echo alive || echo gone");

    let looked = shell(&alive);
    looked.wait_for("alive").await;
    drop(process);
    let looked = shell(&alive);
    looked.wait_for("gone").await;
}

#[tokio::test]
async fn a_signal_reaches_the_program() {
    let process = shell("trap 'echo caught; exit 0' USR1; echo ready; while :; do sleep 0.05; done");
    process.wait_for("ready").await;
    process.signal("USR1");
    process.wait_for("caught").await;
}

#[tokio::test]
async fn a_stopped_process_can_still_be_ended() {
    let process = shell("echo before; exec sleep 600");
    process.wait_for("before").await;
    process.signal("STOP");
    assert_eq!(process.stop(), "before\n\n");
}

#[tokio::test]
#[should_panic(expected = "ended (exit status: 1) and never wrote `ready`:\nno room")]
async fn waiting_for_output_of_a_program_that_ends_fails_with_its_output() {
    shell("echo no room; exit 1").wait_for("ready").await;
}

#[tokio::test]
#[should_panic(expected = "is still running after 50ms")]
async fn waiting_for_the_end_of_a_program_that_goes_on_fails() {
    shell("exec sleep 600").wait_exit(std::time::Duration::from_millis(50)).await;
}

#[tokio::test]
#[should_panic(expected = "`/nowhere/program` does not start")]
async fn a_program_that_does_not_exist_fails_the_test() {
    Process::start("/nowhere/program", &[], NO_VARIABLES);
}
