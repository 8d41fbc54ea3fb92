//! The valid configuration as the engine uses it.

use std::collections::{BTreeMap, BTreeSet};

use crate::device::Device;
use crate::id::{HostAddress, ProductId, VendorId};
use crate::machine::{ConnectionUri, MachineKey};
use crate::port::PortPath;
use crate::rule::{Rule, Verdict};
use crate::text::RawText;

/// All rules, indexed so that judging a device does not look at each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    machines: BTreeSet<MachineKey>,
    connections: BTreeSet<ConnectionUri>,
    rules: Vec<Rule>,
    index: Index,
}

/// Rule numbers by the most telling field of their matcher; every rule stands
/// in exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Index {
    by_port: BTreeMap<PortPath, Vec<usize>>,
    by_address: BTreeMap<HostAddress, Vec<usize>>,
    by_serial: BTreeMap<Vec<u8>, Vec<usize>>,
    by_product: BTreeMap<(VendorId, ProductId), Vec<usize>>,
    by_property: BTreeMap<(String, String), Vec<usize>>,
    by_tag: BTreeMap<String, Vec<usize>>,
    rest: Vec<usize>,
}

impl Policy {
    /// Takes the machines of the configuration (with or without rules) and the
    /// rules in the order of the files.
    pub fn new(machines: impl IntoIterator<Item = MachineKey>, rules: Vec<Rule>) -> Self {
        let mut machines: BTreeSet<MachineKey> = machines.into_iter().collect();
        machines.extend(rules.iter().map(|rule| rule.machine.clone()));
        let mut connections: BTreeSet<ConnectionUri> =
            machines.iter().map(|machine| machine.uri.clone()).collect();
        if connections.is_empty() {
            connections.insert(ConnectionUri::default());
        }
        let index = Index::new(&rules);
        Self {
            machines,
            connections,
            rules,
            index,
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

    /// The rules in the order of the files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The connections that the configuration needs. Without any machine that
    /// is the default one, so that what an earlier run left is seen.
    pub fn connections(&self) -> &BTreeSet<ConnectionUri> {
        &self.connections
    }

    /// The rules that hold for a device, or could, in the order of the files.
    pub fn judge(&self, device: &Device) -> Vec<(&Rule, Verdict)> {
        let mut candidates = self.index.candidates(device);
        candidates.sort_unstable();
        candidates
            .into_iter()
            .filter_map(|number| self.rules.get(number))
            .map(|rule| (rule, rule.matcher.judge(device)))
            .filter(|(_, verdict)| *verdict != Verdict::No)
            .collect()
    }
}

impl Index {
    fn new(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (number, rule) in rules.iter().enumerate() {
            let matcher = &rule.matcher;
            let slot = if let Some(port) = &matcher.port {
                index.by_port.entry(port.clone()).or_default()
            } else if let Some(address) = matcher.address {
                index.by_address.entry(address).or_default()
            } else if let Some(serial) = &matcher.serial {
                index.by_serial.entry(serial.clone().into()).or_default()
            } else if let (Some(vendor), Some(product)) = (matcher.vendor, matcher.product) {
                index.by_product.entry((vendor, product)).or_default()
            } else if let Some(property) = matcher.properties.first() {
                index.by_property.entry(property.clone()).or_default()
            } else if let Some(tag) = matcher.tags.iter().chain(&matcher.current_tags).next() {
                index.by_tag.entry(tag.clone()).or_default()
            } else {
                &mut index.rest
            };
            slot.push(number);
        }
        index
    }

    /// Numbers of all rules that could hold. Where a fact is unknown, every
    /// rule that asks for it could.
    fn candidates(&self, device: &Device) -> Vec<usize> {
        let mut found = self.rest.clone();
        found.extend(self.by_port.get(&device.port).into_iter().flatten());
        found.extend(self.by_address.get(&device.address).into_iter().flatten());
        let ids = (device.vendor, device.product);
        found.extend(self.by_product.get(&ids).into_iter().flatten());
        if let Some(serial) = device.serial.known() {
            let serial = serial.as_ref().map(RawText::as_bytes);
            let rules = serial.and_then(|serial| self.by_serial.get(serial));
            found.extend(rules.into_iter().flatten());
        } else {
            found.extend(self.by_serial.values().flatten());
        }
        if let Some(record) = device.udev.known() {
            for (name, value) in &record.properties {
                let property = (name.clone(), value.clone());
                found.extend(self.by_property.get(&property).into_iter().flatten());
            }
            for tag in record.tags.union(&record.current_tags) {
                found.extend(self.by_tag.get(tag).into_iter().flatten());
            }
        } else {
            found.extend(self.by_property.values().flatten());
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
    use crate::rule::Matcher;
    use crate::testing::{arbitrary_device, arbitrary_matcher, machine};

    fn rule(matcher: Matcher) -> Rule {
        Rule {
            name: None,
            origin: String::new(),
            machine: machine("m"),
            matcher,
        }
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
                .map(|rule| (rule, rule.matcher.judge(&device)))
                .filter(|(_, verdict)| *verdict != Verdict::No)
                .collect();
            prop_assert_eq!(policy.judge(&device), slow);
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
        assert_eq!(policy.judge(&device)[0].1, Verdict::Unknown);
    }

    #[test]
    fn without_machines_the_default_connection_is_looked_at() {
        let policy = Policy::new([], Vec::new());
        assert_eq!(*policy.connections(), [ConnectionUri::default()].into());
    }
}
