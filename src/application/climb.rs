//! A credential's way up the ladder of one profile, with the core that the authorizer uses: how far it gets, and why no
//! further. What `profiles test` and `profiles explain` show.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::call_time::CallTime;
use super::introspector::IntrospectError;
use super::key_ring::{KeyRing, KeyRingError, chain};
use super::profile_catalog::LoadedProfile;
use super::verify_token::{VerifyTokenError, verify_token};
use crate::domain::binding::possession::{Presentation, Shown};
use crate::domain::deny_list::{DenyList, DenyListError};
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::gateway::route::Resolution;
use crate::domain::jose::jwt::{JwtError, UnverifiedJwt};
use crate::domain::oauth::bearer::{Credential, CredentialError};
use crate::domain::oauth::introspection::Introspected;
use crate::domain::profile::SecurityProfile;
use crate::domain::validation::authorize::{Call, Decision, authorize, token_denial};
use crate::domain::validation::error::{Denial, Rung, TokenError};
use crate::domain::validation::ladder::Step;
use crate::domain::validation::verify::VerifiedToken;
use crate::domain::verified_tokens::TokenDigest;
use crate::ports::key_set_source::KeySetSource;

/// How far a credential got.
#[derive(Debug)]
pub struct Climb {
    refusal: Option<ClimbRefusal>,
    /// What the token has and the profile expects, where the refusal is about that.
    comparison: Option<String>,
    /// Whether the steps that concern a call were asked for.
    judges_call: bool,
    /// Whether the profile's tokens are bound: whether a caller proves that shows in a call alone.
    asks_for_proof: bool,
    /// Whether the authorization server's word stood for what could not be read or proven.
    on_word: bool,
    /// The token, where its signature was good, or its authorization server vouched for it.
    pub token: Option<Arc<VerifiedToken>>,
}

/// How one step ended.
#[derive(Debug)]
pub enum Standing<'c> {
    /// As it should.
    Passed,
    /// Here it went no further.
    Refused(&'c ClimbRefusal),
    /// An earlier step refused.
    NotReached,
    /// There is no call to judge.
    NoCall,
    /// The authorization server's word stands for it.
    OnWord,
}

/// Why it got no further. Never holds a part of the token.
#[derive(Debug, thiserror::Error)]
pub enum ClimbRefusal {
    /// There is no usable credential.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// It is no access token.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// The profile does not accept it.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The keys to verify it with are missing.
    #[error(transparent)]
    Keys(KeyRingError),
    /// What the authorization server says of it cannot be found out.
    #[error(transparent)]
    Introspection(IntrospectError),
    /// The authorization server was not asked about it.
    #[error("the authorization server was not asked whether the token is active")]
    NotAsked,
    /// Nobody knows who is kept out.
    #[error(transparent)]
    BrokenDenyList(DenyListError),
    /// It is good, and may not make this call, or any.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// It belongs to another client than the one that asked for it.
    #[error("the token is another client's than the one that asked for it")]
    OtherClient,
    /// The profile needs what this form of event does not carry.
    #[error("the profile has `{field}`, which a {} event cannot serve", form.name())]
    FormCannotServe {
        /// The form.
        form: EventForm,
        /// The profile's field.
        field: &'static str,
    },
}

