//! Proofs that were used: each is good for one request (RFC 9449 section 11.1). A bounded memory that forgets nothing silently.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{Context, SHA256};

use super::confirmation::Sha256;
use super::proof::{CheckedProof, MAX_PROOF_AGE_SECONDS, ProofError};
use crate::domain::time::UnixTime;

/// How many proofs are remembered, at most: 54 a second for as long as a proof may be old.
pub const CAPACITY: usize = 16_384;

/// What a proof is remembered by: its key and its `jti`.
#[must_use]
pub fn fingerprint(proof: &CheckedProof) -> Sha256 {
    let mut hash = Context::new(&SHA256);
    hash.update(&proof.key);
    hash.update(proof.id.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    bytes
}

/// The proofs used so far, by the time when they were made.
///
/// INVARIANT: a proof that is not remembered was never used, or was made no later than `forgotten`, and such ones are refused.
#[derive(Debug, Default)]
pub struct UsedProofs {
    by_time: BTreeSet<(UnixTime, Sha256)>,
    known: std::collections::HashSet<Sha256>,
    /// Of the proofs that had to make room, when the latest was made.
    forgotten: Option<UnixTime>,
}

impl UsedProofs {
    /// Uses a proof: from now on it is known. Where there is no room, the oldest is forgotten, and what was made no later than
    /// that counts as too old: the more proofs come, the younger they have to be.
    ///
    /// # Errors
    /// [`ProofError::Replayed`] or [`ProofError::TooOld`].
    pub fn take(&mut self, proof: &CheckedProof, now: UnixTime) -> Result<(), ProofError> {
        self.forget_expired(now);
        let fingerprint = fingerprint(proof);
        if self.known.contains(&fingerprint) {
            return Err(ProofError::Replayed);
        }
        if self.forgotten.is_some_and(|forgotten| proof.issued_at <= forgotten) {
            return Err(ProofError::TooOld);
        }
        self.known.insert(fingerprint);
        self.by_time.insert((proof.issued_at, fingerprint));
        if self.known.len() > CAPACITY
            && let Some((oldest, fingerprint)) = self.by_time.pop_first()
        {
            self.known.remove(&fingerprint);
            self.forgotten = self.forgotten.max(Some(oldest));
        }
        Ok(())
    }

    /// How many proofs are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Proofs that would be refused for their age need not be remembered. A clock that was set back makes none forgotten that
    /// could be used again: only what was forgotten counts.
    fn forget_expired(&mut self, now: UnixTime) {
        while let Some((issued_at, fingerprint)) = self.by_time.first().copied()
            && issued_at.plus(MAX_PROOF_AGE_SECONDS) < now
        {
            self.by_time.pop_first();
            self.known.remove(&fingerprint);
            self.forgotten = self.forgotten.max(Some(issued_at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, UsedProofs};
    use crate::domain::binding::proof::{CheckedProof, MAX_PROOF_AGE_SECONDS, ProofError};
    use crate::domain::time::UnixTime;

    fn proof(id: u64, issued_at: u64) -> CheckedProof {
        CheckedProof { key: [7; 32], id: id.to_string(), issued_at: UnixTime::from_seconds(issued_at) }
    }

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    #[test]
    fn a_proof_is_good_once_and_another_keys_same_id_is_another_proof() {
        let mut used = UsedProofs::default();
        assert_eq!(used.take(&proof(1, 100), at(100)), Ok(()));
        assert_eq!(used.take(&proof(1, 100), at(101)), Err(ProofError::Replayed));
        assert_eq!(used.take(&proof(1, 150), at(150)), Err(ProofError::Replayed), "made anew with the same jti");
        assert_eq!(used.take(&CheckedProof { key: [8; 32], ..proof(1, 100) }, at(101)), Ok(()));
    }

    #[test]
    fn what_is_too_old_to_be_used_is_forgotten_and_stays_refused_when_the_clock_goes_back() {
        let mut used = UsedProofs::default();
        assert_eq!(used.take(&proof(1, 100), at(100)), Ok(()));
        let later = 101 + MAX_PROOF_AGE_SECONDS;
        assert_eq!(used.take(&proof(2, later), at(later)), Ok(()));
        assert_eq!(used.len(), 1);
        assert_eq!(used.take(&proof(1, 100), at(100)), Err(ProofError::TooOld));
    }

    #[test]
    fn a_flood_makes_old_proofs_refused_and_never_lets_one_through_twice() {
        let mut used = UsedProofs::default();
        assert_eq!(used.take(&proof(0, 100), at(100)), Ok(()));
        for id in 1..=CAPACITY as u64 {
            assert_eq!(used.take(&proof(id, 101), at(101)), Ok(()));
            assert!(used.len() <= CAPACITY);
        }
        assert_eq!(used.take(&proof(0, 100), at(102)), Err(ProofError::TooOld));
        assert_eq!(
            used.take(&proof(9_999_999, 100), at(102)),
            Err(ProofError::TooOld),
            "made before what was forgotten"
        );
        assert_eq!(used.take(&proof(9_999_999, 102), at(102)), Ok(()));
    }
}
