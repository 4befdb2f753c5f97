//! Amazon API Gateway's own words: method ARN, authorizer request, IAM policy.

pub mod method_arn;
pub mod policy;
pub mod request;
