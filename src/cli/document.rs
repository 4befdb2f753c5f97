//! Where a verb finds a document: a file or standard input, JSON or YAML.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::application::document_text::Node;
use crate::domain::profile::ProfileDocument;

/// Far more than any store takes, in bytes.
const MAX_BYTES: u64 = 1_048_576;

/// Standard input, as an argument.
pub(super) const STANDARD_INPUT: &str = "-";

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(super) enum DocumentError {
    /// No file, or no text.
    #[error("`{file}` cannot be read: {source}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// No YAML, or YAML that is no profile document, with its place in the file.
    #[error("`{file}` {problem}")]
    NotADocument {
        /// Its path.
        file: String,
        /// What is wrong.
        problem: String,
    },
}

/// Reads a document; YAML becomes JSON with its members in the same order.
pub(super) fn read(file: &Path) -> Result<String, DocumentError> {
    let name = file.display().to_string();
    let text = if file.as_os_str() == STANDARD_INPUT {
        read_text(io::stdin().lock())
    } else {
        File::open(file).and_then(read_text)
    };
    let text = text.map_err(|source| DocumentError::Unreadable { file: name.clone(), source })?;
    if !is_yaml(file, &text) {
        return Ok(text);
    }
    yaml_to_json(&text).map_err(|problem| DocumentError::NotADocument { file: name, problem })
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

/// What is wrong is told with its place in the YAML: the JSON is nobody's text.
fn yaml_to_json(text: &str) -> Result<String, String> {
    // YAML 1.2: `on` and `no` are texts.
    let options = || serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let node = serde_saphyr::from_str_with_options::<Node>(text, options())
        .map_err(|error| format!("is not YAML that says a document: {}", first_line(&error)))?;
    let json = node.to_text();
    match serde_json::from_str::<ProfileDocument>(&json) {
        Ok(_) => Ok(json),
        Err(in_json) => match serde_saphyr::from_str_with_options::<ProfileDocument>(text, options()) {
            Ok(_) => Err(format!("is not a profile document: {in_json}")),
            Err(in_yaml) => Err(format!("is not a profile document: {}", first_line(&in_yaml))),
        },
    }
}

fn first_line(error: &serde_saphyr::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{is_yaml, yaml_to_json};

    #[test]
    fn yaml_becomes_json_in_its_own_order() {
        let text = "# a comment\nversion: 1\nissuer: https://acme.okta.com/oauth2/default\naudiences: [api://orders]\n\
                    scopes:\n  - no\n  - \"1\"\nautomatic: {basic: true}\nclients: {allow: null}\n";
        let expected = "{\n  \"version\": 1,\n  \"issuer\": \"https://acme.okta.com/oauth2/default\",\n  \
                        \"audiences\": [\"api://orders\"],\n  \"scopes\": [\"no\", \"1\"],\n  \
                        \"automatic\": {\"basic\": true},\n  \"clients\": {\"allow\": null}\n}\n";
        assert_eq!(yaml_to_json(text).as_deref(), Ok(expected));
    }

    #[test]
    fn what_is_no_yaml_or_says_a_thing_twice_is_one_line_with_its_place() {
        for text in ["a: [1", "a: 1\na: 2\n", "a: 1\n b: 2\n", "a: .nan\n"] {
            let line = yaml_to_json(text).expect_err("refused");
            assert!(line.starts_with("is not YAML") && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn what_is_no_profile_document_is_told_with_its_place_in_the_yaml() {
        for (text, place, problem) in [
            ("version: 1\n\n\nissuer: [1]\n", "line 4", "string"),
            ("version: 1\nscope: a\n", "line 2", "unknown field `scope`"),
        ] {
            let line = yaml_to_json(text).expect_err("refused");
            assert!(line.contains(place) && line.contains(problem) && !line.contains('\n'), "{line}");
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
        assert!(yaml_to_json(&text).is_err());
    }

    #[test]
    fn a_file_without_an_ending_is_what_it_looks_like() {
        assert!(!is_yaml(Path::new("-"), " {\"version\": 1}") && is_yaml(Path::new("-"), "version: 1"));
        assert!(is_yaml(Path::new("a.yml"), "{version: 1}") && !is_yaml(Path::new("a.json"), "version: 1"));
    }
}
