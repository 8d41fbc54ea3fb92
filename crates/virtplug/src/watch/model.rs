//! What the view shows, and what keys do to it.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::widgets::{ListState, TableState};
use virtplug_ipc::{
    BelongsKind, DeviceList, DeviceState, Happening, HappeningKind, Status, VERSION,
};

use super::popup::Popup;
use super::{Fresh, Wish};
use crate::render::words::name;
use crate::render::{Layout, Tone, tree_lines};

/// Most happenings that are kept.
const PAST: usize = 200;

/// Rows that a page key moves.
const PAGE: isize = 10;

/// Which list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// The devices that belong to somebody.
    List,
    /// All devices by their ports.
    Tree,
}

/// Something of the past.
#[derive(Debug, Clone)]
pub(super) enum Past {
    /// It happened.
    Event(Happening),
    /// So many happenings were left out.
    Gap(u64),
}

/// What is shown.
#[derive(Debug)]
pub(crate) struct Model {
    pub(super) unicode: bool,
    pub(super) status: Option<Status>,
    pub(super) devices: DeviceList,
    pub(super) past: VecDeque<Past>,
    pub(super) view: View,
    pub(super) popup: Option<Popup>,
    /// What came of the last wish; the next key takes it away.
    pub(super) message: Option<(Tone, String)>,
    /// Why nothing comes any more.
    pub(super) ended: Option<String>,
    /// The port of the selected device.
    selected: Option<String>,
    /// Its row, so that its neighbour is selected when it goes.
    row: usize,
    /// Where the lists are scrolled to.
    pub(super) list: TableState,
    pub(super) tree: ListState,
}

impl Model {
    /// Nothing is known yet.
    pub(crate) fn new(unicode: bool) -> Self {
        Self {
            unicode,
            status: None,
            devices: DeviceList {
                version: VERSION,
                devices: Vec::new(),
            },
            past: VecDeque::new(),
            view: View::List,
            popup: None,
            message: None,
            ended: None,
            selected: None,
            row: 0,
            list: TableState::new(),
            tree: ListState::default(),
        }
    }

    /// Takes news in.
    pub(crate) fn take(&mut self, fresh: Fresh) {
        match fresh {
            Fresh::Status(status) => {
                self.status = Some(status);
                self.ended = None;
            }
            Fresh::Devices(list) => self.devices = list,
            Fresh::Happened(event) => self.remember(event),
            Fresh::Explained(explanation) => {
                self.message = None;
                self.popup = Some(Popup::Explanation {
                    explanation,
                    scroll: 0,
                });
            }
            Fresh::Said(text) => self.message = Some((Tone::Plain, text)),
            Fresh::Ended(reason) => self.ended = Some(reason),
        }
        self.settle();
    }

    /// Lets time pass: what is tried again is so much nearer.
    pub(crate) fn pass(&mut self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        for left in self.retries() {
            *left = left.saturating_sub(milliseconds);
        }
    }

    /// Whether what is shown changes with time alone.
    pub(crate) fn counts(&self) -> bool {
        let connections = self.status.iter().flat_map(|status| &status.connections);
        let reconnects = connections.map(|one| one.retry_ms);
        let selected = self.selection().and_then(|state| state.obstacle.as_ref());
        let retries = selected.map(|obstacle| obstacle.retry_ms);
        reconnects.chain(retries).flatten().any(|left| left > 0)
    }

    /// The milliseconds to each next try.
    fn retries(&mut self) -> impl Iterator<Item = &mut u64> {
        let (connections, listed) = match &mut self.status {
            Some(status) => (&mut status.connections[..], &mut status.devices[..]),
            None => Default::default(),
        };
        let devices = listed.iter_mut().chain(&mut self.devices.devices);
        let obstacles = devices.filter_map(|state| state.obstacle.as_mut());
        let retries = obstacles.map(|obstacle| &mut obstacle.retry_ms);
        let reconnects = connections.iter_mut().map(|one| &mut one.retry_ms);
        retries.chain(reconnects).flatten()
    }

    fn remember(&mut self, event: Happening) {
        let last = self.past.iter().rev().find_map(|past| match past {
            Past::Event(event) => Some(event.number),
            Past::Gap(_) => None,
        });
        let left_out = last.map_or(0, |last| {
            event.number.saturating_sub(last).saturating_sub(1)
        });
        if left_out > 0 {
            self.past.push_back(Past::Gap(left_out));
        }
        if event.kind != HappeningKind::Snapshot {
            self.past.push_back(Past::Event(event));
        }
        while self.past.len() > PAST {
            self.past.pop_front();
        }
    }

