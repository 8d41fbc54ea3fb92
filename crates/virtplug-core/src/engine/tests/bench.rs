//! A bench: a host and a libvirt without any surprise of their own. They
//! answer looks at once; attaches and detaches wait until the test lets them
//! be done, in the way that it says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::testing::machine;
use crate::{
    Action, Activity, AttachRequest, CallError, ConnectionUri, Device, Engine, Event, Fact,
    GuestPorts, Hostdev, InstanceId, LiveMachine, MachineKey, MachineListing, MachineRead, Matcher,
    OpId, Outcome, OwnAlias, Policy, PortPath, Report, Rule, RunId, Time, Uuid,
};
use crate::{DetachRequest, Obstacle};

/// A call that the engine waits for.
#[derive(Debug, Clone)]
pub(super) enum Call {
    Attach(OpId, AttachRequest),
    Detach(OpId, DetachRequest),
    Start(OpId, MachineKey),
}

pub(super) struct Bench {
    pub(super) engine: Engine,
    pub(super) now: Time,
    pub(super) reports: Vec<Report>,
    pub(super) devices: BTreeMap<PortPath, Device>,
    /// Ports whose device cannot be read.
    pub(super) unreadable: BTreeSet<PortPath>,
    pub(super) scans: usize,
    pub(super) scan_fails: bool,
    /// Running machines.
    pub(super) live: BTreeMap<MachineKey, LiveMachine>,
    /// Machines that libvirt does not know.
    pub(super) absent: BTreeSet<MachineKey>,
    /// Machines that are looked at without an answer.
    pub(super) mute: BTreeSet<MachineKey>,
    pub(super) looks_fail: bool,
    pub(super) libvirt_up: bool,
    pub(super) calls: Vec<Call>,
    next_run: u32,
}

/// A rule for devices with a serial number.
pub(super) fn serial(serial: &str, owner: &str) -> Rule {
    let matcher = Matcher {
        serial: Some(serial.into()),
        ..Matcher::default()
    };
    rule(matcher, owner)
}

pub(super) fn rule(matcher: Matcher, owner: &str) -> Rule {
    crate::testing::rule(owner, matcher)
}

/// Another enumeration of a device that kept its number.
pub(super) fn again(device: &Device) -> Device {
    let InstanceId(before) = device.instance;
    Device {
        instance: InstanceId(before.wrapping_add(1)),
        ..device.clone()
    }
}

