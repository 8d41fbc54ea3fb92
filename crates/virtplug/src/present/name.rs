//! From what a user typed to the machine or device that is meant.

use virtplug_core::{
    Device, Engine, MachineError, MachineKey, Rule, SelectError, select, select_machine,
};
use virtplug_ipc::ControlError;

/// What a name means.
#[derive(Debug)]
pub(super) enum Named<'e> {
    Machine(MachineKey),
    Device(&'e Device),
}

/// The machine that a text names: by its name or by its UUID.
pub(crate) fn resolve_machine(engine: &Engine, text: &str) -> Result<MachineKey, ControlError> {
    let found = select_machine(text, engine.machines());
    found.cloned().map_err(|error| no_machine(engine, &error))
}

/// The device that a text names.
pub(crate) fn resolve_device<'e>(
    engine: &'e Engine,
    text: &str,
) -> Result<&'e Device, ControlError> {
    device(engine, text).map_err(|error| no_device(&error, error.to_string()))
}

/// The machine, or else the device, that a text names.
pub(super) fn resolve<'e>(engine: &'e Engine, text: &str) -> Result<Named<'e>, ControlError> {
    let near = match select_machine(text, engine.machines()) {
        Ok(machine) => return Ok(Named::Machine(machine.clone())),
        Err(error @ MachineError::Ambiguous { .. }) => return Err(no_machine(engine, &error)),
        Err(MachineError::Nothing { alike: false, .. }) => Vec::new(),
        Err(MachineError::Nothing { known, .. }) => known,
    };
    let near = near.iter().map(|machine| format!("\n  machine {machine}"));
    let near: String = near.collect();
    device(engine, text).map(Named::Device).map_err(|error| {
        let message = match &error {
            SelectError::Nothing { near: devices, .. } if !near.is_empty() => {
                let lead = if devices.is_empty() {
                    "; did you mean:"
                } else {
                    ""
                };
                format!("{error}{lead}{near}")
            }
            _ => error.to_string(),
        };
        no_device(&error, message)
    })
}

fn device<'e>(engine: &'e Engine, text: &str) -> Result<&'e Device, SelectError> {
    let giver = |device: &Device| -> Option<&'e Rule> {
        let view = engine.device_view(&device.port)?;
        view.assignment.grant()?.rule().map(AsRef::as_ref)
    };
    select(text, engine.devices().map(|view| view.device), giver)
}

fn no_device(error: &SelectError, message: String) -> ControlError {
    match error {
        SelectError::Ambiguous { .. } => ControlError::Ambiguous { message },
        SelectError::Nothing { .. } => ControlError::NoSuchDevice { message },
    }
}

/// The machines of connections that are down are not known.
fn no_machine(engine: &Engine, error: &MachineError) -> ControlError {
    let down = engine.connections().filter(|connection| !connection.up);
    let down: String = down
        .map(|connection| match connection.reason {
            Some(reason) => format!("\nnot connected to {}: {reason}", connection.uri),
            None => format!("\nnot connected to {}", connection.uri),
        })
        .collect();
    let message = format!("{error}{down}");
    match error {
        MachineError::Ambiguous { .. } => ControlError::Ambiguous { message },
        MachineError::Nothing { .. } => ControlError::NoSuchMachine { message },
    }
}
