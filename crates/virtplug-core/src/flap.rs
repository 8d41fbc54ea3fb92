//! Ports whose device comes and goes too often.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::port::PortPath;
use crate::time::Time;

/// More enumerations than this within `WINDOW` are flapping.
const CALM: usize = 5;
const WINDOW: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Enumerations per port, and the pauses that follow from them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flaps {
    ports: BTreeMap<PortPath, Flap>,
}

#[derive(Debug, Clone, Default)]
struct Flap {
    /// The last enumerations, at most `CALM` + 1.
    recent: VecDeque<Time>,
    pause: Duration,
    until: Time,
}

impl Flaps {
    /// Notes a new instance at a port. `Some(pause)`: the port is flapping and
    /// must be quiet that long before the next attach there. Each time that it
    /// flaps again after such a pause, the pause doubles.
    pub(crate) fn note(&mut self, port: &PortPath, now: Time) -> Option<Duration> {
        self.forget_calm(now);
        let flap = self.ports.entry(port.clone()).or_default();
        flap.recent.push_back(now);
        while flap.recent.len() > CALM + 1 {
            flap.recent.pop_front();
        }
        let oldest = *flap.recent.front()?;
        if flap.recent.len() <= CALM || now.since(oldest) > WINDOW {
            if now >= flap.until + WINDOW {
                flap.pause = Duration::ZERO;
            }
            return None;
        }
        if now >= flap.until {
            flap.pause = (flap.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        }
        flap.until = now + flap.pause;
        Some(flap.pause)
    }

    /// Until when attaching at this port pauses, if it does.
    pub(crate) fn pause_until(&self, port: &PortPath, now: Time) -> Option<Time> {
        let until = self.ports.get(port)?.until;
        (now < until).then_some(until)
    }

    /// Keeps memory bounded by the ports in use.
    fn forget_calm(&mut self, now: Time) {
        const MANY: usize = 256;
        if self.ports.len() >= MANY {
            self.ports.retain(|_, flap| {
                now < flap.until
                    || flap
                        .recent
                        .back()
                        .is_some_and(|last| now.since(*last) <= WINDOW)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::after_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn a_few_enumerations_are_calm() {
        let port = "1-1".parse().unwrap();
        let mut flaps = Flaps::default();
        assert!((0..5).all(|second| flaps.note(&port, at(second)).is_none()));
        assert!((0..20).all(|n| flaps.note(&port, at(100 + n * 10)).is_none()));
        assert_eq!(flaps.pause_until(&port, at(300)), None);
    }

    #[test]
    fn a_burst_of_enumerations_costs_one_short_pause() {
        let port = "1-1".parse().unwrap();
        let mut flaps = Flaps::default();
        let pauses: Vec<_> = (0..50).filter_map(|s| flaps.note(&port, at(s))).collect();
        assert_eq!(pauses, vec![FIRST_PAUSE; 45]);
        assert_eq!(flaps.pause_until(&port, at(50)), Some(at(51)));
        assert_eq!(flaps.pause_until(&port, at(51)), None);
    }

    #[test]
    fn flapping_after_the_pause_makes_it_longer_until_the_port_calms_down() {
        let port = "1-1".parse().unwrap();
        let mut flaps = Flaps::default();
        let pauses: Vec<_> = (0..20)
            .filter_map(|n| flaps.note(&port, at(n * 3)))
            .map(|pause| pause.as_secs())
            .collect();
        assert_eq!(
            pauses,
            [2; 1].into_iter().chain([4; 14]).collect::<Vec<_>>()
        );
        let calm = at(57 + 4) + WINDOW;
        assert_eq!(flaps.note(&port, calm), None);
        let again: Vec<_> = (0..6).filter_map(|_| flaps.note(&port, calm)).collect();
        assert_eq!(again.first(), Some(&FIRST_PAUSE));
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
