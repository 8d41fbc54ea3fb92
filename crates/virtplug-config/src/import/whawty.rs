//! The configuration of whawty's libvirt-usb-hotplugd: YAML, with files for
//! single machines in `machines.d`.

mod udev;

use std::collections::BTreeMap;

use virtplug_core::Escaped;

use super::document::{Document, Entry, Machine, name_fault};
use super::matcher::{Text, Wanted};
use super::yaml::{self, Node};
use super::{ImportError, Imported, Input, Remark};
use udev::udev;

/// Imports the main file and the files of `machines.d`, each of which is the
/// machine of its name and replaces the entry in the main file.
pub fn whawty(main: &Input, machines: &[Input]) -> Result<Imported, ImportError> {
    let mut import = Import::default();
    import.remarks.push(Remark::general(
        "libvirt-usb-hotplugd took every USB hostdev of a machine for its own and detached those that no rule names. \
         virtplug only touches what it attached, so hostdevs in the definition of a machine stay. Stop the old daemon \
         before virtplug starts, or both attach the same devices.",
    ));
    import.main(main)?;
    let mut files: Vec<&Input> = machines.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    for file in files {
        let name = file.base_name();
        let Some(name) = name.strip_suffix(".yml") else {
            import
                .remarks
                .push(file.remark(None, "not read: only files that end in .yml are machines"));
            continue;
        };
        let Some(root) = import.root(file)? else {
            continue;
        };
        import.found = true;
        let mut replaced = Vec::new();
        if import.machines.contains_key(name) {
            replaced.push(file.remark(
                None,
                format!(
                    "this file replaces the entry of {} in the main file",
                    Escaped(name)
                ),
            ));
        }
        import.machine(file, name, &root, replaced)?;
    }
    if import.machines.is_empty() && !import.found {
        let message = "there is no `machines:` here, so this is no configuration of libvirt-usb-hotplugd with anything to \
                       import";
        return Err(main.error(None, message.to_owned()));
    }
    let document = Document {
        title: "Imported from the configuration of libvirt-usb-hotplugd.".to_owned(),
        remarks: import.remarks,
        machines: import.machines.into_values().collect(),
    };
    Ok(document.write())
}

#[derive(Default)]
struct Import {
    machines: BTreeMap<String, Machine>,
    /// Whether there is anything of machines, also where nothing of it is left.
    found: bool,
    remarks: Vec<Remark>,
}

/// Why a rule is left out: the line, and the reason.
type Fault = (usize, String);

impl Import {
    fn root(&mut self, file: &Input) -> Result<Option<std::rc::Rc<Node>>, ImportError> {
        let text = file.text()?;
        let (root, second) =
            yaml::read(&text).map_err(|error| file.error(Some(error.line), error.message))?;
        if let Some(line) = second {
            self.remarks.push(file.remark(
                line,
                "not carried over: only the first document of a file is read",
            ));
        }
        if root.is_none() {
            self.remarks.push(file.remark(None, "the file is empty"));
        }
        Ok(root)
    }

    fn main(&mut self, file: &Input) -> Result<(), ImportError> {
        let Some(root) = self.root(file)? else {
            return Ok(());
        };
        for (key, value) in entries(file, &root)? {
            match key {
                "interval" => {
                    let text = "not carried over: `interval`; virtplug does not poll, it acts as soon as something changes";
                    self.remarks.push(file.remark(value.line, text));
                }
                "machines" if value.is_null() => self.found = true,
                "machines" => {
                    self.found = true;
                    for (name, machine) in entries(file, value)? {
                        self.machine(file, name, machine, Vec::new())?;
                    }
                }
                _ => self.remarks.push(unknown(file, key, value)),
            }
        }
        Ok(())
    }

    fn machine(
        &mut self,
        file: &Input,
        name: &str,
        node: &Node,
        remarks: Vec<Remark>,
    ) -> Result<(), ImportError> {
        if let Some(fault) = name_fault(name) {
            let text = format!("left out, machine \"{}\": {fault}", Escaped(name));
            self.remarks.push(file.remark(node.line, text));
            return Ok(());
        }
        let mut machine = Machine {
            remarks,
            ..Machine::new(name)
        };
        let fields = if node.is_null() {
            Vec::new()
        } else {
            entries(file, node)?
        };
        for (key, value) in fields {
            if key != "devices" {
                machine.remarks.push(unknown(file, key, value));
            } else if !value.is_null() {
                let Some(list) = value.list() else {
                    return Err(file.error(Some(value.line), "`devices` is a list".to_owned()));
                };
                for device in list {
                    machine.entries.push(rule(file, device));
                }
            }
        }
        self.machines.insert(name.to_owned(), machine);
        Ok(())
    }
}

