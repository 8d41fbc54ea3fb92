//! Interleavings: all orders in which things can happen, up to a depth.

use crate::invariant::{self, Violation};
use crate::operation::Operation;
use crate::random::Random;
use crate::schedule::{Failure, Schedule};
use crate::world::World;

/// A beginning, and what then happens in any order.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// How it begins; this runs as it is, with all that follows from it.
    pub begin: Schedule,
    /// Each does what it does in this order, and nobody waits for another.
    pub actors: Vec<Vec<Operation>>,
}

/// The choices of one run: which was made, of how many.
#[derive(Debug, Default)]
struct Path {
    choices: Vec<(usize, usize)>,
    /// How many were made in this run.
    made: usize,
}

impl Path {
    /// What comes next of so many; always the first where the path is at its end.
    fn choose(&mut self, options: usize, depth: usize) -> usize {
        let choice = match self.choices.get(self.made) {
            Some((choice, _)) => *choice,
            None if self.made < depth => {
                self.choices.push((0, options));
                0
            }
            None => 0,
        };
        self.made += 1;
        choice
    }

    /// Goes on to the next path; `false` after the last.
    fn advance(&mut self) -> bool {
        self.made = 0;
        while let Some((choice, options)) = self.choices.pop() {
            if choice + 1 < options {
                self.choices.push((choice + 1, options));
                return true;
            }
        }
        false
    }
}

impl Scene {
    /// Runs every order of the first `depth` things that happen after the
    /// beginning; what comes later comes in its time. Gives how many there are.
    pub fn explore(&self, depth: usize) -> Result<u64, Box<Failure>> {
        let mut path = Path::default();
        let mut count = 0;
        loop {
            let mut world = self.begin.world(false);
            if self.play(&mut world, &mut path, depth).is_err() {
                // Once more, to write down what happens.
                path.made = 0;
                let mut world = self.begin.world(true);
                let outcome = self.play(&mut world, &mut path, depth);
                return outcome.map(|()| count).map_err(|violation| {
                    Box::new(Failure {
                        violation,
                        history: world.history.unwrap_or_default(),
                    })
                });
            }
            count += 1;
            if !path.advance() {
                return Ok(count);
            }
        }
    }

    fn play(&self, world: &mut World, path: &mut Path, depth: usize) -> Result<(), Violation> {
        // The order is all that differs.
        world.random = Random::still();
        world.start_daemon()?;
        for operation in &self.begin.operations {
            world.operate(operation)?;
        }
        let mut left: Vec<&[Operation]> = self.actors.iter().map(Vec::as_slice).collect();
        loop {
            left.retain(|operations| !operations.is_empty());
            let due = world.agenda.candidates();
            let options = due.len() + left.len();
            if options == 0 || (left.is_empty() && path.made >= depth) {
                return world.rest();
            }
            let choice = path.choose(options, depth);
            if let Some(which) = due.get(choice) {
                world.step_out_of_turn(*which)?;
            } else if let Some(operations) = left.get_mut(choice - due.len())
                && let Some((first, rest)) = operations.split_first()
            {
                *operations = rest;
                world.operate(first)?;
                invariant::check_state(world)?;
            }
        }
    }
}
