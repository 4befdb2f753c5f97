//! What the calls of a first load brought although one of them failed, kept for the next load.
//!
//! Where more sandboxes start than SSM has answers for, a sandbox that lost what came would ask for all of it again, and
//! hardly any would ever get all of its answers in one load. So each call that was answered is not made again. After the
//! first complete load nothing is kept any more: what a sandbox holds then serves, and a refresh reads everything anew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What came is asked for again after this time, so that no change to a profile is in force later than it should be.
const KEPT_FOR: Duration = Duration::from_secs(300);

/// One call's answer: of each name a value, or that there is none.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// The parameters that exist.
    pub(super) values: HashMap<String, String>,
    /// The names of those that do not.
    pub(super) absent: Vec<String>,
}

/// An answer, and when it came on the process's own clock.
type Came = (Duration, Answer);

/// The answers by the names that were asked for; none after the first complete load.
#[derive(Debug)]
pub(super) struct FirstLoad(Mutex<Option<HashMap<Vec<String>, Came>>>);

impl Default for FirstLoad {
    fn default() -> Self {
        Self(Mutex::new(Some(HashMap::new())))
    }
}

impl FirstLoad {
    /// Keeps a call's answer. It may come after its load was given up.
    pub(super) fn keep(&self, names: &[String], answer: &Answer, now: Duration) {
        if let Some(answers) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            answers.insert(names.to_vec(), (now, answer.clone()));
        }
    }

    /// What an earlier load was answered.
    pub(super) fn kept(&self, names: &[String], now: Duration) -> Option<Answer> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (came, answer) = answers.as_ref()?.get(names)?;
        (now.saturating_sub(*came) < KEPT_FOR).then(|| answer.clone())
    }

    /// A load is complete.
    pub(super) fn complete(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Answer, FirstLoad, KEPT_FOR};

    #[test]
    fn an_answer_is_kept_for_five_minutes_and_until_a_load_is_complete() {
        let names = ["/root/a".to_owned()];
        let answer = Answer { absent: names.to_vec(), ..Answer::default() };
        let (first, began) = (FirstLoad::default(), Duration::from_secs(7));
        let last = began + KEPT_FOR - Duration::from_nanos(1);
        assert!(first.kept(&names, began).is_none());
        first.keep(&names, &answer, began);
        assert_eq!(first.kept(&names, last).expect("kept").absent, names);
        assert!(first.kept(&["/root/b".to_owned()], began).is_none());
        assert!(first.kept(&names, began + KEPT_FOR).is_none());
        first.complete();
        assert!(first.kept(&names, began).is_none());
        first.keep(&names, &answer, began);
        assert!(first.kept(&names, began).is_none(), "it came too late");
    }
}
