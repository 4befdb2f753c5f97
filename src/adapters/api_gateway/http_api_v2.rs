//! HTTP API, payload format 2.0: header names in lower case, repeated headers joined with commas.

use super::event::{EventError, ReadEvent, WireEvent};
use super::possession::{Called, possession};
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
    let headers = event.headers.unwrap_or_default();
    let caller = context.http.unwrap_or_default();
    let host = context.domain_name.or_else(|| headers.host.into_iter().next());
    let called = Called { method: caller.method, host, path: event.raw_path, stage: None };
    let certificate = context.authentication.unwrap_or_default().client_cert;
    let request = AuthorizationRequest {
        form,
        method_arn: MethodArn::parse(&arn)?,
        credential: Credential::from_authorization_values(headers.authorization.iter().map(AsRef::as_ref)),
        source_ip: caller.source_ip.and_then(|address| address.parse().ok()),
        possession: possession(headers.dpop, certificate, called),
    };
    Ok(ReadEvent { request, request_id: context.request_id })
}
