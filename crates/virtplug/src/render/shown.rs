//! `virtplug show`.

use virtplug_ipc::{Details, DeviceState, Entry, MachineState, Property, Shown};

use super::page::Page;
use super::words::{
    belongs_to, device_text, id, is_in, list, obstacle_text, rule_text, state_word, tone, utc,
};
use super::{Layout, Tone};
use crate::table::Grid;

/// Columns of the names on the left.
const NAMES: usize = 15;

/// Everything that is known of one device or machine, then what happened to it.
pub(crate) fn shown(shown: &Shown, layout: Layout) -> String {
    let mut list = List(Page::new(layout));
    if let Some(state) = &shown.device {
        device(&mut list, state);
    }
    if let Some(details) = &shown.details {
        detailed(&mut list, details);
    }
    if let Some(state) = &shown.machine {
        machine(&mut list, state);
    }
    let mut page = list.0;
    if !shown.history.is_empty() {
        page.gap();
        page.say(Tone::Strong, 0, "what happened (UTC)");
        for event in &shown.history {
            page.mark(Tone::Dim, 0, &utc(event.time), &event.text);
        }
    }
    page.done()
}

/// A list of names and values.
struct List(Page);

impl List {
    fn add(&mut self, name: &str, value: &str) {
        self.0.mark(Tone::Dim, 0, &format!("{name:<NAMES$}"), value);
    }

    /// Adds what is known, and else why it is not there.
    fn add_or(&mut self, name: &str, value: Option<&str>, otherwise: &str) {
        self.add(name, value.unwrap_or(otherwise));
    }

    fn part(&mut self, title: &str) {
        self.0.gap();
        self.0.say(Tone::Strong, 0, title);
    }
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn device(list: &mut List, state: &DeviceState) {
    let device = &state.device;
    list.0
        .say(Tone::Strong, 0, &format!("device {}", device_text(device)));
    list.add("port", &device.port);
    list.add_or("stable port", device.stable_port.as_deref(), "-");
    list.add(
        "address",
        &format!("bus {}, device {}", device.bus, device.device),
    );
    list.add("id", &id(device));
    list.add("class", &device.class);
    list.add_or(
        "serial",
        device.serial.as_deref(),
        "- (none, or not to be read)",
    );
    list.add_or("manufacturer", device.manufacturer.as_deref(), "-");
    list.add_or("product name", device.product_name.as_deref(), "-");
    list.add_or(
        "authorized",
        device.authorized.map(yes_or_no),
        "? (cannot be read)",
    );
    match device.in_use.as_deref() {
        None => list.add("host uses it", "? (cannot be read)"),
        Some([]) => list.add("host uses it", "no"),
        Some(uses) => {
            for one in uses {
                list.add("host uses it", &one.text);
            }
        }
    }
    list.part("where it belongs");
    let belongs = &state.belongs;
    list.add("belongs to", &belongs_to(belongs));
    list.add("because", &belongs.reason);
    for rule in &belongs.rules {
        list.add("rule", &rule_text(rule));
    }
    list.0.mark(
        tone(state),
        0,
        &format!("{:<NAMES$}", "is in"),
        &is_in(state),
    );
    if let Some(obstacle) = &state.obstacle {
        list.add("why not there", &obstacle_text(obstacle));
        if obstacle.failures > 0 {
            list.add("failed tries", &obstacle.failures.to_string());
        }
    }
}

fn detailed(out: &mut List, details: &Details) {
    out.part("in sysfs and udev");
    out.add("syspath", &details.syspath);
    out.add_or("revision", details.revision.as_deref(), "-");
    let interfaces = details.interfaces.as_deref().map(list);
    out.add_or("interfaces", interfaces.as_deref(), "? (cannot be read)");
    out.add_or("speed", details.speed.as_deref(), "-");
    out.add_or("removable", details.removable.as_deref(), "-");
    out.add_or("peer port", details.peer.as_deref(), "-");
    out.add("udev is done", yes_or_no(details.processed));
    out.add("tags", &list(&details.tags));
    out.add("current tags", &list(&details.current_tags));
    match &details.properties {
        None => out.add("properties", "? (cannot be read, or hidden)"),
        Some(properties) if properties.is_empty() => out.add("properties", "-"),
        Some(properties) => {
            out.part("udev properties");
            let mut sorted: Vec<&Property> = properties.iter().collect();
            sorted.sort_by(|a, b| a.name.cmp(&b.name));
            for Property { name, value } in sorted {
                out.0.say(Tone::Plain, 0, &format!("{name}={value}"));
            }
        }
    }
}

fn machine(out: &mut List, state: &MachineState) {
    out.0.say(
        Tone::Strong,
        0,
        &format!("machine {}", state.machine.machine),
    );
    out.add("connection", &state.machine.connection);
    out.add_or("UUID", state.uuid.as_deref(), "?");
    out.add("state", state_word(state.state));
    out.add("configured", yes_or_no(state.configured));
    let paused = if state.paused {
        "yes; `virtplug resume` ends that"
    } else {
        "no"
    };
    out.add("paused", paused);
    let unknown = "? (known while it runs)";
    out.add_or("USB controller", state.controller.map(yes_or_no), unknown);
    let free = state.free_ports.map(|ports| ports.to_string());
    out.add_or("free ports", free.as_deref(), unknown);
    out.add("to have", &list(&state.wanted));
    if let Some(call) = &state.under_way {
        out.add("under way", call);
    }
    out.part("its USB devices of the host");
    if state.entries.is_empty() {
        out.0.say(Tone::Plain, 0, "none");
    } else {
        out.0.table(&entries(&state.entries));
    }
}

fn entries(entries: &[Entry]) -> Grid {
    let mut grid = Grid::new(&["PORT", "ADDRESS", "BY", "GUEST PORT", "ALIAS", "NOTE"]);
    for entry in entries {
        let address = match (entry.bus, entry.device) {
            (Some(bus), Some(device)) => format!("{bus}:{device}"),
            _ => "-".to_owned(),
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let by = if entry.own { "virtplug" } else { "others" };
        let tone = match (entry.missing, entry.own) {
            (true, _) => Tone::Bad,
            (false, true) => Tone::Good,
            (false, false) => Tone::Plain,
        };
        let note = if entry.missing { "not plugged in" } else { "-" };
        grid.row([
            (Tone::Plain, text(&entry.port)),
            (Tone::Plain, address),
            (tone, by.to_owned()),
            (Tone::Plain, text(&entry.guest_port)),
            (Tone::Plain, text(&entry.alias)),
            (tone, note.to_owned()),
        ]);
    }
    grid.without_empty(&["ALIAS", "NOTE"])
}
