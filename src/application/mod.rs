//! The jobs, told as the steps that a reader would tell: ports in, decisions out.

mod assigned_apis;
pub mod authorize_request;
pub mod automatic_mode;
pub mod call_time;
pub mod client_tokens;
pub mod climb;
pub mod difference;
pub mod document_text;
pub mod edit_document;
pub mod explain_token;
pub mod issue_token;
pub mod key_ring;
pub mod manage_profiles;
pub mod obtain_error;
pub mod profile_catalog;
mod profile_snapshot;
pub mod refresh_keys;
pub mod remedies;
pub mod stored_client_token;
pub mod stored_state;
mod test_keys;
pub mod test_profile;
pub mod test_step;
pub mod verify_token;
