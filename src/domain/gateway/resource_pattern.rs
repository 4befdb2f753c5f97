//! Patterns of IAM resources below a stage, and whether one can match a path that a route governs.
//!
//! In IAM `*` is any number of characters and `?` exactly one, slashes included ("IAM JSON policy elements: Resource"),
//! so a pattern says more than the template that it stands for. What it says too much is what the policy has to deny.

use super::path_template::{PathTemplate, Segment, Tail};

/// One element of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// `?`.
    One,
    /// `*`.
    Many,
}

/// One element of a template's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letter {
    Byte(u8),
    /// One character that is no slash.
    Inner,
    /// Any number of characters that are no slash.
    Inners,
    /// One character.
    Any,
    /// Any number of characters.
    Anys,
}

/// The pattern that matches every path of a template, and more where it has variables. `/` joins the segments.
#[must_use]
pub fn covering(template: &PathTemplate) -> String {
    with_variables(template, |_| "?*")
}

/// Patterns that together match what [`covering`] matches beyond the template: one per variable. In most of them the
/// variable holds a slash. Variables right before a greedy tail may: what is behind the slash belongs to the tail then, and
/// only an empty one is too much.
///
/// None matches a path of a template that ends without a greedy tail, or with one variable and it; other templates lose
/// some paths to them.
#[must_use]
pub fn beyond(template: &PathTemplate) -> Vec<String> {
    let segments = template.segments();
    let before_tail = match template.tail() {
        Tail::End => 0,
        Tail::Greedy | Tail::CatchAll => {
            segments.iter().rev().take_while(|segment| **segment == Segment::Variable).count()
        }
    };
    let variables = segments.iter().enumerate().filter(|(_, segment)| **segment == Segment::Variable);
    variables
        .map(|(index, _)| {
            if index < segments.len() - before_tail {
                with_variables(template, |other| if other == index { "*/*" } else { "*" })
            } else {
                let mut parts: Vec<&str> = parts(&segments[..index], |_| "*");
                parts.extend(["", "*"]);
                parts.join("/")
            }
        })
        .collect()
}

/// The pattern that matches this text alone, in the path of a resource. The characters are IAM's: `*`, `?`, and `${`, which
/// begins a variable ("IAM policy elements: Variables and tags").
#[must_use]
pub fn exactly(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '*' => pattern.push_str("${*}"),
            '?' => pattern.push_str("${?}"),
            '$' if rest.peek() == Some(&'{') => pattern.push_str("${$}"),
            other => pattern.push(other),
        }
    }
    pattern
}

fn with_variables(template: &PathTemplate, variable: impl Fn(usize) -> &'static str) -> String {
    let mut parts = parts(template.segments(), variable);
    match template.tail() {
        Tail::End => {}
        Tail::Greedy => parts.push("?*"),
        Tail::CatchAll => parts.push("*"),
    }
    parts.join("/")
}

fn parts(segments: &[Segment], variable: impl Fn(usize) -> &'static str) -> Vec<&str> {
    let part = |(index, segment)| Segment::as_literal(segment).unwrap_or_else(|| variable(index));
    segments.iter().enumerate().map(part).collect()
}

/// Whether the pattern matches a resource.
#[must_use]
pub fn matches(pattern: &str, resource: &str) -> bool {
    // A resource is a template's language of one: every byte is itself.
    let letters: Vec<Letter> = resource.bytes().map(Letter::Byte).collect();
    share(&tokens(pattern), &letters)
}

/// Whether some path of the template is matched by the pattern.
#[must_use]
pub fn meets(pattern: &str, template: &PathTemplate) -> bool {
    begin_alike(pattern, template) && share(&tokens(pattern), &letters(template))
}

/// Whether pattern and template agree as far as both are literal. Most pairs do not, and this is quick.
fn begin_alike(pattern: &str, template: &PathTemplate) -> bool {
    let segments = template.segments().iter().map_while(Segment::as_literal).enumerate();
    let of_template =
        segments.flat_map(|(index, segment)| (index > 0).then_some(b'/').into_iter().chain(segment.bytes()));
    let of_pattern = pattern.bytes().take_while(|byte| !b"*?$".contains(byte));
    of_pattern.zip(of_template).all(|(a, b)| a == b)
}

/// Whether one text is in both languages.
fn share(pattern: &[Token], letters: &[Letter]) -> bool {
    let width = letters.len() + 1;
    let mut seen = vec![false; (pattern.len() + 1) * width];
    let mut open = vec![(0, 0)];
    while let Some((at, on)) = open.pop() {
        if std::mem::replace(&mut seen[at * width + on], true) {
            continue;
        }
        if at == pattern.len() && on == letters.len() {
            return true;
        }
        if pattern.get(at) == Some(&Token::Many) {
            open.push((at + 1, on));
        }
        if matches!(letters.get(on), Some(Letter::Inners | Letter::Anys)) {
            open.push((at, on + 1));
        }
        if let (Some(token), Some(letter)) = (pattern.get(at), letters.get(on))
            && share_a_character(*token, *letter)
        {
            let next_at = if *token == Token::Many { at } else { at + 1 };
            let next_on = if matches!(letter, Letter::Inners | Letter::Anys) { on } else { on + 1 };
            open.push((next_at, next_on));
        }
    }
    false
}

/// `${*}` and `${?}` stand for the characters themselves.
fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut rest = pattern.as_bytes();
    loop {
        let (token, length) = match rest {
            [] => return tokens,
            [b'$', b'{', literal @ (b'*' | b'?' | b'$'), b'}', ..] => (Token::Byte(*literal), 4),
            [b'*', ..] => (Token::Many, 1),
            [b'?', ..] => (Token::One, 1),
            [byte, ..] => (Token::Byte(*byte), 1),
        };
        tokens.push(token);
        rest = &rest[length..];
    }
}

