//! The outside world behind the ports: API Gateway's events, HTTP, SSM, Okta, files, clocks.

pub mod api_gateway;
pub mod configured;
pub mod configured_repository;
pub mod deadline;
pub mod file;
pub mod http;
pub mod keys_handler;
pub mod memory;
pub mod okta;
pub mod ssm;
mod stored_client;
pub mod system_clock;
pub mod trust;
