//! The `apis` of a document, edited where they stand: every other byte of it is kept.

use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::profile::ApiPattern;

/// Where a document's `apis` stand in its text.
#[derive(Debug)]
pub(super) struct AssignedApis<'d> {
    document: &'d str,
    list: Range<usize>,
    entries: Vec<(String, Range<usize>)>,
}

#[derive(Deserialize)]
struct Members<'d> {
    #[serde(borrow)]
    apis: &'d RawValue,
}

impl<'d> AssignedApis<'d> {
    /// Finds them; nothing where the document has no list of texts with this name.
    pub(super) fn of(document: &'d str) -> Option<Self> {
        let list: &RawValue = serde_json::from_str::<Members<'_>>(document).ok()?.apis;
        let entries: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
        let entry = |raw: &&RawValue| Some((serde_json::from_str(raw.get()).ok()?, span(document, raw.get())));
        let entries = entries.iter().map(entry).collect::<Option<_>>()?;
        Some(Self { document, list: span(document, list.get()), entries })
    }

    /// Each as it is written, in their order.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(text, _)| text.as_str())
    }

    /// The one of them that covers `api`, itself included.
    pub(super) fn covering(&self, api: &ApiPattern) -> Option<&str> {
        self.texts().find(|text| ApiPattern::parse(text).is_some_and(|pattern| pattern.covers(api)))
    }

    /// The document with these after the others, set apart as the others are.
    pub(super) fn with(&self, added: &[ApiPattern]) -> String {
        let separator = match &self.entries[..] {
            [] => ", ".to_owned(),
            [(_, only)] => {
                let before = &self.document[self.list.start + 1..only.start];
                if before.contains('\n') { format!(",{before}") } else { ", ".to_owned() }
            }
            [.., (_, before), (_, last)] => self.document[before.end..last.start].to_owned(),
        };
        let added: Vec<String> = added.iter().map(|api| Value::from(api.to_string()).to_string()).collect();
        let added = added.join(&separator);
        match self.entries.last() {
            Some((_, last)) => self.replace(last.end..last.end, &format!("{separator}{added}")),
            None => self.replace(self.list.clone(), &format!("[{added}]")),
        }
    }

    /// The document without these; nothing where none would be left.
    pub(super) fn without(&self, gone: &[ApiPattern]) -> Option<String> {
        let is_gone = |text: &str| gone.iter().any(|api| api.to_string() == text);
        let kept: Vec<usize> = (0..self.entries.len()).filter(|index| !is_gone(&self.entries[*index].0)).collect();
        let (first, last) = (self.entries.first()?, self.entries.last()?);
        kept.first()?;
        let mut list = String::new();
        for (place, index) in kept.into_iter().enumerate() {
            let span = &self.entries[index].1;
            if place > 0 {
                list.push_str(&self.document[self.entries[index - 1].1.end..span.start]);
            }
            list.push_str(&self.document[span.clone()]);
        }
        Some(self.replace(first.1.start..last.1.end, &list))
    }

    fn replace(&self, span: Range<usize>, text: &str) -> String {
        format!("{}{text}{}", &self.document[..span.start], &self.document[span.end..])
    }
}

/// Where a part of a text, borrowed from it, stands in it.
fn span(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::AssignedApis;
    use crate::domain::profile::ApiPattern;

    fn patterns(texts: &[&str]) -> Vec<ApiPattern> {
        texts.iter().map(|text| ApiPattern::parse(text).expect("a pattern")).collect()
    }

    #[test]
    fn what_is_added_is_set_apart_as_the_others_are_and_nothing_else_changes() {
        for (before, after) in [
            (r#"{ "z":1,"apis":["a/x"] , "b":[ ] }"#, r#"{ "z":1,"apis":["a/x", "b/*", "c/$default"] , "b":[ ] }"#),
            (r#"{"apis":["a/x","a/y"]}"#, r#"{"apis":["a/x","a/y","b/*","c/$default"]}"#),
            (r#"{"apis": []}"#, r#"{"apis": ["b/*", "c/$default"]}"#),
            (
                "{\n\t\"apis\": [\n\t\t\"a/x\"\n\t],\n\t\"scopes\": [\"a/x\"]\n}\n",
                "{\n\t\"apis\": [\n\t\t\"a/x\",\n\t\t\"b/*\",\n\t\t\"c/$default\"\n\t],\n\t\"scopes\": [\"a/x\"]\n}\n",
            ),
        ] {
            let apis = AssignedApis::of(before).expect("a list");
            assert_eq!(apis.with(&patterns(&["b/*", "c/$default"])), after);
        }
    }

    #[test]
    fn what_is_removed_leaves_the_others_as_they_stand() {
        let document = "{\"audiences\": [\"a/x\"], \"apis\": [\n  \"a/x\",\n  \"b/*\" , \"c/$default\"\n]}";
        let apis = AssignedApis::of(document).expect("a list");
        for (gone, list) in [
            (vec!["a/x"], "[\n  \"b/*\" , \"c/$default\"\n]"),
            (vec!["b/*"], "[\n  \"a/x\" , \"c/$default\"\n]"),
            (vec!["c/$default"], "[\n  \"a/x\",\n  \"b/*\"\n]"),
            (vec!["a/x", "c/$default"], "[\n  \"b/*\"\n]"),
            (vec!["d/*"], "[\n  \"a/x\",\n  \"b/*\" , \"c/$default\"\n]"),
        ] {
            let expected = format!("{{\"audiences\": [\"a/x\"], \"apis\": {list}}}");
            assert_eq!(apis.without(&patterns(&gone)).as_deref(), Some(expected.as_str()), "{gone:?}");
        }
        assert_eq!(apis.without(&patterns(&["a/x", "b/*", "c/$default"])), None);
    }

    #[test]
    fn an_entry_that_is_written_with_escapes_is_found() {
        let apis = AssignedApis::of(r#"{"apis": ["a\/prod", "b/*"]}"#).expect("a list");
        assert_eq!(apis.texts().collect::<Vec<_>>(), ["a/prod", "b/*"]);
        assert_eq!(apis.without(&patterns(&["a/prod"])).as_deref(), Some(r#"{"apis": ["b/*"]}"#));
        assert_eq!(apis.covering(&patterns(&["b/test"])[0]), Some("b/*"));
    }

    #[test]
    fn a_document_without_a_list_of_texts_has_none() {
        for document in ["", "[]", "{}", r#"{"apis": null}"#, r#"{"apis": "*"}"#, r#"{"apis": [1]}"#] {
            assert!(AssignedApis::of(document).is_none(), "{document}");
        }
    }
}
