//! The rules about how the source is laid out, read from its text: who may use whom, who may touch the outside world,
//! how long a file may be, and that every event is listed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

use std::path::{Path, PathBuf};

/// The most lines that a file has.
const MAX_LINES: usize = 400;
/// The most lines that a program's own file has: configuration, adapters, run.
const MAX_PROGRAM_LINES: usize = 40;

/// The crate's modules, from the inside to the outside.
const LAYERS: [&str; 12] = [
    "domain",
    "ports",
    "application",
    "config",
    "rejection",
    "telemetry",
    "adapters",
    "functions",
    "local",
    "console",
    "cli",
    "testing",
];

/// A source file.
struct Source {
    /// From the package's root, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// The code that is compiled into the programs: no comments, and no item under `#[cfg(test)]`.
    fn production_code(&self) -> String {
        if self.is_test() {
            return String::new();
        }
        let mut code = Vec::new();
        let mut in_test_item = false;
        for line in self.text.lines() {
            let line = line.split("//").next().unwrap_or_default().trim_end();
            in_test_item |= line.trim_start().starts_with("#[cfg(test)]");
            if !in_test_item {
                code.push(line);
            } else if line.ends_with(';') && !line.starts_with(' ') || line.starts_with('}') {
                // As rustfmt writes it: an item at the margin ends with its own line, or with a brace at the margin.
                in_test_item = false;
            }
        }
        code.join("\n")
    }