    /// The devices of the shown list, in its order.
    pub(super) fn rows(&self) -> Vec<&DeviceState> {
        match self.view {
            View::List => match &self.status {
                Some(status) => status.devices.iter().collect(),
                None => Vec::new(),
            },
            View::Tree => tree_lines(&self.devices, self.layout(0))
                .iter()
                .filter_map(|line| line.device)
                .collect(),
        }
    }

    pub(super) fn layout(&self, width: u16) -> Layout {
        Layout {
            width,
            unicode: self.unicode,
        }
    }

    /// The selected device.
    pub(super) fn selection(&self) -> Option<&DeviceState> {
        let port = self.selected.as_ref()?;
        let mut rows = self.rows().into_iter();
        rows.find(|state| state.device.port == *port)
    }

    /// Keeps the selection on its device, or on its row where that is gone.
    fn settle(&mut self) {
        let rows = self.rows();
        let of_port = |state: &&DeviceState| Some(&state.device.port) == self.selected.as_ref();
        let row = rows
            .iter()
            .position(of_port)
            .unwrap_or(self.row.min(rows.len().saturating_sub(1)));
        let selected = rows.get(row).map(|state| state.device.port.clone());
        (self.row, self.selected) = (row, selected);
    }

    /// Selects the device so many rows below, at most the last.
    fn step(&mut self, rows: isize) {
        let last = self.rows().len().saturating_sub(1);
        self.row = self.row.saturating_add_signed(rows).min(last);
        self.selected = None;
        self.settle();
    }

    /// What a key does.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Option<Wish> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return (key.code == KeyCode::Char('c')).then_some(Wish::Quit);
        }
        self.message = None;
        match self.popup.take() {
            Some(popup) => {
                let (popup, wish) = popup.key(key.code);
                self.popup = popup;
                wish
            }
            None => self.list_key(key.code),
        }
    }

    fn list_key(&mut self, code: KeyCode) -> Option<Wish> {
        match code {
            KeyCode::Char('q') | KeyCode::Esc => return Some(Wish::Quit),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::PageUp => self.step(-PAGE),
            KeyCode::PageDown => self.step(PAGE),
            KeyCode::Home => self.step(isize::MIN),
            KeyCode::End => self.step(isize::MAX),
            KeyCode::Tab | KeyCode::Char('t') => {
                self.view = match self.view {
                    View::List => View::Tree,
                    View::Tree => View::List,
                };
                self.settle();
            }
            KeyCode::Char('?') => self.popup = Some(Popup::Help),
            KeyCode::Char('a') => self.ask_attach(),
            KeyCode::Char('d') => self.ask_detach(),
            KeyCode::Char('r') => return self.wish(Wish::Release, "release"),
            KeyCode::Char('e') | KeyCode::Enter => return self.wish(Wish::Explain, "explain"),
            _ => {}
        }
        None
    }

    /// A wish about the selected device, and a message that it is under way.
    fn wish(&mut self, wish: fn(String) -> Wish, verb: &str) -> Option<Wish> {
        let port = self.selected_or_say()?.device.port.clone();
        self.message = Some((Tone::Dim, format!("{verb} {port}: asked the daemon")));
        Some(wish(port))
    }

    fn selected_or_say(&mut self) -> Option<DeviceState> {
        let state = self.selection().cloned();
        if state.is_none() {
            self.message = Some((Tone::Waiting, "no device is selected".to_owned()));
        }
        state
    }

    fn ask_attach(&mut self) {
        let Some(state) = self.selected_or_say() else {
            return;
        };
        let (device, port) = (&state.device, state.device.port.clone());
        match (&state.belongs.machine, state.belongs.kind) {
            (_, BelongsKind::Machine) if state.is_attached() => {
                self.message = Some((Tone::Plain, format!("{port} is in its machine already")));
            }
            (Some(machine), _) => {
                self.popup = Some(Popup::Question {
                    text: format!(
                        "attach {port} {} to machine {}?",
                        name(device),
                        machine.machine
                    ),
                    wish: Wish::Attach(port),
                });
            }
            (None, _) => {
                let text = format!(
                    "it is not clear which machine is to have {port}; `virtplug attach {port} -D MACHINE` names one"
                );
                self.message = Some((Tone::Waiting, text));
            }
        }
    }

    fn ask_detach(&mut self) {
        let Some(state) = self.selected_or_say() else {
            return;
        };
        let (device, port) = (&state.device, state.device.port.clone());
        let from = match state.holders.iter().find(|holder| holder.own) {
            Some(holder) => format!(
                "detach {port} {} from {}",
                name(device),
                holder.machine.machine
            ),
            None => format!("keep {port} {} out of machines", name(device)),
        };
        self.popup = Some(Popup::Question {
            text: format!("{from}? It stays on the host until it is unplugged or released."),
            wish: Wish::Detach(port),
        });
    }
}
