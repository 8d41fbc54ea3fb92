//! The decision on a device and what follows from it, a sentence each.

use virtplug_core::{DeviceView, Engine, Fact, MachineKey, Obstacle, Refusal, RuleView, Verdict};

use super::outcome::outcome;
use crate::naming::rule_text;
use crate::present::Context;
use crate::present::device::{next_try, reason};

/// Most rules that do not hold and are told of.
const MOST: usize = 5;

/// Who decided, where the device is, why it is not where it belongs, and what
/// stands between it and a machine that was asked for.
pub(super) fn conclusion(
    engine: &Engine,
    view: &DeviceView<'_>,
    rules: &[RuleView<'_>],
    machine: Option<&MachineKey>,
    context: Context<'_>,
) -> Vec<String> {
    let mut sentences = vec![reason(engine, view), place(view)];
    if let (Some(owner), Some(obstacle)) = (view.assignment.machine(), &view.obstacle) {
        sentences.push(format!("it is not in machine {owner}: {obstacle}"));
        sentences.extend(next(engine, view, obstacle, context));
    }
    sentences.extend(paused(engine, view));
    if let Some(machine) = machine.filter(|machine| view.assignment.machine() != Some(machine)) {
        sentences.extend(between(engine, view, rules, machine));
    }
    sentences
}

/// Where it is.
fn place(view: &DeviceView<'_>) -> String {
    let places = view.holders.iter().map(|holder| {
        let machine = &holder.machine;
        match (holder.own, view.assignment.machine() == Some(machine)) {
            (true, true) => format!("it is in machine {machine}"),
            (true, false) => format!("it is still in machine {machine}, which has to let go of it"),
            (false, _) => format!("machine {machine} has it by an entry that is not virtplug's"),
        }
    });
    let places: Vec<String> = places.collect();
    match &view.obstacle {
        _ if !places.is_empty() => places.join(", and "),
        Some(Obstacle::NoConnection(_) | Obstacle::MachineUnread) => {
            "whether its machine has it is not known".to_owned()
        }
        _ => "it is on the host".to_owned(),
    }
}

/// That its machine is paused, unless that is the obstacle or it was ordered meanwhile.
fn paused(engine: &Engine, view: &DeviceView<'_>) -> Option<String> {
    let machine = view.assignment.machine()?;
    let pause = engine.orders().pause_of(machine)?;
    let ordered = view
        .hold
        .is_some_and(|hold| hold.in_pause.contains(machine));
    if ordered || view.obstacle == Some(Obstacle::Paused) {
        return None;
    }
    let end = format!("`virtplug resume {machine}` ends that");
    Some(if pause.detach {
        format!(
            "virtplug is paused for machine {machine}, so its devices go back to the host; {end}"
        )
    } else {
        format!(
            "virtplug is paused for machine {machine}, so its devices stay where they are; {end}"
        )
    })
}

/// When it is tried again.
fn next(
    engine: &Engine,
    view: &DeviceView<'_>,
    obstacle: &Obstacle,
    context: Context<'_>,
) -> Option<String> {
    if let Some(at) = next_try(engine, view, obstacle) {
        let ms = at.since(context.now).as_millis();
        return Some(format!(
            "the next try is in {}.{} s",
            ms / 1000,
            ms % 1000 / 100
        ));
    }
    let sentence = match obstacle {
        Obstacle::MachineOff => "it is attached when the machine starts",
        Obstacle::NoSuchMachine => "it is attached when there is such a machine and it runs",
        Obstacle::MachineBusy => "it is attached when the machine is done with that",
        Obstacle::Stuck(_) | Obstacle::GuestPortTaken(_) => {
            "it is tried again when the machine changes"
        }
        Obstacle::Occupied { own: false, .. } => "it is tried again when that entry is gone",
        Obstacle::InUse(Fact::Known(_)) => "it is attached when the host lets go of it",
        Obstacle::InUse(Fact::Unknown) => {
            "it is attached when that can be read and the host does not use it"
        }
        _ => return None,
    };
    Some(sentence.to_owned())
}

/// What stands between a device and a machine that it does not belong to.
fn between(
    engine: &Engine,
    view: &DeviceView<'_>,
    rules: &[RuleView<'_>],
    machine: &MachineKey,
) -> Vec<String> {
    let mut sentences = of_rules(engine, rules, machine);
    let port = &view.device.port;
    let own = view.holders.iter().find(|holder| holder.own);
    sentences.push(match (Refusal::of(view.device), own) {
        (Some(refusal), _) => format!("no machine can have it: {refusal}"),
        (None, Some(holder)) if holder.machine == *machine => {
            return sentences;
        }
        (None, Some(holder)) => format!(
            "machine {} would have to let go of it first; `virtplug attach {port} -D {machine}` does that",
            holder.machine
        ),
        (None, None) => match engine.obstacle_to(port, machine) {
            Some(obstacle) => format!("if it were given to machine {machine}: {obstacle}"),
            None => format!("`virtplug attach {port} -D {machine}` gives it to machine {machine}"),
        },
    });
    sentences
}

/// What became of the rules of a machine: of those that hold or could, else
/// of the first others.
fn of_rules(engine: &Engine, rules: &[RuleView<'_>], machine: &MachineKey) -> Vec<String> {
    let named = |rule: &&RuleView<'_>| rule.rule.machine() == Some(machine);
    let (others, hold): (Vec<&RuleView<'_>>, Vec<_>) = rules
        .iter()
        .filter(named)
        .partition(|rule| rule.verdict == Verdict::No);
    let sentence = |rule: &&RuleView<'_>| {
        let (name, outcome) = (rule_text(rule.rule), outcome(engine, rule));
        format!("{name}, for machine {machine}, {outcome}")
    };
    if !hold.is_empty() {
        return hold.iter().map(sentence).collect();
    }
    if others.is_empty() {
        return vec![format!("no rule gives any device to machine {machine}")];
    }
    let mut sentences: Vec<String> = others.iter().take(MOST).map(sentence).collect();
    if others.len() > MOST {
        let all = others.len();
        sentences.push(format!(
            "none of the {all} rules for machine {machine} holds"
        ));
    }
    sentences
}
