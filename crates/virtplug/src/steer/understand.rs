//! From what was typed to orders.

use std::collections::BTreeSet;

use virtplug_core::{
    Assignment, Claim, DeviceView, Engine, Escaped, MachineKey, MachineState, Order, Owner,
};
use virtplug_ipc::ControlError;

use super::goal::{Goal, Want};
use super::{Begun, Pending, Request, Target};
use crate::naming::{claims_text, rule_text};
use crate::present::{resolve_device, resolve_machine};

/// Orders and goals as they come together.
#[derive(Debug, Default)]
struct Draft {
    orders: Vec<Order>,
    goals: Vec<Goal>,
    notes: Vec<String>,
}

impl Draft {
    fn hold(&mut self, view: &DeviceView<'_>, owner: Owner, allow_in_use: bool) {
        let want = match &owner {
            Owner::Machine(machine) => Want::In(machine.clone()),
            Owner::Host => Want::OnHost(holder(view).cloned()),
        };
        self.orders.push(Order::Hold {
            port: view.device.port.clone(),
            instance: view.device.instance,
            owner,
            allow_in_use,
        });
        self.goals.push(Goal::new(view, want));
    }

    fn begun(self) -> Begun {
        Begun {
            orders: self.orders,
            pending: Pending {
                goals: self.goals,
                notes: self.notes,
                insists: false,
            },
        }
    }
}

pub(super) fn understand(engine: &Engine, request: &Request) -> Result<Begun, ControlError> {
    let mut draft = Draft::default();
    match request {
        Request::Attach {
            device,
            machine,
            allow_in_use,
        } => {
            let view = device_view(engine, device)?;
            let machine = match machine {
                Some(machine) => resolve_machine(engine, machine)?,
                None => machine_by_rules(&view)?,
            };
            check_attachable(engine, &view, &machine)?;
            draft.hold(&view, Owner::Machine(machine), *allow_in_use);
        }
        Request::Detach { device } => {
            let view = device_view(engine, device)?;
            draft.hold(&view, Owner::Host, false);
        }
        Request::AttachAll { machine } => attach_all(engine, machine.as_deref(), &mut draft)?,
        Request::DetachAll { machine } => detach_all(engine, machine.as_deref(), &mut draft)?,
        Request::Release { device } => release(engine, device.as_deref(), &mut draft)?,
        Request::Switch { group, target } => switch(engine, group, target, &mut draft)?,
        Request::Pause { machine, detach } => {
            let machine = named(engine, machine.as_deref())?;
            if *detach {
                for view in engine.devices() {
                    let there = holder(&view).filter(|holder| is(machine.as_ref(), holder));
                    if let Some(there) = there.cloned() {
                        draft
                            .goals
                            .push(Goal::new(&view, Want::OnHost(Some(there))));
                    }
                }
            }
            draft.notes.push(match &machine {
                Some(machine) => {
                    format!("paused for machine {machine} until `virtplug resume` or a reboot")
                }
                None => "paused for all machines until `virtplug resume` or a reboot".to_owned(),
            });
            draft.orders.push(Order::Pause {
                machine,
                detach: *detach,
            });
        }
        Request::Resume { machine } => {
            let machine = named(engine, machine.as_deref())?;
            resume(engine, machine, &mut draft)?;
        }
    }
    Ok(draft.begun())
}

fn device_view<'e>(engine: &'e Engine, text: &str) -> Result<DeviceView<'e>, ControlError> {
    let device = resolve_device(engine, text)?;
    engine
        .device_view(&device.port)
        .ok_or_else(|| ControlError::NoSuchDevice {
            message: format!("{} is not plugged in any more", device.port),
        })
}

fn named(engine: &Engine, machine: Option<&str>) -> Result<Option<MachineKey>, ControlError> {
    machine
        .map(|machine| resolve_machine(engine, machine))
        .transpose()
}

/// Whether a machine is the one that was named, or any will do.
fn is(named: Option<&MachineKey>, machine: &MachineKey) -> bool {
    named.is_none_or(|named| named == machine)
}

/// The machine that has a device by an entry of ours.
fn holder<'v>(view: &'v DeviceView<'_>) -> Option<&'v MachineKey> {
    let own = view.holders.iter().find(|holder| holder.own);
    own.map(|holder| &holder.machine)
}

