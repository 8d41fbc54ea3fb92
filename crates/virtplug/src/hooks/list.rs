//! The instances of the rules and of the devices that are there.

use std::collections::BTreeMap;

use virtplug_ipc::{BelongsKind, Control as _, RuleState, Status};

use super::instance::instance;
use super::standing::{claimants, known_as};
use crate::client::{Client, answered};
use crate::exit::Exit;
use crate::output::print;
use crate::render::{self, Layout};

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hook {
    pub(crate) instance: String,
    pub(crate) machine: String,
    /// The name of the rule, or the port.
    pub(crate) device: String,
    /// How it is, where something is so.
    pub(crate) now: &'static str,
}

/// Prints the list.
pub(super) async fn run(client: &mut Client) -> Exit {
    let rules = match answered(client.rules().await) {
        Ok(rules) => rules,
        Err(exit) => return exit,
    };
    match answered(client.status().await) {
        Ok(status) => {
            let hooks = hooks(&rules.rules, &status);
            print(render::hooks(&hooks, Layout::of_terminal()));
            Exit::Ok
        }
        Err(exit) => exit,
    }
}

/// All that can be named: each rule with a name, each device that belongs to a machine or is in one.
fn hooks(rules: &[RuleState], status: &Status) -> Vec<Hook> {
    let mut found = BTreeMap::new();
    for state in rules.iter().filter(|state| state.enabled) {
        if let (Some(machine), Some(name)) = (&state.rule.machine, &state.rule.name) {
            add(&mut found, &machine.machine, name, "");
        }
    }
    for state in &status.devices {
        if let Some(machine) = &state.belongs.machine {
            add(&mut found, &machine.machine, known_as(state), "");
        }
        for holder in state.holders.iter().filter(|holder| holder.own) {
            add(
                &mut found,
                &holder.machine.machine,
                known_as(state),
                "attached",
            );
        }
        if state.belongs.kind == BelongsKind::Conflict {
            for (machine, device) in claimants(state) {
                add(&mut found, machine, device, "conflict");
            }
        }
    }
    found.into_values().collect()
}

fn add(found: &mut BTreeMap<String, Hook>, machine: &str, device: &str, now: &'static str) {
    let instance = instance(machine, device);
    let hook = found.entry(instance.clone()).or_insert_with(|| Hook {
        instance,
        machine: machine.to_owned(),
        device: device.to_owned(),
        now,
    });
    if !now.is_empty() {
        hook.now = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fixture;

    #[test]
    fn rules_with_a_name_and_devices_without_one_are_listed() {
        let rules = fixture::rule_list().rules;
        let hooks = hooks(&rules, &fixture::troubled_status());
        insta::assert_snapshot!(render::hooks(
            &hooks,
            Layout {
                width: 100,
                unicode: false
            }
        ));
    }
}
