//! An event with another DPoP proof than its own, for `profiles explain --dpop`.

use std::path::Path;

use serde_json::{Value, json};

use super::error::CliError;

/// The event with the proof of this file in place of its own `DPoP` headers.
///
/// # Errors
/// [`CliError`] where the file cannot be read or the event is no JSON object.
pub(super) fn with_proof(event: &str, proof: &Path) -> Result<String, CliError> {
    let proof = std::fs::read_to_string(proof)
        .map_err(|error| CliError::failed(format!("`{}` cannot be read: {error}", proof.display())))?;
    let mut event: Value = serde_json::from_str(event)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| CliError::failed("the event is no JSON object, so no proof can be put into it"))?;
    for (member, value) in [("headers", json!(proof.trim_end())), ("multiValueHeaders", json!([proof.trim_end()]))] {
        if let Some(headers) = event[member].as_object_mut() {
            headers.retain(|name, _| !name.eq_ignore_ascii_case("dpop"));
            headers.insert("DPoP".to_owned(), value);
        }
    }
    Ok(event.to_string())
}