    /// Whether the whole file is a test: `tests.rs`, `x_tests.rs`, or in a folder `tests`.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
            || self.path == "src/testing.rs"
    }

    /// Whether the file belongs to a module of the crate: `src/domain/...` or `src/domain.rs`.
    fn is_in(&self, module: &str) -> bool {
        self.path.starts_with(&format!("src/{module}/")) || self.path == format!("src/{module}.rs")
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file with this ending below a folder, in the order of their paths.
fn files(folder: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                let text = std::fs::read_to_string(&path).expect("a text");
                found.push(Source { path: relative(&path), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "`{folder}` holds no .{ending} file");
    found
}

fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).expect("a path below the package");
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Fails with every place where a module's code has one of `words`.
fn assert_none_has(module: &str, words: &[&str]) {
    let mut found = Vec::new();
    let mut files_of_module = 0;
    for source in files("src", "rs").iter().filter(|source| source.is_in(module)) {
        files_of_module += 1;
        let code = source.production_code();
        for word in words {
            if has_word(&code, word) {
                found.push(format!("{} has `{word}`", source.path));
            }
        }
    }
    assert!(files_of_module > 0, "there is no module `{module}`");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Whether a path such as `std::fs` or a name such as `tokio` is in the code, and not merely a part of another name.
fn has_word(code: &str, word: &str) -> bool {
    let is_name = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word)
        .any(|(at, _)| !is_name(code[..at].chars().next_back()) && !is_name(code[at + word.len()..].chars().next()))
}

/// `crate::` paths to every module but these.
fn all_layers_but(allowed: &[&str]) -> Vec<String> {
    LAYERS.iter().filter(|layer| !allowed.contains(layer)).map(|layer| format!("crate::{layer}")).collect()
}

fn assert_uses_only(module: &str, allowed: &[&str]) {
    let forbidden = all_layers_but(allowed);
    assert_none_has(module, &forbidden.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn every_module_of_the_crate_has_its_place_in_the_layers() {
    for source in files("src", "rs") {
        let module = source.path.split('/').nth(1).expect("a file below src").trim_end_matches(".rs");
        assert!(LAYERS.contains(&module) || ["lib", "bin"].contains(&module), "{} is in no layer", source.path);
    }
}

#[test]
fn the_domain_uses_nothing_but_itself() {
    assert_uses_only("domain", &["domain"]);
}

#[test]
fn the_domain_knows_no_runtime_no_network_no_file_no_clock_and_no_sdk() {
    assert_none_has(
        "domain",
        &[
            "async",
            "await",
            "tokio",
            "reqwest",
            "axum",
            "hyper",
            "lambda_http",
            "lambda_runtime",
            "aws_config",
            "aws_sdk_ssm",
            "tracing",
            "std::fs",
            "std::env",
            "std::io",
            "std::process",
            "std::thread",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "ToSocketAddrs",
            "SystemTime",
            "Instant",
        ],
    );
}

#[test]
fn the_ports_use_only_the_domain() {
    assert_uses_only("ports", &["domain", "ports"]);
    assert_none_has("ports", &["tokio", "reqwest", "axum", "aws_sdk_ssm", "lambda_runtime", "lambda_http"]);
}

#[test]
fn the_application_uses_only_the_ports_and_the_domain() {
    assert_uses_only("application", &["domain", "ports", "application"]);
    let outside =
        ["reqwest", "axum", "aws_config", "aws_sdk_ssm", "lambda_runtime", "lambda_http", "std::fs", "std::env"];
    assert_none_has("application", &outside);
    assert_none_has("application", &["SystemTime", "Instant", "tokio::spawn", "tokio::time", "tokio::net"]);
}

#[test]
fn the_map_of_errors_to_outcomes_knows_no_adapter() {
    assert_uses_only("rejection", &["domain", "ports", "application", "rejection"]);
}

#[test]
fn the_adapters_know_neither_the_command_line_nor_the_local_gateway() {
    assert_uses_only("adapters", &["domain", "ports", "application", "adapters", "config", "rejection", "telemetry"]);
    assert_uses_only(
        "functions",
        &["domain", "ports", "application", "adapters", "config", "rejection", "telemetry", "functions"],
    );
}

#[test]
fn the_local_gateway_does_not_know_the_command_line() {
    assert_none_has("local", &["crate::cli"]);
}

#[test]
fn the_console_knows_neither_the_command_line_nor_the_local_gateway() {
    assert_none_has("console", &["crate::cli", "crate::local"]);
}

#[test]
fn only_the_configuration_reads_the_environment() {
    for source in files("src", "rs").iter().filter(|source| source.path != "src/config.rs") {
        let code = source.production_code();
        for word in ["std::env", "env::var", "env::var_os", "env::vars", "env::vars_os", "var_os"] {
            assert!(!has_word(&code, word), "{} has `{word}`", source.path);
        }
    }
}

#[test]
fn only_the_system_clock_reads_a_clock() {
    for source in files("src", "rs").iter().filter(|source| source.path != "src/adapters/system_clock.rs") {
        let code = source.production_code();
        for word in ["SystemTime", "Instant", "UNIX_EPOCH"] {
            assert!(!has_word(&code, word), "{} has `{word}`", source.path);
        }
    }
}

#[test]
fn only_the_ssm_adapter_knows_the_sdk() {
    for source in files("src", "rs").iter().filter(|source| !source.path.starts_with("src/adapters/ssm/")) {
        let code = source.production_code();
        for word in ["aws_sdk_ssm", "aws_config", "aws_smithy_http_client"] {
            assert!(!has_word(&code, word), "{} has `{word}`", source.path);
        }
    }
}

#[test]
fn every_file_says_its_one_job_first_and_stays_short() {
    for folder in ["src", "tests", "examples"] {
        for source in files(folder, "rs") {
            let path = &source.path;
            let first = source.text.lines().next().unwrap_or_default();
            assert!(first.strip_prefix("//! ").is_some_and(|job| !job.is_empty()), "{path} does not say its job first");
            let most = if path.starts_with("src/bin/") { MAX_PROGRAM_LINES } else { MAX_LINES };
            let lines = source.text.lines().count();
            assert!(lines <= most, "{path} has {lines} lines, more than {most}");
        }
    }
}

#[test]
fn every_event_is_listed_in_the_events_readme_and_every_listed_event_is_there() {
    let readme = std::fs::read_to_string(root().join("events/README.md")).expect("the events' README");
    let listed: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    for event in files("events", "json") {
        let name = event.path.trim_start_matches("events/");
        let in_its_table =
            ["authorizer/", "token/", "keys/"].iter().fold(name, |name, folder| name.trim_start_matches(folder));
        assert!(listed.contains(&in_its_table), "events/README.md does not list {name}");
    }
    for name in listed.iter().filter(|name| name.ends_with(".json")) {
        let places = ["", "authorizer/", "token/", "keys/"].map(|folder| root().join("events").join(folder).join(name));
        assert!(places.iter().any(|place| place.is_file()), "events/README.md lists {name}, which is not there");
    }
}

#[test]
fn a_word_is_found_whole_and_comments_and_tests_are_no_code() {
    assert!(has_word("use tokio::sync;", "tokio") && has_word("(SystemTime)", "SystemTime"));
    assert!(!has_word("use my_tokio;", "tokio") && !has_word("Instantly", "Instant"));
    let text = "//! tokio\nuse std::fmt; // reqwest\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n\
                #[cfg(test)]\n#[path = \"x_tests.rs\"]\nmod more_tests;\nuse hyper;\n";
    let code = Source { path: "src/domain/x.rs".to_owned(), text: text.to_owned() }.production_code();
    assert!(has_word(&code, "std::fmt") && has_word(&code, "hyper"), "{code}");
    for word in ["tokio", "reqwest", "std::fs", "more_tests"] {
        assert!(!has_word(&code, word), "{word}: {code}");
    }
}
