//! The udev rules, scripts and files of the bash handler usb-libvirt-hotplug.

mod out;

use std::collections::BTreeSet;

use super::bash;
use super::document::Document;
use super::matcher::Wanted;
use super::rules_file::{self, HandlerRule};
use super::sticks::{self, Kind, Stick, Table};
use super::{ImportError, Imported, Input, Remark};
use out::Out;

/// What the handler is called.
pub(super) const NAME: &str = "usb-libvirt-hotplug";

/// Imports the files of the bash handler, in any order: rules of udev
/// (`*.rules`), the script with its table, and the XML files that the script
/// leaves in a folder for each machine.
pub fn hotplug(files: &[Input]) -> Result<Imported, ImportError> {
    let mut given = Given::default();
    let mut rules_files = Vec::new();
    for file in files {
        let text = file.text()?;
        let kind = file.name.extension().and_then(|kind| kind.to_str());
        match kind {
            Some("rules") => rules_files.push((file, text)),
            Some("xml") => match sticks::left_file(file, &text)? {
                Ok(stick) => given.left.push(stick),
                Err(remark) => given.remarks.push(remark),
            },
            _ => given.script(file, &text)?,
        }
    }
    given.no_rules_file = rules_files.is_empty();
    let found = given.table.is_some()
        || files
            .iter()
            .any(|file| file.name.extension().is_some_and(|kind| kind == "xml"))
        || rules_files
            .iter()
            .any(|(_, text)| names_handler(text, &given.programs));
    if let Some(file) = files.first().filter(|_| !found) {
        let message = "no rule here runs usb-libvirt-hotplug, and there is no table of devices; if the script has another \
                       name, give it, too";
        return Err(file.error(None, message.to_owned()));
    }
    for (file, text) in rules_files {
        let read = rules_file::read(file, &text, &given.programs)?;
        given.remarks.extend(read.remarks);
        given
            .rules
            .extend(read.rules.into_iter().map(|rule| (file, rule)));
    }
    given.import()
}

/// Whether rules of udev may run the handler. `programs`: names of its scripts.
pub(super) fn names_handler(text: &str, programs: &[String]) -> bool {
    text.contains(NAME)
        || programs
            .iter()
            .any(|program| text.contains(program.as_str()))
}

/// What the files say.
#[derive(Default)]
struct Given<'f> {
    rules: Vec<(&'f Input, HandlerRule)>,
    /// Whether there is no file with rules. The rules of one may all be left out.
    no_rules_file: bool,
    /// The table, and its script.
    table: Option<Table>,
    /// Names of the scripts.
    programs: Vec<String>,
    left: Vec<Stick>,
    remarks: Vec<Remark>,
}

impl<'f> Given<'f> {
    fn script(&mut self, file: &'f Input, text: &str) -> Result<(), ImportError> {
        let script =
            bash::read(text).map_err(|error| file.error(Some(error.line), error.message))?;
        self.programs.push(file.base_name());
        if !sticks::is_handler(&script) {
            let text = "nothing to carry over: there is no table of devices in it";
            self.remarks.push(file.remark(None, text));
            return Ok(());
        }
        if self.table.is_some() {
            let message = "a second script with a table is given; import one at a time";
            return Err(file.error(None, message.to_owned()));
        }
        self.table = Some(sticks::table(file, &script)?);
        Ok(())
    }

    fn import(mut self) -> Result<Imported, ImportError> {
        let mut out = Out::default();
        let table = self.table.take();
        if let Some(table) = &table {
            self.remarks.extend(table.remarks.iter().cloned());
        }
        match &table {
            Some(table) if table.kind == Kind::Decides => self.by_table(table, &mut out)?,
            _ => self.by_rules(table.as_ref(), &mut out)?,
        }
        if self.no_rules_file
            && let Some(table) = &table
        {
            table_alone(table, &mut out)?;
        }
        for stick in &self.left {
            out.left_file(stick)?;
        }
        let mut document = Document {
            title: "Imported from the bash handler usb-libvirt-hotplug.".to_owned(),
            ..Document::default()
        };
        document.remarks.push(Remark::general(
            "The handler is no longer needed: remove its rules of udev, its scripts and its units of systemd, or \
             both tools attach the same devices. The files that it left hold bus and device numbers, which are not \
             carried over; virtplug reads them anew for each device.",
        ));
        document.remarks.extend(self.remarks);
        document.remarks.extend(out.remarks);
        document.machines = out.machines.into_values().collect();
        Ok(document.write())
    }