/// Holds a credential against a profile: everything about the token, and where there is one, about the call. `word` is what the
/// authorization server says of the token, where it was asked.
pub async fn climb<K: KeySetSource>(
    credential: &Result<Credential, CredentialError>,
    call: Option<&AuthorizationRequest>,
    loaded: &LoadedProfile,
    deny_list: &Result<DenyList, DenyListError>,
    keys: &KeyRing<K>,
    word: Option<Result<Introspected, IntrospectError>>,
    time: CallTime,
) -> Climb {
    let (profile, judges_call) = (&*loaded.profile, call.is_some());
    let asks_for_proof = profile.binding().mode.is_required();
    let jwt = take_apart(credential);
    let rules = profile.introspection();
    let may_be_opaque = match &jwt {
        Ok(_) => profile.is_org_server(),
        Err(NoToken::Jwt(error)) => error.may_be_opaque(),
        Err(NoToken::Credential(_)) => false,
    };
    let on_word = may_be_opaque && rules.is_some_and(|rules| rules.opaque);
    let verified = match &jwt {
        Ok(_) | Err(_) if on_word => active(word).and_then(|members| {
            let token = VerifiedToken::introspected(&members, &loaded.profile, time.now.wall);
            token.map(Arc::new).map_err(ClimbRefusal::Token)
        }),
        Ok(jwt) => match verify_token(jwt, loaded, keys, time).await {
            Ok(verified) if rules.is_some() => active(word).map(|_| verified.token),
            Ok(verified) => Ok(verified.token),
            Err(error) => Err(error.into()),
        },
        Err(refused) => {
            let (refusal, comparison, token) = (Some((*refused).into()), None, None);
            return Climb { refusal, comparison, judges_call, asks_for_proof, on_word, token };
        }
    };
    let (refusal, token) = match verified {
        Ok(token) => (judge(Arc::clone(&token), credential, call, deny_list, time).err(), Some(token)),
        Err(refusal) => (Some(refusal), None),
    };
    let claims = jwt.as_ref().ok().zip(refusal.as_ref());
    let comparison = claims.and_then(|(jwt, refusal)| compare(refusal, jwt, profile));
    Climb { refusal, comparison, judges_call, asks_for_proof, on_word, token }
}

/// What the authorization server says of an active token.
fn active(word: Option<Result<Introspected, IntrospectError>>) -> Result<Map<String, Value>, ClimbRefusal> {
    match word {
        Some(Ok(Introspected::Active(members))) => Ok(members),
        Some(Ok(Introspected::Inactive)) => Err(ClimbRefusal::Token(TokenError::Inactive)),
        Some(Err(error)) => Err(ClimbRefusal::Introspection(error)),
        None => Err(ClimbRefusal::NotAsked),
    }
}

/// What a credential fails before a profile has anything to say about it.
#[derive(Debug, Clone, Copy)]
enum NoToken {
    Credential(CredentialError),
    Jwt(JwtError),
}

fn take_apart(credential: &Result<Credential, CredentialError>) -> Result<UnverifiedJwt<'_>, NoToken> {
    match credential {
        Ok(Credential::Token(_, token)) => UnverifiedJwt::parse(token.expose()).map_err(NoToken::Jwt),
        Ok(Credential::Basic(_)) => Err(NoToken::Credential(CredentialError::NotBearer)),
        Err(error) => Err(NoToken::Credential(*error)),
    }
}

fn judge(
    token: Arc<VerifiedToken>,
    credential: &Result<Credential, CredentialError>,
    call: Option<&AuthorizationRequest>,
    deny_list: &Result<DenyList, DenyListError>,
    time: CallTime,
) -> Result<(), ClimbRefusal> {
    let deny_list = deny_list.as_ref().map_err(|error| ClimbRefusal::BrokenDenyList(error.clone()))?;
    let (Some(request), Ok(Credential::Token(scheme, text))) = (call, credential) else {
        return judge_token(&token, deny_list);
    };
    if let Some(field) = token.profile().needs_whole_request().filter(|_| !request.form.carries_request()) {
        return Err(ClimbRefusal::FormCannotServe { form: request.form, field });
    }
    let (scheme, possession) = (*scheme, &request.possession);
    let shown = Shown { scheme, token: TokenDigest::from(text), possession, now: time.now.wall };
    let call = Call {
        arn: &request.method_arn,
        resolution: Resolution::from(request.form),
        source_ip: request.source_ip,
        deny_list,
        presentation: Presentation::Shown(shown),
    };
    match authorize(token, call).map_err(|error| ClimbRefusal::Token(error.into()))? {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(denied) => Err(denied.denial.into()),
    }
}

