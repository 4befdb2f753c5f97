//! REST API `REQUEST`, and the two forms of the same shape: HTTP API payload 1.0 and WebSocket `$connect`. Headers come in
//! the client's own case, once as single and once as multiple values.

use super::event::{EventError, ReadEvent, WireEvent};
use super::possession::{Called, possession};
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::oauth::bearer::Credential;

/// Reads the event.
///
/// # Errors
/// [`EventError`] where the ARN is missing or malformed.
pub(super) fn read(event: WireEvent<'_>, form: EventForm) -> Result<ReadEvent<'_>, EventError> {
    let arn = event.method_arn.ok_or(EventError::Member { form: form.name(), member: "methodArn" })?;
    let context = event.request_context.unwrap_or_default();
    // The same headers twice: the fuller listing is the one to judge, so that no second value is overlooked.
    let (single, multiple) = (event.headers.unwrap_or_default(), event.multi_value_headers.unwrap_or_default());
    let fuller = |multiple: Vec<_>, single: Vec<_>| if multiple.len() >= single.len() { multiple } else { single };
    let authorization = fuller(multiple.authorization, single.authorization);
    let proofs = fuller(multiple.dpop, single.dpop);
    let host = context.domain_name.or_else(|| fuller(multiple.host, single.host).into_iter().next());
    let caller = context.identity.unwrap_or_default();
    let called = match form {
        // The URL of a WebSocket is its stage, and opening one is a GET (RFC 6455 section 4.1).
        EventForm::WebSocket => Called { method: Some("GET".into()), host, path: None, stage: context.stage },
        EventForm::RestToken | EventForm::RestRequest | EventForm::HttpApiV1 | EventForm::HttpApiV2 => {
            let path = context.path.or(event.path);
            Called { method: event.http_method, host, path, stage: None }
        }
    };
    let request = AuthorizationRequest {
        form,
        method_arn: MethodArn::parse(&arn)?,
        credential: Credential::from_authorization_values(authorization.iter().map(AsRef::as_ref)),
        source_ip: caller.source_ip.and_then(|address| address.parse().ok()),
        possession: possession(proofs, caller.client_cert, called),
    };
    Ok(ReadEvent { request, request_id: context.request_id })
}
