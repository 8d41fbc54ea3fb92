//! From what a user typed to the machine or device that is meant.

use virtplug_core::{Device, DeviceView, Engine, Escaped, MachineKey, Rule};
use virtplug_ipc::ControlError;

/// The machine that a text names: by its name or by its UUID.
pub(crate) fn resolve_machine(engine: &Engine, text: &str) -> Result<MachineKey, ControlError> {
    let found = virtplug_core::select_machine(text, engine.machines());
    found.cloned().map_err(|error| ControlError::NoSuchMachine {
        message: format!("{error}{}", down(engine)),
    })
}

/// The device that a text names.
pub(crate) fn resolve_device<'e>(
    engine: &'e Engine,
    text: &str,
) -> Result<&'e Device, ControlError> {
    let views: Vec<DeviceView<'e>> = engine.devices().collect();
    let giver = |device: &Device| -> Option<&'e Rule> {
        let view = views.iter().find(|view| view.device.port == device.port)?;
        view.assignment.grant()?.rule().map(AsRef::as_ref)
    };
    let devices = views.iter().map(|view| view.device);
    virtplug_core::select(text, devices, giver).map_err(|error| ControlError::NoSuchDevice {
        message: error.to_string(),
    })
}

/// The connections whose machines are not known, as the end of a sentence.
fn down(engine: &Engine) -> String {
    let down = engine.connections().filter(|connection| !connection.up);
    let parts = down.map(|connection| {
        let reason = connection
            .reason
            .map_or_else(String::new, |reason| format!(" ({})", Escaped(reason)));
        format!("\nnot connected to {}{reason}", connection.uri)
    });
    parts.collect()
}
