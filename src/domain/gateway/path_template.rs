//! The path of a route as API Gateway writes it: literal segments, `{name}`, and `{proxy+}` at the end.

use std::fmt;

/// A route's path, or `$default`, which covers every path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathTemplate {
    segments: Vec<Segment>,
    tail: Tail,
}

/// One segment between slashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// Exactly this text, case included.
    Literal(String),
    /// `{name}`: one segment, not empty. Its name means nothing here.
    Variable,
}

impl Segment {
    /// The text that the segment has to be, if it has to be one.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match self {
            Self::Literal(literal) => Some(literal),
            Self::Variable => None,
        }
    }
}

/// What may follow the segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tail {
    /// Nothing.
    End,
    /// `{proxy+}`: one character or more, slashes included.
    Greedy,
    /// `$default`: anything, and nothing.
    CatchAll,
}

/// Why a text is no path of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathTemplateError {
    /// It does not begin with a slash.
    #[error("the path must begin with `/`")]
    NoSlash,
    /// An empty segment, a trailing slash, `.`, `..`, or an encoded dot: no call to it is ever allowed.
    #[error("the path has an empty segment, a slash at its end, a segment `.` or `..`, or an encoded dot")]
    Segment,
    /// `*`, `?`, a space, a control or non-ASCII character, or a brace that is not around a whole segment.
    #[error("the path has a character that no route has, or braces that are not around a whole segment")]
    Character,
    /// `{proxy+}` before the end.
    #[error("`{{name+}}` must be the last segment")]
    GreedyInside,
}

impl PathTemplate {
    /// `$default`.
    #[must_use]
    pub const fn catch_all() -> Self {
        Self { segments: Vec::new(), tail: Tail::CatchAll }
    }

    /// Reads a path such as `/orders/{id}/{proxy+}`.
    ///
    /// # Errors
    /// [`PathTemplateError`] for what API Gateway does not accept as a route's path.
    pub fn parse(text: &str) -> Result<Self, PathTemplateError> {
        let path = text.strip_prefix('/').ok_or(PathTemplateError::NoSlash)?;
        let mut template = Self { segments: Vec::new(), tail: Tail::End };
        if path.is_empty() {
            return Ok(template);
        }
        for segment in path.split('/') {
            if template.tail != Tail::End {
                return Err(PathTemplateError::GreedyInside);
            }
            match segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}')) {
                Some(name) => match name.strip_suffix('+') {
                    Some(name) if is_name(name) => template.tail = Tail::Greedy,
                    None if is_name(name) => template.segments.push(Segment::Variable),
                    Some(_) | None => return Err(PathTemplateError::Character),
                },
                None => template.segments.push(literal(segment)?),
            }
        }
        Ok(template)
    }

    /// The segments before the tail.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// What may follow them.
    #[must_use]
    pub const fn tail(&self) -> Tail {
        self.tail
    }

    /// Whether a request's path, without its first slash, falls under the template. Segments are compared as they
    /// stand: nothing is decoded, no case is folded, a slash at the end is an empty segment.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let mut rest = Some(path).filter(|path| !path.is_empty());
        for segment in &self.segments {
            let Some(text) = rest else { return false };
            let (head, tail) = text.split_once('/').map_or((text, None), |(head, tail)| (head, Some(tail)));
            let fits = match segment {
                Segment::Literal(literal) => literal == head,
                Segment::Variable => !head.is_empty(),
            };
            if !fits {
                return false;
            }
            rest = tail;
        }
        match self.tail {
            Tail::End => rest.is_none(),
            Tail::Greedy => rest.is_some_and(|rest| !rest.is_empty()),
            Tail::CatchAll => true,
        }
    }

    /// Whether some path falls under both templates.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let shared = self.segments.len().min(other.segments.len());
        let same = |(a, b): (&Segment, &Segment)| match (a, b) {
            (Segment::Literal(a), Segment::Literal(b)) => a == b,
            (Segment::Variable, _) | (_, Segment::Variable) => true,
        };
        if !self.segments.iter().zip(&other.segments).all(same) {
            return false;
        }
        let (self_rest, other_rest) = (self.segments.len() - shared, other.segments.len() - shared);
        match (self_rest, other_rest) {
            (0, 0) => match (self.tail, other.tail) {
                (Tail::End, Tail::Greedy) | (Tail::Greedy, Tail::End) => false,
                (Tail::End | Tail::CatchAll, Tail::End | Tail::CatchAll)
                | (Tail::Greedy | Tail::CatchAll, Tail::Greedy | Tail::CatchAll) => true,
            },
            (0, _) => self.tail != Tail::End,
            (_, _) => other.tail != Tail::End,
        }
    }
}

