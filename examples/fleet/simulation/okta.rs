//! Okta: some authorization servers, their keys and one rotation, and an outage.

use std::error::Error;
use std::time::Duration;

use okta_security_profiles::domain::jose::base64url;
use okta_security_profiles::domain::jose::header::KeyId;
use okta_security_profiles::domain::jose::key_set::KeySet;
use serde_json::json;

use super::constants::{OKTA_TAKES, OKTA_TIMEOUT};
use super::options::{Options, Rotation};
use super::random::Random;
use super::{FIRST_START, Outage, Time, minutes};

/// How long a token lives, as Okta's do where nothing else is set: so long clients go on sending those of the old key.
const TOKENS_LIVE: Duration = Duration::from_secs(60 * 60);
/// How soon clients have new tokens in an emergency.
const CLIENTS_HURRY: Duration = Duration::from_secs(60);

/// All authorization servers. Their keys are replaced at the same time, which is the worst case.
#[derive(Debug)]
pub(super) struct Okta {
    issuers: Vec<Issuer>,
    made_up: KeyId,
    /// When each edition of the keys is first published.
    published_at: [Time; 3],
    /// From when the new key signs, and how soon all tokens are of the new key.
    signs_at: Time,
    tokens_live: Duration,
    outage: Outage,
    max_age: Duration,
}

#[derive(Debug)]
struct Issuer {
    key_ids: [KeyId; 2],
    /// The old key, both, the new key.
    editions: [Edition; 3],
}

/// An issuer's keys as they are published for a while.
#[derive(Debug)]
pub(super) struct Edition {
    pub(super) document: Vec<u8>,
    pub(super) keys: KeySet,
}

/// Whose key a token names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kid {
    /// The issuer's key, 0 or 1.
    Signing(usize),
    /// Nobody's.
    MadeUp,
}

impl Okta {
    pub(super) fn new(options: &Options) -> Result<Self, Box<dyn Error>> {
        let signs_at = FIRST_START + minutes(options.rotation_at);
        let (new_at, signs_at, tokens_live) = match options.rotation {
            Rotation::Planned => (signs_at.saturating_sub(minutes(options.lead_minutes)), signs_at, TOKENS_LIVE),
            Rotation::Emergency => (signs_at, signs_at, CLIENTS_HURRY),
            Rotation::None => (Duration::MAX, Duration::MAX, TOKENS_LIVE),
        };
        // The old key stays until no token of it is left.
        let old_gone_at = signs_at.saturating_add(TOKENS_LIVE);
        Ok(Self {
            issuers: (0..options.issuers()).map(Issuer::new).collect::<Result<_, _>>()?,
            made_up: key_id("made-up")?,
            published_at: [Duration::ZERO, new_at, old_gone_at],
            signs_at,
            tokens_live,
            outage: Outage::new(options.outage_from, options.outage_minutes),
            max_age: Duration::from_secs(options.okta_max_age),
        })
    }

    pub(super) const fn max_age(&self) -> Duration {
        self.max_age
    }

    pub(super) fn is_out_of_reach(&self, now: Time) -> bool {
        self.outage.is_on(now)
    }

    pub(super) fn edition(&self, issuer: usize, edition: usize) -> &Edition {
        &self.issuers[issuer].editions[edition]
    }

    /// The edition that is published now.
    pub(super) fn published(&self, now: Time) -> usize {
        self.published_at.iter().rposition(|at| *at <= now).unwrap_or_default()
    }

    pub(super) fn key_id(&self, issuer: usize, kid: Kid) -> &KeyId {
        match kid {
            Kid::Signing(key) => &self.issuers[issuer].key_ids[key],
            Kid::MadeUp => &self.made_up,
        }
    }

    /// Which key a good token of this moment names. Clients take new tokens when theirs end, one after the other.
    pub(super) fn token(&self, now: Time, random: &mut Random) -> Kid {
        if now < self.signs_at {
            return Kid::Signing(0);
        }
        let renewed = (now - self.signs_at).as_secs_f64() / self.tokens_live.as_secs_f64();
        Kid::Signing(usize::from(renewed >= 1.0 || random.fraction() < renewed))
    }

    /// Which edition a fetch brings that may take so long, and after what time. During an outage nothing answers, and
    /// the client waits its full time (`adapters/okta/keys.rs`).
    pub(super) fn fetch(&self, now: Time, within: Duration, random: &mut Random) -> (Duration, Option<usize>) {
        let (takes, patience) = (random.within(OKTA_TAKES), within.min(OKTA_TIMEOUT));
        if self.is_out_of_reach(now) || takes > patience {
            return (patience, None);
        }
        (takes, Some(self.published(now)))
    }
}

impl Issuer {
    fn new(number: usize) -> Result<Self, Box<dyn Error>> {
        let names = [0, 1].map(|key| format!("issuer-{number}-key-{key}"));
        let [old, new] = &names;
        Ok(Self {
            key_ids: [key_id(old)?, key_id(new)?],
            editions: [Edition::new(&[old])?, Edition::new(&[old, new])?, Edition::new(&[new])?],
        })
    }
}

impl Edition {
    fn new(names: &[&str]) -> Result<Self, Box<dyn Error>> {
        let jwk = |name: &&str| json!({"kty": "OKP", "kid": name, "crv": "Ed25519", "x": base64url::encode([9; 32])});
        let document = json!({"keys": names.iter().map(jwk).collect::<Vec<_>>()}).to_string().into_bytes();
        let keys = KeySet::from_json(&document)?;
        Ok(Self { document, keys })
    }
}

fn key_id(name: &str) -> Result<KeyId, Box<dyn Error>> {
    Ok(KeyId::new(name).ok_or("no key id")?)
}
