//! JSON Object Signing and Encryption (RFC 7515, 7517, 7518, 7519), as strict as the threat model asks.

pub mod algorithm;
pub mod base64url;
pub mod claims;
pub mod header;
pub mod jwk;
pub mod jwt;
pub mod key_set;
pub mod peek;
pub mod signature;
pub mod stored_key_set;
pub mod strict_json;
