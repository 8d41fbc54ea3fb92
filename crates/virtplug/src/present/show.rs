//! Everything that is known of one device or machine.

use std::collections::BTreeSet;

use virtplug_core::{Device, Engine, Escaped, Fact};
use virtplug_ipc::{ControlError, Details, Happening, Property, Shown, VERSION};

use super::Context;
use super::device::device_state;
use super::machine::{machine_name, machine_state};
use super::name::{Named, resolve};

/// How many of the last things are shown.
const HISTORY: usize = 20;

/// Everything that is known of what a name means: a machine, or else a
/// device. `history` is filtered here.
pub(crate) fn show<'h>(
    engine: &Engine,
    context: Context<'_>,
    name: &str,
    history: impl IntoIterator<Item = &'h Happening>,
) -> Result<Shown, ControlError> {
    let shown = match resolve(engine, name)? {
        Named::Machine(key) => {
            let name = machine_name(&key);
            Shown {
                version: VERSION,
                device: None,
                details: None,
                machine: engine
                    .machine(&key)
                    .map(|view| machine_state(&view, context)),
                history: last(history, |one| one.machine.as_ref() == Some(&name)),
            }
        }
        Named::Device(device) => {
            let port = device.port.to_string();
            Shown {
                version: VERSION,
                device: engine
                    .device_view(&device.port)
                    .map(|view| device_state(engine, &view, context)),
                details: Some(details(device)),
                machine: None,
                history: last(history, |one| one.port.as_ref() == Some(&port)),
            }
        }
    };
    Ok(shown)
}

/// The last that concern somebody, the oldest first.
fn last<'h>(
    history: impl IntoIterator<Item = &'h Happening>,
    concerns: impl Fn(&Happening) -> bool,
) -> Vec<Happening> {
    let all: Vec<&Happening> = history.into_iter().filter(|one| concerns(one)).collect();
    let from = all.len().saturating_sub(HISTORY);
    all.into_iter().skip(from).cloned().collect()
}

fn details(device: &Device) -> Details {
    fn shown<T: ToString>(fact: &Fact<T>) -> Option<String> {
        fact.known().map(ToString::to_string)
    }
    let escaped = |text: &str| Escaped(text).to_string();
    let record = device.udev.known();
    let tags = |tags: Option<&BTreeSet<String>>| {
        let tags = tags.into_iter().flatten();
        tags.map(|tag| escaped(tag)).collect()
    };
    let interfaces = device.interfaces.known();
    let peer = device.peer.known().and_then(Option::as_ref);
    Details {
        syspath: escaped(&device.syspath),
        revision: shown(&device.revision),
        interfaces: interfaces.map(|codes| codes.iter().map(ToString::to_string).collect()),
        speed: shown(&device.speed),
        removable: shown(&device.removable),
        peer: peer.map(ToString::to_string),
        processed: device.processed,
        properties: record.map(|record| {
            let properties = record.properties.iter();
            properties
                .map(|(name, value)| Property {
                    name: escaped(name),
                    value: escaped(value),
                })
                .collect()
        }),
        tags: tags(record.map(|record| &record.tags)),
        current_tags: tags(record.map(|record| &record.current_tags)),
    }
}
