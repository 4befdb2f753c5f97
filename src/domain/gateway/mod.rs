//! Amazon API Gateway's own words: method ARN, authorizer request, IAM policy.

pub mod method_arn;
pub mod path_template;
pub mod policy;
pub mod policy_builder;
pub mod request;
pub mod resource_pattern;
pub mod route;
