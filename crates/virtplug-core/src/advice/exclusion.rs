//! Whether two matchers can hold for one device at all.

use super::implication::term_implies;
use super::term::Term;
use super::texts;
use crate::class::ClassPattern;
use crate::matcher::{Interfaces, Matcher};
use crate::pattern::Patterns;
use crate::place::StablePort;
use crate::port::PortPath;

/// How sure the answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Follows from the two matchers alone, also where facts are unknown.
    Proof,
    /// Different ports count as different places, although two of them may
    /// be the halves of one socket, which rules alone do not tell.
    Likely,
}

/// Whether no device can be both. `false` also where it cannot be told.
pub(super) fn apart(one: &Matcher, other: &Matcher, care: Care) -> bool {
    let others = Term::all_of(other);
    Term::all_of(one)
        .iter()
        .all(|one| others.iter().all(|other| terms_apart(one, other, care)))
}

/// The same for two alternatives.
pub(super) fn terms_apart(one: &Term<'_>, other: &Term<'_>, care: Care) -> bool {
    let parts_apart = one
        .0
        .iter()
        .any(|one| other.0.iter().any(|other| parts_apart(one, other, care)));
    parts_apart || excludes(one, other) || excludes(other, one)
}

/// Whether a matcher holds for no device.
pub(super) fn is_impossible(matcher: &Matcher) -> bool {
    Term::all_of(matcher).iter().all(term_is_impossible)
}

fn term_is_impossible(term: &Term<'_>) -> bool {
    let behind = |part: &&Matcher| {
        let behind = part.behind.as_ref();
        behind.is_some_and(|behind| behind.iter().all(is_impossible))
    };
    term.0.iter().any(behind) || terms_apart(term, term, Care::Proof)
}

/// Whether a `not` of the one covers the other.
fn excludes(one: &Term<'_>, other: &Term<'_>) -> bool {
    let mut nots = one.0.iter().flat_map(|part| &part.not);
    nots.any(|not| term_implies(other, not))
}

/// Looks at the conditions of two matchers without `any` and `not`.
fn parts_apart(one: &Matcher, other: &Matcher, care: Care) -> bool {
    let text = |field: fn(&Matcher) -> Option<&Patterns>| match (field(one), field(other)) {
        (Some(one), Some(other)) => texts::apart(one, other),
        _ => false,
    };
    text(|matcher| matcher.vendor.as_ref())
        || text(|matcher| matcher.product.as_ref())
        || text(|matcher| matcher.revision.as_ref())
        || text(|matcher| matcher.serial.as_ref())
        || text(|matcher| matcher.manufacturer.as_ref())
        || text(|matcher| matcher.product_name.as_ref())
        || both(&one.class, &other.class, |one, other| {
            classes_apart(one, other)
        })
        || interfaces_apart(one, other)
        || both(&one.speed, &other.speed, |one, other| {
            nothing_common(one, other)
        })
        || both(&one.removable, &other.removable, |one, other| {
            nothing_common(one, other)
        })
        || both(&one.address, &other.address, |one, other| one != other)
        || properties_apart(one, other)
        || (care == Care::Likely && places_apart(one, other))
}

fn both<T>(one: &Option<T>, other: &Option<T>, apart: impl Fn(&T, &T) -> bool) -> bool {
    matches!((one, other), (Some(one), Some(other)) if apart(one, other))
}

fn nothing_common<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    !one.iter().any(|value| other.contains(value))
}

fn properties_apart(one: &Matcher, other: &Matcher) -> bool {
    one.properties.iter().any(|(name, one)| {
        let mut others = other.properties.iter().filter(|(other, _)| other == name);
        others.any(|(_, other)| texts::apart(one, other))
    })
}

fn interfaces_apart(one: &Matcher, other: &Matcher) -> bool {
    let (Some(one), Some(other)) = (&one.interfaces, &other.interfaces) else {
        return false;
    };
    let refused = |wanted: &Interfaces, only: &[ClassPattern]| {
        let refused = |pattern: &ClassPattern| classes_apart(&[*pattern], only);
        let any = !wanted.any.is_empty() && wanted.any.iter().all(refused);
        !only.is_empty() && (any || wanted.all.iter().any(refused))
    };
    refused(one, &other.only) || refused(other, &one.only)
}

fn classes_apart(one: &[ClassPattern], other: &[ClassPattern]) -> bool {
    one.iter()
        .all(|one| other.iter().all(|other| !overlap(*one, *other)))
}

/// Whether a code can be both.
pub(super) fn overlap(one: ClassPattern, other: ClassPattern) -> bool {
    let part =
        |one: Option<u8>, other: Option<u8>| one.is_none() || other.is_none() || one == other;
    part(one.class, other.class)
        && part(one.subclass, other.subclass)
        && part(one.protocol, other.protocol)
}

/// Ports by whichever names, compared by what they say in common.
fn places_apart(one: &Matcher, other: &Matcher) -> bool {
    let places = |matcher: &Matcher| -> Vec<Vec<Place>> {
        let ports = matcher.port.as_ref().and_then(|ports| {
            let ports = ports.exact()?.into_iter();
            ports
                .map(|port| port.parse().ok().map(Place::Port))
                .collect()
        });
        let stable = matcher.stable_port.as_ref().and_then(|ports| {
            let ports = ports.0.exact()?.into_iter();
            ports
                .map(|port| port.parse().ok().map(Place::Stable))
                .collect()
        });
        let address = matcher
            .address
            .map(|address| vec![Place::Bus(address.bus.0)]);
        [ports, stable, address].into_iter().flatten().collect()
    };
    let others = places(other);
    places(one).iter().any(|one| {
        others.iter().any(|other| {
            one.iter()
                .all(|one| other.iter().all(|other| one.is_apart_from(other)))
        })
    })
}

enum Place {
    Port(PortPath),
    Stable(StablePort),
    Bus(u16),
}

impl Place {
    fn is_apart_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Port(one), Self::Port(other)) => one != other,
            (Self::Stable(one), Self::Stable(other)) => {
                one.controller != other.controller
                    || one.chain != other.chain
                    || both(&one.half, &other.half, |one, other| one != other)
            }
            (Self::Port(port), Self::Stable(stable)) | (Self::Stable(stable), Self::Port(port)) => {
                port.ports() != stable.chain.as_slice()
            }
            (Self::Port(port), Self::Bus(bus)) | (Self::Bus(bus), Self::Port(port)) => {
                port.bus().0 != *bus
            }
            (Self::Bus(one), Self::Bus(other)) => one != other,
            (Self::Stable(_), Self::Bus(_)) | (Self::Bus(_), Self::Stable(_)) => false,
        }
    }
}
