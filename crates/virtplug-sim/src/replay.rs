//! A trace happens again: a fresh engine must ask for the same, keep every
//! invariant, and the world must have behaved as the model of it says.

mod answer;
mod device;
mod entry;
mod ledger;
mod machine;
mod model;
mod scope;
#[cfg(test)]
mod tests;

use std::fmt;

use virtplug_core::{Engine, Event, TraceStep};

use crate::daemon::Daemon;
use crate::invariant::{self, Violation};
use crate::mirror::Mirror;
use crate::monitor::Monitor;
use crate::schedule::Schedule;
use crate::trace::Trace;
use crate::world::World;
use ledger::Ledger;

/// What a check of a step says when the world broke a rule of the model.
type Verdict = Result<(), String>;

/// A rule of the model: what may happen after all that happened.
type Rule = fn(&Ledger, &TraceStep) -> Verdict;

const RULES: &[(&str, Rule)] = &[
    ("time never goes back", answer::time_never_goes_back),
    ("a call is answered once", answer::a_call_is_answered_once),
    ("a look is answered once", answer::a_look_is_answered_once),
    ("a list is answered once", answer::a_list_is_answered_once),
    (
        "a connection opens when asked",
        answer::a_connection_opens_when_asked,
    ),
    (
        "notices come over a connection",
        answer::notices_come_over_a_connection,
    ),
    (
        "two devices share nothing",
        device::two_devices_share_nothing,
    ),
    (
        "an instance stays what it is",
        device::an_instance_stays_what_it_is,
    ),
    (
        "an instance never comes back",
        device::an_instance_never_comes_back,
    ),
    ("a number fits its bus", device::a_number_fits_its_bus),
    (
        "a list names each machine once",
        machine::a_list_names_each_machine_once,
    ),
    ("a run keeps its machine", machine::a_run_keeps_its_machine),
    ("the id of a run grows", machine::the_id_of_a_run_grows),
    (
        "who is paused is not busy",
        machine::who_is_paused_is_not_busy,
    ),
    (
        "guest ports hold one thing",
        machine::guest_ports_hold_one_thing,
    ),
    (
        "two entries share nothing",
        entry::two_entries_share_nothing,
    ),
    (
        "an entry of ours was asked for",
        entry::an_entry_of_ours_was_asked_for,
    ),
    (
        "an entry is as it was asked for",
        entry::an_entry_is_as_it_was_asked_for,
    ),
    (
        "an entry stays what it is",
        entry::an_entry_stays_what_it_is,
    ),
    (
        "who is missing is not there",
        entry::who_is_missing_is_not_there,
    ),
    (
        "what was not called changes nothing",
        entry::what_was_not_called_changes_nothing,
    ),
    (
        "libvirt takes what the model takes",
        model::libvirt_takes_what_the_model_takes,
    ),
];

/// What the model breaks only where it lets something fail on purpose.
const FAIR: &[(&str, Rule)] = &[("a success shows", entry::a_success_shows)];

/// The names of the rules that a world in a trace is held to.
pub fn rules() -> Vec<&'static str> {
    let all = RULES.iter().chain(FAIR);
    all.map(|(name, _)| *name).collect()
}

/// What was found right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Events that the engine was told.
    pub steps: usize,
    /// Attaches that it asked for.
    pub attaches: usize,
    /// Detaches that it asked for.
    pub detaches: usize,
    /// What keeps the invariants out, if anything does: a rule of the
    /// configuration that the second implementation does not know.
    pub beyond: Option<&'static str>,
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            steps,
            attaches,
            detaches,
            beyond,
        } = self;
        write!(
            f,
            "{steps} events, {attaches} attaches, {detaches} detaches"
        )?;
        match beyond {
            Some(beyond) => write!(f, "; no invariants, because of {beyond}"),
            None => Ok(()),
        }
    }
}

/// A step that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} breaks \"{rule}\": {text}\n{step}")]
pub struct Broken {
    /// Its line, counted from 1.
    pub line: usize,
    /// What was broken.
    pub rule: &'static str,
    /// How.
    pub text: String,
    /// The step.
    pub step: String,
}

impl Trace {
    /// Lets it happen again and judges every step.
    pub fn replay(&self) -> Result<Replayed, Box<Broken>> {
        self.replay_by(&[RULES, FAIR].concat())
    }

    fn replay_by(&self, rules: &[(&'static str, Rule)]) -> Result<Replayed, Box<Broken>> {
        let beyond = self.steps.iter().find_map(|step| match &step.event {
            Event::Policy(policy) => scope::beyond(policy),
            _ => None,
        });
        let mut replay = Replay {
            world: self.world(),
            ledger: Ledger::default(),
            judged: beyond.is_none(),
        };
        for (number, step) in self.steps.iter().enumerate() {
            replay.take(step, rules).map_err(|violation| {
                Box::new(Broken {
                    line: number + Self::FIRST_LINE,
                    rule: violation.invariant,
                    text: violation.text,
                    step: format!("{step:?}"),
                })
            })?;
        }
        let counts = replay.world.tally;
        Ok(Replayed {
            steps: self.steps.len(),
            attaches: usize::try_from(counts.attaches).unwrap_or(usize::MAX),
            detaches: usize::try_from(counts.detaches).unwrap_or(usize::MAX),
            beyond,
        })
    }

    /// A world of which nothing is known, with a daemon in it.
    fn world(&self) -> World {
        let mut world = Schedule::default().world(false);
        world.servers.clear();
        world.daemon = Some(Daemon {
            epoch: world.epoch,
            engine: Engine::new(self.header.seed),
            mirror: Mirror::default(),
            monitor: Monitor::new(),
            links: [].into(),
            calls: [].into(),
        });
        world
    }
}

struct Replay {
    world: World,
    ledger: Ledger,
    /// Whether the invariants are checked.
    judged: bool,
}

impl Replay {
    fn take(&mut self, step: &TraceStep, rules: &[(&'static str, Rule)]) -> Result<(), Violation> {
        let broken = |invariant, text| Violation { invariant, text };
        rules.iter().try_for_each(|(name, rule)| {
            rule(&self.ledger, step).map_err(|text| broken(name, text))
        })?;
        self.ledger.take(step);
        self.tell_engine(step)?;
        if self.judged {
            invariant::check_state(&mut self.world)?;
        }
        Ok(())
    }

    fn tell_engine(&mut self, step: &TraceStep) -> Result<(), Violation> {
        let Some(daemon) = &mut self.world.daemon else {
            return Ok(());
        };
        self.world.now = step.at;
        self.world.tally.events += 1;
        daemon.mirror.told(step.at, &step.event);
        let actions = daemon.engine.handle(step.at, step.event.clone());
        daemon.mirror.believe(daemon.engine.orders());
        if actions != step.actions {
            return Err(Violation {
                invariant: "the engine asks for the same again",
                text: format!("now it asks for {actions:?}"),
            });
        }
        for action in &actions {
            if self.judged {
                invariant::check_action(&daemon.mirror, step.at, action)?;
            }
            daemon.mirror.asked(step.at, action);
            match action {
                virtplug_core::Action::Attach(..) => self.world.tally.attaches += 1,
                virtplug_core::Action::Detach(..) => self.world.tally.detaches += 1,
                _ => {}
            }
        }
        Ok(())
    }
}
