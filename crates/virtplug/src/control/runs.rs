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
    pub(crate) fn look(&mut self, engine: &Engine, machine: &MachineKey) -> Option<Told> {
        let is = engine.machine(machine).map(|view| view.state);
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
            None => self.known.remove(machine),
        };
        was.filter(|was| Some(*was) != is).map(|_| Told {
            kind: HappeningKind::Machine,
            text: format!("machine {machine} {what}"),
            port: None,
            machine: Some(machine_name(machine)),
        })
    }
}

#[cfg(test)]
mod tests {
    use virtplug_core::{Activity, ConnectionUri, LiveMachine, MachineRead, Policy, Time};

    use super::*;
    use crate::fixture::{live, machine, rule, serial};

    #[test]
    fn what_a_machine_has_become_is_told_and_what_it_was_at_first_is_not() {
        let beta = machine("beta");
        let mut engine = Engine::new(0);
        let mut runs = Runs::default();
        let mut feed = |event| {
            let concerned = Runs::concerned(&event);
            engine.handle(Time::default(), event);
            let machine = concerned?;
            runs.look(&engine, &machine).map(|told| told.text)
        };
        let rules = vec![rule("", beta.clone(), serial("Z9"), 1)];
        feed(Event::Policy(Policy::new([], rules)));
        feed(Event::Connected(ConnectionUri::default()));
        feed(Event::Machines(ConnectionUri::default(), Vec::new()));
        let ending = LiveMachine {
            activity: Activity::Busy,
            ..live()
        };
        let mut texts = Vec::new();
        for read in [
            MachineRead::Off,
            MachineRead::Off,
            MachineRead::Live(live()),
            MachineRead::Failed("no answer".to_owned()),
            MachineRead::Live(live()),
            MachineRead::Live(ending),
            MachineRead::Off,
        ] {
            // Only a look that was asked for is believed.
            feed(Event::MachineChanged(beta.clone()));
            texts.extend(feed(Event::MachineRead(beta.clone(), read)));
        }
        assert_eq!(texts, ["machine beta runs", "machine beta is off"]);
    }
}
