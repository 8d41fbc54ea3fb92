//! The cast: what a schedule speaks of.

use virtplug_core::{MachineKey, PortPath};

use crate::gadget::Gadget;
use crate::operation::Operation;
use crate::random::Random;
use crate::rules::{machines, ports};

/// With little to choose from things meet more often.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) machines: Vec<MachineKey>,
    pub(super) ports: Vec<PortPath>,
    pub(super) gadgets: Vec<Gadget>,
    /// Whether machines are off mostly, and started when their device is plugged in.
    pub(super) eager: bool,
}

impl Cast {
    pub(super) fn choose(random: &mut Random) -> Self {
        let eager = random.percent(15);
        if random.percent(20) {
            return Self {
                machines: machines(),
                ports: ports(),
                gadgets: Gadget::ALL.to_vec(),
                eager,
            };
        }
        let plain = Gadget::ALL.into_iter().filter(|one| *one != Gadget::Hub);
        Self {
            machines: random.some(machines(), 2),
            ports: random.some(ports(), 3),
            gadgets: random.some(plain.collect(), 3),
            eager,
        }
    }

    /// How a schedule begins: mostly with machines that run and devices that are there.
    pub(super) fn scene(&self, started: bool) -> Vec<Operation> {
        let mut scene = Vec::new();
        let hub = "1-4"
            .parse()
            .ok()
            .filter(|_| self.ports.iter().any(|port| port.ports().len() > 1));
        scene.extend(hub.map(|port| Operation::Plug(port, Gadget::Hub)));
        if started {
            scene.extend(self.machines.iter().cloned().map(Operation::Start));
            let places = self.ports.iter().zip(&self.gadgets);
            scene.extend(places.map(|(port, gadget)| Operation::Plug(port.clone(), *gadget)));
            scene.push(Operation::Wait(2000));
        }
        scene
    }
}
