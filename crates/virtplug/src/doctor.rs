//! `virtplug doctor`: what on this host stands in the way, and what mends it.

use schemars::JsonSchema;
use serde::Serialize;
use virtplug_ipc::VERSION;

use self::args::DoctorArgs;
use self::facts::Facts;
use self::finding::{Finding, Severity};
use crate::exit::Exit;
use crate::output::{print, print_json};
use crate::world::World;

pub(crate) mod args;
mod collect;
mod facts;
mod finding;
mod probe;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod user;

/// Tells what was found; fails if there is an error among it.
pub(crate) async fn run(world: World, args: &DoctorArgs) -> Exit {
    let facts = collect::all(world, &args.sources).await;
    let report = Report::new(&facts, args.machine.as_deref());
    if args.json {
        print_json(&report);
    } else {
        print(text::render(&report.findings));
    }
    report.exit()
}

/// The JSON form.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Report {
    /// The version of this form.
    version: u32,
    /// How many findings are errors.
    errors: usize,
    /// How many are warnings.
    warnings: usize,
    /// How many are notes.
    notes: usize,
    /// What was found, by topic.
    findings: Vec<Finding>,
}

impl Report {
    fn new(facts: &Facts, machine: Option<&str>) -> Self {
        let mut findings = probe::all(facts);
        if let Some(machine) = machine {
            let label = facts.label(machine);
            finding::only_of(&mut findings, label.unwrap_or(machine));
            if label.is_none() && facts.knows_all_machines() {
                findings.push(finding::unknown_machine(machine));
            }
        }
        // Each topic together, in the order of the probes.
        findings.sort_by_key(|finding| finding.topic);
        let count = |severity| text::count(&findings, severity);
        Self {
            version: VERSION,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            findings,
        }
    }

    fn exit(&self) -> Exit {
        if self.errors == 0 {
            Exit::Ok
        } else {
            Exit::Failed
        }
    }
}
