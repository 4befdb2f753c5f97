//! What an operator does with stored profiles: plan a change, look at it, write it where nobody else wrote meanwhile.

use super::assigned_apis::AssignedApis;
use super::document_text::{Node, laid_out, say_the_same};
use crate::domain::profile::{ApiPattern, ProfileError, ProfileName, SecurityProfile, Transport};
use crate::ports::profile_repository::{Expected, Item, ProfileRepository, RepositoryError, Tier, Version, Versioned};

/// Plans and writes changes of stored profiles.
#[derive(Debug)]
pub struct ManageProfiles<'r, R> {
    /// Where they are kept.
    pub repository: &'r R,
    /// Which issuers are accepted.
    pub transport: Transport,
}

/// A change that is valid, and not yet made.
#[derive(Debug)]
pub struct PlannedWrite {
    /// The profile as it will be.
    pub profile: SecurityProfile,
    /// Its document as it will be.
    pub text: String,
    /// What stands there now.
    pub stored: Option<Versioned>,
}

/// How a planned document stands to the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There is none yet.
    Created,
    /// It says something else.
    Replaced,
    /// It says the same: there is nothing to write.
    Unchanged,
}

/// A planned change of a profile's APIs.
#[derive(Debug)]
pub struct PlannedAssignment {
    /// The change.
    pub write: PlannedWrite,
    /// What the profile covers already: the API that was to be assigned, and the entry that covers it.
    pub covered: Vec<(ApiPattern, String)>,
}

/// The fields of a new document, as an operator gives them without a file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct NewDocument {
    /// `description`.
    pub description: Option<String>,
    /// `issuer`.
    pub issuer: Option<String>,
    /// `discoveryUrl`.
    pub discovery_url: Option<String>,
    /// `audiences`.
    pub audiences: Vec<String>,
    /// `scopes`.
    pub scopes: Vec<String>,
    /// `apis`; an API's id alone is every stage of it.
    pub apis: Vec<String>,
}

/// Why a change is not made. Nothing has been written.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// No such profile.
    #[error("there is no profile `{name}` at `{location}`; `profiles list` shows those that are there")]
    NotFound {
        /// The name.
        name: ProfileName,
        /// Where it would be.
        location: String,
    },
    /// The document is not valid.
    #[error("{0}; nothing was written")]
    Refused(ProfileError),
    /// The stored document has no `apis` that could be edited.
    #[error(
        "the document of `{name}` has no list `apis` to edit; see `profiles lint {name}`, and put a document that is valid"
    )]
    NoApis {
        /// The profile.
        name: ProfileName,
    },
    /// It is not assigned, so that it cannot be unassigned.
    #[error("`{api}` is not assigned to `{name}`, which has {assigned}; unassign one of these as it is written")]
    NotAssigned {
        /// The API.
        api: String,
        /// The profile.
        name: ProfileName,
        /// What is.
        assigned: String,
    },
    /// None would be left.
    #[error(
        "`{name}` would be left without an API; assign another one first, or delete the profile: `profiles delete {name}`"
    )]
    NoneLeft {
        /// The profile.
        name: ProfileName,
    },
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl NewDocument {
    /// The document as it is stored.
    #[must_use]
    pub fn to_text(&self) -> String {
        let text = |text: &String| Node::Scalar(text.as_str().into());
        let apis: Vec<String> = self.apis.iter().map(|api| with_stage(api)).collect();
        let list = |texts: &[String]| (!texts.is_empty()).then(|| Node::texts(texts));
        let members = [
            ("version", Some(Node::Scalar(1.into()))),
            ("description", self.description.as_ref().map(text)),
            ("issuer", self.issuer.as_ref().map(text)),
            ("discoveryUrl", self.discovery_url.as_ref().map(text)),
            ("audiences", list(&self.audiences)),
            ("scopes", list(&self.scopes)),
            ("apis", list(&apis)),
        ];
        let members = members.into_iter().filter_map(|(name, node)| Some((name.to_owned(), node?)));
        Node::Object(members.collect()).to_text()
    }
}

/// An API as an operator writes it: `apiId/stage`, `apiId/*` or `*`, and `apiId` alone for every stage.
#[must_use]
pub fn parse_api(text: &str) -> Option<ApiPattern> {
    ApiPattern::parse(&with_stage(text))
}

fn with_stage(api: &str) -> String {
    if api == "*" || api.contains('/') { api.to_owned() } else { format!("{api}/*") }
}

impl PlannedWrite {
    /// How it stands to what is stored.
    #[must_use]
    pub fn change(&self) -> Change {
        match &self.stored {
            None => Change::Created,
            Some(stored) if say_the_same(&stored.text, &self.text) => Change::Unchanged,
            Some(_) => Change::Replaced,
        }
    }

