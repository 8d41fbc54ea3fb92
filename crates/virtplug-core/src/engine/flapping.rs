//! What is told of ports whose device comes and goes too often: that it does,
//! that the pauses grow, and the whole once it is calm.

use std::time::Duration;

use super::{Engine, Wake};
use crate::flap::Change;
use crate::port::PortPath;
use crate::report::Report;
use crate::time::Time;

impl Engine {
    /// Notes a new instance at a port.
    pub(super) fn note_enumeration(&mut self, port: &PortPath) {
        let pause = match self.flaps.note(port, self.now) {
            None => return,
            Some(Change::Grown { pause }) => pause,
            Some(Change::Begun { pause, calm_at }) => {
                self.timers.insert((calm_at, Wake::Calm(port.clone())));
                pause
            }
        };
        self.report(Report::Flapping {
            port: port.clone(),
            pause_ms: millis(pause),
        });
    }

    /// Tells what happened at a port that flapped, or looks again later.
    pub(super) fn see_calm(&mut self, port: PortPath) {
        match self.flaps.calm_down(&port, self.now) {
            Err(Some(later)) => {
                self.timers.insert((later, Wake::Calm(port)));
            }
            Err(None) => {}
            Ok(tally) => {
                // Others need not go first any more.
                let device = self.devices.at(&port).map(|present| &present.device);
                if let Some((instance, address)) = device.map(|one| (one.instance, one.address)) {
                    self.touch(instance, address);
                }
                let lasted = self.now.since(tally.since);
                self.report(Report::Calmed {
                    port,
                    tally,
                    lasted_ms: millis(lasted),
                });
            }
        }
    }

    /// Until when the limit on attaches holds up what is at a port, or until the
    /// port is calm enough to be judged anew.
    pub(super) fn limited_until(&self, port: &PortPath) -> Option<Time> {
        let restless = self.flaps.is_restless(port, self.now);
        let until = self.rate.blocked_until(restless)?;
        let rests = self.flaps.restless_until(port, self.now);
        Some(rests.map_or(until, |rests| rests.min(until)))
    }

    /// Whether a report concerns a port that flaps, so that it is counted and
    /// not told: a loose cable must not fill the journal.
    pub(super) fn is_counted(&mut self, report: &Report) -> bool {
        let port = match report {
            Report::Attached(_, alias)
            | Report::Detached(_, alias, _)
            | Report::AttachFailed { alias, .. }
            | Report::DetachFailed { alias, .. } => &alias.port,
            Report::Conflict(port, _) | Report::Ambiguous(port, _) => port,
            _ => return false,
        };
        let Some(tally) = self.flaps.tally_mut(port) else {
            return false;
        };
        let count = match report {
            Report::Attached(..) => &mut tally.attached,
            Report::Detached(..) => &mut tally.detached,
            Report::AttachFailed { .. } | Report::DetachFailed { .. } => &mut tally.failed,
            _ => return true,
        };
        *count = count.saturating_add(1);
        true
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
