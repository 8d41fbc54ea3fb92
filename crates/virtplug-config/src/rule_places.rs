//! Where the rules of a policy were written.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Place;

/// The places of rules, in the order of `Policy::rules`. With them whoever
/// judges the policy can show what it found with the rule underlined.
#[derive(Debug, Clone, Default)]
pub struct RulePlaces {
    places: Vec<Place>,
}

impl RulePlaces {
    pub(crate) fn push(&mut self, place: Place) {
        self.places.push(place);
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Something to say of a rule. `None`: there is no rule of that number.
    /// Foreign text in `message` must be escaped.
    pub fn finding(
        &self,
        severity: Severity,
        rule: usize,
        message: impl Into<String>,
    ) -> Option<Diagnostic> {
        let place = self.places.get(rule)?;
        Some(Diagnostic::new(severity, place.clone(), message))
    }

    /// A warning about a rule.
    pub fn warning(&self, rule: usize, message: impl Into<String>) -> Option<Diagnostic> {
        self.finding(Severity::Warning, rule, message)
    }

    /// A note on a rule.
    pub fn note(&self, rule: usize, message: impl Into<String>) -> Option<Diagnostic> {
        self.finding(Severity::Note, rule, message)
    }

    /// Shows another rule with a finding; `label` says what it is to it.
    #[must_use]
    pub fn relate(&self, finding: Diagnostic, label: &'static str, rule: usize) -> Diagnostic {
        match self.places.get(rule) {
            Some(place) => finding.with_related(label, place.clone()),
            None => finding,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::Source;

    fn place(file: &str) -> Place {
        Place::file(&Source::without_text(Path::new(file)))
    }

    #[test]
    fn a_rule_that_is_not_there_has_no_place() {
        let mut places = RulePlaces::default();
        assert!(places.is_empty());
        assert!(places.warning(0, "x").is_none());
        places.push(place("/a"));
        places.push(place("/b"));
        assert_eq!((places.len(), places.is_empty()), (2, false));
        for beyond in [2, 3, usize::MAX] {
            assert!(places.warning(beyond, "x").is_none());
            assert!(places.note(beyond, "x").is_none());
            assert!(places.finding(Severity::Error, beyond, "x").is_none());
        }

        let finding = places.warning(1, "x").unwrap();
        assert_eq!(finding.file(), Path::new("/b"));
        // A finding stays as it is when the other rule is not there.
        let alone = finding.render(false);
        let related = places.relate(finding.clone(), "the other one", 2);
        assert_eq!(related.render(false), alone);
        let related = places.relate(finding, "the other one", 0);
        assert!(related.render(false).contains("the other one"));
    }
}