/// What can be said of a token without a call: whether it is bound as the profile asks for, but not whether its caller can prove
/// that.
fn judge_token(token: &VerifiedToken, deny_list: &DenyList) -> Result<(), ClimbRefusal> {
    if let Some(listed) = deny_list.holds(token) {
        return Err(Denial::DenyListed { listed }.into());
    }
    let confirmation = token.claims().confirmation.as_ref();
    token.profile().binding().mode.admit(confirmation).map_err(|error| ClimbRefusal::Token(error.into()))?;
    token_denial(token).map_or(Ok(()), |denial| Err(denial.into()))
}

/// What the token has and what the profile expects, where an operator would look that up next.
fn compare(refusal: &ClimbRefusal, jwt: &UnverifiedJwt<'_>, profile: &SecurityProfile) -> Option<String> {
    let shown = |text: &str| format!("`{}`", text.escape_default());
    let claims = &jwt.claims;
    match refusal {
        ClimbRefusal::Token(error) => match error {
            TokenError::TypeNotAllowed => Some(format!("`typ` is {}", shown(jwt.header.media_type.as_deref()?))),
            TokenError::IssuerMismatch | TokenError::OrgAuthorizationServer => {
                Some(format!("`iss` is {}, and `issuer` is `{}`", shown(&claims.issuer), profile.issuer()))
            }
            TokenError::AudienceMismatch => {
                let theirs: Vec<String> = claims.audiences.iter().map(|audience| shown(audience)).collect();
                let ours: Vec<String> = profile.audiences().iter().map(|audience| shown(audience.as_str())).collect();
                Some(format!("`aud` is {}, and `audiences` is {}", theirs.join(", "), ours.join(", ")))
            }
            TokenError::AlgorithmNotAllowed { .. }
            | TokenError::Expired { .. }
            | TokenError::NotYetValid { .. }
            | TokenError::IssuedInFuture { .. }
            | TokenError::LifetimeTooLong { .. }
            | TokenError::UnknownKey { .. }
            | TokenError::UnknownKeyCoolingDown { .. }
            | TokenError::KeyUnfit { .. }
            | TokenError::SignatureInvalid
            | TokenError::Inactive
            | TokenError::Introspected(_)
            | TokenError::Binding(_) => None,
        },
        ClimbRefusal::Denied(denial) => match denial {
            Denial::ClientNotAllowed => Some(format!("`cid` is {}", shown(&claims.client_id))),
            Denial::ScopeMissing { .. } | Denial::RouteScopeMissing { .. } => {
                Some(format!("`scp` is {}", shown(&claims.scopes.to_string())))
            }
            Denial::NoProfile
            | Denial::DenyListed { .. }
            | Denial::ClaimMismatch { .. }
            | Denial::PathIrregular
            | Denial::RouteUnknown
            | Denial::IpNotAllowed => None,
        },
        ClimbRefusal::Credential(_)
        | ClimbRefusal::Jwt(_)
        | ClimbRefusal::Keys(_)
        | ClimbRefusal::Introspection(_)
        | ClimbRefusal::NotAsked
        | ClimbRefusal::BrokenDenyList(_)
        | ClimbRefusal::OtherClient
        | ClimbRefusal::FormCannotServe { .. } => None,
    }
}

