//! The rules that come out of the handler's files.

use std::collections::{BTreeMap, BTreeSet};

use virtplug_core::Escaped;

use super::super::document::{Entry, Machine, name_fault};
use super::super::matcher::Wanted;
use super::super::sticks::Stick;
use super::super::{ImportError, Input, Remark};

/// The most rules that are written.
const MOST_RULES: usize = 10_000;

/// The rules so far.
#[derive(Default)]
pub(super) struct Out {
    pub(super) machines: BTreeMap<String, Machine>,
    /// What was written already.
    known: BTreeMap<String, BTreeSet<Wanted>>,
    count: usize,
    pub(super) remarks: Vec<Remark>,
}

impl Out {
    /// Adds a rule; one that is there already is not written twice.
    pub(super) fn add(
        &mut self,
        machine: &str,
        wanted: Wanted,
        remarks: Vec<Remark>,
        from: &Input,
        line: usize,
    ) -> Result<(), ImportError> {
        if let Some(fault) = name_fault(machine) {
            let text = format!("left out, machine \"{}\": {fault}", Escaped(machine));
            self.remarks
                .push(from.remark(Some(line).filter(|line| *line > 0), text));
            return Ok(());
        }
        if !self
            .known
            .entry(machine.to_owned())
            .or_default()
            .insert(wanted.clone())
        {
            return Ok(());
        }
        self.count += 1;
        if self.count > MOST_RULES {
            return Err(from.error(
                None,
                format!("the import would have more than {MOST_RULES} rules"),
            ));
        }
        let entry = self
            .machines
            .entry(machine.to_owned())
            .or_insert_with(|| Machine::new(machine));
        entry.entries.push(Entry::Rule(Box::new(wanted), remarks));
        Ok(())
    }

    /// Adds the device of a file that the handler left, unless a rule means it.
    pub(super) fn left_file(&mut self, stick: &Stick) -> Result<(), ImportError> {
        let Some((vendor, product, _)) = stick.ids else {
            return Ok(());
        };
        let of_device = |wanted: Wanted| Wanted::product(vendor, product).and(wanted);
        let rules: Vec<Wanted> = stick
            .serials(true)
            .into_iter()
            .filter_map(of_device)
            .collect();
        let known = self.known.get(&stick.machine);
        let covers =
            |have: &Wanted| !have.disabled && rules.iter().any(|rule| is_part_of(rule, have));
        if known.is_some_and(|known| known.iter().any(covers)) {
            return Ok(());
        }
        for rule in rules {
            // The handler attaches what its rules name, not what it left somewhere.
            let text = "no rule among the files names this device; the handler left it here at some time, so the rule \
                        is switched off; delete `enabled = false` if the device belongs to the machine";
            let remark = stick.input.remark(None, text);
            let rule = Wanted {
                disabled: true,
                ..rule
            };
            self.add(&stick.machine, rule, vec![remark], &stick.input, 0)?;
        }
        Ok(())
    }
}

/// Whether what meets `rule` may meet `have`: the handler took the revision
/// and the place from the device, which a file does not tell.
fn is_part_of(rule: &Wanted, have: &Wanted) -> bool {
    let mut plain = have.clone();
    plain.revision = Vec::new();
    plain
        .env
        .retain(|name, _| name == "ID_SERIAL_SHORT" || name == "ID_SERIAL");
    plain.priority = 0;
    plain.tags = Vec::new();
    plain.not.clone_from(&rule.not);
    let both = rule.clone().and(plain);
    both.is_some_and(|both| {
        both.vendor == rule.vendor && both.serial == rule.serial && both.env == rule.env
    })
}
