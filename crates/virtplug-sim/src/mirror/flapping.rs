//! Ports that enumerate too often, by what the engine was told.

use std::collections::VecDeque;
use std::time::Duration;

use virtplug_core::Time;

/// More than so many enumerations within a span are too many.
const TOO_MANY: [(usize, Duration); 2] =
    [(5, Duration::from_secs(30)), (10, Duration::from_secs(180))];

/// How long a port must be quiet after its pause to be calm.
const CALM: Duration = Duration::from_secs(30);

/// Since when a port flaps, and how far that went.
#[derive(Debug, Clone)]
pub(crate) struct Flapping {
    pub(crate) since: Time,
    /// Enumerations, with those that led to it.
    pub(crate) connects: u32,
    /// Whether an attach was asked for since the last enumeration.
    tried: bool,
    /// How often the device came again after that.
    in_vain: u32,
}

/// What was enumerated at a port.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    recent: VecDeque<Time>,
    last: Option<Time>,
    pub(crate) flapping: Option<Flapping>,
}

impl Arrivals {
    pub(crate) fn last(&self) -> Option<Time> {
        self.last
    }

    pub(super) fn note(&mut self, now: Time) {
        self.last = Some(now);
        self.recent.push_back(now);
        if self.recent.len() > 11 {
            self.recent.pop_front();
        }
        if let Some(flapping) = &mut self.flapping {
            flapping.connects += 1;
            flapping.in_vain += u32::from(std::mem::take(&mut flapping.tried));
            return;
        }
        let flaps = TOO_MANY.into_iter().any(|(calm, span)| {
            let first = self.recent.iter().rev().nth(calm);
            first.is_some_and(|first| now.since(*first) <= span)
        });
        self.flapping = flaps.then(|| Flapping {
            since: now,
            connects: u32::try_from(self.recent.len()).unwrap_or(u32::MAX),
            tried: false,
            in_vain: 0,
        });
    }

    /// It was told that the port is calm: nothing counts that came before.
    pub(super) fn begin_anew(&mut self) {
        self.recent.clear();
        self.flapping = None;
    }

    /// An attach was asked for.
    pub(super) fn tried(&mut self) {
        if let Some(flapping) = &mut self.flapping {
            flapping.tried = true;
        }
    }

    /// How long the port must be quiet before the next attach, at least: twice
    /// as long with each attach that another enumeration followed.
    pub(crate) fn least_pause(&self) -> Duration {
        let doubled = |flapping: &Flapping| 2 << flapping.in_vain.min(8);
        let seconds = self.flapping.as_ref().map_or(0, doubled);
        Duration::from_secs(seconds.min(300))
    }

    /// Whether it may be told at this moment that the port is calm.
    pub(crate) fn is_calm(&self, now: Time) -> bool {
        let quiet = self.last().map(|last| now.since(last));
        quiet.is_none_or(|quiet| quiet >= self.least_pause() + CALM)
    }
}