    /// The table names the machines; the rules say for which devices the script
    /// is run at all.
    fn by_table(&self, table: &Table, out: &mut Out) -> Result<(), ImportError> {
        // The script takes the first entry that fits.
        let mut earlier: Vec<&Stick> = Vec::new();
        for stick in &table.sticks {
            let Some((vendor, product, written)) = stick.ids else {
                out.remarks.push(stick.input.remark(
                    stick.line,
                    "left out: the entry has no ids such as 10c4:ea60",
                ));
                continue;
            };
            let same = |other: &&&Stick| {
                other.ids == stick.ids && (other.serial.is_none() || other.serial == stick.serial)
            };
            if let Some(first) = earlier.iter().find(same) {
                let text = format!(
                    "left out: the entry in line {} comes first and takes these devices",
                    first.line
                );
                out.remarks.push(stick.input.remark(stick.line, text));
                continue;
            }
            let of_product =
                |other: &&&Stick| other.ids == stick.ids && other.machine != stick.machine;
            let contested = table.sticks.iter().any(|other| of_product(&&other));
            earlier.push(stick);
            let mut remarks = Vec::new();
            if !written {
                remarks.push(stick.input.remark(
                    stick.line,
                    "this entry never held, since its ids are not written as the kernel does (lower case, no leading \
                     zeros); switched off here, too",
                ));
            }
            for serial in stick.serials(true) {
                // Entries with a serial number come before those without.
                let priority = i32::from(contested && stick.serial.is_some());
                let wanted = Wanted {
                    disabled: !written,
                    priority,
                    ..Wanted::product(vendor, product)
                };
                let Some(wanted) = wanted.and(serial) else {
                    continue;
                };
                if self.no_rules_file {
                    out.add(
                        &stick.machine,
                        wanted.clone(),
                        remarks.clone(),
                        &stick.input,
                        stick.line,
                    )?;
                }
                for (_, rule) in &self.rules {
                    let mut remarks = remarks.clone();
                    remarks.extend(rule.remarks.iter().cloned());
                    if let Some(both) = wanted.clone().and(rule.wanted.clone()) {
                        out.add(&stick.machine, both, remarks, &stick.input, stick.line)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The rules name the machines; the table at most narrows them to devices
    /// with certain serial numbers.
    fn by_rules(&self, table: Option<&Table>, out: &mut Out) -> Result<(), ImportError> {
        let machines: BTreeSet<&str> = self
            .rules
            .iter()
            .filter_map(|(_, rule)| rule.machine.as_deref())
            .collect();
        let serials = table.filter(|table| table.kind == Kind::Serials);
        if table.is_none() && !self.rules.is_empty() {
            let text = "The script of the handler is not among the files. If it has MATCH_SERIAL_ID=1 or a table, \
                        give it, too: the rules here may be for more devices than it attached.";
            out.remarks.push(Remark::general(text));
        }
        if serials.is_some() && !self.rules.is_empty() {
            let text = "With MATCH_SERIAL_ID=1 the script looks at nothing but the serial number. Here a device also has \
                        to be of the product that its entry in the table names, and where the machine of the entry has \
                        rules, only that machine gets it.";
            out.remarks.push(Remark::general(text));
        }
        for (file, rule) in &self.rules {
            let Some(machine) = &rule.machine else {
                let text = "left out: the script is run without a machine, so its table decides; give the script, too";
                out.remarks.push(file.remark(rule.line, text));
                continue;
            };
            if rule.wanted.is_empty() && serials.is_none() {
                let text = "left out: the rule is for every USB device";
                out.remarks.push(file.remark(rule.line, text));
                continue;
            }
            let Some(table) = serials else {
                out.add(
                    machine,
                    rule.wanted.clone(),
                    rule.remarks.clone(),
                    file,
                    rule.line,
                )?;
                continue;
            };
            for stick in &table.sticks {
                // The script looks at the serial number only. What the entry says
                // about another machine that has rules is taken at its word.
                if stick.machine != *machine && machines.contains(stick.machine.as_str()) {
                    continue;
                }
                let Some(serial) = &stick.serial else {
                    continue;
                };
                let ids = stick
                    .ids
                    .map(|(vendor, product, _)| Wanted::product(vendor, product));
                let fits = ids.is_none_or(|ids| rule.wanted.clone().and(ids).is_some());
                let both = rule
                    .wanted
                    .clone()
                    .and(super::matcher::short_serial(serial));
                if let Some(both) = both.filter(|_| fits) {
                    out.add(machine, both, rule.remarks.clone(), file, rule.line)?;
                }
            }
        }
        Ok(())
    }
}

/// A script whose table does not decide, without rules of udev.
fn table_alone(table: &Table, out: &mut Out) -> Result<(), ImportError> {
    out.remarks.push(Remark::general(match table.kind {
            Kind::Decides => "No rules of udev are among the files; they may run the script for fewer devices than its table names.",
            Kind::Serials => "No rules of udev are among the files, so the machines and ids are those that the table notes.",
            Kind::Unused => "No rules of udev are among the files, and the script has MATCH_SERIAL_ID=0, so only they say which devices it attaches; give them, too.",
        }));
    if table.kind != Kind::Serials {
        return Ok(());
    }
    for stick in &table.sticks {
        match (stick.ids, &stick.serial) {
            (Some((vendor, product, _)), Some(serial)) => {
                let wanted =
                    Wanted::product(vendor, product).and(super::matcher::short_serial(serial));
                out.add(
                    &stick.machine,
                    wanted.unwrap_or_default(),
                    Vec::new(),
                    &stick.input,
                    stick.line,
                )?;
            }
            _ => out.remarks.push(stick.input.remark(
                stick.line,
                "left out: the entry has no ids such as 10c4:ea60, or no serial number",
            )),
        }
    }
    Ok(())
}
