//! What two rules show together: one that takes all devices of another, and two
//! that could claim one device for different owners.
//!
//! Two equally strong rules are not taken for a possible clash where
//! - no device can meet both, ports with different names being different places;
//! - both are pools (`count`), which share by design;
//! - udev labels them: one asks for a property or tag that the other does not
//!   ask for. Such labels are mostly set so that each device has one of them.
//!
//! But if each device of one is also one of the other, that is always told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::exclusion::{Care, apart};
use super::implication::{implies, implies_labels};
use super::single::{is_comparable, size};
use super::term::Term;
use super::{Advice, Findings, NamedRule};
use crate::matcher::Matcher;
use crate::pattern::Patterns;
use crate::place::StablePort;
use crate::policy::Policy;
use crate::rule::{Rank, Rule};

/// Steps that each of the two searches may take: well below a second.
const MAX_STEPS: usize = 4_000_000;

/// Rules of one rank that are compared each with each; more are found by the values
/// that they share.
const MAX_FULL: usize = 400;

struct Subject<'a> {
    number: usize,
    rule: &'a Arc<Rule>,
    rank: Rank,
    size: usize,
}

impl Subject<'_> {
    fn named(&self) -> NamedRule {
        NamedRule {
            number: self.number,
            rule: Arc::clone(self.rule),
        }
    }
}

/// Adds what pairs of rules show, without those that hold for nothing.
pub(super) fn look(policy: &Policy, impossible: &BTreeSet<usize>, findings: &mut Findings) {
    let mut subjects = Vec::new();
    for (number, rule) in policy.rules().iter().enumerate() {
        if !rule.options.enabled || impossible.contains(&number) {
            continue;
        }
        if !is_comparable(&rule.matcher) {
            findings.incomplete = true;
            continue;
        }
        subjects.push(Subject {
            number,
            rule,
            rank: rule.rank(),
            size: size(&rule.matcher),
        });
    }
    let shadowed = find_shadowed(&subjects, findings);
    subjects.retain(|subject| !shadowed.contains(&subject.number));
    find_overlaps(&subjects, findings);
}

/// Counts steps down; `false` when they are used up.
fn spend(steps: &mut usize, one: &Subject<'_>, other: &Subject<'_>) -> bool {
    match steps.checked_sub(one.size.saturating_mul(other.size)) {
        Some(left) => {
            *steps = left;
            true
        }
        None => false,
    }
}

