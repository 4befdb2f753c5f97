//! What happens next: events in the order of their time, those of the same time in the order in which they were set.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::Time;
use super::load::Call;

/// Something that happens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// A sandbox starts, since a request came for it.
    Start(usize),
    /// A call to SSM is made, or made again.
    Attempt(Call),
    /// A call to SSM is answered.
    Came(Call),
    /// A call to SSM has failed for good.
    Failed(Call),
    /// The time for a load is up.
    GiveUp { owner: Owner, load: u32 },
    /// A fetch from Okta ends: with this edition of the issuer's keys, or with none.
    Fetched { sandbox: usize, fetch: u32, edition: Option<usize> },
    /// The time for an answer, or for what is done after it, is up.
    CutOff { sandbox: usize, turn: u32 },
    /// The `keys` function runs.
    Keys,
    /// A sandbox ends, and a new one takes its place.
    Replace,
}

/// Whose load it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Sandbox(usize),
    Keys,
}

/// The events to come.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: BinaryHeap<Reverse<Entry>>,
    number: u64,
}

#[derive(Debug)]
struct Entry {
    at: Time,
    number: u64,
    event: Event,
}

impl Queue {
    pub(super) fn push(&mut self, at: Time, event: Event) {
        self.number += 1;
        self.entries.push(Reverse(Entry { at, number: self.number, event }));
    }

    /// When the next event happens.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.entries.peek().map(|Reverse(entry)| entry.at)
    }

    pub(super) fn pop(&mut self) -> Option<(Time, Event)> {
        self.entries.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
