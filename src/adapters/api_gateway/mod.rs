//! API Gateway's authorizer events and answers: the wire form stays in here.

pub mod answer;
pub mod event;
pub mod handler;
mod http_api_v2;
mod possession;
mod rest_request;
mod rest_token;
