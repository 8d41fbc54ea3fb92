//! Operations: what people, cables and machines do.

mod admin;
mod machine;

use std::time::Duration;

use strum::IntoStaticStr;
use virtplug_core::{ConnectionUri, MachineKey, Order, Owner, PortPath};

use crate::fault::Fault;
use crate::gadget::Gadget;
use crate::invariant::Violation;
use crate::machine::Sockets;
use crate::rules::{self, RuleSpec};
use crate::tally;
use crate::usage::Usage;
use crate::world::World;

/// One thing that happens to the world. What makes no sense at that moment,
/// such as pulling nothing, does nothing.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
pub enum Operation {
    /// Time passes: milliseconds.
    Wait(u64),
    /// A gadget is plugged in at a port, in the place of what is there.
    Plug(PortPath, Gadget),
    /// What is at a port is pulled, with all that is behind it.
    Unplug(PortPath),
    /// A device is enumerated again, under a new number.
    Reset(PortPath),
    /// A device is enumerated again, under the same number.
    ResetSameNumber(PortPath),
    /// All devices of a bus are enumerated again and keep their numbers.
    ResetBus(u16),
    /// A device becomes another model.
    SwitchMode(PortPath),
    /// The host wakes up: all devices are enumerated again, some keep their numbers.
    WakeHost,
    /// So many other devices come and go on a bus.
    SkipNumbers(u16, u8),
    /// The host begins to use a device in a way, or ends that. What is in a
    /// machine it cannot use.
    Use(PortPath, Usage),
    /// A device is enumerated again, that often, every so many milliseconds.
    Flap(PortPath, u8, u64),
    /// `authorized` of a device is written.
    Authorize(PortPath, bool),
    /// Somebody triggers an event of a device by hand.
    Trigger(PortPath),
    /// The udev record of a device vanishes, as after a synthetic `remove`.
    WipeRecord(PortPath),
    /// A machine starts, from its managed save where it has one.
    Start(MachineKey),
    /// A machine ends.
    Stop(MachineKey),
    /// QEMU of a machine is killed: no driver of the host takes what it had.
    Crash(MachineKey),
    /// A machine is saved and ends.
    Save(MachineKey),
    /// A machine moves to another host with its run.
    MigrateAway(MachineKey),
    /// It comes back with what it had when it left.
    MigrateBack(MachineKey),
    /// A snapshot of a running machine is taken.
    TakeSnapshot(MachineKey),
    /// A machine runs anew from its last snapshot.
    Revert(MachineKey),
    /// A machine is paused.
    Pause(MachineKey),
    /// A machine becomes busy: it saves, migrates or shuts down.
    BeginWork(MachineKey),
    /// A paused or busy machine runs again.
    Resume(MachineKey),
    /// A machine is undefined; where it runs it ends with its run.
    Undefine(MachineKey),
    /// A machine is defined, where there is none.
    Define(MachineKey),
    /// Two machines change names while both are off.
    SwapNames(MachineKey, MachineKey),
    /// A machine that is off gets other USB controllers.
    SetSockets(MachineKey, Sockets),
    /// The persistent XML of a machine gets a foreign hostdev, or none.
    SetFixed(MachineKey, Option<Gadget>),
    /// Somebody detaches one of our entries by `virsh`.
    AdminDetach(MachineKey),
    /// Somebody attaches the device at a port by `virsh`.
    AdminAttach(MachineKey, PortPath),
    /// Somebody detaches a foreign entry.
    AdminDetachForeign(MachineKey),
    /// Another USB device, such as a redirected one, takes a guest port.
    TakeSocket(MachineKey),
    /// Such a device goes.
    FreeSocket(MachineKey),
    /// Somebody gives the disk at a port to a machine as its own.
    GiveDisk(MachineKey, PortPath),
    /// Somebody takes all such disks out of a machine.
    TakeDisks(MachineKey),
    /// libvirtd stops; machines run on.
    StopServer(ConnectionUri),
    /// libvirtd starts.
    StartServer(ConnectionUri),
    /// The connection to libvirtd breaks.
    BreakConnection(ConnectionUri),
    /// A new configuration is loaded.
    Reload(Vec<RuleSpec>),
    /// Somebody gives the device at a port to a machine, or to the host; maybe
    /// even while the host uses it.
    Give(PortPath, Option<MachineKey>, bool),
    /// Somebody orders anything else.
    Order(Order),
    /// The daemon is killed.
    KillDaemon,
    /// The daemon is started.
    StartDaemon,
    /// A fault waits for its next occasion.
    Arm(Fault),
}

