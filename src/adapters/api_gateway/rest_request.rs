//! REST API `REQUEST`, and the two forms of the same shape: HTTP API payload 1.0 and WebSocket `$connect`. Headers come in
//! the client's own case, once as single and once as multiple values.

use super::event::{EventError, ReadEvent, WireEvent};
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
    let single = event.headers.unwrap_or_default().0;
    let multiple = event.multi_value_headers.unwrap_or_default().0;
    let values = if multiple.len() >= single.len() { multiple } else { single };
    let request = AuthorizationRequest {
        form,
        method_arn: MethodArn::parse(&arn)?,
        credential: Credential::from_authorization_values(values.iter().map(AsRef::as_ref)),
        source_ip: context.identity.and_then(|caller| caller.source_ip?.parse().ok()),
    };
    Ok(ReadEvent { request, request_id: context.request_id })
}