/// Whether a text has `%2e`, in either case.
#[must_use]
pub(super) fn has_encoded_dot(text: &str) -> bool {
    text.as_bytes().windows(3).any(|window| window.eq_ignore_ascii_case(b"%2e"))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte))
}

fn literal(segment: &str) -> Result<Segment, PathTemplateError> {
    if matches!(segment, "" | "." | "..") || has_encoded_dot(segment) {
        return Err(PathTemplateError::Segment);
    }
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"*?{}\\\"#".contains(&byte);
    if segment.bytes().all(allowed) {
        Ok(Segment::Literal(segment.to_owned()))
    } else {
        Err(PathTemplateError::Character)
    }
}

/// As API Gateway writes it; variables have lost their names.
impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Literal(literal) => write!(f, "/{literal}")?,
                Segment::Variable => f.write_str("/{}")?,
            }
        }
        match self.tail {
            Tail::End if self.segments.is_empty() => f.write_str("/"),
            Tail::End => Ok(()),
            Tail::Greedy => f.write_str("/{+}"),
            Tail::CatchAll => f.write_str("$default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PathTemplate, PathTemplateError};

    fn matches(template: &str, path: &str) -> bool {
        PathTemplate::parse(template).expect("a path").matches(path)
    }

    #[test]
    fn a_variable_is_one_segment_that_is_not_empty() {
        assert!(matches("/orders/{id}", "orders/1") && matches("/orders/{id}", "orders/a%2Fb"));
        for path in ["orders", "orders/", "orders/1/", "orders/1/2", "orders//1", "Orders/1", "xorders/1", ""] {
            assert!(!matches("/orders/{id}", path), "{path}");
        }
        assert!(matches("/{a}/x/{b}", "1/x/2") && !matches("/{a}/x/{b}", "1/y/2"));
    }

    /// Threat 35.
    #[test]
    fn a_trailing_slash_is_another_path() {
        assert!(matches("/orders", "orders") && !matches("/orders", "orders/"));
        assert!(matches("/", "") && !matches("/", "orders"));
    }

    /// Threat 37.
    #[test]
    fn a_greedy_variable_governs_what_is_below_it_and_nothing_else() {
        assert!(matches("/orders/{proxy+}", "orders/1") && matches("/orders/{proxy+}", "orders/1/2/"));
        for path in ["orders", "orders/", "ordersx/1", "other/orders/1"] {
            assert!(!matches("/orders/{proxy+}", path), "{path}");
        }
        assert!(matches("/{proxy+}", "a") && !matches("/{proxy+}", ""));
        assert!(PathTemplate::catch_all().matches("") && PathTemplate::catch_all().matches("a//b"));
    }

    #[test]
    fn what_no_route_has_is_refused() {
        for (text, error) in [
            ("", PathTemplateError::NoSlash),
            ("orders", PathTemplateError::NoSlash),
            ("/orders/", PathTemplateError::Segment),
            ("//orders", PathTemplateError::Segment),
            ("/../x", PathTemplateError::Segment),
            ("/a%2eb", PathTemplateError::Segment),
            ("/%2E%2E/x", PathTemplateError::Segment),
            ("/orders/*", PathTemplateError::Character),
            ("/orders/a?b", PathTemplateError::Character),
            ("/orders/{id", PathTemplateError::Character),
            ("/orders/x{id}", PathTemplateError::Character),
            ("/orders/{}", PathTemplateError::Character),
            ("/orders/{+}", PathTemplateError::Character),
            ("/orders/${aws:username}", PathTemplateError::Character),
            ("/a b", PathTemplateError::Character),
            ("/é", PathTemplateError::Character),
            ("/{proxy+}/x", PathTemplateError::GreedyInside),
        ] {
            assert_eq!(PathTemplate::parse(text), Err(error), "{text}");
        }
    }
}
