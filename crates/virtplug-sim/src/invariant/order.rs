//! Invariants of what somebody decided by hand.

use virtplug_core::{Action, Time};

use super::Verdict;
use crate::mirror::Mirror;
use crate::world::World;

/// In a pause nothing is done that was not ordered in it, but giving devices back.
pub(super) fn a_pause_is_respected(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let (machine, pause) = match action {
        Action::Attach(_, request) => (
            &request.machine,
            mirror.pause_at(&request.machine, &request.alias.port),
        ),
        Action::Detach(_, request) => {
            let pause = mirror.pause_at(&request.machine, &request.alias.port);
            (&request.machine, pause.filter(|pause| !pause.detach))
        }
        Action::Start(_, machine) => (machine, mirror.orders.pause_of(machine)),
        _ => return Ok(()),
    };
    match pause {
        Some(pause) => Err(format!("{machine} is paused: {pause:?}")),
        None => Ok(()),
    }
}

/// Orders are in force until something ends them, and no longer.
pub(super) fn orders_are_those_given(world: &World) -> Verdict {
    let Some(daemon) = &world.daemon else {
        return Ok(());
    };
    let (theirs, ours) = (daemon.engine.orders(), &daemon.mirror.orders);
    if theirs.holds != ours.holds {
        return Err(format!("{:?}, not {:?}", theirs.holds, ours.holds));
    }
    if theirs.switches != ours.switches {
        return Err(format!("{:?}, not {:?}", theirs.switches, ours.switches));
    }
    if theirs.pauses != ours.pauses || theirs.pause_of_all != ours.pause_of_all {
        return Err(format!("{theirs:?}, not {ours:?}"));
    }
    Ok(())
}
