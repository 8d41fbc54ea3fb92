//! Devices: what they are, whom they belong to and where they are.

use std::collections::BTreeSet;

use virtplug_core::{
    Assignment, Device, DeviceView, Engine, Escaped, Fact, Giver, Grant, MachineKey, Obstacle,
    Owner, RawText, Refusal, Rule, Stuck, Tally, Time, Use,
};
use virtplug_ipc::{
    Belongs, BelongsKind, DeviceState, Holder, HostUse, HostUseKind, ObstacleKind, RuleName,
};

use super::machine::machine_name;
use super::rule::rule_name;
use super::{Context, millis};
use crate::naming::{claims_text, rule_text};

/// What a device is.
pub(crate) fn device(device: &Device) -> virtplug_ipc::Device {
    let said = |text: &Fact<Option<RawText>>| {
        let text = text.known().and_then(Option::as_ref);
        text.map(ToString::to_string)
    };
    let stable_port = device.stable_port().known().cloned().flatten();
    virtplug_ipc::Device {
        port: device.port.to_string(),
        stable_port: stable_port.map(|port| Escaped(&port.to_string()).to_string()),
        bus: device.address.bus.0,
        device: device.address.device.0,
        vendor: device.vendor.to_string(),
        product: device.product.to_string(),
        class: device.class.to_string(),
        serial: said(&device.serial),
        manufacturer: said(&device.manufacturer),
        product_name: said(&device.product_name),
        authorized: device.authorized.known().copied(),
        hub: device.is_hub(),
        in_use: host_uses(&device.in_use),
    }
}

/// What a device is, and what the host and its machines do with it.
pub(crate) fn viewed(view: &DeviceView<'_>) -> virtplug_ipc::Device {
    virtplug_ipc::Device {
        in_use: host_uses(&view.uses),
        ..device(view.device)
    }
}

fn host_uses(uses: &Fact<BTreeSet<Use>>) -> Option<Vec<HostUse>> {
    let uses = uses.known()?;
    Some(uses.iter().map(host_use).collect())
}

fn host_use(one: &Use) -> HostUse {
    HostUse {
        kind: match one {
            Use::Mounted { .. } => HostUseKind::Mounted,
            Use::Swap { .. } => HostUseKind::Swap,
            Use::Held { .. } => HostUseKind::Held,
            Use::Member { .. } => HostUseKind::Member,
            Use::Writing { .. } => HostUseKind::Writing,
            Use::Address { .. } => HostUseKind::Address,
            Use::DefaultRoute { .. } => HostUseKind::DefaultRoute,
            Use::Enslaved { .. } => HostUseKind::Enslaved,
            Use::LastKeyboard => HostUseKind::LastKeyboard,
            Use::MachineDisk { .. } => HostUseKind::MachineDisk,
            Use::Opened { .. } => HostUseKind::Opened,
        },
        text: one.to_string(),
        refuses: one.refuses(),
    }
}

/// A device, where it belongs and where it is.
pub(crate) fn device_state(
    engine: &Engine,
    view: &DeviceView<'_>,
    context: Context<'_>,
) -> DeviceState {
    let holders = view.holders.iter().map(|holder| Holder {
        machine: machine_name(&holder.machine),
        own: holder.own,
    });
    DeviceState {
        device: viewed(view),
        known_as: known_as(view),
        belongs: belongs(engine, view),
        holders: holders.collect(),
        obstacle: view
            .obstacle
            .as_ref()
            .map(|obstacle| virtplug_ipc::Obstacle {
                kind: obstacle_kind(obstacle),
                reason: obstacle.to_string(),
                trouble: obstacle.is_trouble(),
                failures: view.failures,
                retry_ms: next_try(engine, view, obstacle).map(|at| millis(at, context)),
            }),
        flapping: view.flapping.map(|tally| tally.connects),
        driverless: view.left_by.is_some(),
    }
}

