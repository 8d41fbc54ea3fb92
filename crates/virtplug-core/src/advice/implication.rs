//! Whether one matcher holds wherever another does.
//!
//! Right rather than complete: each condition of the wide matcher must follow
//! from a condition of the narrow one on the same fact, so that the answer is
//! also right where that fact is unknown.

use super::exclusion::{Care, terms_apart};
use super::term::Term;
use super::texts;
use crate::class::ClassPattern;
use crate::matcher::{Interfaces, Matcher};
use crate::pattern::Patterns;

/// Whether the wide matcher holds, or could, for each device for which the
/// narrow one does.
pub(super) fn implies(narrow: &Matcher, wide: &Matcher) -> bool {
    Term::all_of(narrow)
        .iter()
        .all(|term| term_implies(term, wide))
}

/// The same for one alternative.
pub(super) fn term_implies(narrow: &Term<'_>, wide: &Matcher) -> bool {
    Term::all_of(wide)
        .iter()
        .any(|wide| wide.0.iter().all(|part| implies_part(narrow, part)))
}

/// Whether the conditions of a matcher, without its `any`, follow.
fn implies_part(narrow: &Term<'_>, wide: &Matcher) -> bool {
    implies_descriptors(narrow, wide)
        && implies_place(narrow, wide)
        && implies_record(narrow, wide)
        && wide.not.iter().all(|excluded| {
            let excluding = |part: &&Matcher| part.not.iter().any(|not| implies(excluded, not));
            narrow.0.iter().any(excluding) || never_with(narrow, excluded)
        })
}

/// Whether no device is both.
fn never_with(term: &Term<'_>, excluded: &Matcher) -> bool {
    Term::all_of(excluded)
        .iter()
        .all(|other| terms_apart(term, other, Care::Proof))
}

type TextField = for<'a> fn(&'a Matcher) -> Option<&'a Patterns>;

fn implies_descriptors(narrow: &Term<'_>, wide: &Matcher) -> bool {
    const TEXTS: [TextField; 6] = [
        |matcher| matcher.vendor.as_ref(),
        |matcher| matcher.product.as_ref(),
        |matcher| matcher.revision.as_ref(),
        |matcher| matcher.serial.as_ref(),
        |matcher| matcher.manufacturer.as_ref(),
        |matcher| matcher.product_name.as_ref(),
    ];
    let text = |field: &TextField| {
        field(wide).is_none_or(|wide| narrow.each(field).any(|own| texts::within(own, wide)))
    };
    let class = wide.class.as_ref().is_none_or(|wide| {
        let mut own = narrow.each(|part| part.class.as_ref());
        own.any(|own| all_within(own, wide))
    });
    let interfaces = wide.interfaces.as_ref().is_none_or(|wide| {
        let own: Vec<&Interfaces> = narrow.each(|part| part.interfaces.as_ref()).collect();
        implies_interfaces(&own, wide)
    });
    let speed = wide.speed.as_ref().is_none_or(|wide| {
        let mut own = narrow.each(|part| part.speed.as_ref());
        own.any(|own| own.iter().all(|speed| wide.contains(speed)))
    });
    let removable = wide.removable.as_ref().is_none_or(|wide| {
        let mut own = narrow.each(|part| part.removable.as_ref());
        own.any(|own| own.iter().all(|value| wide.contains(value)))
    });
    TEXTS.iter().all(text) && class && interfaces && speed && removable
}

fn implies_interfaces(own: &[&Interfaces], wide: &Interfaces) -> bool {
    // An interface that is one of these is there.
    let has = |wanted: &[ClassPattern]| {
        own.iter().any(|own| {
            let given = own.all.iter().any(|one| all_within(&[*one], wanted));
            given || (!own.any.is_empty() && all_within(&own.any, wanted))
        })
    };
    let confined = |own: &&Interfaces| !own.only.is_empty() && all_within(&own.only, &wide.only);
    // Also one that asks for nothing has to read them.
    !own.is_empty()
        && (wide.any.is_empty() || has(&wide.any))
        && wide.all.iter().all(|one| has(&[*one]))
        && (wide.only.is_empty() || own.iter().any(confined))
}

fn implies_place(narrow: &Term<'_>, wide: &Matcher) -> bool {
    let port = wide.port.as_ref().is_none_or(|wide| {
        let mut own = narrow.each(|part| part.port.as_ref());
        own.any(|own| texts::within(own, wide))
    });
    let stable = wide.stable_port.as_ref().is_none_or(|wide| {
        let mut own = narrow.each(|part| part.stable_port.as_ref());
        own.any(|own| texts::stable_within(&own.0, &wide.0))
    });
    let address = wide.address.is_none_or(|wide| {
        let mut own = narrow.each(|part| part.address);
        own.any(|own| own == wide)
    });
    let behind = wide.behind.as_ref().is_none_or(|wide| {
        let mut own = narrow.each(|part| part.behind.as_ref());
        own.any(|own| {
            own.iter()
                .all(|own| wide.iter().any(|wide| implies_behind(own, wide)))
        })
    });
    port && stable && address && behind
}

/// A port of `behind` holds whatever is plugged in there, but only where
/// nothing else is asked for; so it implies no other kind of condition.
fn implies_behind(narrow: &Matcher, wide: &Matcher) -> bool {
    narrow == wide
        || (!asks_only_for_port(narrow) || asks_only_for_port(wide)) && implies(narrow, wide)
}

fn asks_only_for_port(matcher: &Matcher) -> bool {
    let port_alone = Matcher {
        port: matcher.port.clone(),
        ..Matcher::default()
    };
    matcher.port.is_some() && *matcher == port_alone
}

fn implies_record(narrow: &Term<'_>, wide: &Matcher) -> bool {
    let property = |(name, wide): &(String, Patterns)| {
        let mut own = narrow.0.iter().flat_map(|part| &part.properties);
        own.any(|(own, wanted)| own == name && texts::within(wanted, wide))
    };
    let tag = |wide: &Patterns, of: for<'a> fn(&'a Matcher) -> &'a Vec<Patterns>| {
        let mut own = narrow.0.iter().flat_map(|part| of(part));
        own.any(|own| texts::within(own, wide))
    };
    wide.properties.iter().all(property)
        && wide.tags.iter().all(|wide| tag(wide, |part| &part.tags))
        && wide
            .current_tags
            .iter()
            .all(|wide| tag(wide, |part| &part.current_tags))
}

/// Whether udev's labels that a matcher asks for are asked for by another one, too.
pub(super) fn implies_labels(narrow: &Matcher, wide: &Matcher) -> bool {
    let narrow = Term::all_of(narrow);
    let wide = Term::all_of(wide);
    narrow.iter().all(|narrow| {
        wide.iter()
            .any(|wide| wide.0.iter().all(|part| implies_record(narrow, part)))
    })
}

fn all_within(narrow: &[ClassPattern], wide: &[ClassPattern]) -> bool {
    narrow
        .iter()
        .all(|narrow| wide.iter().any(|wide| class_within(*narrow, *wide)))
}

fn class_within(narrow: ClassPattern, wide: ClassPattern) -> bool {
    let part = |narrow: Option<u8>, wide: Option<u8>| wide.is_none() || narrow == wide;
    part(narrow.class, wide.class)
        && part(narrow.subclass, wide.subclass)
        && part(narrow.protocol, wide.protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_that_are_not_asked_for_may_be_unread() {
        let asking = Matcher {
            interfaces: Some(Interfaces::default()),
            ..Matcher::default()
        };
        assert!(!implies(&Matcher::default(), &asking));
        assert!(implies(&asking, &asking));
    }
}
