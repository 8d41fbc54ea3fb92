//! The table of devices in the handler's script, and the files that it leaves.

use virtplug_core::Escaped;

use super::bash::Script;
use super::matcher::{Text, Wanted, short_serial};
use super::{ImportError, Input, Remark};

/// The most entries of a table.
const MOST: usize = 1_000;

/// The word for "any serial number" in the table.
const ANY_SERIAL: &str = "DONT_KNOW";

/// The table of a script.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) sticks: Vec<Stick>,
    pub(super) kind: Kind,
    pub(super) remarks: Vec<Remark>,
}

/// What the table is to the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// It decides: machine, ids and serial number of each device.
    #[default]
    Decides,
    /// Only its serial numbers count, and devices with others are ignored
    /// (`MATCH_SERIAL_ID=1`).
    Serials,
    /// It is not looked at (`MATCH_SERIAL_ID=0`).
    Unused,
}

/// An entry.
#[derive(Debug, Clone)]
pub(super) struct Stick {
    pub(super) input: Input,
    pub(super) line: usize,
    pub(super) machine: String,
    /// Vendor and product, and whether they are written as the kernel does.
    pub(super) ids: Option<(u16, u16, bool)>,
    /// The serial number; `None` for any.
    pub(super) serial: Option<String>,
}

impl Stick {
    /// The conditions on the serial number; either may hold. The script takes
    /// `ID_SERIAL` for a device without `ID_SERIAL_SHORT` when `falls_back`.
    pub(super) fn serials(&self, falls_back: bool) -> Vec<Wanted> {
        let Some(serial) = &self.serial else {
            return vec![Wanted::default()];
        };
        let mut found = vec![short_serial(serial)];
        // udev joins the vendor, the product and the serial number by `_`.
        if falls_back && serial.contains('_') {
            let property = |name: &str, text: Text| Wanted {
                env: [(name.to_owned(), vec![text])].into(),
                ..Wanted::default()
            };
            let mut whole = property("ID_SERIAL", Text::Exact(serial.clone()));
            whole.not = vec![property("ID_SERIAL_SHORT", Text::Regex("(?s).".to_owned()))];
            found.push(whole);
        }
        found
    }
}

/// Whether a script is the handler: it has a table, or says how to use one.
pub(super) fn is_handler(script: &Script) -> bool {
    script.get("groups").is_some() || script.get("MATCH_SERIAL_ID").is_some()
}

/// The table of a script.
pub(super) fn table(input: &Input, script: &Script) -> Result<Table, ImportError> {
    let mut table = Table::default();
    let of_interest =
        |name: &str| name == "groups" || name == "MATCH_SERIAL_ID" || name.starts_with("stick");
    for note in &script.notes {
        if note.variable.as_deref().is_some_and(of_interest) {
            let text = format!("not carried over: {}", note.text);
            table.remarks.push(input.remark(note.line, text));
        }
    }
    let setting = script
        .get("MATCH_SERIAL_ID")
        .and_then(|variable| variable.text());
    let doubtful = script
        .notes
        .iter()
        .any(|note| note.variable.as_deref() == Some("MATCH_SERIAL_ID"));
    table.kind = match setting.map(|element| element.text.as_str()) {
        Some("1") => Kind::Serials,
        Some(_) => Kind::Unused,
        None if doubtful => Kind::Serials,
        None => Kind::Decides,
    };
    let Some(groups) = script.get("groups") else {
        return Ok(table);
    };
    // The script does not quote the list, so each entry may be several words.
    for name in groups
        .elements()
        .flat_map(|group| group.text.split_whitespace().map(|name| (name, group.line)))
    {
        let (name, line) = name;
        let Some(entry) = script.get(name) else {
            let text = format!(
                "left out: `{}` is listed in `groups`, and its value is not known",
                Escaped(name)
            );
            table.remarks.push(input.remark(line, text));
            continue;
        };
        if table.sticks.len() >= MOST {
            return Err(input.error(
                Some(line),
                format!("the table has more than {MOST} entries"),
            ));
        }
        let fields: Vec<_> = entry.elements().take(4).collect();
        let [machine, ids, serial, ..] = fields.as_slice() else {
            let text = format!(
                "left out: `{}` needs a machine, the ids and a serial number",
                Escaped(name)
            );
            table.remarks.push(input.remark(line, text));
            continue;
        };
        table.sticks.push(Stick {
            input: Input {
                name: input.name.clone(),
                bytes: Vec::new(),
            },
            line: machine.line,
            machine: machine.text.clone(),
            ids: parse_ids(&ids.text),
            serial: (serial.text != ANY_SERIAL).then(|| serial.text.clone()),
        });
    }
    let listed = |name: &str| {
        groups
            .elements()
            .any(|group| group.text.split_whitespace().any(|one| one == name))
    };
    for (rest, entry) in script.with_prefix("stick") {
        let name = format!("stick{rest}");
        if !listed(&name) {
            let line = entry.text().map(|element| element.line);
            let text = format!("left out: `{}` is not listed in `groups`", Escaped(&name));
            table.remarks.push(input.remark(line, text));
        }
    }
    Ok(table)
}

