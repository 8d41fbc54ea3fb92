//! Why a device is where it is, rule by rule.

use std::num::NonZeroU32;

use crate::engine::Engine;
use crate::engine::machine::{Existence, Machine};
use crate::explain::{self, RuleView, Surroundings};
use crate::machine::MachineKey;
use crate::obstacle::Obstacle;
use crate::policy::Claim;
use crate::port::PortPath;

impl Engine {
    /// What each rule says of the device at a port, also those that are not
    /// enabled: those that hold or could first, the strongest before the
    /// others, then the rest in the order of the files.
    pub fn explain(&self, port: &PortPath) -> Vec<RuleView<'_>> {
        let (Some(policy), Some(present)) = (&self.policy, self.devices.at(port)) else {
            return Vec::new();
        };
        let place = Place { engine: self, port };
        explain::all(policy, &self.view(present), &self.devices, &place)
    }

    /// What would stand between the device at a port and a machine, whomever it
    /// belongs to.
    pub fn obstacle_to(&self, port: &PortPath, machine: &MachineKey) -> Option<Obstacle> {
        self.obstacle(machine, self.devices.at(port)?)
    }
}

/// The surroundings of one device.
struct Place<'e> {
    engine: &'e Engine,
    port: &'e PortPath,
}

impl Surroundings for Place<'_> {
    fn is_off(&self, machine: &MachineKey) -> bool {
        let state: Option<&Machine> = self.engine.machines.get(machine);
        state.is_some_and(|state| matches!(state.existence, Existence::Off | Existence::Absent))
    }

    fn is_full(&self, claim: &Claim) -> bool {
        let Some(present) = self.engine.devices.at(self.port) else {
            return false;
        };
        let count = claim.rule.options.count.map_or(u32::MAX, NonZeroU32::get);
        let pools = &self.engine.pools;
        let taken = pools.taken_by_others(claim.number, &present.device);
        !pools.has(claim.number, self.port)
            && u32::try_from(taken).is_ok_and(|taken| taken >= count)
    }
}
