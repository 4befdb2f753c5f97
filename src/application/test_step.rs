//! What `profiles test` reports: one step, how it ended, why, and what to do.

use super::climb::{Climb, Standing};
use super::remedies::Remedy;
use crate::domain::validation::ladder::Step;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestStep {
    /// The profile's document.
    Document,
    /// The issuer's discovery document.
    Discovery,
    /// The token URL and the keys URL.
    Urls,
    /// The issuer's keys.
    Keys,
    /// The key set that is stored beside the profile.
    StoredKeys,
    /// This machine's clock.
    Clock,
    /// The token endpoint, and whether it takes the client.
    TokenEndpoint,
    /// A step of the ladder.
    Ladder(Step),
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// As it should.
    Pass,
    /// Not looked at.
    Skip,
    /// It works, and is worth a look.
    Warn,
    /// It does not work.
    Fail,
}

/// One line of the report. A step has several where there is more than one thing to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepReport {
    /// The step.
    pub step: TestStep,
    /// How it ended.
    pub ended: Ended,
    /// One fixed word, on everything but a pass.
    pub reason: Option<&'static str>,
    /// What was found.
    pub detail: String,
    /// What to do, on a warning and a failure.
    pub remedy: Option<String>,
}

impl TestStep {
    /// Every step, in order: of the ladder those that concern the token alone.
    pub fn all() -> impl Iterator<Item = Self> {
        let before = [
            Self::Document,
            Self::Discovery,
            Self::Urls,
            Self::Keys,
            Self::StoredKeys,
            Self::Clock,
            Self::TokenEndpoint,
        ];
        let of_token = Step::all().filter(|step| !step.concerns_the_call());
        before.into_iter().chain(of_token.map(Self::Ladder))
    }

    /// The step's name, for people and for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Discovery => "discovery",
            Self::Urls => "urls",
            Self::Keys => "keys",
            Self::StoredKeys => "stored-keys",
            Self::Clock => "clock",
            Self::TokenEndpoint => "token-endpoint",
            Self::Ladder(step) => step.name(),
        }
    }
}

impl Ended {
    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// The report as it grows; each line is told as soon as it is known.
pub(super) struct Report<F> {
    lines: Vec<StepReport>,
    tell: F,
}

impl<F: FnMut(&StepReport)> Report<F> {
    pub(super) const fn new(tell: F) -> Self {
        Self { lines: Vec::new(), tell }
    }

    pub(super) fn into_lines(self) -> Vec<StepReport> {
        self.lines
    }

    pub(super) fn pass(&mut self, step: TestStep, detail: impl Into<String>) {
        self.add(StepReport { step, ended: Ended::Pass, reason: None, detail: detail.into(), remedy: None });
    }

    pub(super) fn skip(&mut self, step: TestStep, reason: &'static str, detail: impl Into<String>) {
        self.add(StepReport { step, ended: Ended::Skip, reason: Some(reason), detail: detail.into(), remedy: None });
    }

    pub(super) fn warn(
        &mut self,
        step: TestStep,
        reason: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (reason, remedy) = (Some(reason), Some(remedy.into()));
        self.add(StepReport { step, ended: Ended::Warn, reason, detail: detail.into(), remedy });
    }

    pub(super) fn fail(
        &mut self,
        step: TestStep,
        reason: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (reason, remedy) = (Some(reason), Some(remedy.into()));
        self.add(StepReport { step, ended: Ended::Fail, reason, detail: detail.into(), remedy });
    }

    /// Every step after `last`, none of which is looked at.
    pub(super) fn skip_after(&mut self, last: TestStep, reason: &'static str, detail: &str) {
        for step in TestStep::all().skip_while(|step| *step != last).skip(1) {
            self.skip(step, reason, detail);
        }
    }

    /// The steps of the ladder that concern the token alone.
    pub(super) fn climbed(&mut self, climb: &Climb) {
        for (step, standing) in climb.steps().filter(|(step, _)| !step.concerns_the_call()) {
            let name = TestStep::Ladder(step);
            match standing {
                Standing::Passed => self.pass(name, passed(step)),
                Standing::Refused(refusal) => {
                    self.fail(name, refusal.reason(), climb.detail().unwrap_or_default(), refusal.remedy());
                }
                Standing::NotReached => self.skip(name, "not_reached", "an earlier step failed"),
                Standing::OnWord => self.skip(name, "on_word", ON_WORD),
                Standing::NoCall => {
                    self.skip(name, "no_call", "whether a caller can prove what its token is bound to shows in a call");
                }
            }
        }
    }

    fn add(&mut self, line: StepReport) {
        (self.tell)(&line);
        self.lines.push(line);
    }
}

/// Why a step that reads a JWT was not taken.
pub const ON_WORD: &str = "the authorization server's word stands for what nobody else can read";

/// What a token that passed a step is.
#[must_use]
pub const fn passed(step: Step) -> &'static str {
    use crate::domain::validation::error::Rung;
    match step {
        Step::Credential => "it is one bearer token of three parts",
        Step::Header => "the header is well-formed",
        Step::Payload => "the claims are well-formed",
        Step::Rung(rung) => match rung {
            Rung::Algorithm => "`alg` is in `algorithms`",
            Rung::Type => "`typ` is in `tokenType`",
            Rung::Issuer => "`iss` is the profile's issuer",
            Rung::Audience => "`aud` holds one of `audiences`",
            Rung::Time => "`exp`, `nbf`, `iat` and the lifetime are in order",
            Rung::Key => "the issuer has the key, and it fits",
            Rung::Signature => "the signature is the issuer's",
            Rung::Introspection => "the authorization server calls the token active, or is not asked",
            Rung::DenyList => "the deny list names neither the token, nor its client, subject or key",
            Rung::Binding => "what the token is bound to is proven, or it is bound to nothing",
            Rung::Client => "`cid` is in `clients.allow`, or there is no such list",
            Rung::Claims => "every rule of `claims` holds",
            Rung::Scope => "every scope of `scopes` is granted",
            Rung::SourceIp => "the caller is in `allowedIps`, or there is no such list",
            Rung::Route => "a route that the token may call governs the call, or there are no routes",
        },
    }
}