fn unknown(file: &Input, key: &str, value: &Node) -> Remark {
    let text = format!(
        "not carried over: the key `{}` is unknown, and libvirt-usb-hotplugd refuses it",
        Escaped(key)
    );
    file.remark(value.line, text)
}

fn entries<'n>(file: &Input, node: &'n Node) -> Result<Vec<(&'n str, &'n Node)>, ImportError> {
    match node.map() {
        Some(Ok(entries)) => Ok(entries),
        Some(Err(line)) => Err(file.error(
            Some(line),
            "a key is no text, stands there twice or cannot be merged".to_owned(),
        )),
        None => Err(file.error(
            Some(node.line),
            "keys with values are expected here, as in `machines:`".to_owned(),
        )),
    }
}

fn rule(file: &Input, node: &Node) -> Entry {
    let mut notes = Vec::new();
    match wanted(node, &mut notes) {
        Ok(wanted) if wanted.is_empty() => Entry::LeftOut(file.remark(
            node.line,
            "left out: the matcher is empty, which libvirt-usb-hotplugd refuses",
        )),
        Ok(wanted) => {
            let remarks = notes
                .into_iter()
                .map(|(line, text)| file.remark(line, text))
                .collect();
            Entry::Rule(Box::new(wanted), remarks)
        }
        Err((line, why)) => {
            Entry::LeftOut(file.remark(line, format!("the rule is left out: {why}")))
        }
    }
}

/// The entries of a map within a rule; a fault leaves the rule out.
fn fields(node: &Node) -> Result<Vec<(&str, &Node)>, Fault> {
    match node.map() {
        Some(Ok(entries)) if !node.tagged => Ok(entries),
        Some(Err(line)) => Err((
            line,
            "a key stands there twice or cannot be merged".to_owned(),
        )),
        _ => Err((node.line, "keys with values are expected here".to_owned())),
    }
}

fn wanted(node: &Node, notes: &mut Vec<Fault>) -> Result<Wanted, Fault> {
    let mut wanted = Wanted::default();
    let (mut bus, mut device) = (None, None);
    for (key, value) in fields(node)? {
        if value.is_null() {
            continue;
        }
        match key {
            "vendor-id" => wanted.vendor = Text::exact(format!("{:04x}", number(key, value)?)),
            "product-id" => wanted.product = Text::exact(format!("{:04x}", number(key, value)?)),
            "bus" => bus = Some((number(key, value)?, value.line)),
            "device" => device = Some((number(key, value)?, value.line)),
            "udev" => udev(value, &mut wanted)?,
            _ => {
                return Err((
                    value.line,
                    format!(
                        "the key `{}` is unknown, and libvirt-usb-hotplugd refuses it",
                        Escaped(key)
                    ),
                ));
            }
        }
    }
    let numbers = "bus and device numbers change when a device is plugged in again and when the host starts; `port` does not";
    for (name, at, smallest, largest) in [("bus", bus, 1, 999), ("device", device, 2, 127)] {
        let Some((value, line)) = at else { continue };
        if !(smallest..=largest).contains(&value) {
            return Err((
                line,
                format!("no device that can be given to a machine has the {name} number {value}"),
            ));
        }
        if !notes.iter().any(|(_, text)| text == numbers) {
            notes.push((line, numbers.to_owned()));
        }
    }
    match (bus, device) {
        (Some((bus, _)), Some((device, _))) => wanted.address = Some((bus, device)),
        // The kernel writes these properties with three digits.
        (Some((bus, _)), None) => property(&mut wanted, "BUSNUM", &format!("{bus:03}")),
        (None, Some((device, _))) => property(&mut wanted, "DEVNUM", &format!("{device:03}")),
        (None, None) => {}
    }
    Ok(wanted)
}

fn property(wanted: &mut Wanted, name: &str, value: &str) {
    wanted
        .env
        .entry(name.to_owned())
        .or_insert_with(|| Text::exact(value));
}

fn number(key: &str, value: &Node) -> Result<u16, Fault> {
    if let Some(number) = value
        .number()
        .filter(|_| !value.tagged)
        .and_then(|number| u16::try_from(number).ok())
    {
        return Ok(number);
    }
    let text = value.text().unwrap_or_default();
    let advice = if value.number().is_none() && u16::from_str_radix(text, 16).is_ok() {
        format!("; write 0x{} for a hexadecimal number", Escaped(text))
    } else {
        String::new()
    };
    Err((
        value.line,
        format!(
            "`{key}: {}` is no number from 0 to 65535 to libvirt-usb-hotplugd, which refuses it{advice}",
            Escaped(text)
        ),
    ))
}
