//! What one rule shows by itself.

use std::collections::BTreeSet;

use super::exclusion::{is_impossible, overlap};
use super::term::Term;
use super::{Advice, Findings, NamedRule, Sensitive};
use crate::class::ClassPattern;
use crate::matcher::Matcher;
use crate::policy::Policy;
use crate::rule::Owner;

/// Longest matcher, in values, that is compared with itself.
const MAX_SIZE: usize = 1000;

/// Deepest matcher that is compared with anything; each level multiplies the work.
const MAX_DEPTH: usize = 4;

/// Adds what each rule shows. The numbers of those that hold for nothing.
pub(super) fn look(policy: &Policy, findings: &mut Findings) -> BTreeSet<usize> {
    let mut impossible = BTreeSet::new();
    for (number, rule) in policy.rules().iter().enumerate() {
        if !rule.options.enabled {
            continue;
        }
        let rule = NamedRule {
            number,
            rule: rule.clone(),
        };
        let matcher = &rule.rule.matcher;
        if is_comparable(matcher) && is_impossible(matcher) {
            impossible.insert(number);
            findings.add(Advice::Impossible { rule });
            continue;
        }
        if asks_for_address(matcher) {
            findings.add(Advice::Address { rule: rule.clone() });
        }
        if rule.rule.owner != Owner::Host
            && let Some(kind) = takes_unnamed(matcher)
        {
            findings.add(Advice::Anonymous { rule, kind });
        }
    }
    impossible
}

/// Whether a matcher is small enough to compare it.
pub(super) fn is_comparable(matcher: &Matcher) -> bool {
    depth(matcher) <= MAX_DEPTH && size(matcher) <= MAX_SIZE
}

fn inner(matcher: &Matcher) -> impl Iterator<Item = &Matcher> {
    let any = matcher.any.iter().flatten();
    let behind = matcher.behind.iter().flatten();
    matcher.not.iter().chain(any).chain(behind)
}

fn depth(matcher: &Matcher) -> usize {
    1 + inner(matcher).map(depth).max().unwrap_or(0)
}

/// How many values it names; comparing two matchers takes as many steps as the
/// product of their sizes.
pub(super) fn size(matcher: &Matcher) -> usize {
    let texts = [
        &matcher.vendor,
        &matcher.product,
        &matcher.revision,
        &matcher.serial,
        &matcher.manufacturer,
        &matcher.product_name,
        &matcher.port,
    ];
    let stable = matcher.stable_port.iter().map(|ports| &ports.0);
    let properties = matcher.properties.iter().map(|(_, wanted)| wanted);
    let texts = texts.into_iter().flatten();
    let texts = texts.chain(stable).chain(properties);
    let texts = texts.chain(&matcher.tags).chain(&matcher.current_tags);
    let values: usize = texts.map(|wanted| wanted.iter().count()).sum();
    let classes = matcher.class.as_ref().map_or(0, Vec::len);
    let interfaces = matcher.interfaces.as_ref().map_or(0, |wanted| {
        wanted.any.len() + wanted.all.len() + wanted.only.len()
    });
    1 + values + classes + interfaces + inner(matcher).map(size).sum::<usize>()
}

fn asks_for_address(matcher: &Matcher) -> bool {
    matcher.address.is_some() || inner(matcher).any(asks_for_address)
}

/// What types or stores and is meant by its class alone. A rule that asks for a
/// tag relies on a udev rule of the administrator, which is trusted to name it.
fn takes_unnamed(matcher: &Matcher) -> Option<Sensitive> {
    let terms = Term::all_of(matcher);
    let unnamed = terms.iter().filter(|term| !names_something(term));
    unnamed.filter_map(sensitive).next()
}

fn names_something(term: &Term<'_>) -> bool {
    let part = |part: &&Matcher| {
        part.serial.is_some()
            || part.port.is_some()
            || part.stable_port.is_some()
            || part.behind.is_some()
            || part.address.is_some()
            || !part.tags.is_empty()
            || !part.current_tags.is_empty()
    };
    let product = term.has(|part| part.vendor.as_ref()) && term.has(|part| part.product.as_ref());
    product || term.0.iter().any(part)
}

/// Class 03 with the protocol of a keyboard, or without the boot subclass (HID
/// 1.11, 4.2 and 4.3), and class 08, mass storage.
fn sensitive(term: &Term<'_>) -> Option<Sensitive> {
    let code = |class, subclass, protocol| ClassPattern {
        class: Some(class),
        subclass,
        protocol,
    };
    let kinds = [
        (code(3, Some(1), Some(1)), Sensitive::Keyboard),
        (code(3, Some(0), None), Sensitive::Keyboard),
        (code(8, None, None), Sensitive::Disk),
    ];
    let kind_of = |wanted: ClassPattern| {
        let kind = kinds.iter().find(|(code, _)| overlap(*code, wanted));
        kind.map(|(_, kind)| *kind)
    };
    let classes = term.0.iter().flat_map(|part| {
        let interfaces = part.interfaces.iter();
        let interfaces =
            interfaces.flat_map(|wanted| wanted.any.iter().chain(&wanted.all).chain(&wanted.only));
        part.class.iter().flatten().chain(interfaces)
    });
    classes.copied().filter_map(kind_of).next()
}