impl World {
    /// Lets an operation happen.
    pub(crate) fn operate(&mut self, operation: &Operation) -> Result<(), Violation> {
        tally::hit(&mut self.tally.operations, operation.into());
        if !matches!(operation, Operation::Wait(_)) {
            self.note(|| format!("{operation:?}"));
        }
        match operation {
            Operation::Wait(millis) => return self.pass(Duration::from_millis(*millis)),
            Operation::Reload(specs) => {
                self.policy = rules::policy(specs);
                let policy = self.policy.clone();
                return self.feed(virtplug_core::Event::Policy(policy));
            }
            Operation::Give(port, machine, allow_in_use) => {
                if let Some(plugged) = self.host.at(port) {
                    let order = Order::Hold {
                        port: port.clone(),
                        instance: plugged.instance,
                        owner: machine.clone().map_or(Owner::Host, Owner::Machine),
                        allow_in_use: *allow_in_use,
                    };
                    return self.feed(virtplug_core::Event::Order(order));
                }
            }
            Operation::Order(order) => {
                return self.feed(virtplug_core::Event::Order(order.clone()));
            }
            Operation::Flap(port, times, millis) => {
                for _ in 0..*times {
                    self.operate_device(&Operation::Reset(port.clone()));
                    self.pass(Duration::from_millis(*millis))?;
                }
            }
            Operation::StartDaemon => return self.start_daemon(),
            Operation::KillDaemon => self.kill_daemon(),
            Operation::Arm(fault) => self.faults.arm(*fault),
            Operation::StopServer(uri) => {
                if let Some(server) = self.servers.get_mut(uri) {
                    server.up = false;
                }
                self.break_session(uri);
            }
            Operation::StartServer(uri) => self.start_server(uri),
            Operation::BreakConnection(uri) => self.break_session(uri),
            other => self.operate_device(other),
        }
        Ok(())
    }

    fn operate_device(&mut self, operation: &Operation) {
        let changed = match operation {
            Operation::Plug(port, gadget) => {
                let mut changed = self.host.unplug(port);
                let plugged = self.host.plug(port, *gadget);
                changed.extend(plugged.then(|| port.clone()));
                changed
            }
            Operation::Unplug(port) => self.host.unplug(port),
            Operation::Reset(port) => self.host.enumerate_again(port, false, |same| same),
            Operation::ResetSameNumber(port) => self.host.enumerate_again(port, true, |same| same),
            Operation::SwitchMode(port) => self.host.enumerate_again(port, false, Gadget::switched),
            Operation::ResetBus(bus) => self
                .host
                .ports()
                .into_iter()
                .filter(|port| port.bus().0 == *bus && port.ports().len() == 1)
                .flat_map(|port| self.host.enumerate_again(&port, true, |same| same))
                .collect(),
            Operation::WakeHost => self.wake_host(),
            Operation::SkipNumbers(bus, count) => {
                self.host
                    .skip_numbers(virtplug_core::BusNumber(*bus), *count);
                Vec::new()
            }
            Operation::Use(port, usage) => return self.change_use(port, *usage),
            Operation::Authorize(port, authorized) => {
                let plugged = self.host.at_mut(port);
                let changed = plugged.filter(|one| one.authorized != *authorized);
                let changed = changed.map(|one| one.authorized = *authorized);
                changed.map(|()| port.clone()).into_iter().collect()
            }
            Operation::Trigger(port) => vec![port.clone()],
            Operation::WipeRecord(port) => {
                if let Some(plugged) = self.host.at_mut(port) {
                    plugged.processed = false;
                }
                // The event that did it is told; the record comes back with the next.
                Vec::new()
            }
            other => return self.operate_machine(other),
        };
        for port in changed {
            self.uevent(&port);
        }
    }

    fn wake_host(&mut self) -> Vec<PortPath> {
        let ports = self.host.ports().into_iter();
        let roots: Vec<PortPath> = ports.filter(|port| port.ports().len() == 1).collect();
        let mut changed = Vec::new();
        for port in roots {
            let same_number = self.random.percent(50);
            changed.extend(self.host.enumerate_again(&port, same_number, |same| same));
        }
        changed
    }
}
