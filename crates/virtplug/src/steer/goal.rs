//! When a device is as it was asked for.

use virtplug_core::{Assignment, DeviceView, Engine, MachineKey, Obstacle, PortPath};
use virtplug_ipc::{Change, Device};

use crate::pass::is_passing;
use crate::plan::staying_reason;
use crate::present;

/// How one device is to be in the end.
#[derive(Debug)]
pub(super) struct Goal {
    /// The device as it was when it was asked for.
    device: Device,
    port: PortPath,
    want: Want,
}

/// Where it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Want {
    /// In this machine.
    In(MachineKey),
    /// On the host; it was in this machine.
    OnHost(Option<MachineKey>),
    /// Where the rules say.
    Settled,
}

/// How far it got.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    UnderWay,
    /// As it was asked for, with a sentence.
    Reached(String),
    /// Not so, and waiting for a moment does not help.
    Missed(String),
}

impl Goal {
    pub(super) fn new(view: &DeviceView<'_>, want: Want) -> Self {
        Self {
            device: present::viewed(view),
            port: view.device.port.clone(),
            want,
        }
    }

    /// What came of it for this device.
    pub(super) fn change(&self, done: bool, result: String) -> Change {
        let machine = match &self.want {
            Want::In(machine) => Some(machine),
            Want::OnHost(machine) => machine.as_ref(),
            Want::Settled => None,
        };
        Change {
            device: self.device.clone(),
            machine: machine.map(present::machine_name),
            done,
            result,
        }
    }

    /// Whether no machine is known to have the device.
    pub(super) fn leaves_nothing(&self) -> bool {
        self.want == Want::OnHost(None)
    }

    pub(super) fn progress(&self, engine: &Engine) -> Progress {
        let Some(view) = engine.device_view(&self.port) else {
            return match self.want {
                Want::OnHost(_) | Want::Settled => {
                    Progress::Reached("is not plugged in any more".to_owned())
                }
                Want::In(_) => Progress::Missed("is not plugged in any more".to_owned()),
            };
        };
        match &self.want {
            Want::In(machine) => comes_to(&view, machine),
            Want::OnHost(_) => leaves(&view),
            Want::Settled => match view.assignment {
                Assignment::Machine(grant) => match comes_to(&view, &grant.machine) {
                    // Where its machine is off it waits, as the rules say.
                    Progress::Missed(reason) if view.obstacle == Some(Obstacle::MachineOff) => {
                        Progress::Reached(reason)
                    }
                    progress => progress,
                },
                Assignment::Unknown(_) => Progress::Reached(reason(&view)),
                _ => leaves(&view),
            },
        }
    }

    /// What is said of it when nobody waits any longer.
    pub(super) fn overdue(&self, engine: &Engine) -> String {
        let view = engine.device_view(&self.port);
        let obstacle = view.as_ref().and_then(|view| view.obstacle.as_ref());
        match obstacle {
            Some(obstacle) => format!("is not there yet: {obstacle}"),
            None => "libvirt has not answered yet".to_owned(),
        }
    }
}

fn comes_to(view: &DeviceView<'_>, machine: &MachineKey) -> Progress {
    let here = |own: bool| {
        view.holders
            .iter()
            .any(|holder| holder.own == own && holder.machine == *machine)
    };
    if here(true) {
        return Progress::Reached(format!("is in machine {machine}"));
    }
    if here(false) {
        return Progress::Reached(format!(
            "is in machine {machine}, by an entry that is not ours"
        ));
    }
    if view.assignment.machine() != Some(machine) {
        return Progress::Missed(format!("stays out of machine {machine}: {}", reason(view)));
    }
    match &view.obstacle {
        None
        | Some(
            Obstacle::CallUnderWay { overdue: false }
            | Obstacle::MachineUnread
            | Obstacle::MachineBusy,
        ) => Progress::UnderWay,
        Some(obstacle) if is_passing(obstacle) => Progress::UnderWay,
        Some(obstacle) => Progress::Missed(format!("is not in machine {machine}: {obstacle}")),
    }
}

fn leaves(view: &DeviceView<'_>) -> Progress {
    if view.holders.iter().any(|holder| holder.own) {
        return Progress::UnderWay;
    }
    match view.holders.first() {
        None => Progress::Reached("is on the host".to_owned()),
        Some(holder) => Progress::Missed(format!(
            "is in machine {} by an entry that is not ours; remove it where it was made",
            holder.machine
        )),
    }
}

/// Why a device is not in a machine.
fn reason(view: &DeviceView<'_>) -> String {
    staying_reason(view).map_or_else(
        || "it does not belong to it any more".to_owned(),
        |(_, reason)| reason,
    )
}
