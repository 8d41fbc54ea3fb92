//! Plans: schedules by chance, all of it from a seed.

mod cast;
mod crowd;
mod operations;
mod rules;

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::random::Random;
use crate::rules::machines;
use crate::schedule::Schedule;
use cast::Cast;

/// What kind of schedules is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many operations each has, beside those that set the scene.
    pub operations: usize,
    /// Whether one machine never answers.
    pub hung: bool,
}

impl Plan {
    /// The schedule of a seed.
    pub fn schedule(self, seed: u64) -> Schedule {
        let mut random = Random::new(seed);
        let weather = weather(&mut random);
        let cast = Cast::choose(&mut random);
        let rules = rules::rules(&mut random, &cast);
        let hung = self.hung.then(|| random.pick(&machines()).clone());
        let mut operations = cast.scene(random.percent(90));
        let begin = operations.len();
        for _ in 0..self.operations {
            operations.push(operations::operation(&mut random, &cast));
        }
        let mut schedule = Schedule {
            seed: random.next(),
            rules,
            weather,
            hung,
            swift: false,
            operations,
        };
        if random.percent(1) {
            crowd::join(&mut random, &cast, begin, &mut schedule);
        }
        schedule
    }
}

/// Faults that are in the air all the time: none, or a few classes.
fn weather(random: &mut Random) -> BTreeMap<Fault, u8> {
    if random.weigh(&[1, 2]) == 0 {
        return BTreeMap::new();
    }
    (0..random.below(5))
        .map(|_| {
            let chance = u8::try_from(1 + random.below(39)).unwrap_or(1);
            (*random.pick(&Fault::ALL), chance)
        })
        .collect()
}
