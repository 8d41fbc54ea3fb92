//! `virtplug devices --tree`.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr as _;
use virtplug_core::{BusNumber, PortPath};
use virtplug_ipc::{BelongsKind, DeviceList, DeviceState};

use super::page::Page;
use super::words::{Brief, belongs_to, brief, id, name, still_in, tone};
use super::{Layout, Tone, clean};
use crate::table::cut;

/// The ports with the devices at them; nothing is known at a port between.
type Ports<'l> = BTreeMap<PortPath, Option<&'l DeviceState>>;

/// A line of the tree.
#[derive(Debug, Clone)]
pub(crate) struct TreeLine<'l> {
    /// The device; absent for a bus, and for a port between that is not in the list.
    pub(crate) device: Option<&'l DeviceState>,
    /// The lines that lead here, and port, id and name.
    pub(crate) stem: String,
    /// Whom it belongs to; empty where there is nothing to say.
    pub(crate) owner: String,
    /// How it is.
    pub(crate) tone: Tone,
}

impl TreeLine<'_> {
    /// Stem and owner, cut to the width with two columns between them: the owner gets what the
    /// stem leaves, at least half.
    pub(crate) fn fit(&self, layout: Layout) -> (String, String) {
        let mark = layout.pick("…", "...");
        let width = usize::from(layout.width);
        if self.owner.is_empty() {
            return (cut(&self.stem, width, mark), String::new());
        }
        let half = self.stem.width().min(width / 2);
        let owner = cut(&self.owner, width.saturating_sub(half + 2), mark);
        let stem = cut(&self.stem, width.saturating_sub(owner.width() + 2), mark);
        (stem, owner)
    }
}

/// The topology of the buses, with the owner at each device.
pub(crate) fn tree(list: &DeviceList, layout: Layout) -> String {
    let mut page = Page::new(layout);
    if list.devices.is_empty() {
        page.say(Tone::Plain, 0, "no USB devices are plugged in");
    }
    for line in lines(list, layout) {
        let (stem, owner) = line.fit(layout);
        page.line(&match owner.as_str() {
            "" => line.tone.paint(&stem),
            owner => format!("{stem}  {}", line.tone.paint(owner)),
        });
    }
    page.done()
}

/// The lines of the tree, bus by bus; last the devices whose port is none.
pub(crate) fn lines(list: &DeviceList, layout: Layout) -> Vec<TreeLine<'_>> {
    let mut ports = Ports::new();
    let mut elsewhere = Vec::new();
    for state in &list.devices {
        match state.device.port.parse::<PortPath>() {
            Ok(port) => {
                for above in port.upwards().skip(1) {
                    ports.entry(above).or_insert(None);
                }
                ports.insert(port, Some(state));
            }
            Err(_) => elsewhere.push(line(state, String::new(), layout)),
        }
    }
    let mut lines = Vec::new();
    let mut buses: Vec<_> = ports.keys().map(PortPath::bus).collect();
    buses.dedup();
    for bus in buses {
        lines.push(TreeLine {
            device: None,
            stem: format!("bus {}", bus.0),
            owner: String::new(),
            tone: Tone::Strong,
        });
        let branches = Branches {
            ports: &ports,
            bus,
            layout,
        };
        branches.draw(None, "", &mut lines);
    }
    lines.extend(elsewhere);
    lines
}

/// The ports of a bus.
struct Branches<'p, 'l> {
    ports: &'p Ports<'l>,
    bus: BusNumber,
    layout: Layout,
}

impl<'l> Branches<'_, 'l> {
    /// Adds the ports of a hub, or of the root hub, with all that is behind them.
    fn draw(&self, hub: Option<&PortPath>, lead: &str, lines: &mut Vec<TreeLine<'l>>) {
        let on_hub = |port: &&PortPath| port.bus() == self.bus && port.parent().as_ref() == hub;
        let mut siblings = self.ports.keys().filter(on_hub).peekable();
        while let Some(port) = siblings.next() {
            let (here, below) = if siblings.peek().is_some() {
                (
                    self.layout.pick("├─ ", "|- "),
                    self.layout.pick("│  ", "|  "),
                )
            } else {
                (self.layout.pick("└─ ", "`- "), "   ")
            };
            let stem = format!("{lead}{here}");
            lines.push(match self.ports.get(port) {
                Some(Some(state)) => line(state, stem, self.layout),
                _ => TreeLine {
                    device: None,
                    stem: format!("{stem}{port}  (not listed)"),
                    owner: String::new(),
                    tone: Tone::Dim,
                },
            });
            self.draw(Some(port), &format!("{lead}{below}"), lines);
        }
    }
}

fn line(state: &DeviceState, lead: String, layout: Layout) -> TreeLine<'_> {
    let device = &state.device;
    let what = format!("{}  {}  {}", device.port, id(device), name(device));
    TreeLine {
        device: Some(state),
        stem: lead + &clean(&what),
        owner: clean(&owner(state, layout)),
        tone: tone(state),
    }
}

/// Whom the device belongs to and, where it is not there, why in two words.
fn owner(state: &DeviceState, layout: Layout) -> String {
    if let Some(foreign) = state.holders.iter().find(|holder| !holder.own) {
        return format!("{} (not by us)", foreign.machine.machine);
    }
    let arrow = match state.belongs.kind {
        BelongsKind::Machine => layout.pick("→ ", "-> "),
        _ => "",
    };
    let belongs = format!("{arrow}{}", belongs_to(&state.belongs));
    if let Some(other) = still_in(state) {
        return format!("{belongs} (still in {other})");
    }
    match state.belongs.kind {
        BelongsKind::Host if state.device.hub => String::new(),
        BelongsKind::Machine => {
            let but = match state.obstacle.as_ref().map(brief) {
                None if state.is_attached() => "",
                Some(Brief::MachineOff) => " (machine off)",
                Some(Brief::NoSuchMachine) => " (no such machine)",
                Some(Brief::NotRead) => " (not read)",
                Some(Brief::Trouble) => " (kept out)",
                Some(Brief::Waiting) | None => " (waiting)",
            };
            format!("{belongs}{but}")
        }
        _ => belongs,
    }
}
