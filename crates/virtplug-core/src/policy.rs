//! The valid configuration as the engine uses it.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::id::{HostAddress, ProductId, VendorId};
use crate::machine::{ConnectionUri, MachineKey};
use crate::matcher::{Matcher, Topology, Verdict};
use crate::pattern::Patterns;
use crate::port::PortPath;
use crate::rule::{Rank, Rule};
use crate::text::RawText;

/// All rules, indexed so that judging a device does not look at each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Source", into = "Source")]
pub struct Policy {
    machines: BTreeSet<MachineKey>,
    connections: BTreeSet<ConnectionUri>,
    rules: Vec<Arc<Rule>>,
    ranks: Vec<Rank>,
    /// Whether any rule asks for what is above a device.
    looks_upwards: bool,
    /// Numbers of the rules of each group.
    groups: BTreeMap<String, Vec<usize>>,
    /// Boxed, as policies travel in events.
    index: Box<Index>,
}

/// What a policy is made of; the rest follows from it.
#[derive(Serialize, Deserialize)]
struct Source {
    machines: BTreeSet<MachineKey>,
    connections: BTreeSet<ConnectionUri>,
    rules: Vec<Rule>,
}

impl From<Policy> for Source {
    fn from(policy: Policy) -> Self {
        Self {
            machines: policy.machines,
            connections: policy.connections,
            rules: policy.rules.into_iter().map(Arc::unwrap_or_clone).collect(),
        }
    }
}

impl From<Source> for Policy {
    fn from(source: Source) -> Self {
        Self {
            connections: source.connections,
            ..Self::new(source.machines, source.rules)
        }
    }
}

/// A rule that holds for a device, or could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its number in the order of the files.
    pub number: usize,
    /// The rule.
    pub rule: Arc<Rule>,
    /// How strong it is.
    pub rank: Rank,
    /// Whether it surely holds; otherwise what it asks for cannot be read now.
    pub certain: bool,
}

impl Policy {
    /// Takes the machines of the configuration (with or without rules) and the
    /// rules in the order of the files.
    pub fn new(machines: impl IntoIterator<Item = MachineKey>, rules: Vec<Rule>) -> Self {
        let mut machines: BTreeSet<MachineKey> = machines.into_iter().collect();
        machines.extend(rules.iter().filter_map(Rule::machine).cloned());
        let mut connections: BTreeSet<ConnectionUri> =
            machines.iter().map(|machine| machine.uri.clone()).collect();
        if connections.is_empty() {
            connections.insert(ConnectionUri::default());
        }
        let index = Box::new(Index::new(&rules));
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, rule) in rules.iter().enumerate() {
            if let Some(group) = &rule.options.group {
                groups.entry(group.clone()).or_default().push(number);
            }
        }
        let counting = || rules.iter().filter(|rule| rule.options.enabled);
        Self {
            machines,
            connections,
            ranks: rules.iter().map(Rule::rank).collect(),
            looks_upwards: counting().any(|rule| rule.matcher.looks_upwards()),
            groups,
            index,
            rules: shared(rules),
        }
    }

    /// The same policy, with the connection to look at where no machine names one.
    #[must_use]
    pub fn watching(mut self, uri: ConnectionUri) -> Self {
        if self.machines.is_empty() {
            self.connections = [uri].into();
        }
        self
    }

    /// The machines that the configuration names.
    pub fn machines(&self) -> &BTreeSet<MachineKey> {
        &self.machines
    }

    /// The rules in the order of the files, also those that are not enabled.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The groups that rules name, each with the numbers of its rules.
    pub fn groups(&self) -> &BTreeMap<String, Vec<usize>> {
        &self.groups
    }

    /// The connections that the configuration needs. Without any machine that
    /// is the default one, so that what an earlier run left is seen.
    pub fn connections(&self) -> &BTreeSet<ConnectionUri> {
        &self.connections
    }

    /// Whether a change of a hub may change what rules say of devices below it.
    pub fn looks_upwards(&self) -> bool {
        self.looks_upwards
    }

    /// The enabled rules that hold for a device, or could: the strongest first,
    /// equally strong ones in the order of the files.
    pub fn claims(&self, device: &Device, around: &dyn Topology) -> Vec<Claim> {
        let mut candidates = self.index.candidates(device);
        candidates.sort_unstable();
        candidates.dedup();
        let mut claims: Vec<Claim> = candidates
            .into_iter()
            .filter_map(|number| {
                let rule = self.rules.get(number)?;
                let certain = match rule.matcher.judge(device, around) {
                    Verdict::Yes => true,
                    Verdict::Unknown => false,
                    Verdict::No => return None,
                };
                Some(Claim {
                    number,
                    rule: Arc::clone(rule),
                    rank: *self.ranks.get(number)?,
                    certain,
                })
            })
            .collect();
        claims.sort_by_key(|claim| std::cmp::Reverse(claim.rank));
        claims
    }
}

