//! The difference between two documents, line by line.

use similar::{ChangeTag, TextDiff};

/// How many lines that are the same are shown around those that are not.
const CONTEXT: usize = 2;

/// `- ` what goes, `+ ` what comes, two spaces what stays near; nothing where both are the same.
#[must_use]
pub fn difference(before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push("  ...".to_owned());
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{sign} {}", printable(change.value().trim_end_matches('\n'))));
        }
    }
    lines
}

/// A text that cannot steer a terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    let shown = |character: char| {
        if character.is_control() { character.escape_default().to_string() } else { character.to_string() }
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn what_goes_what_comes_and_what_stays_near_are_told_apart() {
        let before = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3,\n  \"d\": 4,\n  \"e\": 5\n}\n";
        let after = before.replace("\"b\": 2", "\"b\": 7");
        let expected = ["  {", "    \"a\": 1,", "-   \"b\": 2,", "+   \"b\": 7,", "    \"c\": 3,", "    \"d\": 4,"];
        assert_eq!(difference(before, &after), expected);
        assert!(difference(before, before).is_empty());
        assert_eq!(difference("", "{}\n"), ["+ {}"]);
    }

    #[test]
    fn what_would_steer_a_terminal_is_shown_and_not_obeyed() {
        assert_eq!(difference("", "\u{1b}[2J\n"), ["+ \\u{1b}[2J"]);
    }
}
