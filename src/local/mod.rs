//! The whole thing on one machine: a stand-in Okta and a local gateway around the functions' own code.

pub mod okta;