/// In a list of its own: one made in the place of the rules would keep their room.
fn shared(rules: Vec<Rule>) -> Vec<Arc<Rule>> {
    let mut shared = Vec::with_capacity(rules.len());
    shared.extend(rules.into_iter().map(Arc::new));
    shared
}

/// What the texts of a rule say. One that says nothing is that of no device.
fn parsed<T: FromStr>(texts: &[&str]) -> impl Iterator<Item = T> {
    texts.iter().filter_map(|text| text.parse().ok())
}

/// Rule numbers by the most telling exact values of their matcher. Every
/// enabled rule stands below one field, once for each value of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Index {
    by_port: BTreeMap<PortPath, Vec<usize>>,
    by_address: BTreeMap<HostAddress, Vec<usize>>,
    by_serial: BTreeMap<String, Vec<usize>>,
    by_product: BTreeMap<(VendorId, ProductId), Vec<usize>>,
    /// Name, then value.
    by_property: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
    by_tag: BTreeMap<String, Vec<usize>>,
    by_vendor: BTreeMap<VendorId, Vec<usize>>,
    rest: Vec<usize>,
}

impl Index {
    fn new(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        let enabled = rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.options.enabled);
        for (number, rule) in enabled {
            if !index.add(number, &rule.matcher) {
                index.rest.push(number);
            }
        }
        index
    }

    /// Enters a rule below one field; whether there is one with exact values.
    fn add(&mut self, number: usize, matcher: &Matcher) -> bool {
        fn exact(patterns: Option<&Patterns>) -> Option<Vec<&str>> {
            patterns.and_then(Patterns::exact)
        }
        let tags = || matcher.tags.iter().chain(&matcher.current_tags);
        if let Some(ports) = exact(matcher.port.as_ref()) {
            for port in parsed(&ports) {
                self.by_port.entry(port).or_default().push(number);
            }
        } else if let Some(address) = matcher.address {
            self.by_address.entry(address).or_default().push(number);
        } else if let Some(serials) = exact(matcher.serial.as_ref()) {
            for serial in serials {
                let serial = serial.to_owned();
                self.by_serial.entry(serial).or_default().push(number);
            }
        } else if let (Some(vendors), Some(products)) = (
            exact(matcher.vendor.as_ref()),
            exact(matcher.product.as_ref()),
        ) {
            for vendor in parsed(&vendors) {
                for product in parsed(&products) {
                    let rules = self.by_product.entry((vendor, product));
                    rules.or_default().push(number);
                }
            }
        } else if let Some((name, values)) = matcher
            .properties
            .iter()
            .find_map(|(name, wanted)| Some((name, wanted.exact()?)))
        {
            let of_name = self.by_property.entry(name.clone()).or_default();
            for value in values {
                of_name.entry(value.to_owned()).or_default().push(number);
            }
        } else if let Some(tags) = tags().find_map(Patterns::exact) {
            for tag in tags {
                self.by_tag.entry(tag.to_owned()).or_default().push(number);
            }
        } else if let Some(vendors) = exact(matcher.vendor.as_ref()) {
            for vendor in parsed(&vendors) {
                self.by_vendor.entry(vendor).or_default().push(number);
            }
        } else {
            return self.add_alternatives(number, matcher);
        }
        true
    }

    /// Enters a rule below each of its alternatives, if all can be.
    fn add_alternatives(&mut self, number: usize, matcher: &Matcher) -> bool {
        let Some(any) = &matcher.any else {
            return false;
        };
        let mut trial = Self::default();
        if !any.iter().all(|one| trial.add(number, one)) {
            return false;
        }
        for one in any {
            self.add(number, one);
        }
        true
    }

    /// Numbers of all rules that could hold. Where a fact is unknown, every
    /// rule that asks for it could.
    fn candidates(&self, device: &Device) -> Vec<usize> {
        let mut found = self.rest.clone();
        found.extend(self.by_port.get(&device.port).into_iter().flatten());
        match device.peer.known() {
            Some(Some(peer)) => {
                found.extend(self.by_port.get(peer).into_iter().flatten());
            }
            Some(None) => {}
            None => found.extend(self.by_port.values().flatten()),
        }
        found.extend(self.by_address.get(&device.address).into_iter().flatten());
        found.extend(self.by_vendor.get(&device.vendor).into_iter().flatten());
        let product = (device.vendor, device.product);
        found.extend(self.by_product.get(&product).into_iter().flatten());
        if let Some(serial) = device.serial.known() {
            // An exact serial of a rule is text, so others cannot be meant.
            let serial = serial.as_ref().map(RawText::as_bytes);
            let serial = serial.and_then(|serial| str::from_utf8(serial).ok());
            let rules = serial.and_then(|serial| self.by_serial.get(serial));
            found.extend(rules.into_iter().flatten());
        } else {
            found.extend(self.by_serial.values().flatten());
        }
        if let Some(record) = device.udev.known() {
            let properties = &record.properties;
            let with = |name: &str, value: &str| {
                let values = self.by_property.get(name);
                values.and_then(|values| values.get(value))
            };
            // Mostly rules name few properties and a device has many; with more rules
            // it must not take longer than that.
            if self.by_property.len() < properties.len() {
                for name in self.by_property.keys() {
                    let rules = properties.get(name).and_then(|value| with(name, value));
                    found.extend(rules.into_iter().flatten());
                }
            } else {
                for (name, value) in properties.iter() {
                    found.extend(with(name, value).into_iter().flatten());
                }
            }
            for tag in record.tags.union(&record.current_tags) {
                found.extend(self.by_tag.get(tag).into_iter().flatten());
            }
        } else {
            found.extend(
                self.by_property
                    .values()
                    .flat_map(BTreeMap::values)
                    .flatten(),
            );
            found.extend(self.by_tag.values().flatten());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fact::Fact;
    use crate::testing::{arbitrary_device, arbitrary_matcher};

    fn rule(matcher: Matcher) -> Rule {
        crate::testing::rule("m", matcher)
    }

    proptest! {
        /// The index is only a short cut: it finds what reading every rule finds.
        #[test]
        fn the_index_leaves_out_no_rule(
            device in arbitrary_device(),
            matchers in prop::collection::vec(arbitrary_matcher(), 0..30),
        ) {
            let policy = Policy::new([], matchers.into_iter().map(rule).collect());
            let slow: Vec<_> = policy
                .rules()
                .iter()
                .enumerate()
                .filter(|(_, rule)| rule.matcher.judge(&device, &()) != Verdict::No)
                .map(|(number, _)| number)
                .collect();
            let mut found: Vec<_> = policy
                .claims(&device, &())
                .iter()
                .map(|claim| claim.number)
                .collect();
            found.sort_unstable();
            prop_assert_eq!(found, slow);
        }
    }

    #[test]
    fn an_unknown_serial_keeps_serial_rules_in_play() {
        let mut device = crate::testing::device("1-1", 2, "A");
        device.serial = Fact::Unknown;
        let policy = Policy::new(
            [],
            vec![rule(Matcher {
                serial: Some("A".into()),
                ..Matcher::default()
            })],
        );
        assert!(!policy.claims(&device, &())[0].certain);
    }

    #[test]
    fn without_machines_the_default_connection_is_looked_at() {
        let policy = Policy::new([], Vec::new());
        assert_eq!(*policy.connections(), [ConnectionUri::default()].into());
    }
}
