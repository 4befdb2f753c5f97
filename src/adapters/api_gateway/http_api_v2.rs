//! HTTP API, payload format 2.0: header names in lower case, repeated headers joined with commas.

use super::event::{EventError, ReadEvent, WireEvent};
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::oauth::bearer::Credential;

/// Reads the event.
///
/// # Errors
/// [`EventError`] where the ARN is missing or malformed.
pub(super) fn read(event: WireEvent<'_>) -> Result<ReadEvent<'_>, EventError> {
    let form = EventForm::HttpApiV2;
    let arn = event.route_arn.ok_or(EventError::Member { form: form.name(), member: "routeArn" })?;
    let context = event.request_context.unwrap_or_default();
    let values = event.headers.unwrap_or_default().0;
    let request = AuthorizationRequest {
        form,
        method_arn: MethodArn::parse(&arn)?,
        credential: Credential::from_authorization_values(values.iter().map(AsRef::as_ref)),
        source_ip: context.http.and_then(|caller| caller.source_ip?.parse().ok()),
    };
    Ok(ReadEvent { request, request_id: context.request_id })
}