/// `10c4:ea60`. Placeholders such as `VEN1:PROD1` are no ids.
fn parse_ids(text: &str) -> Option<(u16, u16, bool)> {
    let (vendor, product) = text.split_once(':')?;
    let vendor = u16::from_str_radix(vendor, 16).ok()?;
    let product = u16::from_str_radix(product, 16).ok()?;
    Some((vendor, product, text == format!("{vendor:x}:{product:x}")))
}

/// The device of an XML file that the handler left: `MACHINE/BUS-DEVICE-SERIAL.xml`.
pub(super) fn left_file(input: &Input, text: &str) -> Result<Result<Stick, Remark>, ImportError> {
    let error = |message: String| input.error(None, message);
    let document = roxmltree::Document::parse(text).map_err(|fault| {
        let line = usize::try_from(fault.pos().row).ok();
        input.error(
            line,
            format!("the XML cannot be read: {}", Escaped(&fault.to_string())),
        )
    })?;
    let id = |element: &str| {
        let node = document
            .descendants()
            .find(|node| node.has_tag_name(element))?;
        let text = node.attribute("id")?;
        u16::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok()
    };
    let (Some(vendor), Some(product)) = (id("vendor"), id("product")) else {
        return Err(error(
            "it has no vendor or no product id, so it is no file of the handler".to_owned(),
        ));
    };
    let folder = input.name.parent().and_then(|folder| folder.file_name());
    let Some(machine) = folder.map(|folder| folder.to_string_lossy().into_owned()) else {
        return Ok(Err(input.remark(
            None,
            "left out: the name of the folder is the machine, and there is none",
        )));
    };
    let name = input.base_name();
    let serial = serial_of(&name);
    match serial {
        Some(serial) if !serial.is_empty() => Ok(Ok(Stick {
            input: Input { name: input.name.clone(), bytes: Vec::new() },
            line: 0,
            machine,
            ids: Some((vendor, product, true)),
            serial: Some(serial.to_owned()),
        })),
        _ => Ok(Err(input.remark(
            None,
            "left out: the name of the file tells no serial number (BUS-DEVICE-SERIAL.xml), and a rule without one \
             would take every device of this product",
        ))),
    }
}

/// Whether the handler names its files so.
pub(super) fn is_left_file(name: &str) -> bool {
    serial_of(name).is_some()
}

/// The serial number in `BUS-DEVICE-SERIAL.xml`; it may be empty.
fn serial_of(name: &str) -> Option<&str> {
    let mut parts = name.strip_suffix(".xml")?.splitn(3, '-');
    let number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u16>().is_ok());
    (number(parts.next()) && number(parts.next()))
        .then(|| parts.next())
        .flatten()
}
