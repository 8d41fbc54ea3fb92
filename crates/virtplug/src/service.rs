//! What systemd is told: readiness, reload, end, and one line of status.

mod watchdog;

pub(crate) use watchdog::Watchdog;

use std::time::{Duration, Instant};

use crate::journal::Kind;
use sd_notify::NotifyState;
use tracing::warn;
use virtplug_core::{Engine, Summary};

/// The start, or a reload, is done.
pub(crate) fn ready() {
    notify(&[NotifyState::Ready]);
}

/// A reload begins; `ready` ends it.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

/// The end begins.
pub(crate) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// How long a new line may wait for calls to libvirt. systemd tells everybody of it, and
/// that work would be done while a machine waits for its device.
const PATIENCE: Duration = Duration::from_secs(1);

/// The line that `systemctl status` shows.
#[derive(Debug, Default)]
pub(crate) struct Status {
    line: String,
    /// When another line is told at the latest.
    due: Option<Instant>,
}

impl Status {
    /// Says how things stand, when that changed; while calls are `underway` a little
    /// later. `note` comes first.
    pub(crate) fn update(&mut self, engine: &Engine, note: Option<&str>, underway: bool) {
        let mut line = line(&engine.summary());
        if let Some(note) = note {
            line = format!("{note}; {line}");
        }
        if self.is_to_tell(&line, underway, Instant::now()) {
            notify(&[NotifyState::Status(&line)]);
            self.line = line;
        }
    }

    /// When to look at it again.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    fn is_to_tell(&mut self, line: &str, underway: bool, now: Instant) -> bool {
        let since = self.due.take();
        if line == self.line {
            return false;
        }
        let due = since.unwrap_or(now + PATIENCE);
        let waits = underway && now < due;
        self.due = waits.then_some(due);
        !waits
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(
            event = Kind::SystemdUnreachable.name(),
            "cannot tell systemd: {error}"
        );
    }
}

/// One line: counts, then what somebody should look at.
pub(crate) fn line(summary: &Summary) -> String {
    let mut parts = vec![format!("{} attached", summary.attached)];
    if summary.waiting > 0 {
        parts.push(format!("{} waiting", summary.waiting));
    }
    if summary.conflicts > 0 {
        parts.push(format!("{} claimed by several owners", summary.conflicts));
    }
    for (port, obstacle) in &summary.troubled {
        parts.push(format!("{port}: {obstacle}"));
    }
    for machine in &summary.overdue {
        parts.push(format!("machine {machine}: libvirt does not answer"));
    }
    for (uri, reason) in &summary.down {
        parts.push(format!("waiting for libvirt at {uri}: {reason}"));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use virtplug_core::{ConnectionUri, MachineKey, Obstacle, Stuck};

    use super::*;

    #[test]
    fn a_new_line_waits_for_calls_and_not_for_long() {
        let mut status = Status::default();
        let begin = Instant::now();
        assert!(status.is_to_tell("1 attached", false, begin));
        status.line = "1 attached".to_owned();
        assert!(!status.is_to_tell("1 waiting", true, begin));
        assert_eq!(status.due(), Some(begin + PATIENCE));
        // It is as it was, so there is nothing to wake up for.
        assert!(!status.is_to_tell("1 attached", true, begin));
        assert_eq!(status.due(), None);
        assert!(!status.is_to_tell("1 waiting", true, begin));
        assert!(!status.is_to_tell("2 waiting", true, begin + PATIENCE / 2));
        assert!(status.is_to_tell("2 waiting", true, begin + PATIENCE));
        assert_eq!(status.due(), None);
    }

    #[test]
    fn the_status_line_counts_and_names_trouble() {
        assert_eq!(line(&Summary::default()), "0 attached");
        let uri = ConnectionUri::default();
        let summary = Summary {
            attached: 2,
            waiting: 1,
            troubled: vec![("1-2".parse().unwrap(), Obstacle::Stuck(Stuck::NoFreePort))],
            conflicts: 1,
            leaving: 0,
            down: vec![(uri.clone(), "no socket".into())],
            overdue: vec![MachineKey::new(uri, "alpha")],
        };
        insta::assert_snapshot!(line(&summary));
    }
}
