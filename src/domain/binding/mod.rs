//! Sender-constrained tokens: a token that only the holder of a key may present (RFC 9449 for DPoP, RFC 8705 for mutual TLS).
//!
//! What a token is bound to stands in its claim `cnf`. Whatever stands there is proven, or the token is refused: a bound token
//! is never taken for a plain one.

pub mod confirmation;
pub mod mode;
pub mod possession;
pub mod proof;
pub mod replay;
pub mod target;
