//! Ports whose device comes and goes too often.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::port::PortPath;
use crate::time::Time;

/// More enumerations than this within `WINDOW` are flapping.
const CALM: usize = 5;
const WINDOW: Duration = Duration::from_secs(30);

/// So are more than this within `LONG_WINDOW`: a device that resets itself a
/// while after each attach is slower than a loose cable.
const CALM_LONG: usize = 10;
const LONG_WINDOW: Duration = Duration::from_secs(180);

/// Fewer than this within `WINDOW`: others need not be put before the port.
const RESTLESS: usize = 3;

const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Enumerations per port, and the pauses that follow from them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flaps {
    ports: BTreeMap<PortPath, Flap>,
    /// No port that is noted now is calm enough to be forgotten before.
    crowded_until: Time,
}

#[derive(Debug, Clone, Default)]
struct Flap {
    /// The last enumerations, at most `CALM_LONG` + 1.
    recent: VecDeque<Time>,
    pause: Duration,
    until: Time,
    /// What happened since it began to flap, as long as it does.
    tally: Option<Tally>,
}

/// What happened at a port while it flapped, told at once when it is calm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Since when it flaps.
    pub since: Time,
    /// How often a device was enumerated, with those that led to the first pause.
    pub connects: u32,
    /// Attaches that were done.
    pub attached: u32,
    /// Detaches that were done.
    pub detached: u32,
    /// Calls that failed.
    pub failed: u32,
}

/// What a new enumeration changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The port began to flap: somebody has to see when it is calm again.
    Begun { pause: Duration, calm_at: Time },
    /// It flapped again after a pause, so the next one is longer.
    Grown { pause: Duration },
}

impl Flap {
    /// When it counts as calm, if nothing comes before.
    fn calm_at(&self) -> Time {
        self.until + WINDOW
    }

    /// Whether more than `calm` enumerations came within a span up to now.
    fn exceeds(&self, calm: usize, span: Duration, now: Time) -> bool {
        let first = self.recent.iter().rev().nth(calm);
        first.is_some_and(|first| now.since(*first) <= span)
    }
}

impl Flaps {
    /// Notes a new instance at a port. A port that flaps must be quiet for a
    /// pause before the next attach there. Each time that it flaps again after
    /// such a pause, the pause doubles.
    pub(crate) fn note(&mut self, port: &PortPath, now: Time) -> Option<Change> {
        self.forget_calm(now);
        let flap = self.ports.entry(port.clone()).or_default();
        flap.recent.push_back(now);
        while flap.recent.len() > CALM_LONG + 1 {
            flap.recent.pop_front();
        }
        if let Some(tally) = &mut flap.tally {
            tally.connects = tally.connects.saturating_add(1);
            let grows = now >= flap.until && flap.pause < LONGEST_PAUSE;
            if grows {
                flap.pause = (flap.pause * 2).min(LONGEST_PAUSE);
            }
            flap.until = now + flap.pause;
            return grows.then_some(Change::Grown { pause: flap.pause });
        }
        if !flap.exceeds(CALM, WINDOW, now) && !flap.exceeds(CALM_LONG, LONG_WINDOW, now) {
            return None;
        }
        flap.tally = Some(Tally {
            since: now,
            connects: u32::try_from(flap.recent.len()).unwrap_or(u32::MAX),
            attached: 0,
            detached: 0,
            failed: 0,
        });
        flap.pause = FIRST_PAUSE;
        flap.until = now + FIRST_PAUSE;
        Some(Change::Begun {
            pause: FIRST_PAUSE,
            calm_at: flap.calm_at(),
        })
    }

    /// Until when attaching at this port pauses, if it does.
    pub(crate) fn pause_until(&self, port: &PortPath, now: Time) -> Option<Time> {
        let until = self.ports.get(port)?.until;
        (now < until).then_some(until)
    }

    /// What happened since a port began to flap, as long as it does.
    pub(crate) fn tally(&self, port: &PortPath) -> Option<&Tally> {
        self.ports.get(port)?.tally.as_ref()
    }

    /// The same, to count something.
    pub(crate) fn tally_mut(&mut self, port: &PortPath) -> Option<&mut Tally> {
        self.ports.get_mut(port)?.tally.as_mut()
    }

    /// Whether a port may flap soon, so that others go before it.
    pub(crate) fn is_restless(&self, port: &PortPath, now: Time) -> bool {
        let flap = self.ports.get(port);
        flap.is_some_and(|flap| flap.tally.is_some() || flap.exceeds(RESTLESS - 1, WINDOW, now))
    }

    /// When a port is restless no more, if time alone brings that.
    pub(crate) fn restless_until(&self, port: &PortPath, now: Time) -> Option<Time> {
        let flap = self.ports.get(port)?;
        let first = flap.recent.iter().rev().nth(RESTLESS - 1)?;
        let until = *first + WINDOW + Duration::from_nanos(1);
        (flap.tally.is_none() && now < until).then_some(until)
    }