impl Bench {
    /// An engine that was started with these rules and has no machine running.
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        let mut bench = Self::unstarted();
        bench.load(rules);
        bench
    }

    pub(super) fn unstarted() -> Self {
        Self {
            engine: Engine::new(1),
            now: Time::default(),
            reports: Vec::new(),
            devices: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            scans: 0,
            scan_fails: false,
            live: BTreeMap::new(),
            mute: BTreeSet::new(),
            looks_fail: false,
            absent: BTreeSet::new(),
            libvirt_up: true,
            calls: Vec::new(),
            next_run: 1,
        }
    }

    /// A new daemon in the same world.
    pub(super) fn restart(&mut self, rules: Vec<Rule>) {
        self.engine = Engine::new(2);
        self.calls.clear();
        self.reports.clear();
        self.load(rules);
    }

    pub(super) fn load(&mut self, rules: Vec<Rule>) {
        self.tell(Event::Policy(Policy::new([], rules)));
    }

    /// Tells the engine something and answers its looks.
    pub(super) fn tell(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.engine.handle(self.now, event) {
                events.extend(self.answer(action));
            }
        }
    }

    fn answer(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Connect(uri) if self.libvirt_up => Some(Event::Connected(uri)),
            Action::Connect(uri) => Some(Event::Disconnected(uri, "refused".into())),
            Action::Disconnect(_) => None,
            Action::ScanDevices => {
                self.scans += 1;
                Some(if self.scan_fails {
                    Event::ScanFailed("out of files".into())
                } else {
                    Event::Devices {
                        present: self.devices.values().cloned().collect(),
                        unreadable: self.unreadable.iter().cloned().collect(),
                    }
                })
            }
            Action::ListMachines(uri) => {
                let line = |machine: &MachineKey| MachineListing {
                    machine: machine.clone(),
                    uuid: Uuid([1; 16]),
                    active: true,
                };
                let here = self.live.keys().filter(|machine| machine.uri == uri);
                let lines = here.map(line).collect();
                Some(Event::Machines(uri, lines))
            }
            Action::ReadMachine(machine) if self.mute.contains(&machine) => None,
            Action::ReadMachine(machine) => {
                let read = self.read(&machine);
                Some(Event::MachineRead(machine, read))
            }
            Action::Attach(op, request) => {
                self.calls.push(Call::Attach(op, request));
                None
            }
            Action::Detach(op, request) => {
                self.calls.push(Call::Detach(op, request));
                None
            }
            Action::Start(op, machine) => {
                self.calls.push(Call::Start(op, machine));
                None
            }
            Action::Report(report) => {
                self.reports.push(report);
                None
            }
        }
    }

    pub(super) fn read(&self, machine: &MachineKey) -> MachineRead {
        if self.looks_fail {
            return MachineRead::Failed("locked".into());
        }
        if self.absent.contains(machine) {
            return MachineRead::Absent;
        }
        let live = self.live.get(machine).cloned();
        live.map_or(MachineRead::Off, MachineRead::Live)
    }

    /// Lets time pass, waking the engine whenever it wants.
    pub(super) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(wakeup) = self.engine.next_wakeup().filter(|at| *at <= end) {
            self.now = wakeup;
            self.tell(Event::Tick);
        }
        self.now = end;
    }

    pub(super) fn pass_millis(&mut self, millis: u64) {
        self.pass(Duration::from_millis(millis));
    }

    pub(super) fn pass_seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    pub(super) fn start(&mut self, name: &str) {
        self.bring_up(&machine(name));
        self.changed(name);
    }

    fn bring_up(&mut self, machine: &MachineKey) {
        let live = LiveMachine {
            disks: BTreeSet::new(),
            run: RunId {
                uuid: Uuid([1; 16]),
                id: self.next_run,
            },
            activity: Activity::Ready,
            paused: false,
            hostdevs: Vec::new(),
            ports: GuestPorts {
                controller: true,
                free: Some(4),
                used: BTreeSet::new(),
            },
        };
        self.next_run += 1;
        self.live.insert(machine.clone(), live);
    }

    pub(super) fn stop(&mut self, name: &str) {
        self.live.remove(&machine(name));
        self.changed(name);
    }

    /// libvirt says that something about a machine changed.
    pub(super) fn changed(&mut self, name: &str) {
        self.tell(Event::MachineChanged(machine(name)));
    }

    pub(super) fn machine(&mut self, name: &str) -> &mut LiveMachine {
        self.live.get_mut(&machine(name)).unwrap()
    }

    pub(super) fn plug(&mut self, device: Device) {
        self.devices.insert(device.port.clone(), device.clone());
        self.tell(Event::Device(device));
    }

    pub(super) fn unplug(&mut self, port: &str) {
        let port: PortPath = port.parse().unwrap();
        self.devices.remove(&port);
        self.tell(Event::DeviceGone(port));
    }

    /// The calls that wait, in words.
    pub(super) fn waiting(&self) -> Vec<String> {
        self.calls.iter().map(words).collect()
    }

    /// Lets all calls succeed, and those that follow; what was called, in words.
    pub(super) fn run(&mut self) -> Vec<String> {
        let mut done = Vec::new();
        while !self.calls.is_empty() {
            done.push(words(&self.calls[0]));
            self.succeed();
        }
        done
    }

    /// Lets the first call that waits do what it is to do.
    pub(super) fn succeed(&mut self) {
        self.effect();
        self.end_call(Ok(()));
    }

    /// Lets the first call that waits fail and do nothing.
    pub(super) fn fail(&mut self) {
        self.end_call(Err(CallError::Libvirt {
            code: 1,
            message: "internal error".into(),
        }));
    }

    /// What the first call that waits is to do happens; the answer is to come.
    pub(super) fn effect(&mut self) {
        match self.calls[0].clone() {
            Call::Attach(_, request) => {
                let present = self.devices.get(&request.alias.port);
                let there = present.is_some_and(|one| one.instance == request.alias.instance);
                let live = self.live.get_mut(&request.machine).unwrap();
                live.hostdevs.push(Hostdev {
                    alias: Some(request.alias.to_string()),
                    ids: Some((request.vendor, request.product)),
                    address: Some(request.address),
                    missing: !there,
                    guest_port: request.guest_port.as_ref().map(ToString::to_string),
                });
                live.ports.used.extend(request.guest_port);
                live.ports.free = live.ports.free.map(|free| free.saturating_sub(1));
            }
            Call::Detach(_, request) => self.remove(&request.machine, &request.alias),
            Call::Start(_, machine) => match self.live.get_mut(&machine) {
                Some(live) => live.paused = false,
                None => self.bring_up(&machine),
            },
        }
    }

    /// An entry goes, whoever wanted it.
    pub(super) fn remove(&mut self, machine: &MachineKey, alias: &OwnAlias) {
        let live = self.live.get_mut(machine).unwrap();
        let alias = alias.to_string();
        for hostdev in &live.hostdevs {
            let port = hostdev
                .guest_port
                .as_ref()
                .and_then(|port| port.parse().ok());
            if let Some(port) = port.filter(|_| hostdev.alias.as_ref() == Some(&alias)) {
                live.ports.used.remove(&port);
            }
        }
        live.hostdevs
            .retain(|one| one.alias.as_deref() != Some(&alias));
        live.ports.free = live.ports.free.map(|free| free + 1);
    }

    /// The first call that waits is answered.
    pub(super) fn end_call(&mut self, result: Result<(), CallError>) {
        let (op, machine, present) = match self.calls.remove(0) {
            Call::Attach(op, request) => {
                let there = self.devices.get(&request.alias.port);
                let there = there.is_some_and(|one| one.instance == request.alias.instance);
                (op, request.machine, Fact::Known(there))
            }
            Call::Detach(op, request) => (op, request.machine, Fact::Unknown),
            Call::Start(op, machine) => (op, machine, Fact::Unknown),
        };
        let after = if self.libvirt_up {
            self.read(&machine)
        } else {
            MachineRead::Failed("closed".into())
        };
        self.tell(Event::Done(
            op,
            Outcome {
                result,
                after,
                instance_present: present,
            },
        ));
    }

    pub(super) fn lose_libvirt(&mut self) {
        self.libvirt_up = false;
        self.tell(Event::Disconnected(ConnectionUri::default(), "eof".into()));
    }

    /// What stands between the device at a port and its machine.
    pub(super) fn obstacle(&self, port: &str) -> Option<Obstacle> {
        let port: PortPath = port.parse().unwrap();
        let mut views = self.engine.devices();
        views.find(|view| view.device.port == port)?.obstacle
    }

    /// The live entries of a machine: `port:number`, marked when missing.
    pub(super) fn entries(&self, name: &str) -> Vec<String> {
        let live = &self.live[&machine(name)];
        live.hostdevs
            .iter()
            .map(|one| {
                let alias = one.own_alias().map(|alias| alias.port.to_string());
                let number = one.address.map_or(0, |address| address.device.0);
                format!("{}:{number}", alias.unwrap_or("foreign".into()))
            })
            .collect()
    }
}

fn words(call: &Call) -> String {
    match call {
        Call::Attach(_, request) => format!(
            "attach {}:{} to {}",
            request.alias.port, request.address.device, request.machine
        ),
        Call::Detach(_, request) => format!(
            "detach {} from {}: {}",
            request.alias.port, request.machine, request.reason
        ),
        Call::Start(_, machine) => format!("start {machine}"),
    }
}
