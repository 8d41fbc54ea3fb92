//! One device and its machine: what happens to them, round after round.

use virtplug_core::{Action, Device, Engine, Event, Fact, MachineRead, OpId, Outcome, Time};

use crate::world::{Size, World};

/// The events that are told apart.
pub const STEPS: [&str; 8] = [
    "unplug",
    "detached",
    "plug",
    "attached",
    "reset",
    "machine event",
    "machine stop",
    "machine start",
];

/// Gives an event to the engine; told what happens.
pub type Tell<'t> = dyn FnMut(&'static str, &mut Engine, Time, Event) -> Vec<Action> + 't;

pub struct Cycle {
    world: World,
    /// The device that comes and goes.
    device: Device,
    /// Its machine, and what else that has.
    machine: usize,
    others: Vec<Device>,
    run: u32,
}

impl Cycle {
    pub fn new(size: Size) -> Self {
        // In the middle of those that machines have, and no hub.
        let given = size.devices.min(size.machines * size.each);
        let number = (given / 2..given).find(|number| number % 11 != 0).unwrap();
        let device = size.device(number);
        let machine = size.owner(number).unwrap();
        let mut others = size.of_machine(machine);
        others.retain(|other| other.port != device.port);
        Self {
            world: World::settled(size),
            device,
            machine,
            others,
            run: 1,
        }
    }

    /// The machine as libvirt describes it.
    fn read(&self, with_device: bool) -> MachineRead {
        let mut devices = self.others.clone();
        devices.extend(with_device.then(|| self.device.clone()));
        MachineRead::Live(self.world.size.live(self.machine, self.run, &devices))
    }

    fn done(&self, op: OpId, with_device: bool) -> Event {
        let outcome = Outcome {
            result: Ok(()),
            after: self.read(with_device),
            instance_present: Fact::Known(true),
        };
        Event::Done(op, outcome)
    }

    /// Everything happens once. Between any two things is enough time that no
    /// pause and no limit matters.
    pub fn run(&mut self, tell: &mut Tell<'_>) {
        let port = self.device.port.clone();
        let actions = self.tell(tell, "unplug", Event::DeviceGone(port));
        let answer = self.done(op_of(&actions), false);
        self.tell(tell, "detached", answer);

        let plugged = Event::Device(self.device.clone());
        let actions = self.tell(tell, "plug", plugged);
        let answer = self.done(op_of(&actions), true);
        self.tell(tell, "attached", answer);

        self.device.instance.0 = self.device.instance.0.wrapping_add(1);
        let reset = Event::Device(self.device.clone());
        let actions = self.tell(tell, "reset", reset);
        let answer = self.done(op_of(&actions), false);
        let actions = self.tell(tell, "", answer);
        let answer = self.done(op_of(&actions), true);
        self.tell(tell, "", answer);

        let machine = self.world.size.machine(self.machine);
        self.tell(
            tell,
            "machine event",
            Event::MachineChanged(machine.clone()),
        );
        let off = Event::MachineRead(machine.clone(), MachineRead::Off);
        let actions = self.tell(tell, "machine stop", off);
        assert!(actions.contains(&Action::ScanDevices), "{actions:?}");
        let scan = self.scan();
        self.tell(tell, "", scan);

        self.run += 1;
        self.tell(tell, "", Event::MachineChanged(machine.clone()));
        let empty = self.world.size.live(self.machine, self.run, &[]);
        let read = Event::MachineRead(machine, MachineRead::Live(empty));
        let actions = self.tell(tell, "machine start", read);
        let answer = self.done(op_of(&actions), true);
        self.tell(tell, "", answer);
    }

    fn scan(&self) -> Event {
        let Event::Devices {
            mut present,
            unreadable,
        } = self.world.size.scan()
        else {
            panic!("a scan tells devices")
        };
        for device in &mut present {
            if device.port == self.device.port {
                device.clone_from(&self.device);
            }
        }
        Event::Devices {
            present,
            unreadable,
        }
    }

    fn tell(&mut self, tell: &mut Tell<'_>, what: &'static str, event: Event) -> Vec<Action> {
        let actions = tell(what, &mut self.world.engine, self.world.now, event);
        self.world.pass(200);
        actions
    }
}

/// The call that was asked for.
fn op_of(actions: &[Action]) -> OpId {
    let op = actions.iter().find_map(|action| match action {
        Action::Attach(op, _) | Action::Detach(op, _) => Some(*op),
        _ => None,
    });
    op.unwrap_or_else(|| panic!("no call among {actions:?}"))
}
