//! Which machines started or stopped, told from what the engine says of them.

use std::collections::BTreeMap;

use virtplug_core::{Engine, Event, MachineKey, MachineState};
use virtplug_ipc::HappeningKind;

use super::told::Told;
use crate::present::machine_name;

/// How each machine was when it was last told of.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    known: BTreeMap<MachineKey, MachineState>,
}

impl Runs {
    /// The machine that an event says something of.
    pub(crate) fn concerned(event: &Event) -> Option<MachineKey> {
        match event {
            Event::MachineRead(machine, _) => Some(machine.clone()),
            _ => None,
        }
    }

    /// What has changed of a machine. The first look at it changes nothing.
    pub(crate) fn look(&mut self, engine: &Engine, machine: MachineKey) -> Option<Told> {
        let is = engine.machine(&machine).map(|view| view.state);
        let what = match is {
            Some(MachineState::Running) => "runs",
            Some(MachineState::Paused) => "is paused in libvirt",
            Some(MachineState::Off) => "is off",
            Some(MachineState::Absent) | None => "is not defined any more",
            // It ends or begins, or it is not known how it is.
            Some(MachineState::Busy | MachineState::Unread) => return None,
        };
        let was = match is {
            Some(is) => self.known.insert(machine.clone(), is),
            None => self.known.remove(&machine),
        };
        was.filter(|was| Some(*was) != is).map(|_| Told {
            kind: HappeningKind::Machine,
            text: format!("machine {machine} {what}"),
            port: None,
            machine: Some(machine_name(&machine)),
        })
    }
}

#[cfg(test)]
mod tests {
    use virtplug_core::{MachineRead, Time};

    use super::*;
    use crate::fixture::{live, machine, world};

    #[test]
    fn what_a_machine_has_become_is_told_and_what_it_was_at_first_is_not() {
        let (mut engine, _) = world(false);
        let mut runs = Runs::default();
        let beta = machine("beta");
        assert_eq!(runs.look(&engine, beta.clone()), None);
        let mut texts = Vec::new();
        for read in [
            MachineRead::Off,
            MachineRead::Live(live()),
            MachineRead::Failed("no answer".to_owned()),
            MachineRead::Live(live()),
            MachineRead::Off,
        ] {
            // Only a look that was asked for is believed.
            engine.handle(Time::default(), Event::MachineChanged(beta.clone()));
            let event = Event::MachineRead(beta.clone(), read);
            let concerned = Runs::concerned(&event).unwrap();
            engine.handle(Time::default(), event);
            texts.extend(runs.look(&engine, concerned).map(|told| told.text));
        }
        assert_eq!(texts, ["machine beta runs", "machine beta is off"]);
    }
}