    /// Both documents, laid out alike, so that a difference is one of content.
    #[must_use]
    pub fn texts(&self) -> (String, String) {
        let stored = self.stored.as_ref().map(|stored| laid_out(&stored.text));
        (stored.unwrap_or_default(), laid_out(&self.text))
    }
}

impl<R: ProfileRepository> ManageProfiles<'_, R> {
    /// A profile's document.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] and [`ManageError::Repository`].
    pub async fn stored(&self, name: &ProfileName) -> Result<Versioned, ManageError> {
        let item = Item::Document(name.clone());
        let not_found = || ManageError::NotFound { name: name.clone(), location: self.repository.location(&item) };
        self.repository.read(&item).await?.ok_or_else(not_found)
    }

    /// Plans to store a document (JSON): checks it, and lays it out.
    ///
    /// # Errors
    /// [`ManageError::Refused`] and [`ManageError::Repository`].
    pub async fn plan(&self, name: &ProfileName, json: &str) -> Result<PlannedWrite, ManageError> {
        let profile = self.check(name, json)?;
        let stored = self.repository.read(&Item::Document(name.clone())).await?;
        Ok(PlannedWrite { profile, text: laid_out(json), stored })
    }

    /// Plans to let a profile govern these APIs, too.
    ///
    /// # Errors
    /// Every [`ManageError`] but those of removals.
    pub async fn plan_to_assign(
        &self,
        name: &ProfileName,
        wanted: &[ApiPattern],
    ) -> Result<PlannedAssignment, ManageError> {
        let stored = self.stored(name).await?;
        let apis = AssignedApis::of(&stored.text).ok_or_else(|| ManageError::NoApis { name: name.clone() })?;
        let (mut added, mut covered): (Vec<ApiPattern>, Vec<(ApiPattern, String)>) = (Vec::new(), Vec::new());
        for api in wanted {
            let among_added = added.iter().find(|added| added.covers(api)).map(ToString::to_string);
            match apis.covering(api).map(str::to_owned).or(among_added) {
                Some(by) => covered.push((api.clone(), by)),
                None => added.push(api.clone()),
            }
        }
        let text = if added.is_empty() { stored.text.clone() } else { apis.with(&added) };
        let profile = self.check(name, &text)?;
        Ok(PlannedAssignment { write: PlannedWrite { profile, text, stored: Some(stored) }, covered })
    }

    /// Plans to let a profile govern these APIs no longer.
    ///
    /// # Errors
    /// Every [`ManageError`].
    pub async fn plan_to_unassign(
        &self,
        name: &ProfileName,
        unwanted: &[ApiPattern],
    ) -> Result<PlannedWrite, ManageError> {
        let stored = self.stored(name).await?;
        let apis = AssignedApis::of(&stored.text).ok_or_else(|| ManageError::NoApis { name: name.clone() })?;
        if let Some(api) = unwanted.iter().find(|api| apis.texts().all(|text| text != api.to_string())) {
            let assigned: Vec<String> = apis.texts().map(|text| format!("`{text}`")).collect();
            let assigned = assigned.join(", ");
            return Err(ManageError::NotAssigned { api: api.to_string(), name: name.clone(), assigned });
        }
        let text = apis.without(unwanted).ok_or_else(|| ManageError::NoneLeft { name: name.clone() })?;
        let profile = self.check(name, &text)?;
        Ok(PlannedWrite { profile, text, stored: Some(stored) })
    }

    /// Makes a planned change. A document that is too large for a standard parameter already stays in an advanced one.
    ///
    /// # Errors
    /// [`RepositoryError`]; but for [`RepositoryError::Overwritten`], nothing has been written.
    pub async fn write(&self, plan: &PlannedWrite, tier: Tier) -> Result<Version, RepositoryError> {
        let is_advanced = |stored: &Versioned| stored.text.len() > Tier::Standard.bytes();
        let tier = if plan.stored.as_ref().is_some_and(is_advanced) { Tier::Advanced } else { tier };
        let expected = plan.stored.as_ref().map_or(Expected::Nothing, |stored| Expected::Version(stored.version));
        let item = Item::Document(plan.profile.name().clone());
        self.repository.write(&item, &plan.text, expected, tier).await
    }

    fn check(&self, name: &ProfileName, json: &str) -> Result<SecurityProfile, ManageError> {
        SecurityProfile::from_json(name, json, self.transport).map_err(ManageError::Refused)
    }
}

#[cfg(test)]
#[path = "manage_profiles_tests.rs"]
mod tests;
