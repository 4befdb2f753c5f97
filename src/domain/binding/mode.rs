//! `binding` of a profile: what its tokens must be bound to.

use super::confirmation::Confirmation;
use super::possession::BindingError;

/// What a profile's tokens must be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Binding {
    /// To nothing: bearer tokens. One that is bound is refused, since nobody would check what it is bound to.
    #[default]
    None,
    /// To a key that signs DPoP proofs.
    Dpop,
    /// To a client certificate.
    Mtls,
    /// To either, or both.
    AnyBound,
}

impl Binding {
    /// Every mode, in the order in which they are documented.
    pub const ALL: [Self; 4] = [Self::None, Self::Dpop, Self::Mtls, Self::AnyBound];

    /// The mode with this name in a profile document.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// The name in a profile document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dpop => "dpop",
            Self::Mtls => "mtls",
            Self::AnyBound => "any-bound",
        }
    }

    /// Whether tokens have to be bound.
    #[must_use]
    pub const fn is_required(self) -> bool {
        match self {
            Self::None => false,
            Self::Dpop | Self::Mtls | Self::AnyBound => true,
        }
    }

    /// Whether tokens that are bound by DPoP are taken.
    #[must_use]
    pub const fn takes_dpop(self) -> bool {
        match self {
            Self::None | Self::Mtls => false,
            Self::Dpop | Self::AnyBound => true,
        }
    }

    /// Whether a token that is bound like this is one of the profile's. Whether its caller can prove it is another question.
    ///
    /// # Errors
    /// [`BindingError::NotBound`] where the mode asks for more, [`BindingError::NotEnabled`] where nothing would check it.
    pub const fn admit(self, confirmation: Option<&Confirmation>) -> Result<(), BindingError> {
        match (self, confirmation) {
            (Self::None, None) | (Self::AnyBound, Some(_)) => Ok(()),
            (Self::None, Some(_)) => Err(BindingError::NotEnabled),
            (Self::Dpop, Some(bound)) if bound.key.is_some() => Ok(()),
            (Self::Mtls, Some(bound)) if bound.certificate.is_some() => Ok(()),
            (Self::Dpop | Self::Mtls | Self::AnyBound, _) => Err(BindingError::NotBound),
        }
    }
}