/// The machine that the rules give a device to, whatever was decided by hand.
fn machine_by_rules(view: &DeviceView<'_>) -> Result<MachineKey, ControlError> {
    let port = &view.device.port;
    let which = "name a machine with `-D MACHINE`";
    let failed = |message: String| Err(ControlError::NoSuchMachine { message });
    match view.assignment {
        Assignment::Machine(grant) | Assignment::Refused(grant, _) => {
            if !grant.is_by_hand() {
                return Ok(grant.machine.clone());
            }
        }
        Assignment::Conflict(rules) => {
            return failed(format!(
                "several owners claim {port}: {}; {which}",
                claims_text(rules)
            ));
        }
        Assignment::Kept(rule) => {
            return failed(format!(
                "{} keeps {port} on the host; {which} to attach it nevertheless",
                rule_text(rule)
            ));
        }
        Assignment::Host | Assignment::Withheld | Assignment::Spare(_) | Assignment::Unknown(_) => {
        }
    }
    match certain(view).next().map(|claim| &claim.rule.owner) {
        Some(Owner::Machine(machine)) => Ok(machine.clone()),
        _ => failed(format!("no rule gives {port} to a machine; {which}")),
    }
}

/// The rules that surely hold for a device, the strongest first.
fn certain<'v>(view: &'v DeviceView<'_>) -> impl Iterator<Item = &'v Claim> {
    view.claims.iter().filter(|claim| claim.certain)
}

/// What an attach by hand cannot overrule.
fn check_attachable(
    engine: &Engine,
    view: &DeviceView<'_>,
    machine: &MachineKey,
) -> Result<(), ControlError> {
    let device = view.device;
    if device.is_hub() {
        return Err(ControlError::Failed {
            message: format!(
                "{} is a hub: with it everything behind it would vanish from the host; name the \
                 devices behind it",
                device.port
            ),
        });
    }
    let off = |what: &str| {
        Err(ControlError::MachineOff {
            message: format!("machine {machine} {what}"),
        })
    };
    match engine.machine(machine).map(|machine| machine.state) {
        Some(MachineState::Off) => off("is off; start it, or wait for it with `--wait`"),
        Some(MachineState::Absent) | None => Err(ControlError::NoSuchMachine {
            message: format!("libvirt knows no machine {}", Escaped(machine.name())),
        }),
        Some(_) => Ok(()),
    }
}

fn attach_all(
    engine: &Engine,
    machine: Option<&str>,
    draft: &mut Draft,
) -> Result<(), ControlError> {
    let machine = named(engine, machine)?;
    let mut off = BTreeSet::new();
    let mut meant = false;
    for view in engine.devices() {
        let Ok(owner) = machine_by_rules(&view) else {
            continue;
        };
        let spare = matches!(view.assignment, Assignment::Spare(_));
        if !is(machine.as_ref(), &owner) || view.device.is_hub() || spare {
            continue;
        }
        meant = true;
        match check_attachable(engine, &view, &owner) {
            // The rules say which of them have a place; but where they pause, they do nothing.
            Ok(()) if engine.orders().pause_of(&owner).is_none() => {
                draft.goals.push(Goal::new(&view, Want::Settled));
                draft.orders.push(Order::Release(view.device.port.clone()));
            }
            Ok(()) => draft.hold(&view, Owner::Machine(owner), false),
            // Named, it is the answer; otherwise the others go on.
            Err(error) if machine.is_some() => return Err(error),
            Err(error) => {
                off.insert(error.message().to_owned());
            }
        }
    }
    draft.notes.extend(off);
    if !meant {
        draft.notes.push(match &machine {
            Some(machine) => format!("no device that is plugged in belongs to machine {machine}"),
            None => "no device that is plugged in belongs to a machine".to_owned(),
        });
    }
    Ok(())
}

fn detach_all(
    engine: &Engine,
    machine: Option<&str>,
    draft: &mut Draft,
) -> Result<(), ControlError> {
    let machine = named(engine, machine)?;
    for view in engine.devices() {
        if holder(&view).is_some_and(|holder| is(machine.as_ref(), holder)) {
            draft.hold(&view, Owner::Host, false);
        } else if machine_by_rules(&view).is_ok_and(|owner| is(machine.as_ref(), &owner)) {
            // What waits for a place must not step in.
            draft.orders.push(Order::Hold {
                port: view.device.port.clone(),
                instance: view.device.instance,
                owner: Owner::Host,
                allow_in_use: false,
            });
        }
    }
    if draft.goals.is_empty() {
        draft.notes.push(match &machine {
            Some(machine) => format!("machine {machine} has no device of ours"),
            None => "no machine has a device of ours".to_owned(),
        });
    }
    Ok(())
}

