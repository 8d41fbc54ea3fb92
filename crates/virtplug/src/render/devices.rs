//! `virtplug devices`.

use virtplug_ipc::DeviceList;

use super::words::{belongs_to, id, is_in, name, or_dash, tone};
use super::{Layout, Tone};
use crate::table::Grid;

/// All devices, where each belongs and where it is.
pub(crate) fn devices(list: &DeviceList, layout: Layout) -> String {
    if list.devices.is_empty() {
        return "no USB devices are plugged in\n".to_owned();
    }
    let mut grid = Grid::new(&["PORT", "ID", "SERIAL", "NAME", "BELONGS TO", "IS IN"]);
    for state in &list.devices {
        let device = &state.device;
        let tone = tone(state);
        let what = if tone == Tone::Dim {
            Tone::Dim
        } else {
            Tone::Plain
        };
        grid.row([
            (what, device.port.clone()),
            (what, id(device)),
            (what, or_dash(device.serial.as_deref())),
            (what, name(device)),
            (tone, belongs_to(&state.belongs)),
            (tone, is_in(state)),
        ]);
    }
    grid.render(layout.width)
}
