//! What a form or a query says: names and values, `application/x-www-form-urlencoded`.

use url::form_urlencoded::parse;

/// Names and values, in their order.
#[derive(Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn read(text: &[u8]) -> Self {
        Self(parse(text).into_owned().collect())
    }

    /// The first of this name, without white space around it; empty where there is none.
    pub(super) fn text<'f>(&'f self, name: &'f str) -> &'f str {
        self.all(name).next().unwrap_or_default().trim()
    }

    /// The first of this name, as it is.
    pub(super) fn raw<'f>(&'f self, name: &'f str) -> &'f str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every one of this name.
    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What stands between white space and commas.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let words = self.text(name).split(|character: char| character.is_whitespace() || character == ',');
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}
