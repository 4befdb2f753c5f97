//! An authorizer event as JSON: which form it is, told by its own fields. Only what a decision needs is read.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::domain::gateway::method_arn::InvalidMethodArn;
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};

/// The largest number of members that an error names.
const MAX_NAMED_MEMBERS: usize = 12;

/// The members of every form together.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireEvent<'e> {
    #[serde(borrow)]
    pub(super) version: Option<Cow<'e, str>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) method_arn: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) route_arn: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) authorization_token: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) http_method: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) path: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) raw_path: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) headers: Option<RequestHeaders<'e>>,
    #[serde(borrow)]
    pub(super) multi_value_headers: Option<RequestHeaders<'e>>,
    #[serde(borrow, default)]
    pub(super) request_context: Option<RequestContext<'e>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestContext<'e> {
    #[serde(borrow)]
    pub(super) request_id: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) event_type: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) domain_name: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) stage: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) path: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) identity: Option<Caller<'e>>,
    #[serde(borrow)]
    pub(super) http: Option<Caller<'e>>,
    #[serde(borrow)]
    pub(super) authentication: Option<Caller<'e>>,
}

/// `identity` in REST events, `http` and `authentication` in payload 2.0.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Caller<'e> {
    #[serde(borrow)]
    pub(super) source_ip: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) method: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) client_cert: Option<ClientCertificate<'e>>,
}

/// The certificate of a caller's TLS connection, where the API asks for one (mutual TLS).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientCertificate<'e> {
    #[serde(borrow)]
    pub(super) client_cert_pem: Option<Cow<'e, str>>,
}

/// Every value of the headers that a decision needs, whatever the case of their names; the others are skipped.
#[derive(Default)]
pub(super) struct RequestHeaders<'e> {
    pub(super) authorization: Vec<Cow<'e, str>>,
    pub(super) dpop: Vec<Cow<'e, str>>,
    pub(super) host: Vec<Cow<'e, str>>,
}

/// A request and what its log line says of it.
pub struct ReadEvent<'e> {
    /// What the authorizer is asked.
    pub request: AuthorizationRequest,
    pub(super) request_id: Option<Cow<'e, str>>,
}

/// Why an event is not decided about. Never holds a value of the event, which may be a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Not one of the supported forms.
    #[error("the event is not an authorizer request that this function knows; received {received}")]
    Unsupported {
        /// What it looks like: a known but unsupported form, or the names of its members.
        received: String,
    },
    /// One of the forms, but a member is missing or of another type.
    #[error("the {form} event has no usable `{member}`")]
    Member {
        /// The form.
        form: &'static str,
        /// The member.
        member: &'static str,
    },
    /// The ARN is not one of API Gateway's.
    #[error(transparent)]
    MethodArn(#[from] InvalidMethodArn),
}

/// Reads an event of any form.
///
/// # Errors
/// [`EventError`], naming what was received.
pub fn read(event: &str) -> Result<ReadEvent<'_>, EventError> {
    let Ok(wire) = serde_json::from_str::<WireEvent<'_>>(event) else { return Err(unsupported(event)) };
    let websocket_event = wire.request_context.as_ref().and_then(|context| context.event_type.as_deref());
    let (is_websocket, is_connect) = (websocket_event.is_some(), websocket_event == Some("CONNECT"));
    match (wire.version.as_deref(), wire.kind.as_deref()) {
        (Some("2.0"), Some("REQUEST")) => super::http_api_v2::read(wire),
        (Some("1.0"), Some("REQUEST")) => super::rest_request::read(wire, EventForm::HttpApiV1),
        (None, Some("TOKEN")) => super::rest_token::read(wire),
        (None, Some("REQUEST")) if is_connect => super::rest_request::read(wire, EventForm::WebSocket),
        (None, Some("REQUEST")) if is_websocket => {
            Err(EventError::Unsupported { received: "a WebSocket event other than CONNECT".to_owned() })
        }
        (None, Some("REQUEST")) => super::rest_request::read(wire, EventForm::RestRequest),
        (Some(_) | None, Some(_) | None) => Err(unsupported(event)),
    }
}

/// Names the members of what was received, not their values.
fn unsupported(event: &str) -> EventError {
    let received = match serde_json::from_str::<MemberNames>(event) {
        Ok(MemberNames(names)) if names.is_empty() => "an empty object".to_owned(),
        Ok(MemberNames(names)) => format!("an object with {}", names.join(", ")),
        Err(_) => "something that is not a JSON object".to_owned(),
    };
    EventError::Unsupported { received }
}

impl<'de: 'e, 'e> Deserialize<'de> for RequestHeaders<'e> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeadersVisitor)
    }
}

struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = RequestHeaders<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of headers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut headers: A) -> Result<Self::Value, A::Error> {
        let mut read = RequestHeaders::default();
        while let Some(Text(name)) = headers.next_key::<Text<'de>>()? {
            let values = if name.eq_ignore_ascii_case("authorization") {
                &mut read.authorization
            } else if name.eq_ignore_ascii_case("dpop") {
                &mut read.dpop
            } else if name.eq_ignore_ascii_case("host") {
                &mut read.host
            } else {
                headers.next_value::<IgnoredAny>()?;
                continue;
            };
            match headers.next_value::<OneOrMany<'de>>()? {
                OneOrMany::One(value) => values.push(value.0),
                OneOrMany::Many(several) => values.extend(several.into_iter().map(|value| value.0)),
            }
        }
        Ok(read)
    }
}

