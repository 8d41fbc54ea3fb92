//! What the engine knows, in the types of the control interface.

mod device;
mod explanation;
mod machine;
mod name;
mod privacy;
mod rule;
mod show;
mod status;
#[cfg(test)]
mod tests;

use virtplug_core::{Engine, Time};
use virtplug_ipc::{DeviceList, MachineList, VERSION};

pub(crate) use device::{belongs, device, device_state, obstacle_kind, viewed};
pub(crate) use explanation::explain;
pub(crate) use machine::machine_name;
pub(crate) use name::{resolve_device, resolve_machine};
pub(crate) use privacy::{HideSerials, Serials};
pub(crate) use rule::{rule_name, rules};
pub(crate) use show::show;
pub(crate) use status::{counts, is_healthy, status};

/// What the engine does not know and the answers need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The engine's clock, for the time until the next try.
    pub(crate) now: Time,
    /// The version of the daemon that answers; none where a command looked by itself.
    pub(crate) daemon: Option<&'a str>,
    /// What was wrong with the last reload.
    pub(crate) reload_trouble: Option<&'a str>,
    /// Whether no events of udev come.
    pub(crate) deaf: bool,
}

/// What it means that no events of udev come, and what to do.
pub(crate) const DEAF: &str = "no events of udev reach the daemon, as it runs in another network \
    namespace: devices that are plugged in or out are noticed only at a reload; take \
    PrivateNetwork= and the like out of its unit, or give its container the network of the host";

/// All present devices, by port.
pub(crate) fn devices(engine: &Engine, context: Context<'_>) -> DeviceList {
    let devices = engine.devices();
    DeviceList {
        version: VERSION,
        devices: devices
            .map(|view| device_state(engine, &view, context))
            .collect(),
    }
}

/// All machines that are known, by connection and name.
pub(crate) fn machines(engine: &Engine, context: Context<'_>) -> MachineList {
    let machines = engine.machines();
    MachineList {
        version: VERSION,
        machines: machines
            .map(|view| machine::machine_state(&view, context))
            .collect(),
    }
}

/// Milliseconds from now on.
fn millis(at: Time, context: Context<'_>) -> u64 {
    u64::try_from(at.since(context.now).as_millis()).unwrap_or(u64::MAX)
}