fn letters(template: &PathTemplate) -> Vec<Letter> {
    let mut letters = Vec::new();
    for (index, segment) in template.segments().iter().enumerate() {
        if index > 0 {
            letters.push(Letter::Byte(b'/'));
        }
        match segment {
            Segment::Literal(literal) => letters.extend(literal.bytes().map(Letter::Byte)),
            Segment::Variable => letters.extend([Letter::Inner, Letter::Inners]),
        }
    }
    let joined = if template.segments().is_empty() { &[][..] } else { &[Letter::Byte(b'/')] };
    match template.tail() {
        Tail::End => {}
        Tail::Greedy => {
            letters.extend(joined);
            letters.extend([Letter::Any, Letter::Anys]);
        }
        Tail::CatchAll => letters.push(Letter::Anys),
    }
    letters
}

fn share_a_character(token: Token, letter: Letter) -> bool {
    match (token, letter) {
        (Token::Byte(a), Letter::Byte(b)) => a == b,
        (Token::Byte(a), Letter::Inner | Letter::Inners) => a != b'/',
        (Token::Byte(_), Letter::Any | Letter::Anys) => true,
        (Token::One | Token::Many, Letter::Byte(_) | Letter::Inner | Letter::Inners | Letter::Any | Letter::Anys) => {
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PathTemplate, beyond, covering, exactly, matches, meets};

    fn template(text: &str) -> PathTemplate {
        PathTemplate::parse(text).expect("a path")
    }

    #[test]
    fn a_pattern_covers_its_template() {
        for (path, pattern) in [
            ("/", ""),
            ("/orders", "orders"),
            ("/orders/{id}", "orders/?*"),
            ("/a/{x}/b", "a/?*/b"),
            ("/a/{proxy+}", "a/?*"),
            ("/{proxy+}", "?*"),
        ] {
            assert_eq!(covering(&template(path)), pattern);
            assert!(meets(pattern, &template(path)), "{path}");
        }
        assert_eq!(covering(&PathTemplate::catch_all()), "*");
    }

    #[test]
    fn what_a_pattern_says_too_much_is_named_and_never_meets_its_own_template() {
        assert_eq!(beyond(&template("/orders")), Vec::<String>::new());
        assert_eq!(beyond(&template("/orders/{id}")), ["orders/*/*"]);
        assert_eq!(beyond(&template("/a/{x}/b/{y}")), ["a/*/*/b/*", "a/*/b/*/*"]);
        assert_eq!(beyond(&template("/orders/{proxy+}")), Vec::<String>::new());
        assert_eq!(beyond(&template("/orders/{id}/{proxy+}")), ["orders//*"]);
        for path in ["/orders/{id}", "/a/{x}/b/{y}", "/{x}", "/{x}/{y}/{z}", "/orders/{id}/{proxy+}", "/{id}/{proxy+}"]
        {
            for pattern in beyond(&template(path)) {
                assert!(!meets(&pattern, &template(path)), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn between_a_pattern_and_its_template_lies_nothing_that_is_not_named() {
        let pieces = ["", "1", "b", "2/b", "/", "b/", "/b", "1/2/3"];
        for path in
            ["/orders/{id}", "/a/{x}/b/{y}", "/{x}/b/{proxy+}", "/{x}/{y}/{proxy+}", "/a/{x}/b/{y}/{z}/{proxy+}"]
        {
            let template = template(path);
            let pattern = covering(&template);
            let literals: Vec<&str> = pattern.split("?*").collect();
            let fillings = pieces.len().pow(u32::try_from(literals.len() - 1).expect("few"));
            for filling in 0..fillings {
                let (mut filled, mut left) = (literals[0].to_owned(), filling);
                for literal in &literals[1..] {
                    filled = filled + pieces[left % pieces.len()] + literal;
                    left /= pieces.len();
                }
                if matches(&pattern, &filled) && !template.matches(&filled) {
                    let is_named = beyond(&template).iter().any(|beyond| matches(beyond, &filled));
                    assert!(is_named, "{path} {filled}");
                }
            }
        }
    }

    #[test]
    fn a_text_is_written_so_that_it_matches_itself_alone() {
        for (text, pattern) in [
            ("orders/1", "orders/1"),
            ("a*b?c", "a${*}b${?}c"),
            ("$default/a$", "$default/a$"),
            ("${aws:username}", "${$}{aws:username}"),
            ("${*}", "${$}{${*}}"),
        ] {
            assert_eq!(exactly(text), pattern);
            assert!(matches(pattern, text), "{text}");
        }
        assert!(!matches(&exactly("a*b?c"), "axbxc") && !matches(&exactly("${$}"), "$"));
    }

    #[test]
    fn patterns_and_templates_meet_where_one_path_is_in_both() {
        for (pattern, path, expected) in [
            ("orders/*/*", "/orders/{id}/items", true),
            ("orders/*/*", "/orders/{proxy+}", true),
            ("orders/*/*", "/orders/export", false),
            ("orders/*/*/items", "/orders/{id}/items", false),
            ("orders/*/*/items", "/orders/{id}/{sub}/items", true),
            ("orders/export", "/orders/{id}", true),
            ("orders/a/b", "/orders/{id}", false),
            ("a?c", "/abc", true),
            ("a?c", "/{x}", true),
            ("a/?", "/a", false),
            ("*", "/", true),
            ("?*", "/", false),
        ] {
            assert_eq!(meets(pattern, &template(path)), expected, "{pattern} {path}");
        }
    }
}