/// Borrowed where the JSON has no escapes.
#[derive(Deserialize)]
struct Text<'e>(#[serde(borrow)] Cow<'e, str>);

/// A header's value in `headers`, or its values in `multiValueHeaders`.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<'e> {
    #[serde(borrow)]
    One(Text<'e>),
    Many(Vec<Text<'e>>),
}

/// The first names of an object's members, shortened and escaped.
struct MemberNames(Vec<String>);

impl<'de> Deserialize<'de> for MemberNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;
        impl<'de> Visitor<'de> for NamesVisitor {
            type Value = MemberNames;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<MemberNames, A::Error> {
                let mut names = Vec::new();
                while let Some((name, _)) = members.next_entry::<String, IgnoredAny>()? {
                    if names.len() < MAX_NAMED_MEMBERS {
                        names.push(format!(
                            "`{}`",
                            name.chars().take(32).flat_map(char::escape_debug).collect::<String>()
                        ));
                    }
                }
                Ok(MemberNames(names))
            }
        }
        deserializer.deserialize_map(NamesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::{EventError, read};
    use crate::domain::oauth::bearer::{Credential, CredentialError};

    const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders";

    fn rest_request(headers: &str) -> String {
        format!(
            r#"{{"type":"REQUEST","methodArn":"{ARN}",{headers},"requestContext":{{"identity":{{"sourceIp":"203.0.113.7"}}}}}}"#
        )
    }

    fn credential(event: &str) -> Result<String, CredentialError> {
        let credential = read(event).expect("a known form").request.credential;
        credential.map(|credential| match credential {
            Credential::Token(_, token) => token.expose().to_owned(),
            Credential::Basic(client) => format!("basic {}", client.client_id),
        })
    }

    fn received(event: &str) -> String {
        match read(event) {
            Err(EventError::Unsupported { received }) => received,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        }
    }

    /// Threat 2.
    #[test]
    fn two_authorization_headers_are_refused_in_every_spelling() {
        for headers in [
            r#""headers":{"Authorization":"Bearer a.b.c","authorization":"Bearer a.b.c"}"#,
            r#""headers":{"Authorization":"Bearer a.b.c"},"multiValueHeaders":{"Authorization":["Bearer a.b.c","Bearer d.e.f"]}"#,
            r#""headers":null,"multiValueHeaders":{"Authorization":["Bearer a.b.c"],"AUTHORIZATION":["Bearer a.b.c"]}"#,
            r#""headers":{"Authorization":"Bearer a.b.c,Bearer d.e.f"}"#,
        ] {
            assert_eq!(credential(&rest_request(headers)), Err(CredentialError::Multiple), "{headers}");
        }
    }

    /// Threat 3.
    #[test]
    fn a_token_in_query_cookie_or_body_is_ignored() {
        let elsewhere = r#""headers":{"Cookie":"access_token=a.b.c"},"queryStringParameters":{"access_token":"a.b.c"},"body":"access_token=a.b.c""#;
        assert_eq!(credential(&rest_request(elsewhere)), Err(CredentialError::Missing));
    }

    #[test]
    fn a_header_is_found_whatever_its_case_and_escapes() {
        assert_eq!(
            credential(&rest_request(r#""headers":{"aUTHORIZATION":"Bearer a\u002eb.c"}"#)),
            Ok("a.b.c".to_owned())
        );
    }

    #[test]
    fn what_is_no_authorizer_event_is_named_by_its_members_and_not_by_its_values() {
        assert_eq!(received("{}"), "an empty object");
        assert_eq!(received("[1]"), "something that is not a JSON object");
        assert_eq!(received(r#"{"Records":[{"body":"canary"}]}"#), "an object with `Records`");
        assert_eq!(received(r#"{"type":"canary","a\n":1}"#), r"an object with `type`, `a\n`");
        assert_eq!(received(r#"{"type":["canary"]}"#), "an object with `type`");
        assert!(received(r#"{"type":"REQUEST","requestContext":{"eventType":"MESSAGE"}}"#).contains("WebSocket"));
        assert_eq!(received(r#"{"version":"3.0","type":"REQUEST"}"#), "an object with `version`, `type`");
    }

    /// Threat 34.
    #[test]
    fn an_arn_that_is_not_api_gateways_is_an_error_and_no_denial() {
        let event = rest_request(r#""headers":{}"#).replace("abcdef1234", "*");
        assert!(matches!(read(&event), Err(EventError::MethodArn(_))));
    }

    #[test]
    fn an_event_without_its_arn_says_so() {
        let expected = EventError::Member { form: "rest-token", member: "methodArn" };
        assert_eq!(read(r#"{"type":"TOKEN","authorizationToken":"Bearer a"}"#).err(), Some(expected));
    }
}
