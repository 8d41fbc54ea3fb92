//! A matcher as alternatives: which conditions hold together.

use crate::matcher::Matcher;

/// One way in which a matcher can hold: the own conditions of these matchers,
/// from the outermost `any` to the innermost, all hold.
#[derive(Debug, Clone)]
pub(super) struct Term<'a>(pub(super) Vec<&'a Matcher>);

impl<'a> Term<'a> {
    /// All ways in which a matcher can hold. Each alternative of an `any` is one
    /// more, so there are never more than the matcher has parts.
    pub(super) fn all_of(matcher: &'a Matcher) -> Vec<Self> {
        let mut terms = Vec::new();
        collect(matcher, &mut Vec::new(), &mut terms);
        terms
    }

    /// Conditions of one field, from whichever part gives it.
    pub(super) fn each<T>(
        &self,
        field: impl Fn(&'a Matcher) -> Option<T>,
    ) -> impl Iterator<Item = T> {
        self.0.iter().filter_map(move |part| field(part))
    }

    /// Whether any part gives a field.
    pub(super) fn has<T>(&self, field: impl Fn(&'a Matcher) -> Option<T>) -> bool {
        self.each(field).next().is_some()
    }
}

fn collect<'a>(matcher: &'a Matcher, above: &mut Vec<&'a Matcher>, terms: &mut Vec<Term<'a>>) {
    above.push(matcher);
    match &matcher.any {
        None => terms.push(Term(above.clone())),
        Some(any) => {
            for one in any {
                collect(one, above, terms);
            }
        }
    }
    above.pop();
}