fn find_shadowed(subjects: &[Subject<'_>], findings: &mut Findings) -> BTreeSet<usize> {
    let index = Index::new(subjects);
    let mut shadowed = BTreeSet::new();
    let mut steps = MAX_STEPS;
    for weak in subjects {
        for strong in index
            .partners(weak)
            .into_iter()
            .filter_map(|at| subjects.get(at))
        {
            if !outranks(strong, weak) {
                continue;
            }
            if !spend(&mut steps, strong, weak) {
                findings.incomplete = true;
                return shadowed;
            }
            if implies(&weak.rule.matcher, &strong.rule.matcher) {
                shadowed.insert(weak.number);
                findings.add(Advice::Shadowed {
                    rule: weak.named(),
                    by: strong.named(),
                });
                break;
            }
        }
    }
    shadowed
}

/// Whether a rule takes what it matches before another one is asked.
fn outranks(strong: &Subject<'_>, weak: &Subject<'_>) -> bool {
    let options = &strong.rule.options;
    let earlier = strong.rank == weak.rank
        && strong.number < weak.number
        && strong.rule.owner == weak.rule.owner;
    !options.yields && options.count.is_none() && (strong.rank > weak.rank || earlier)
}

fn find_overlaps(subjects: &[Subject<'_>], findings: &mut Findings) {
    let mut by_rank: BTreeMap<Rank, Vec<&Subject<'_>>> = BTreeMap::new();
    for subject in subjects {
        by_rank.entry(subject.rank).or_default().push(subject);
    }
    let mut steps = MAX_STEPS;
    // The strongest first, since these name devices best.
    for equal in by_rank.into_values().rev() {
        let index = (equal.len() > MAX_FULL).then(|| Index::new(equal.iter().copied()));
        if index.as_ref().is_some_and(Index::is_mixed) {
            findings.incomplete = true;
        }
        for (at, one) in equal.iter().enumerate() {
            let others = match &index {
                Some(index) => index.partners(one),
                None => (0..at).collect(),
            };
            for other in others.into_iter().filter_map(|other| equal.get(other)) {
                if other.number >= one.number || other.rule.owner == one.rule.owner {
                    continue;
                }
                if !spend(&mut steps, one, other) {
                    findings.incomplete = true;
                    return;
                }
                if let Some(advice) = overlap(other, one) {
                    findings.add(advice);
                }
            }
        }
    }
}

fn overlap(one: &Subject<'_>, other: &Subject<'_>) -> Option<Advice> {
    let pool = |subject: &Subject<'_>| subject.rule.options.count.is_some();
    let (first, second) = (&one.rule.matcher, &other.rule.matcher);
    if pool(one) && pool(other) || apart(first, second, Care::Likely) {
        return None;
    }
    let rules = if implies(first, second) {
        Some([one.named(), other.named()])
    } else {
        implies(second, first).then(|| [other.named(), one.named()])
    };
    if let Some(rules) = rules {
        return Some(Advice::Overlap {
            rules,
            contained: true,
        });
    }
    let labelled = !implies_labels(first, second) || !implies_labels(second, first);
    (!labelled).then(|| Advice::Overlap {
        rules: [one.named(), other.named()],
        contained: false,
    })
}

/// What an exact value is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Port,
    StablePort,
    Address,
    Serial,
    Product,
    Property,
    Tag,
    Vendor,
}

type Key = (Field, String);

/// Positions of rules by exact values. A rule stands below the values of one
/// field for each of its alternatives; so whatever follows from it shares one.
struct Index {
    by_key: BTreeMap<Key, Vec<usize>>,
    loose: Vec<usize>,
    fields: BTreeSet<Field>,
}

impl Index {
    fn new<'a, 'r: 'a>(subjects: impl IntoIterator<Item = &'a Subject<'r>>) -> Self {
        let mut index = Self {
            by_key: BTreeMap::new(),
            loose: Vec::new(),
            fields: BTreeSet::new(),
        };
        for (at, subject) in subjects.into_iter().enumerate() {
            for term in Term::all_of(&subject.rule.matcher) {
                index.enter(at, keys(&term));
            }
        }
        index
    }

    fn enter(&mut self, at: usize, keys: Vec<Vec<Key>>) {
        let Some(telling) = keys.into_iter().next() else {
            self.loose.push(at);
            return;
        };
        for key in telling {
            self.fields.insert(key.0);
            self.by_key.entry(key).or_default().push(at);
        }
    }

    /// Whether rules stand below different fields, so that not all partners are found.
    fn is_mixed(&self) -> bool {
        self.fields.len() > 1
    }

    /// Those that share a value with a rule, or have none.
    fn partners(&self, subject: &Subject<'_>) -> Vec<usize> {
        let terms = Term::all_of(&subject.rule.matcher);
        let keys = terms.iter().flat_map(keys).flatten();
        let known = keys.filter_map(|key| self.by_key.get(&key)).flatten();
        let mut found: Vec<usize> = known.chain(&self.loose).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The exact values of a term, each list for one condition, the most telling first.
fn keys(term: &Term<'_>) -> Vec<Vec<Key>> {
    fn listed(field: Field, patterns: &Patterns) -> Option<Vec<Key>> {
        let texts = patterns.exact()?.into_iter();
        Some(texts.map(|text| (field, text.to_owned())).collect())
    }
    fn texts<'a>(
        term: &Term<'a>,
        of: Field,
        field: for<'b> fn(&'b Matcher) -> Option<&'b Patterns>,
    ) -> Vec<Vec<Key>> {
        term.each(field)
            .filter_map(|wanted| listed(of, wanted))
            .collect()
    }
    let stable = term
        .each(|part| part.stable_port.as_ref())
        .filter_map(|ports| {
            let halfless = |text: &str| match text.parse::<StablePort>() {
                Ok(port) => StablePort { half: None, ..port }.to_string(),
                Err(_) => text.to_owned(),
            };
            let texts = ports.0.exact()?.into_iter();
            Some(
                texts
                    .map(|text| (Field::StablePort, halfless(text)))
                    .collect(),
            )
        });
    let address = term.each(|part| part.address);
    let address = address.map(|address| vec![(Field::Address, address.to_string())]);
    let vendors = texts(term, Field::Vendor, |part| part.vendor.as_ref());
    let products = texts(term, Field::Product, |part| part.product.as_ref());
    let ids = vendors.iter().flat_map(|vendors| {
        products.iter().map(move |products| {
            let pairs = vendors.iter().flat_map(|(_, vendor)| {
                let pair = move |product: &str| (Field::Product, format!("{vendor}:{product}"));
                products.iter().map(move |(_, product)| pair(product))
            });
            pairs.collect()
        })
    });
    let properties = term.0.iter().flat_map(|part| &part.properties);
    let properties = properties.filter_map(|(name, wanted)| {
        let texts = wanted.exact()?.into_iter();
        Some(
            texts
                .map(|text| (Field::Property, format!("{name}={text}")))
                .collect(),
        )
    });
    let tags = term
        .0
        .iter()
        .flat_map(|part| part.tags.iter().chain(&part.current_tags));
    let tags = tags.filter_map(|wanted| listed(Field::Tag, wanted));
    let mut keys = texts(term, Field::Port, |part| part.port.as_ref());
    keys.extend(stable);
    keys.extend(address);
    keys.extend(texts(term, Field::Serial, |part| part.serial.as_ref()));
    keys.extend(ids);
    keys.extend(properties);
    keys.extend(tags);
    keys.extend(vendors.iter().cloned());
    keys
}
