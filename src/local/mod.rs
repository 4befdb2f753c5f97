//! The whole thing on one machine: a stand-in Okta and a local gateway around the functions' own code.

mod backend;
mod demo;
mod event;
mod gateway;
pub mod iam;
pub mod okta;
mod result_cache;
mod run;
mod socket;

pub use backend::Backend;
pub use demo::Demo;
pub use event::{ApiStage, Form};
pub use result_cache::MAX_CACHE_SECONDS;
pub use run::{LocalError, LocalGateway, LocalOptions, OwnProfiles};
