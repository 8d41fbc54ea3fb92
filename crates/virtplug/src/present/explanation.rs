//! Why devices are where they are.

mod conclusion;
mod outcome;

use virtplug_core::{DeviceView, Engine, MachineKey, Owner, Refusal, RuleView, Verdict};
use virtplug_ipc::{
    Condition, ControlError, DeviceExplanation, Explanation, RuleExplanation, VERSION,
};

use super::Context;
use super::device::device_state;
use super::name::{Named, resolve, resolve_device, resolve_machine};
use super::rule::rule_name;

use conclusion::conclusion;
use outcome::outcome;

/// Why a device is where it is, or all that could go to a machine.
pub(crate) fn explain(
    engine: &Engine,
    context: Context<'_>,
    name: &str,
    machine: Option<&str>,
) -> Result<Explanation, ControlError> {
    let (views, machine): (Vec<DeviceView<'_>>, Option<MachineKey>) = match machine {
        Some(machine) => {
            let device = resolve_device(engine, name)?;
            let view = engine.device_view(&device.port);
            let machine = resolve_machine(engine, machine)?;
            (view.into_iter().collect(), Some(machine))
        }
        None => match resolve(engine, name)? {
            Named::Device(device) => {
                let view = engine.device_view(&device.port);
                (view.into_iter().collect(), None)
            }
            Named::Machine(machine) => {
                let concerned = engine.devices().filter(|view| concerns(view, &machine));
                (concerned.collect(), Some(machine))
            }
        },
    };
    Ok(Explanation {
        version: VERSION,
        devices: views
            .iter()
            .map(|view| device_explanation(engine, view, machine.as_ref(), context))
            .collect(),
    })
}

/// Whether a machine has a device, is to have it, or could by some rule.
fn concerns(view: &DeviceView<'_>, machine: &MachineKey) -> bool {
    let named = view
        .claims
        .iter()
        .any(|claim| claim.rule.machine() == Some(machine));
    let has = view.holders.iter().any(|holder| holder.machine == *machine);
    let held = view
        .hold
        .is_some_and(|hold| hold.owner == Owner::Machine(machine.clone()));
    let stays_out = view.detached_from == Some(machine);
    named || has || held || stays_out || view.assignment.machine() == Some(machine)
}

fn device_explanation(
    engine: &Engine,
    view: &DeviceView<'_>,
    machine: Option<&MachineKey>,
    context: Context<'_>,
) -> DeviceExplanation {
    let rules = engine.explain(&view.device.port);
    DeviceExplanation {
        device: device_state(engine, view, context),
        by_hand: by_hand(view),
        refusal: Refusal::of(view.device).map(|refusal| refusal.to_string()),
        last_error: view.error.map(str::to_owned),
        conclusion: conclusion(engine, view, &rules, machine, context),
        rules: rules
            .iter()
            .map(|rule| rule_explanation(engine, rule))
            .collect(),
    }
}

/// What was decided by hand.
pub(super) fn by_hand(view: &DeviceView<'_>) -> Option<String> {
    let port = &view.device.port;
    if let Some(hold) = view.hold {
        let whose = match &hold.owner {
            Owner::Host => "somebody keeps it on the host".to_owned(),
            Owner::Machine(machine) => format!("somebody gave it to machine {machine}"),
        };
        let end = hold.until_end_of.as_ref();
        let end = end.map_or_else(String::new, |machine| format!("machine {machine} ends, "));
        return Some(format!(
            "{whose}, until it is unplugged, {end}or `virtplug release {port}`"
        ));
    }
    view.detached_from.map(|machine| {
        format!(
            "somebody detached it from machine {machine} without virtplug; it stays out until it is \
             plugged in again, the machine starts anew, or `virtplug release {port}`"
        )
    })
}

fn rule_explanation(engine: &Engine, view: &RuleView<'_>) -> RuleExplanation {
    let conditions = view.conditions.iter();
    let conditions = conditions.flat_map(virtplug_core::Condition::with_parts);
    RuleExplanation {
        rule: rule_name(view.rule),
        verdict: verdict(view.verdict),
        enabled: view.rule.options.enabled,
        priority: view.rank.priority,
        specificity: view.rank.specificity.to_string(),
        conditions: conditions
            .map(|condition| Condition {
                key: condition.key.clone(),
                wanted: condition.wanted.clone(),
                actual: condition.actual.clone(),
                verdict: verdict(condition.verdict),
            })
            .collect(),
        outcome: outcome(engine, view),
    }
}

fn verdict(verdict: Verdict) -> virtplug_ipc::Verdict {
    match verdict {
        Verdict::Yes => virtplug_ipc::Verdict::Yes,
        Verdict::No => virtplug_ipc::Verdict::No,
        Verdict::Unknown => virtplug_ipc::Verdict::Unknown,
    }
}
