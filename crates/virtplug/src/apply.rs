//! `virtplug apply`.

use virtplug_core::{Assignment, Engine, Obstacle, Owner, Report};

use crate::cli::Sources;
use crate::exit::Exit;
use crate::naming::{claims_text, name, rule_text};
use crate::output::{message, print};
use crate::pass::{self, Mode};
use crate::world::World;
use crate::{journal, settings};

/// One pass of the engine; names each failure.
pub(crate) async fn run(world: World, sources: &Sources) -> Exit {
    let policy = match settings::read(sources) {
        Ok(loaded) => {
            settings::show(&loaded.notes);
            loaded.policy
        }
        Err(error) => {
            settings::show(error.diagnostics());
            return Exit::Config;
        }
    };
    let outcome = pass::run(world, policy, Mode::Real, show).await;
    let mut failures = failures(&outcome.engine);
    if let Some(error) = outcome.scan_error {
        failures.push(format!("cannot read the USB devices: {error}"));
    }
    if outcome.unanswered > 0 {
        failures.push(format!(
            "libvirt did not answer {} calls in time",
            outcome.unanswered
        ));
    }
    for failure in &failures {
        message(format_args!("error: {failure}"));
    }
    if !failures.is_empty() {
        return Exit::Failed;
    }
    let done = outcome
        .reports
        .iter()
        .any(|report| matches!(report, Report::Attached(..) | Report::Detached(..)));
    if !done {
        print("nothing to do\n");
    }
    Exit::Ok
}

fn show(engine: &Engine, report: &Report) {
    match report {
        Report::Attached(..) | Report::Detached(..) | Report::Starting(..) => {
            print(format_args!("{}\n", journal::sentence(engine, report)));
        }
        Report::DetachFailed { .. }
        | Report::LookFailed(_)
        | Report::Overdue(_)
        | Report::StartFailed(..) => {
            message(format_args!("error: {}", journal::sentence(engine, report)));
        }
        Report::TakenInUse { .. } => {
            message(format_args!(
                "warning: {}",
                journal::sentence(engine, report)
            ));
        }
        // What keeps a device out at the end is named there.
        Report::AttachFailed { .. }
        | Report::InUse { .. }
        | Report::Held(..)
        | Report::Ordered(_)
        | Report::HoldEnded { .. }
        | Report::Flapping { .. }
        | Report::Conflict(..)
        | Report::Connected(_)
        | Report::Waiting(..) => {}
    }
}

/// What is not as the configuration asks, though the machine runs.
fn failures(engine: &Engine) -> Vec<String> {
    let mut failures = Vec::new();
    for view in engine.devices() {
        let device = view.device;
        let reason = match (view.assignment, view.obstacle) {
            (
                Assignment::Host
                | Assignment::Kept(_)
                | Assignment::Withheld
                | Assignment::Spare(_),
                _,
            )
            | (Assignment::Machine(_), None | Some(Obstacle::MachineOff)) => continue,
            // It is where it belongs, though not by us.
            (
                Assignment::Machine(grant),
                Some(Obstacle::Occupied {
                    machine,
                    own: false,
                }),
            ) if machine == grant.machine => {
                continue;
            }
            (Assignment::Machine(grant), Some(obstacle)) => {
                format!("is not in machine {}: {obstacle}", grant.machine)
            }
            (Assignment::Conflict(rules), _) => {
                format!("is claimed by several owners: {}", claims_text(rules))
            }
            (Assignment::Refused(grant, refusal), _) => {
                format!("is not in machine {}: {refusal}", grant.machine)
            }
            (Assignment::Unknown(None), _) => {
                "cannot be read now, so it is not clear whether it is authorised".to_owned()
            }
            (Assignment::Unknown(Some(rule)), _) => {
                let owner = match &rule.owner {
                    Owner::Host => "the host".to_owned(),
                    Owner::Machine(machine) => format!("machine {machine}"),
                };
                format!(
                    "may belong to {owner} ({}), but cannot be read now",
                    rule_text(rule)
                )
            }
        };
        failures.push(format!(
            "{} {}:{} {} {reason}",
            device.port,
            device.vendor,
            device.product,
            name(device)
        ));
    }
    let summary = engine.summary();
    if summary.leaving > 0 {
        failures.push(format!("{} entries were not removed", summary.leaving));
    }
    for (uri, reason) in summary.down {
        failures.push(format!("{uri}: {reason}"));
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::world;

    #[test]
    fn every_device_that_is_not_where_it_belongs_is_named() {
        insta::assert_snapshot!(failures(&world(true).0).join("\n"));
    }
}