/// What kind of obstacle it is.
pub(crate) fn obstacle_kind(obstacle: &Obstacle) -> ObstacleKind {
    match obstacle {
        Obstacle::NoConnection(_) => ObstacleKind::NoConnection,
        Obstacle::MachineUnread => ObstacleKind::MachineUnread,
        Obstacle::NoSuchMachine => ObstacleKind::NoSuchMachine,
        Obstacle::MachineOff => ObstacleKind::MachineOff,
        Obstacle::MachineBusy => ObstacleKind::MachineBusy,
        Obstacle::FirstLook(_) => ObstacleKind::FirstLook,
        Obstacle::NotProcessed(_) => ObstacleKind::NotProcessed,
        Obstacle::Occupied { own: true, .. } => ObstacleKind::OldEntry,
        Obstacle::Occupied { own: false, .. } => ObstacleKind::ForeignEntry,
        Obstacle::Held => ObstacleKind::Held,
        Obstacle::Paused(_) => ObstacleKind::Paused,
        Obstacle::InUse(_) => ObstacleKind::InUse,
        Obstacle::Flapping(_) => ObstacleKind::Flapping,
        Obstacle::Retry { .. } => ObstacleKind::Retry,
        Obstacle::GuestPortTaken(_) => ObstacleKind::GuestPortTaken,
        Obstacle::Stuck(Stuck::NoController) => ObstacleKind::NoController,
        Obstacle::Stuck(Stuck::NoFreePort) => ObstacleKind::NoFreePort,
        Obstacle::RateLimited(_) => ObstacleKind::RateLimited,
        Obstacle::CallUnderWay { .. } => ObstacleKind::CallUnderWay,
    }
}

/// When a device is tried again by time alone.
pub(super) fn next_try(
    engine: &Engine,
    view: &DeviceView<'_>,
    obstacle: &Obstacle,
) -> Option<Time> {
    let Obstacle::NoConnection(_) = obstacle else {
        return obstacle.until();
    };
    let uri = &view.assignment.machine()?.uri;
    let mut connections = engine.connections();
    connections.find(|one| one.uri == uri)?.next_try
}

/// Whom a device belongs to.
pub(crate) fn belongs(engine: &Engine, view: &DeviceView<'_>) -> Belongs {
    let assignment = view.assignment;
    let (kind, rules) = match assignment {
        Assignment::Host => (BelongsKind::Host, Vec::new()),
        Assignment::Kept(rule) => (BelongsKind::Kept, vec![rule_name(rule)]),
        Assignment::Withheld => (BelongsKind::Kept, Vec::new()),
        Assignment::Machine(grant) => (BelongsKind::Machine, giver_rule(&grant.giver)),
        Assignment::Spare(rule) => (BelongsKind::Spare, vec![rule_name(rule)]),
        Assignment::Conflict(rules) => {
            let rules = rules.iter().map(|rule| rule_name(rule));
            (BelongsKind::Conflict, rules.collect())
        }
        Assignment::Unknown(rule) => {
            let rules = rule.iter().map(|rule| rule_name(rule));
            (BelongsKind::Unknown, rules.collect())
        }
        Assignment::Refused(grant, Refusal::Ambiguous(_)) => {
            (BelongsKind::Conflict, giver_rule(&grant.giver))
        }
        Assignment::Refused(grant, _) => (BelongsKind::Refused, giver_rule(&grant.giver)),
    };
    let grant = match assignment {
        Assignment::Machine(grant) | Assignment::Refused(grant, _) => Some(grant),
        _ => None,
    };
    let by_hand = grant.is_some_and(virtplug_core::Grant::is_by_hand);
    Belongs {
        kind,
        machine: assignment.machine().map(machine_name),
        rules,
        by_hand: by_hand || *assignment == Assignment::Withheld,
        followed: grant.is_some_and(virtplug_core::Grant::is_followed),
        reason: reason(engine, view),
    }
}

/// The name by which hooks know a device, the same however it came to its machine.
fn known_as(view: &DeviceView<'_>) -> String {
    let giver = view.assignment.grant().and_then(Grant::rule);
    let claims = view.claims.iter().filter(|claim| claim.certain);
    let rules = giver.into_iter().chain(claims.map(|claim| &claim.rule));
    let name = rules.into_iter().find_map(|rule| rule.name.as_deref());
    name.map_or_else(
        || view.device.port.to_string(),
        |name| Escaped(name).to_string(),
    )
}