fn release(engine: &Engine, device: Option<&str>, draft: &mut Draft) -> Result<(), ControlError> {
    let orders = engine.orders();
    let is_ordered = |view: &DeviceView<'_>| {
        let instance = view.device.instance;
        orders.holds.contains_key(&instance) || orders.detached.contains_key(&instance)
    };
    let Some(device) = device else {
        for view in engine.devices() {
            let is_switched = certain(&view)
                .filter_map(|claim| claim.rule.options.group.as_ref())
                .any(|group| orders.switches.contains_key(group));
            if is_ordered(&view) || is_switched {
                draft.goals.push(Goal::new(&view, Want::Settled));
            }
        }
        if draft.goals.is_empty() && orders.switches.is_empty() {
            draft.notes.push("nothing was decided by hand".to_owned());
        }
        draft.orders.push(Order::ReleaseAll);
        return Ok(());
    };
    let view = device_view(engine, device)?;
    if !is_ordered(&view) {
        draft.notes.push(format!(
            "nothing was decided by hand on {}; the rules decide already",
            view.device.port
        ));
    }
    draft.goals.push(Goal::new(&view, Want::Settled));
    draft.orders.push(Order::Release(view.device.port.clone()));
    Ok(())
}

fn switch(
    engine: &Engine,
    group: &str,
    target: &Target,
    draft: &mut Draft,
) -> Result<(), ControlError> {
    let rules = engine.policy().map_or(&[][..], |policy| policy.rules());
    let groups: BTreeSet<&str> = rules
        .iter()
        .filter_map(|rule| rule.options.group.as_deref())
        .collect();
    if !groups.contains(group) {
        let known: Vec<String> = groups.iter().map(|one| Escaped(one).to_string()).collect();
        let known = match known.as_slice() {
            [] => "no rule has a `group` yet; give it to the rules that belong together".to_owned(),
            groups => format!("there are {}", groups.join(", ")),
        };
        return Err(ControlError::NoSuchGroup {
            message: format!("no rule has the group {}; {known}", Escaped(group)),
        });
    }
    let owner = match target {
        Target::Machine(machine) => Some(Owner::Machine(resolve_machine(engine, machine)?)),
        Target::Host => Some(Owner::Host),
        Target::Rules => None,
    };
    for view in engine.devices() {
        let is_in = certain(&view).any(|claim| claim.rule.options.group.as_deref() == Some(group));
        if view.device.is_hub() || !is_in {
            continue;
        }
        let want = match &owner {
            Some(Owner::Machine(machine)) => Want::In(machine.clone()),
            Some(Owner::Host) => Want::OnHost(holder(&view).cloned()),
            None => Want::Settled,
        };
        draft.goals.push(Goal::new(&view, want));
    }
    if draft.goals.is_empty() {
        draft.notes.push(format!(
            "no device of the group {} is plugged in; the switch holds for those that come",
            Escaped(group)
        ));
    }
    draft.orders.push(Order::Switch {
        group: group.to_owned(),
        owner,
    });
    Ok(())
}

fn resume(
    engine: &Engine,
    machine: Option<MachineKey>,
    draft: &mut Draft,
) -> Result<(), ControlError> {
    let orders = engine.orders();
    if let Some(machine) = &machine
        && !orders.pauses.contains_key(machine)
    {
        if orders.pause_of_all.is_some() {
            return Err(ControlError::Failed {
                message: "all machines are paused together; `virtplug resume` without a machine ends that"
                    .to_owned(),
            });
        }
        draft
            .notes
            .push(format!("machine {machine} was not paused"));
    }
    if orders.pauses.is_empty() && orders.pause_of_all.is_none() && machine.is_none() {
        draft.notes.push("nothing was paused".to_owned());
    }
    for view in engine.devices() {
        if let Some(owner) = view.assignment.machine()
            && is(machine.as_ref(), owner)
        {
            draft.goals.push(Goal::new(&view, Want::Settled));
        }
    }
    draft.orders.push(Order::Resume(machine));
    Ok(())
}
