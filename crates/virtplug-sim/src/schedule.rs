//! Schedules: a seed, a configuration, what happens, and what comes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use virtplug_core::{ConnectionUri, MachineKey, Orders, Time};

use crate::agenda::Agenda;
use crate::fault::{Fault, Faults};
use crate::host::Host;
use crate::invariant::{self, Violation};
use crate::machine::Domain;
use crate::operation::Operation;
use crate::random::Random;
use crate::rules::{self, RuleSpec};
use crate::server::Server;
use crate::tally::{self, Tally};
use crate::trace::Trace;
use crate::world::World;

/// Everything that decides a run; the same schedule runs the same way always.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// Decides latencies and chances.
    pub seed: u64,
    /// The first configuration.
    pub rules: Vec<RuleSpec>,
    /// Faults that strike by chance, in so many of a hundred cases.
    pub weather: BTreeMap<Fault, u8>,
    /// A machine whose calls never come back while its connection lasts, not
    /// even when all faults have ended.
    pub hung: Option<MachineKey>,
    /// Whether nothing takes long, unless a fault makes it.
    pub swift: bool,
    /// What happens, in this order. The daemon runs from the beginning.
    pub operations: Vec<Operation>,
}

/// A run that broke an invariant.
#[derive(Debug, Clone, thiserror::Error)]
pub struct Failure {
    /// What was broken.
    pub violation: Violation,
    /// What led to it, line by line.
    pub history: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.history {
            writeln!(f, "{line}")?;
        }
        write!(f, "broken: {}", self.violation)
    }
}

impl Schedule {
    /// Runs, checks every invariant after every step, lets everything come to
    /// rest and checks that all is as it should be.
    pub fn run(&self) -> Result<Tally, Box<Failure>> {
        match self.attempt(false) {
            Ok(tally) => Ok(tally),
            // Once more, to write down what happens.
            Err(_) => self.attempt(true),
        }
    }

    /// Runs, and gives what each daemon was told and asked for.
    pub fn traces(&self) -> Result<Vec<Trace>, Box<Failure>> {
        let mut world = self.world(false);
        world.traces = Some(Vec::new());
        match self.play(&mut world) {
            Ok(()) => Ok(world.traces.unwrap_or_default()),
            Err(violation) => Err(Box::new(Failure {
                violation,
                history: Vec::new(),
            })),
        }
    }

    fn attempt(&self, recorded: bool) -> Result<Tally, Box<Failure>> {
        let mut world = self.world(recorded);
        match self.play(&mut world) {
            Ok(()) => {
                let mut tally = world.tally;
                tally.faults = world.faults.into_counts();
                for _ in 0..world.host.wraps {
                    tally::hit(&mut tally.sights, "the numbers of a bus began anew");
                }
                Ok(tally)
            }
            Err(violation) => Err(Box::new(Failure {
                violation,
                history: world.history.unwrap_or_default(),
            })),
        }
    }

    fn play(&self, world: &mut World) -> Result<(), Violation> {
        world.start_daemon()?;
        for operation in &self.operations {
            world.operate(operation)?;
            invariant::check_state(world)?;
        }
        world.rest()
    }

    pub(crate) fn world(&self, recorded: bool) -> World {
        let mut domains: BTreeMap<ConnectionUri, BTreeMap<MachineKey, Domain>> = BTreeMap::new();
        for (machine, uuid) in rules::machines().into_iter().zip(1..) {
            let on = domains.entry(machine.uri.clone()).or_default();
            on.insert(machine, Domain::new(uuid));
        }
        let mut random = Random::new(self.seed).swift(self.swift);
        World {
            now: Time::default(),
            faults: Faults::new(random.next(), self.weather.clone()),
            random,
            agenda: Agenda::default(),
            host: Host::new(),
            servers: domains
                .into_iter()
                .map(|(uri, domains)| (uri, Server::new(domains)))
                .collect(),
            sessions: BTreeMap::new(),
            daemon: None,
            hung: self.hung.clone(),
            policy: rules::policy(&self.rules),
            orders: Orders::default(),
            taken_out: BTreeSet::new(),
            epoch: 0,
            generation: 0,
            calls_begun: 0,
            runs_begun: 0,
            tally: Tally::default(),
            checked: 0,
            history: recorded.then(Vec::new),
            traces: None,
        }
    }
}
