//! Crowds: more devices than may be attached at once.

use virtplug_core::PortPath;

use super::cast::Cast;
use crate::gadget::Gadget;
use crate::operation::Operation;
use crate::random::Random;
use crate::rules::{Asks, RuleSpec};
use crate::schedule::Schedule;

/// Lets many equal sticks come on a bus of their own, soon after the beginning,
/// in a world that could take them all within a second.
pub(super) fn join(random: &mut Random, cast: &Cast, begin: usize, schedule: &mut Schedule) {
    let machine = random.pick(&cast.machines).clone();
    let asks = Asks::Model(Gadget::NamelessStick);
    schedule.rules.push(RuleSpec::plain(machine, asks));
    schedule.swift = true;
    let place = begin + random.below(5);
    let place = place.min(schedule.operations.len());
    let come = ports().map(|port| Operation::Plug(port, Gadget::NamelessStick));
    schedule.operations.splice(place..place, come);
}

fn ports() -> impl Iterator<Item = PortPath> {
    (1..=40).filter_map(|port| format!("3-{port}").parse().ok())
}