    /// Ends the flapping of a port that is calm. `Err`: when it may be, if it
    /// flaps still.
    pub(crate) fn calm_down(&mut self, port: &PortPath, now: Time) -> Result<Tally, Option<Time>> {
        let flap = self.ports.get_mut(port).ok_or(None)?;
        if now < flap.calm_at() {
            return Err(flap.tally.is_some().then(|| flap.calm_at()));
        }
        let tally = flap.tally.take().ok_or(None)?;
        self.ports.remove(port);
        Ok(tally)
    }

    /// Keeps memory bounded by the ports in use.
    fn forget_calm(&mut self, now: Time) {
        const MANY: usize = 256;
        if self.ports.len() < MANY || now <= self.crowded_until {
            return;
        }
        self.ports.retain(|_, flap| {
            let last = flap.recent.back();
            flap.tally.is_some() || last.is_some_and(|last| now.since(*last) <= LONG_WINDOW)
        });
        let quiet = self.ports.values().filter(|flap| flap.tally.is_none());
        let first = quiet.filter_map(|flap| flap.recent.back()).min();
        self.crowded_until = first.map_or(now, |first| *first + LONG_WINDOW);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::after_origin(Duration::from_secs(seconds))
    }

    fn port() -> PortPath {
        "1-1".parse().unwrap()
    }

    /// The pauses, in seconds, that enumerations at these times lead to.
    fn pauses(flaps: &mut Flaps, times: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let changes = times.into_iter().filter_map(|s| flaps.note(&port(), at(s)));
        let pauses = changes.map(|change| match change {
            Change::Begun { pause, .. } | Change::Grown { pause } => pause.as_secs(),
        });
        pauses.collect()
    }

    #[test]
    fn a_few_enumerations_are_calm() {
        let mut flaps = Flaps::default();
        assert_eq!(pauses(&mut flaps, 0..5), [0; 0]);
        let slow = (0..20).map(|n| 200 + n * 20);
        assert_eq!(pauses(&mut flaps, slow), [0; 0]);
        assert_eq!(flaps.pause_until(&port(), at(700)), None);
    }

    #[test]
    fn a_burst_of_enumerations_costs_one_short_pause() {
        let mut flaps = Flaps::default();
        assert_eq!(pauses(&mut flaps, 0..50), [2]);
        assert_eq!(flaps.pause_until(&port(), at(50)), Some(at(51)));
        assert_eq!(flaps.pause_until(&port(), at(51)), None);
    }

    #[test]
    fn flapping_after_the_pause_makes_it_longer_until_the_port_calms_down() {
        let mut flaps = Flaps::default();
        let often = (0..20).map(|n| n * 3);
        assert_eq!(pauses(&mut flaps, often), [2, 4]);
        let calm = at(57 + 4) + WINDOW;
        assert_eq!(flaps.calm_down(&port(), at(70)), Err(Some(calm)));
        let tally = flaps.calm_down(&port(), calm).unwrap();
        assert_eq!((tally.since, tally.connects), (at(15), 20));
        assert_eq!(flaps.calm_down(&port(), calm), Err(None));
        assert_eq!(pauses(&mut flaps, [91; 6]), [2]);
    }

    /// A device that resets itself twelve seconds after each attach, for a day.
    #[test]
    fn a_slow_loop_is_attached_with_growing_pauses() {
        let mut flaps = Flaps::default();
        let (mut now, mut attaches, mut told) = (0, 0, 0);
        while now < 86_400 {
            told += usize::from(flaps.note(&port(), at(now)).is_some());
            let quiet = flaps.pause_until(&port(), at(now));
            now += quiet.map_or(0, |until| until.since(at(now)).as_secs()) + 12;
            attaches += 1;
        }
        assert!((270..320).contains(&attaches), "{attaches}");
        assert_eq!(told, 9);
    }

    #[test]
    fn a_port_is_restless_before_it_flaps() {
        let mut flaps = Flaps::default();
        pauses(&mut flaps, [0, 1]);
        assert!(!flaps.is_restless(&port(), at(1)));
        pauses(&mut flaps, [2]);
        assert!(flaps.is_restless(&port(), at(2)));
        let until = flaps.restless_until(&port(), at(2)).unwrap();
        assert!(flaps.is_restless(&port(), at(30)) && until > at(30));
        assert!(!flaps.is_restless(&port(), until));
        assert_eq!(flaps.restless_until(&port(), until), None);
        assert!(!flaps.is_restless(&port(), at(40)));
    }

    #[test]
    fn ports_that_calmed_down_are_forgotten() {
        let mut flaps = Flaps::default();
        for n in 0..2000_u64 {
            let port = format!("{}-1", n + 1).parse().unwrap();
            flaps.note(&port, at(n));
        }
        assert!(flaps.ports.len() <= 256);
    }
}
