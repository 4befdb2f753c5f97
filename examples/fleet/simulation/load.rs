//! One reading of the profiles: calls of ten names each, all made at once (`SsmProfileStore::load_named`).

use okta_security_profiles::adapters::ssm::calls_for;

use super::Time;
use super::events::Owner;

/// A call to SSM and its attempts. It goes on where its load has been given up: each is a task of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) owner: Owner,
    pub(super) load: u32,
    pub(super) index: usize,
    /// How many attempts there were, this one included.
    pub(super) attempts: u32,
    pub(super) began: Time,
}

/// A load under way.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) number: u32,
    /// Whether stored key sets are read, too.
    pub(super) key_sets: bool,
    calls: Vec<CallState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallState {
    UnderWay,
    Came,
    Failed,
}

/// How a load stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    UnderWay,
    Complete,
    Failed,
}

impl Load {
    /// A load of so many profiles. Their stored key sets come along where that costs no further call.
    pub(super) fn new(number: u32, profiles: usize, key_sets_needed: bool) -> Self {
        let key_sets = key_sets_needed || calls_for(profiles, true) == calls_for(profiles, false);
        Self { number, key_sets, calls: vec![CallState::UnderWay; calls_for(profiles, key_sets)] }
    }

    /// The calls that are to be made.
    pub(super) fn under_way(&self) -> impl Iterator<Item = usize> {
        self.calls.iter().enumerate().filter(|(_, state)| **state == CallState::UnderWay).map(|(index, _)| index)
    }

    pub(super) fn note(&mut self, index: usize, came: bool) -> Progress {
        self.calls[index] = if came { CallState::Came } else { CallState::Failed };
        self.progress()
    }

    /// The calls are waited for in their order, and the first that has failed ends the load.
    pub(super) fn progress(&self) -> Progress {
        match self.calls.iter().find(|state| **state != CallState::Came) {
            None => Progress::Complete,
            Some(CallState::Failed) => Progress::Failed,
            Some(CallState::UnderWay | CallState::Came) => Progress::UnderWay,
        }
    }
}
