//! Who may use the console: a key that opens it once, and the sessions that it opened. They end with the process.

use std::sync::Mutex;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::locked;
use crate::domain::jose::base64url;

/// One who opened the console.
#[derive(Clone)]
pub(super) struct Session {
    id: String,
    /// What every form of theirs carries.
    pub(super) csrf: String,
}

/// The key while it is unused, and who came in with it.
pub(super) struct Sessions {
    key: Mutex<Option<String>>,
    session: Mutex<Option<Session>>,
}

impl Sessions {
    pub(super) const fn opened_by(key: String) -> Self {
        Self { key: Mutex::new(Some(key)), session: Mutex::new(None) }
    }

    /// Takes the key, which nobody can use again, for a session's id.
    pub(super) fn enter(&self, presented: &str) -> Option<String> {
        let mut key = locked(&self.key);
        if !key.as_deref().is_some_and(|key| is_same(key, presented)) {
            return None;
        }
        let session = Session { id: random().ok()?, csrf: random().ok()? };
        *key = None;
        let id = session.id.clone();
        *locked(&self.session) = Some(session);
        Some(id)
    }

    pub(super) fn find(&self, id: &str) -> Option<Session> {
        locked(&self.session).clone().filter(|session| is_same(&session.id, id))
    }
}

impl Session {
    pub(super) fn wrote(&self, csrf: &str) -> bool {
        is_same(&self.csrf, csrf)
    }
}

/// In a time that does not tell how much of it is right.
fn is_same(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// 256 random bits, as text.
pub(super) fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(base64url::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::Sessions;

    /// Threat: a key that was seen over a shoulder or in a history.
    #[test]
    fn the_key_opens_the_console_once() {
        let sessions = Sessions::opened_by("key".to_owned());
        assert!(sessions.enter("kez").is_none() && sessions.enter("").is_none());
        let id = sessions.enter("key").expect("a session");
        assert!(sessions.enter("key").is_none());
        assert!(sessions.find(&id).is_some() && sessions.find("other").is_none());
    }
}
