//! REST API, `TOKEN`: the header's value and the ARN are all there is.

use super::event::{EventError, ReadEvent, WireEvent};
use crate::domain::binding::possession::Possession;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::oauth::bearer::Credential;

/// Reads the event.
///
/// # Errors
/// [`EventError`] where the ARN is missing or malformed.
pub(super) fn read(event: WireEvent<'_>) -> Result<ReadEvent<'_>, EventError> {
    let form = EventForm::RestToken;
    let arn = event.method_arn.ok_or(EventError::Member { form: form.name(), member: "methodArn" })?;
    let request = AuthorizationRequest {
        form,
        method_arn: MethodArn::parse(&arn)?,
        credential: Credential::from_authorization_values(event.authorization_token.as_deref()),
        source_ip: None,
        possession: Possession::default(),
    };
    Ok(ReadEvent { request, request_id: None })
}