impl Climb {
    /// Why it got no further, with what was found and what was expected. Holds no more of the token than the value that is
    /// refused.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        let why = chain(self.refusal.as_ref()?);
        Some(self.comparison.as_ref().map_or_else(|| why.clone(), |comparison| format!("{why}: {comparison}")))
    }

    /// Every step in order, and how it ended.
    pub fn steps(&self) -> impl Iterator<Item = (Step, Standing<'_>)> {
        Step::all().map(|step| (step, self.standing(step)))
    }

    /// Why it got no further.
    #[must_use]
    pub const fn refusal(&self) -> Option<&ClimbRefusal> {
        self.refusal.as_ref()
    }

    /// The same climb of a token that another client asked for: it gets no further than the client.
    #[must_use]
    pub fn of_another_client(self) -> Self {
        let is_later = self.refusal.as_ref().is_none_or(|refusal| refusal.step() > Step::Rung(Rung::Client));
        if is_later { Self { refusal: Some(ClimbRefusal::OtherClient), comparison: None, ..self } } else { self }
    }

    fn wants_call(&self, step: Step) -> bool {
        step.concerns_the_call() || step == Step::Rung(Rung::Binding) && self.asks_for_proof
    }

    fn standing(&self, step: Step) -> Standing<'_> {
        match &self.refusal {
            Some(refusal) if step == refusal.step() => Standing::Refused(refusal),
            Some(refusal) if step >= refusal.stopped_before() => Standing::NotReached,
            Some(_) | None if self.on_word && is_read_from_the_token(step) => Standing::OnWord,
            Some(_) | None if self.wants_call(step) && !self.judges_call => Standing::NoCall,
            Some(_) | None => Standing::Passed,
        }
    }
}

/// Whether a step looks at a JWT, of which an opaque token has nothing.
const fn is_read_from_the_token(step: Step) -> bool {
    match step {
        Step::Header | Step::Payload => true,
        Step::Credential => false,
        Step::Rung(rung) => match rung {
            Rung::Algorithm | Rung::Type | Rung::Key | Rung::Signature => true,
            Rung::Issuer
            | Rung::Audience
            | Rung::Time
            | Rung::Introspection
            | Rung::DenyList
            | Rung::Binding
            | Rung::Client
            | Rung::Claims
            | Rung::Scope
            | Rung::SourceIp
            | Rung::Route => false,
        },
    }
}

impl From<NoToken> for ClimbRefusal {
    fn from(refused: NoToken) -> Self {
        match refused {
            NoToken::Credential(error) => Self::Credential(error),
            NoToken::Jwt(error) => Self::Jwt(error),
        }
    }
}

impl From<VerifyTokenError> for ClimbRefusal {
    fn from(error: VerifyTokenError) -> Self {
        match error {
            VerifyTokenError::Token(error) => Self::Token(error),
            VerifyTokenError::Keys(error) => Self::Keys(error),
        }
    }
}

impl ClimbRefusal {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Credential(error) => error.reason(),
            Self::Jwt(error) => error.reason(),
            Self::Token(error) => error.reason(),
            Self::Keys(_) => "keys_unavailable",
            Self::Introspection(error) => error.reason(),
            Self::NotAsked => "introspection_not_asked",
            Self::BrokenDenyList(_) => "deny_list_broken",
            Self::Denied(denial) => denial.reason(),
            Self::OtherClient => "client_mismatch",
            Self::FormCannotServe { .. } => "form_cannot_serve",
        }
    }

    /// The step that refused.
    #[must_use]
    pub fn step(&self) -> Step {
        match self {
            Self::Credential(_) => Step::Credential,
            Self::Jwt(error) => error.step(),
            Self::Token(error) => Step::Rung(error.rung()),
            Self::Keys(_) => Step::Rung(Rung::Key),
            Self::Introspection(_) | Self::NotAsked => Step::Rung(Rung::Introspection),
            Self::BrokenDenyList(_) => Step::Rung(Rung::DenyList),
            Self::Denied(denial) => Step::Rung(denial.rung()),
            Self::OtherClient => Step::Rung(Rung::Client),
            Self::FormCannotServe { field: "binding", .. } => Step::Rung(Rung::Binding),
            Self::FormCannotServe { .. } => Step::Rung(Rung::SourceIp),
        }
    }

    /// The first step that was not taken any more: what an event cannot serve is found out before its token is judged.
    fn stopped_before(&self) -> Step {
        match self {
            Self::FormCannotServe { .. } => Step::Rung(Rung::DenyList),
            Self::Credential(_)
            | Self::Jwt(_)
            | Self::Token(_)
            | Self::Keys(_)
            | Self::Introspection(_)
            | Self::NotAsked
            | Self::BrokenDenyList(_)
            | Self::Denied(_)
            | Self::OtherClient => self.step(),
        }
    }
}