/// Who gives a device, where that is a rule. By hand, no rule is behind it.
fn giver_rule(giver: &Giver) -> Vec<RuleName> {
    match giver {
        Giver::Rule(rule) | Giver::Followed(rule) => vec![rule_name(rule)],
        Giver::Hand(_) => Vec::new(),
    }
}

/// Who decided where a device belongs, as a sentence.
pub(super) fn reason(engine: &Engine, view: &DeviceView<'_>) -> String {
    let release = format!(
        "`virtplug release {}` lets the rules decide again",
        view.device.port
    );
    match view.assignment {
        Assignment::Host if view.claims.is_empty() => "no rule names it".to_owned(),
        Assignment::Host => "no rule that names it gives it away now".to_owned(),
        Assignment::Kept(rule) => {
            let why = switched(engine, rule);
            format!("{} keeps it on the host{why}", rule_text(rule))
        }
        Assignment::Withheld => format!("somebody keeps it on the host by hand; {release}"),
        Assignment::Machine(grant) => {
            let machine = &grant.machine;
            match &grant.giver {
                Giver::Rule(rule) => {
                    let why = switched(engine, rule);
                    format!("{} gives it to machine {machine}{why}", rule_text(rule))
                }
                Giver::Followed(rule) => format!(
                    "it follows a device that {} gives to machine {machine}",
                    rule_text(rule)
                ),
                Giver::Hand(_) => {
                    format!("somebody gave it to machine {machine} by hand; {release}")
                }
            }
        }
        Assignment::Spare(rule) => {
            let count = rule.options.count.map_or(0, std::num::NonZeroU32::get);
            format!(
                "{} gives as many devices as its `count` of {count} allows",
                rule_text(rule)
            )
        }
        Assignment::Conflict(rules) => format!(
            "equally strong rules give it to several owners: {}; give one of them a higher `priority`",
            claims_text(rules)
        ),
        Assignment::Unknown(Some(rule)) if !is_certain(view, rule) => {
            format!("{} asks for what cannot be read now", rule_text(rule))
        }
        Assignment::Unknown(_) => "whether it is authorised cannot be read now".to_owned(),
        Assignment::Refused(grant, refusal @ Refusal::Ambiguous(_)) => {
            let giver = grant.rule().map(|rule| rule_text(rule));
            let giver = giver.unwrap_or_else(|| "somebody".to_owned());
            format!(
                "{giver} means it for machine {}, but {refusal}",
                grant.machine
            )
        }
        Assignment::Refused(grant, refusal) => {
            format!("it is never given to machine {}: {refusal}", grant.machine)
        }
    }
}

/// That its port flaps.
pub(super) fn flapping(tally: &Tally) -> String {
    format!(
        "its port connects and disconnects too often ({} times so far), so it is attached with growing pauses; \
         a loose cable, too little power, or a guest that resets it?",
        tally.connects
    )
}

/// That a machine left it without a driver of the host.
pub(super) fn left(device: &Device, machine: &MachineKey) -> String {
    format!(
        "it has no driver on the host since machine {machine} ended; `virtplug rebind {}` as root gives it one",
        device.port
    )
}

/// Whether a rule surely holds for a device.
fn is_certain(view: &DeviceView<'_>, rule: &Rule) -> bool {
    let mut claims = view.claims.iter();
    claims.any(|claim| claim.certain && *claim.rule == *rule)
}

/// That a rule has another owner than its own, as its group is switched.
pub(super) fn switched(engine: &Engine, rule: &Rule) -> String {
    let group = rule.options.group.as_deref();
    let Some(group) = group.filter(|group| engine.orders().switches.contains_key(*group)) else {
        return String::new();
    };
    format!(", as its group \"{}\" is switched there", Escaped(group))
}

/// An owner in a sentence.
pub(super) fn owner_text(owner: &Owner) -> String {
    match owner {
        Owner::Host => "the host".to_owned(),
        Owner::Machine(machine) => format!("machine {machine}"),
    }
}
