//! The smallest schedule that still breaks an invariant.

use crate::schedule::{Failure, Schedule};

/// How many schedules are tried at most.
const TRIES: usize = 20_000;

/// Takes things out of a schedule as long as it still fails in any way.
struct Shrinker {
    best: Schedule,
    failure: Box<Failure>,
    tries: usize,
}

impl Schedule {
    /// Looks for the smallest schedule that fails, too; gives it and how it fails.
    pub fn shrink(self, failure: Box<Failure>) -> (Self, Box<Failure>) {
        let mut shrinker = Shrinker {
            best: self,
            failure,
            tries: 0,
        };
        shrinker.drop_weather();
        while shrinker.drop_operations()
            | shrinker.drop_rules()
            | shrinker.simplify_rules()
            | shrinker.shorten_waits()
            | shrinker.simplify_seed()
        {}
        (shrinker.best, shrinker.failure)
    }
}

impl Shrinker {
    /// Keeps a schedule if it fails.
    fn try_out(&mut self, schedule: Schedule) -> bool {
        if self.tries >= TRIES {
            return false;
        }
        self.tries += 1;
        let Err(failure) = schedule.run() else {
            return false;
        };
        self.best = schedule;
        self.failure = failure;
        true
    }

    fn drop_weather(&mut self) {
        for fault in self.best.weather.clone().into_keys() {
            let mut schedule = self.best.clone();
            schedule.weather.remove(&fault);
            self.try_out(schedule);
        }
    }

    /// Half of them at once, then a quarter, and so on.
    fn drop_operations(&mut self) -> bool {
        let mut better = false;
        let mut size = self.best.operations.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.best.operations.len() {
                let mut schedule = self.best.clone();
                let to = (from + size).min(schedule.operations.len());
                schedule.operations.drain(from..to);
                if self.try_out(schedule) {
                    better = true;
                } else {
                    from += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        better
    }

    fn drop_rules(&mut self) -> bool {
        let mut better = false;
        for number in (0..self.best.rules.len()).rev() {
            let mut schedule = self.best.clone();
            schedule.rules.remove(number);
            better |= self.try_out(schedule);
        }
        better
    }

    fn simplify_rules(&mut self) -> bool {
        let mut better = false;
        for number in 0..self.best.rules.len() {
            let mut schedule = self.best.clone();
            if let Some(rule) = schedule.rules.get_mut(number)
                && rule.terms != crate::rules::Terms::default()
            {
                rule.terms = crate::rules::Terms::default();
                better |= self.try_out(schedule);
            }
        }
        better
    }

    fn shorten_waits(&mut self) -> bool {
        let mut better = false;
        for number in 0..self.best.operations.len() {
            let mut schedule = self.best.clone();
            if let Some(crate::operation::Operation::Wait(millis)) =
                schedule.operations.get_mut(number)
                && *millis > 1
            {
                *millis /= 2;
                better |= self.try_out(schedule);
            }
        }
        better
    }

    /// A small seed is easier to tell apart.
    fn simplify_seed(&mut self) -> bool {
        if self.best.seed < 8 {
            return false;
        }
        (0..8).any(|seed| {
            let schedule = Schedule {
                seed,
                ..self.best.clone()
            };
            self.try_out(schedule)
        })
    }
}
