//! What must never be seen: secrets and tokens whose `Debug` is redacted, that have no `Display`, and that are zeroed on drop.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Declares a newtype over [`SecretString`]; the one place where secrets get their shape.
macro_rules! secret_type {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// Takes the value; the caller keeps no copy.
            #[must_use]
            pub fn new(value: String) -> Self {
                Self(SecretString::from(value))
            }

            /// The value, for the one call that needs it.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

secret_type! {
    /// A token as a client presented it in `Authorization: Bearer` (RFC 6750 section 2.1).
    BearerToken
}

secret_type! {
    /// A client's secret (RFC 6749 section 2.3.1).
    ClientSecret
}

secret_type! {
    /// A JWT with which a client proves who it is, once (RFC 7523 section 2.2).
    ClientAssertion
}

secret_type! {
    /// A proof that a client has the key which its token is bound to (RFC 9449 section 4).
    DpopProof
}

secret_type! {
    /// A token as the authorization server issued it (RFC 6749 section 1.4).
    AccessToken
}

#[cfg(test)]
mod tests {
    use super::{AccessToken, BearerToken, ClientSecret};

    /// Threat 60.
    #[test]
    fn debug_shows_nothing() {
        let shown = format!(
            "{:?} {:?} {:?}",
            BearerToken::new("canary".to_owned()),
            ClientSecret::new("canary".to_owned()),
            AccessToken::new("canary".to_owned())
        );
        assert!(!shown.contains("canary"), "{shown}");
    }
}
