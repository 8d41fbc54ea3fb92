//! What the engine knows, in the types of the control interface.

mod device;
mod machine;
mod name;

use virtplug_core::{Engine, Time};
use virtplug_ipc::{
    ControlError, DeviceList, Explanation, Happening, MachineList, RuleList, Shown, Status, VERSION,
};

pub(crate) use device::{device, device_state, rule_name};
pub(crate) use machine::machine_name;
pub(crate) use name::{resolve_device, resolve_machine};

/// What the engine does not know and the answers need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The engine's clock, for the time until the next try.
    pub(crate) now: Time,
    /// The version of the daemon that answers; none where a command looked by itself.
    pub(crate) daemon: Option<&'a str>,
    /// What was wrong with the last reload.
    pub(crate) reload_trouble: Option<&'a str>,
}

pub(crate) fn status(engine: &Engine, context: Context<'_>) -> Status {
    unimplemented!()
}

pub(crate) fn devices(engine: &Engine, context: Context<'_>) -> DeviceList {
    let devices = engine.devices();
    DeviceList {
        version: VERSION,
        devices: devices
            .map(|view| device_state(engine, &view, context))
            .collect(),
    }
}

pub(crate) fn machines(engine: &Engine, context: Context<'_>) -> MachineList {
    let machines = engine.machines();
    MachineList {
        version: VERSION,
        machines: machines
            .map(|view| machine::machine_state(&view, context))
            .collect(),
    }
}

pub(crate) fn rules(engine: &Engine, context: Context<'_>) -> RuleList {
    unimplemented!()
}

/// Everything that is known of what a name means: a machine, or else a
/// device. `history` is filtered here.
pub(crate) fn show<'h>(
    engine: &Engine,
    context: Context<'_>,
    name: &str,
    history: impl IntoIterator<Item = &'h Happening>,
) -> Result<Shown, ControlError> {
    unimplemented!()
}

/// Why a device is where it is, or all that could go to a machine.
pub(crate) fn explain(
    engine: &Engine,
    context: Context<'_>,
    name: &str,
    machine: Option<&str>,
) -> Result<Explanation, ControlError> {
    unimplemented!()
}
