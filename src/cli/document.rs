//! Where a verb finds a document: a file or standard input, JSON or YAML.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::error::CliError;
use crate::application::document_text::Node;

/// Far more than any store takes, in bytes.
const MAX_BYTES: u64 = 1_048_576;

/// Standard input, as an argument.
pub(super) const STANDARD_INPUT: &str = "-";

/// Reads a document; YAML becomes JSON with its members in the same order.
pub(super) fn read(file: &Path) -> Result<String, CliError> {
    let failed = |error: io::Error| CliError::failed(format!("`{}` cannot be read: {error}", file.display()));
    let text = if file.as_os_str() == STANDARD_INPUT {
        read_text(io::stdin().lock())
    } else {
        File::open(file).and_then(read_text)
    };
    let text = text.map_err(failed)?;
    if is_yaml(file, &text) { yaml_to_json(file, &text) } else { Ok(text) }
}

fn read_text(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    // One more than may be there, so that nothing is cut off in silence.
    if source.take(MAX_BYTES + 1).read_to_string(&mut text)? as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("it has more than {MAX_BYTES} bytes")));
    }
    // Some editors begin a file with a byte order mark.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// By its ending, and where it has none of ours, by its first character: a profile in JSON begins with a brace.
fn is_yaml(file: &Path, text: &str) -> bool {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("json") => false,
        Some("yaml" | "yml") => true,
        Some(_) | None => !text.trim_start().starts_with('{'),
    }
}

fn yaml_to_json(file: &Path, text: &str) -> Result<String, CliError> {
    // YAML 1.2: `on` and `no` are texts.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    match serde_saphyr::from_str_with_options::<Node>(text, options) {
        Ok(node) => Ok(node.to_text()),
        Err(error) => {
            let problem = error.to_string();
            let problem = problem.lines().next().unwrap_or_default();
            Err(CliError::failed(format!("`{}` is not YAML that says a document: {problem}", file.display())))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{is_yaml, yaml_to_json};

    fn json(text: &str) -> Result<String, String> {
        yaml_to_json(Path::new("orders.yaml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn yaml_becomes_json_in_its_own_order() {
        let text = "# a comment\nversion: 1\nissuer: https://acme.okta.com/oauth2/default\naudiences: [api://orders]\n\
                    scopes:\n  - no\n  - \"1\"\nautomatic: {basic: true}\nclients: {allow: null}\n";
        let expected = "{\n  \"version\": 1,\n  \"issuer\": \"https://acme.okta.com/oauth2/default\",\n  \
                        \"audiences\": [\"api://orders\"],\n  \"scopes\": [\"no\", \"1\"],\n  \
                        \"automatic\": {\"basic\": true},\n  \"clients\": {\"allow\": null}\n}\n";
        assert_eq!(json(text).as_deref(), Ok(expected));
    }

    #[test]
    fn what_is_no_yaml_or_says_a_thing_twice_is_one_line_with_its_place() {
        for text in ["a: [1", "a: 1\na: 2\n", "a: 1\n b: 2\n", "a: .nan\n"] {
            let line = json(text).expect_err("refused");
            assert!(line.starts_with("`orders.yaml` is not YAML") && !line.contains('\n'), "{line}");
        }
    }

    /// Threat: aliases of aliases.
    #[test]
    fn aliases_that_grow_without_end_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = level - 1;
            text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{below}"); 10].join(", ")));
        }
        assert!(json(&text).is_err());
    }

    #[test]
    fn a_file_without_an_ending_is_what_it_looks_like() {
        assert!(!is_yaml(Path::new("-"), " {\"version\": 1}") && is_yaml(Path::new("-"), "version: 1"));
        assert!(is_yaml(Path::new("a.yml"), "{version: 1}") && !is_yaml(Path::new("a.json"), "version: 1"));
    }
}
