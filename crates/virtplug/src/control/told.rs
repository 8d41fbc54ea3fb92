//! What is told of what happened: kind, sentence, and what it concerns.

use virtplug_core::{Engine, MachineKey, Order, Owner, PortPath, Report};
use virtplug_ipc::{HappeningKind, MachineName};

use crate::journal;
use crate::present::{HideSerials as _, Serials, machine_name};

/// Something that happened, before it has a number and a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) kind: HappeningKind,
    pub(crate) text: String,
    pub(crate) port: Option<String>,
    pub(crate) machine: Option<MachineName>,
}

impl Told {
    /// Its text without serial numbers.
    pub(super) fn hidden(&self, serials: &Serials) -> String {
        let mut text = self.text.clone();
        text.hide_serials(serials);
        text
    }

    /// Of something that concerns neither a device nor a machine.
    pub(crate) fn plain(kind: HappeningKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            port: None,
            machine: None,
        }
    }

    /// Of something that concerns the device at a port.
    pub(crate) fn at(port: &PortPath, kind: HappeningKind, text: impl Into<String>) -> Self {
        Self {
            port: Some(port.to_string()),
            ..Self::plain(kind, text)
        }
    }

    /// The same as in the journal.
    pub(crate) fn of(engine: &Engine, report: &Report) -> Self {
        let (kind, port, machine) = match report {
            Report::Attached(machine, alias) => {
                (HappeningKind::Attached, Some(&alias.port), Some(machine))
            }
            Report::AttachFailed { machine, alias, .. } => (
                HappeningKind::AttachFailed,
                Some(&alias.port),
                Some(machine),
            ),
            Report::Detached(machine, alias, _) => {
                (HappeningKind::Detached, Some(&alias.port), Some(machine))
            }
            Report::DetachFailed { machine, alias, .. } => (
                HappeningKind::DetachFailed,
                Some(&alias.port),
                Some(machine),
            ),
            Report::InUse { machine, port, .. } => {
                (HappeningKind::InUse, Some(port), Some(machine))
            }
            Report::TakenInUse { machine, port, .. } => {
                (HappeningKind::TakenInUse, Some(port), Some(machine))
            }
            Report::Held(machine, alias) => (HappeningKind::Hold, Some(&alias.port), Some(machine)),
            Report::Ordered(order) => {
                let (port, machine) = concerns(order);
                (HappeningKind::Order, port, machine)
            }
            Report::HoldEnded { port, .. } => (HappeningKind::Hold, Some(port), None),
            Report::Flapping { port, .. } => (HappeningKind::Flapping, Some(port), None),
            Report::Conflict(port, _) => (HappeningKind::Conflict, Some(port), None),
            Report::Starting(machine, port) => (HappeningKind::Starting, Some(port), Some(machine)),
            Report::StartFailed(machine, _) => (HappeningKind::StartFailed, None, Some(machine)),
            Report::Connected(_) => (HappeningKind::Connected, None, None),
            Report::Waiting(..) => (HappeningKind::Waiting, None, None),
            Report::Overdue(machine) => (HappeningKind::CallOverdue, None, Some(machine)),
            Report::LookFailed(_) => (HappeningKind::LookFailed, None, None),
        };
        Self {
            kind,
            text: journal::sentence(engine, report),
            port: port.map(ToString::to_string),
            machine: machine.map(machine_name),
        }
    }
}

/// The port and the machine of a decision by hand.
fn concerns(order: &Order) -> (Option<&PortPath>, Option<&MachineKey>) {
    match order {
        Order::Hold { port, owner, .. } => (Some(port), machine_of(owner)),
        Order::Release(port) => (Some(port), None),
        Order::Switch { owner, .. } => (None, owner.as_ref().and_then(machine_of)),
        Order::Pause { machine, .. } | Order::Resume(machine) => (None, machine.as_ref()),
        Order::ReleaseAll => (None, None),
    }
}

fn machine_of(owner: &Owner) -> Option<&MachineKey> {
    match owner {
        Owner::Host => None,
        Owner::Machine(machine) => Some(machine),
    }
}

#[cfg(test)]
mod tests {
    use virtplug_core::{ConnectionUri, OwnAlias};

    use super::*;
    use crate::fixture::{machine, world};

    #[test]
    fn a_report_says_what_it_concerns() {
        let (engine, _) = world(false);
        let alias = OwnAlias::parse("ua-virtplug-1-1-0000000000000002").unwrap();
        let told = Told::of(&engine, &Report::Held(machine("alpha"), alias.clone()));
        assert_eq!(told.kind, HappeningKind::Hold);
        assert_eq!(told.port.as_deref(), Some("1-1"));
        assert_eq!(told.machine.unwrap().machine, "alpha");
        assert!(
            told.text.starts_with("somebody detached 1-1 "),
            "{}",
            told.text
        );
        let told = Told::of(&engine, &Report::Connected(ConnectionUri::default()));
        assert_eq!((told.port, told.machine), (None, None));
        let order = Order::Hold {
            port: alias.port,
            instance: alias.instance,
            owner: machine("beta").into(),
            allow_in_use: false,
        };
        let told = Told::of(&engine, &Report::Ordered(order));
        assert_eq!(told.kind, HappeningKind::Order);
        assert_eq!(told.port.as_deref(), Some("1-1"));
        assert_eq!(told.machine.unwrap().machine, "beta");
    }
}
