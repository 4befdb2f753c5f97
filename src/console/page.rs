//! What every page has around it, and the page that says why something was not done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::Console;
use super::session::Session;
use crate::application::manage_profiles::ManageError;
use crate::domain::profile::{Finding, ProfileName, ProfileNameError};
use crate::ports::profile_repository::RepositoryError;
use crate::ports::profile_store::ProfileStoreError;

/// The frame of a page.
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) place: String,
    pub(super) read_only: bool,
    pub(super) csrf: String,
    /// Which part of a profile is shown: `settings`, `test`, `access` or `try`; or `list`, `deny`.
    pub(super) here: &'static str,
    /// The profile that the page is about; empty where it is about none.
    pub(super) profile: String,
    /// What was just done; empty where nothing was.
    pub(super) done: &'static str,
}

/// A finding as a page shows it.
pub(super) struct Told {
    pub(super) field: String,
    pub(super) problem: String,
}

/// What an answer is made of.
pub(super) type Answered = Result<Response, Refusal>;

/// Why something was not done.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    title: String,
    why: String,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    frame: Frame,
    why: String,
}

impl Frame {
    pub(super) fn new(console: &Console, session: &Session, here: &'static str, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            place: console.place(),
            read_only: console.read_only,
            csrf: session.csrf.clone(),
            here,
            profile: String::new(),
            done: "",
        }
    }

    pub(super) fn of(self, name: &ProfileName) -> Self {
        Self { profile: name.to_string(), ..self }
    }

    /// With a line on what was done, where the address says so.
    pub(super) fn after(self, done: &str) -> Self {
        let done = match done {
            "saved" => "Saved. It is in force within the functions' PROFILE_TTL_SECONDS.",
            "unchanged" => "Nothing to save: the stored profile says the same.",
            "assigned" => "Assigned.",
            "unassigned" => "Taken off.",
            "denied" => {
                "Kept out, within the functions' PROFILE_TTL_SECONDS. Policies that API Gateway has cached go on until they expire."
            }
            "admitted" => "Off the list, within the functions' PROFILE_TTL_SECONDS.",
            _ => "",
        };
        Self { done, ..self }
    }
}

impl From<&Finding> for Told {
    fn from(finding: &Finding) -> Self {
        Self { field: finding.field.clone(), problem: finding.problem.clone() }
    }
}

impl Refusal {
    pub(super) fn new(status: StatusCode, title: &str, why: impl Into<String>) -> Self {
        Self { status, title: title.to_owned(), why: why.into() }
    }

    pub(super) fn bad(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "That cannot be done", why)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let frame = Frame {
            title: self.title,
            place: String::new(),
            read_only: false,
            csrf: String::new(),
            here: "",
            profile: String::new(),
            done: "",
        };
        let page = RefusedPage { frame, why: self.why };
        (self.status, Html(page.render().unwrap_or_else(|_| "The page cannot be written.".to_owned()))).into_response()
    }
}

impl From<RepositoryError> for Refusal {
    fn from(error: RepositoryError) -> Self {
        let (status, title) = match &error {
            RepositoryError::Conflict { .. } => (StatusCode::CONFLICT, "Changed meanwhile: nothing was overwritten"),
            RepositoryError::Overwritten { .. } => (StatusCode::CONFLICT, "Changed at the same moment"),
            RepositoryError::TooLarge { .. } => (StatusCode::BAD_REQUEST, "Too large to be stored"),
            RepositoryError::Unavailable { .. } | RepositoryError::MalformedClient { .. } => {
                (StatusCode::BAD_GATEWAY, "The store did not do it")
            }
        };
        Self::new(status, title, error.to_string())
    }
}

impl From<ManageError> for Refusal {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::Repository(error) => error.into(),
            ManageError::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, "No such profile", error.to_string()),
            ManageError::Refused(_)
            | ManageError::NoApis { .. }
            | ManageError::NotAssigned { .. }
            | ManageError::NoneLeft { .. } => Self::bad(error.to_string()),
        }
    }
}

impl From<ProfileStoreError> for Refusal {
    fn from(error: ProfileStoreError) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "The store cannot be read", error.to_string())
    }
}

impl From<ProfileNameError> for Refusal {
    fn from(error: ProfileNameError) -> Self {
        Self::new(StatusCode::NOT_FOUND, "No such profile", error.to_string())
    }
}

impl From<askama::Error> for Refusal {
    fn from(error: askama::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The page cannot be written", error.to_string())
    }
}

/// A sentence as HTML: escaped, and what stands between backticks as code.
pub(super) fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    let is_paired = text.matches('`').count().is_multiple_of(2);
    let mut in_code = false;
    for character in text.chars() {
        match character {
            '`' if is_paired => {
                html.push_str(if in_code { "</code>" } else { "<code>" });
                in_code = !in_code;
            }
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            plain => html.push(plain),
        }
    }
    html
}

/// A page.
pub(super) fn page(template: &impl Template) -> Answered {
    Ok(Html(template.render()?).into_response())
}

/// Another page, after something was done.
pub(super) fn go_to(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(axum::http::header::LOCATION, path.to_owned())]).into_response()
}

pub(super) async fn not_found() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "No such page", "Go back to the profiles.")
}

#[cfg(test)]
mod tests {
    use super::prose;

    #[test]
    fn a_sentence_is_escaped_and_its_names_are_code() {
        assert_eq!(prose("`a<b>` & \"c\"'s"), "<code>a&lt;b&gt;</code> &amp; &quot;c&quot;&#39;s");
        assert_eq!(prose("odd ` one <script>"), "odd ` one &lt;script&gt;");
    }
}
