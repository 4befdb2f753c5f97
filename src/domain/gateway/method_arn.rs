//! The ARN of an invoked method: `arn:{partition}:execute-api:{region}:{account}:{apiId}/{stage}/{METHOD}/{path}`
//! (API Gateway developer guide, "Control access to a REST API with IAM permissions").

use std::fmt;

/// The longest ARN that API Gateway accepts, in bytes.
const MAX_BYTES: usize = 1_600;

/// The longest segment of a path that is shown whole, in characters: a UUID has 36.
const MAX_SHOWN_SEGMENT: usize = 64;
/// What is left of a longer one.
const MAX_CUT_SEGMENT: usize = 8;

/// The partitions that API Gateway runs in.
const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];

/// A method ARN taken apart. Its parts are safe to build a policy's resource from; the path never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodArn {
    partition: String,
    region: String,
    account_id: String,
    api_id: String,
    stage: String,
    method: String,
    path: String,
}

/// The text is not a method ARN of API Gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the method ARN is not `arn:partition:execute-api:region:account:apiId/stage/METHOD/path`")]
pub struct InvalidMethodArn;

impl MethodArn {
    /// Takes an ARN apart.
    ///
    /// # Errors
    /// [`InvalidMethodArn`] where a part is missing or has a character that the part cannot have.
    pub fn parse(arn: &str) -> Result<Self, InvalidMethodArn> {
        Self::take_apart(arn).ok_or(InvalidMethodArn)
    }

    fn take_apart(arn: &str) -> Option<Self> {
        if arn.len() > MAX_BYTES {
            return None;
        }
        let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
        let partition = parts.next().filter(|partition| PARTITIONS.contains(partition))?;
        parts.next().filter(|service| *service == "execute-api")?;
        let region = parts.next().filter(|region| {
            is_word(region, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })?;
        let account_id = parts.next().filter(|account| is_word(account, |byte| byte.is_ascii_digit()))?;
        let mut resource = parts.next()?.splitn(4, '/');
        let api_id = resource.next().filter(|api_id| is_api_id(api_id))?;
        let stage = resource.next().filter(|stage| is_stage(stage))?;
        let method = resource.next().filter(|method| {
            is_word(method, |byte| byte.is_ascii_alphabetic() || matches!(byte, b'$' | b'-' | b'_'))
        })?;
        let path = resource.next().unwrap_or("");
        Some(Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account_id: account_id.to_owned(),
            api_id: api_id.to_owned(),
            stage: stage.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
        })
    }

    /// The API's id.
    #[must_use]
    pub fn api_id(&self) -> &str {
        &self.api_id
    }

    /// The stage's name, `$default` included.
    #[must_use]
    pub fn stage(&self) -> &str {
        &self.stage
    }

    /// The HTTP method, or `$connect`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The request's path without its first slash, as the caller wrote it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The beginning of every resource of this API's stage, slash included.
    #[must_use]
    pub fn stage_prefix(&self) -> String {
        let Self { partition, region, account_id, api_id, stage, .. } = self;
        format!("arn:{partition}:execute-api:{region}:{account_id}:{api_id}/{stage}/")
    }

    /// The resource that covers every method and path of this API's stage, and nothing else.
    #[must_use]
    pub fn whole_stage(&self) -> String {
        self.stage_prefix() + "*"
    }
}

/// Whether a text can be an API's id.
#[must_use]
pub fn is_api_id(text: &str) -> bool {
    is_word(text, |byte| byte.is_ascii_alphanumeric())
}

/// Whether a text can be a stage's name: `$default`, or letters, digits, `-` and `_`.
#[must_use]
pub fn is_stage(text: &str) -> bool {
    text == "$default" || is_word(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_word(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.len() <= 128 && text.bytes().all(allowed)
}

/// `METHOD /path`, as a log line shows it: a segment that is long enough to be a token or a secret is cut.
impl fmt::Display for MethodArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.method)?;
        f.write_str(" ")?;
        for segment in self.path.split('/') {
            match segment.char_indices().nth(MAX_SHOWN_SEGMENT) {
                None => write!(f, "/{segment}")?,
                Some(_) => write!(f, "/{}...", segment.chars().take(MAX_CUT_SEGMENT).collect::<String>())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidMethodArn, MAX_BYTES, MethodArn};

    #[test]
    fn an_arn_of_each_partition_is_taken_apart() {
        for partition in ["aws", "aws-cn", "aws-us-gov"] {
            let text = format!("arn:{partition}:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders/a:b/1");
            let arn = MethodArn::parse(&text).expect("valid");
            assert_eq!(
                (arn.api_id(), arn.stage(), arn.method(), arn.path()),
                ("abcdef1234", "prod", "GET", "orders/a:b/1")
            );
            assert_eq!(
                arn.whole_stage(),
                format!("arn:{partition}:execute-api:eu-west-1:123456789012:abcdef1234/prod/*")
            );
        }
    }

    #[test]
    fn the_root_path_and_the_websocket_route_are_read() {
        let root =
            MethodArn::parse("arn:aws:execute-api:eu-west-1:123456789012:http123456/$default/GET/").expect("valid");
        assert_eq!((root.stage(), root.path()), ("$default", ""));
        let socket =
            MethodArn::parse("arn:aws:execute-api:eu-west-1:123456789012:wsock12345/prod/$connect").expect("valid");
        assert_eq!((socket.method(), socket.path()), ("$connect", ""));
    }

    /// Threat 60.
    #[test]
    fn a_token_in_a_path_is_not_shown() {
        let arn = |path: &str| {
            let text = format!("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/{path}");
            MethodArn::parse(&text).expect("valid").to_string()
        };
        assert_eq!(
            arn("orders/5f0c9d3e-9b1a-4c53-8a8e-2f1f5c6d7e8f"),
            "GET /orders/5f0c9d3e-9b1a-4c53-8a8e-2f1f5c6d7e8f"
        );
        assert_eq!(arn(&format!("t/{}/x", "eyJhbGciOiJSUzI1NiJ9".repeat(10))), "GET /t/eyJhbGci.../x");
        assert_eq!(arn(""), "GET /");
    }

    /// Threat 34.
    #[test]
    fn a_wildcard_in_any_part_but_the_path_is_refused() {
        for arn in [
            "",
            "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234",
            "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod",
            "arn:aws:execute-api:eu-west-1:123456789012:*/prod/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/*/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/pro?/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*/",
            "arn:aws:execute-api:*:123456789012:abcdef1234/prod/GET/",
            "arn:aws:execute-api:eu-west-1:*:abcdef1234/prod/GET/",
            "arn:*:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/",
            "arn:aws:lambda:eu-west-1:123456789012:abcdef1234/prod/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/${aws:username}/GET/",
        ] {
            assert_eq!(MethodArn::parse(arn), Err(InvalidMethodArn), "{arn}");
        }
        let long = format!("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/{}", "a".repeat(MAX_BYTES));
        assert_eq!(MethodArn::parse(&long), Err(InvalidMethodArn));
    }
}
