//! Rules that ask for the same.

use std::collections::BTreeMap;
use std::fmt::Debug;

use virtplug_core::{
    GuestPort, Interfaces, MachineKey, Matcher, Owner, Patterns, Rule, StablePorts,
};

use crate::diagnostic::Diagnostic;
use crate::source::Place;
use crate::suggestion::quoted;
use crate::written::WrittenDevice;

/// Who asks for what, and where.
#[derive(Default)]
pub(super) struct Claims {
    /// By conditions, priority and group: only rules that have all of these in
    /// common surely hold for the same devices, with the same strength, at the
    /// same time.
    same: BTreeMap<(String, i32, Option<String>), Vec<First>>,
    /// Ports of machines that are asked for.
    guest_ports: BTreeMap<(MachineKey, GuestPort), Place>,
}

/// The first rule of an owner that asks for these devices.
struct First {
    owner: Owner,
    counted: bool,
    place: Place,
}

impl Claims {
    /// Notes what a rule asks for, and says whether another one does so, too.
    pub(super) fn add(&mut self, rule: &Rule, device: &WrittenDevice) -> Vec<Diagnostic> {
        if !rule.options.enabled {
            return Vec::new();
        }
        let same_devices = self.same_devices(rule, device.place());
        let same_port = self.same_port(rule, device);
        same_devices.into_iter().chain(same_port).collect()
    }

    fn same_devices(&mut self, rule: &Rule, place: &Place) -> Option<Diagnostic> {
        let claim = (
            canonical(&rule.matcher),
            rule.options.priority,
            rule.options.group.clone(),
        );
        let counted = rule.options.count.is_some();
        let claims = self.same.entry(claim).or_default();
        let own = claims.iter().find(|first| first.owner == rule.owner);
        // Without a limit the first one takes all; pools share.
        let redundant = own.is_some_and(|first| !first.counted);
        let rival = claims
            .iter()
            .find(|first| first.owner != rule.owner && !(counted && first.counted));
        let finding = if redundant {
            own.map(|first| {
                Diagnostic::warning(place.clone(), "this device table says nothing new")
                    .with_code("repeated")
                    .with_related("the same is here", first.place.clone())
                    .with_help("remove it, or give it a field that tells its device apart")
            })
        } else {
            rival.map(|first| conflict(rule, place, first))
        };
        if own.is_none() {
            claims.push(First {
                owner: rule.owner.clone(),
                counted,
                place: place.clone(),
            });
        }
        finding
    }

    fn same_port(&mut self, rule: &Rule, device: &WrittenDevice) -> Option<Diagnostic> {
        let machine = rule.machine()?;
        let port = rule.options.guest_port.as_ref()?;
        let place = match &device.options.guest_port {
            Some(port) => device.place().at(port.span()),
            None => device.place().clone(),
        };
        let key = (machine.clone(), port.clone());
        let Some(first) = self.guest_ports.get(&key) else {
            self.guest_ports.insert(key, place);
            return None;
        };
        let message = format!(
            "the port {port} of the machine {} is asked for twice",
            quoted(machine.name())
        );
        Some(
            Diagnostic::warning(place, message)
                .with_related("the other one", first.clone())
                .with_help(
                    "while one of the devices is there, the other one waits; give it another port",
                ),
        )
    }
}

fn conflict(rule: &Rule, place: &Place, first: &First) -> Diagnostic {
    let called = |owner: &Owner| match owner {
        Owner::Host => "the host".to_owned(),
        Owner::Machine(machine) => quoted(machine.name()),
    };
    let message = format!(
        "the same devices are given to {} and to {}",
        called(&first.owner),
        called(&rule.owner)
    );
    Diagnostic::error(place.clone(), message)
        .with_related("the same is here", first.place.clone())
        .with_help(
            "a device can be in one machine only; add a field that tells the devices apart, \
             such as `serial` or `port`",
        )
        .with_help(if first.owner == Owner::Host {
            "or give one of the two a higher `priority`"
        } else {
            "or give one of the two a higher `priority`, or both a `count`"
        })
}

/// A matcher as text that is the same for all ways of writing the same. The
/// debug form serves because it quotes strings, so that no two matchers share
/// one, and because expressions have no order of their own.
fn canonical(matcher: &Matcher) -> String {
    let all = |patterns: &Option<Patterns>| patterns.as_ref().map(sorted_patterns);
    let nested = |list: &[Matcher]| sorted(list.iter().map(canonical));
    let conditions = (
        [
            all(&matcher.vendor),
            all(&matcher.product),
            all(&matcher.revision),
            all(&matcher.serial),
            all(&matcher.manufacturer),
            all(&matcher.product_name),
            all(&matcher.port),
            all(&matcher
                .stable_port
                .as_ref()
                .map(|StablePorts(ports)| ports.clone())),
        ],
        (
            matcher
                .class
                .as_deref()
                .map(|list| sorted(list.iter().copied())),
            matcher.interfaces.as_ref().map(sorted_interfaces),
            matcher
                .speed
                .as_deref()
                .map(|list| sorted(list.iter().copied())),
            matcher
                .removable
                .as_deref()
                .map(|list| sorted(list.iter().copied())),
        ),
        matcher.address,
        sorted(
            matcher
                .properties
                .iter()
                .map(|(name, patterns)| (name, sorted_patterns(patterns))),
        ),
        sorted(matcher.tags.iter().map(sorted_patterns)),
        sorted(matcher.current_tags.iter().map(sorted_patterns)),
        (
            matcher.behind.as_deref().map(nested),
            nested(&matcher.not),
            matcher.any.as_deref().map(nested),
        ),
    );
    format!("{conditions:?}")
}

fn sorted_patterns(patterns: &Patterns) -> Vec<String> {
    sorted(patterns.iter().map(ToString::to_string))
}

fn sorted_interfaces(interfaces: &Interfaces) -> [Vec<String>; 3] {
    [&interfaces.any, &interfaces.all, &interfaces.only]
        .map(|list| sorted(list.iter().map(ToString::to_string)))
}

/// Without order and repetitions.
fn sorted<T: Ord + Debug>(list: impl Iterator<Item = T>) -> Vec<T> {
    let mut list: Vec<T> = list.collect();
    list.sort_unstable();
    list.dedup();
    list
}
