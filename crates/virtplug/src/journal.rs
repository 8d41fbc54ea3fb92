//! What the engine reports, as lines of the journal: each has a kind, a sentence and
//! fields.

#[cfg(test)]
mod catalog;
mod fields;
mod kind;
mod order;
mod sentence;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tracing::{Level, debug, info, warn};
use virtplug_core::{Engine, Report};

use self::fields::{Fields, value};
pub(crate) use self::kind::Kind;
pub(crate) use self::sentence::sentence;

/// Times of one attach, measured from the udev event that led to it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    /// Until the libvirt call.
    pub(crate) reaction: Option<Duration>,
    /// Until libvirt said that the device is there.
    pub(crate) added: Option<Duration>,
}

/// Writes a line with all the fields that there are. A macro, as the level of a line
/// must be known when this is compiled.
macro_rules! line {
    ($level:ident, $kind:expr, $fields:expr, $text:expr) => {
        $level!(
            event = $kind.name(),
            device = value($fields.device),
            machine = value($fields.machine),
            connection = value($fields.connection),
            alias = value($fields.alias),
            instance = value($fields.instance),
            rule = value($fields.rule.as_ref()),
            group = value($fields.group.as_ref()),
            reason = value($fields.reason.as_ref()),
            attempt = $fields.attempt,
            reaction_us = $fields.reaction_us,
            added_us = $fields.added_us,
            connects = $fields.connects,
            attached = $fields.attached,
            detached = $fields.detached,
            failed = $fields.failed,
            "{}",
            $text
        )
    };
}

/// Writes a report to the log.
pub(crate) fn log(engine: &Engine, report: &Report, timing: Option<Timing>) {
    let (kind, text) = (kind(report), sentence(engine, report));
    let fields = Fields::of(engine, report, timing.unwrap_or_default());
    match level(report) {
        Level::WARN => line!(warn, kind, fields, text),
        Level::INFO => line!(info, kind, fields, text),
        _ => line!(debug, kind, fields, text),
    }
}

/// What kind of line a report is.
fn kind(report: &Report) -> Kind {
    match report {
        Report::Attached(..) => Kind::Attached,
        Report::AttachFailed { .. } => Kind::AttachFailed,
        Report::Detached(..) => Kind::Detached,
        Report::DetachFailed { .. } => Kind::DetachFailed,
        Report::InUse { .. } => Kind::InUse,
        Report::TakenInUse { .. } => Kind::TakenInUse,
        Report::Held(..) => Kind::Hold,
        Report::Ordered(_) => Kind::Order,
        Report::HoldEnded { .. } => Kind::HoldEnded,
        Report::Flapping { .. } => Kind::Flapping,
        Report::Calmed { .. } => Kind::Calm,
        Report::Conflict(..) | Report::Ambiguous(..) => Kind::Conflict,
        Report::Starting(..) => Kind::Starting,
        Report::StartFailed(..) => Kind::StartFailed,
        Report::Connected(_) => Kind::Connected,
        Report::Waiting(..) => Kind::Waiting,
        Report::Overdue(_) => Kind::CallOverdue,
        Report::LookFailed(_) => Kind::LookFailed,
    }
}

/// How much somebody should look at it.
fn level(report: &Report) -> Level {
    match report {
        Report::AttachFailed { attempt, .. } | Report::DetachFailed { attempt, .. } => {
            if is_worth_telling(*attempt) {
                Level::WARN
            } else {
                Level::DEBUG
            }
        }
        Report::InUse { .. }
        | Report::TakenInUse { .. }
        | Report::Held(..)
        | Report::Flapping { .. }
        | Report::Conflict(..)
        | Report::Ambiguous(..)
        | Report::StartFailed(..)
        | Report::Waiting(..)
        | Report::Overdue(_)
        | Report::LookFailed(_) => Level::WARN,
        Report::Attached(..)
        | Report::Detached(..)
        | Report::Ordered(_)
        | Report::HoldEnded { .. }
        | Report::Calmed { .. }
        | Report::Starting(..)
        | Report::Connected(_) => Level::INFO,
    }
}

/// The first tries, then ever fewer of them.
fn is_worth_telling(attempt: u32) -> bool {
    attempt.is_power_of_two()
}
