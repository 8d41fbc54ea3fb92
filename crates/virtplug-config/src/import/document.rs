//! The TOML that an import writes.

use std::fmt::Write as _;

use toml_edit::{Array, InlineTable, Key, Value};
use virtplug_core::Escaped;

use super::matcher::{Text, Wanted};
use super::{Imported, Remark};

/// Comments are wrapped at this width.
const WIDTH: usize = 96;

/// What is to be written, in its order.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Where it came from, in words.
    pub(super) title: String,
    /// Remarks on the whole.
    pub(super) remarks: Vec<Remark>,
    pub(super) machines: Vec<Machine>,
}

/// A machine and its rules.
#[derive(Debug, Default)]
pub(super) struct Machine {
    pub(super) name: String,
    pub(super) connect: Option<String>,
    /// Remarks on the machine.
    pub(super) remarks: Vec<Remark>,
    pub(super) entries: Vec<Entry>,
}

/// What stands below a machine.
#[derive(Debug)]
pub(super) enum Entry {
    /// A rule, with what is to be known about it.
    Rule(Box<Wanted>, Vec<Remark>),
    /// Something that was left out.
    LeftOut(Remark),
}

impl Machine {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    fn rules(&self) -> usize {
        let is_rule = |entry: &&Entry| matches!(entry, Entry::Rule(..));
        self.entries.iter().filter(is_rule).count()
    }
}

/// Why a text cannot be the name of a machine, if it cannot. libvirt refuses
/// the same.
pub(super) fn name_fault(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        Some("a machine needs a name")
    } else if name.contains('/') || name.chars().any(char::is_control) {
        Some("libvirt allows no slash and no control character in the name of a machine")
    } else {
        None
    }
}

impl Document {
    pub(super) fn write(self) -> Imported {
        let mut out = Writer::default();
        out.comment_text(&self.title);
        for remark in self.remarks {
            out.text.push_str("#\n");
            out.remark(remark);
        }
        let rules = self.machines.iter().map(Machine::rules).sum();
        for machine in self.machines {
            out.machine(machine);
        }
        Imported {
            toml: out.text,
            rules,
            remarks: out.remarks,
        }
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    remarks: Vec<Remark>,
}

impl Writer {
    fn machine(&mut self, machine: Machine) {
        self.text.push('\n');
        let rules = machine.rules();
        let path = format!("machines.{}", key(&machine.name));
        for remark in machine.remarks {
            self.remark(remark);
        }
        if rules == 0 {
            let name = Escaped(&machine.name);
            self.comment_text(&format!("No rule is left for the machine {name}."));
        } else if let Some(uri) = &machine.connect {
            let _ = writeln!(self.text, "[{path}]");
            self.field("connect", &Value::from(uri.as_str()));
        }
        let mut apart = rules > 0 && machine.connect.is_some();
        for entry in machine.entries {
            if apart {
                self.text.push('\n');
            }
            apart = true;
            match entry {
                Entry::LeftOut(remark) => self.remark(remark),
                Entry::Rule(wanted, remarks) => {
                    for remark in remarks {
                        self.remark(remark);
                    }
                    let _ = writeln!(self.text, "[[{path}.device]]");
                    for (name, value) in fields(&wanted) {
                        self.field(name, &value);
                    }
                }
            }
        }
    }

    fn field(&mut self, name: &str, value: &Value) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{name} = {value}");
    }

    fn remark(&mut self, remark: Remark) {
        self.comment_text(&remark.to_string());
        self.remarks.push(remark);
    }

    /// Writes a comment of one or more lines. The text may come from a hostile
    /// file: nothing in it ends the comment.
    fn comment_text(&mut self, text: &str) {
        // Escaped text has backslashes that must not be escaped again.
        let text: String = text
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        let mut width = 0;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            if width > 0 && width + 1 + length > WIDTH {
                self.text.push('\n');
                width = 0;
            }
            if width == 0 {
                self.text.push('#');
                width = 1;
            }
            self.text.push(' ');
            self.text.push_str(word);
            width += 1 + length;
        }
        self.text.push('\n');
    }
}

fn key(name: &str) -> String {
    Key::new(name).to_string()
}

/// The fields of a rule, in the order in which they are read best.
fn fields(wanted: &Wanted) -> Vec<(&'static str, Value)> {
    let mut fields: Vec<(&'static str, Value)> = Vec::new();
    for (name, texts) in [
        ("vendor", &wanted.vendor),
        ("product", &wanted.product),
        ("revision", &wanted.revision),
        ("serial", &wanted.serial),
        ("manufacturer", &wanted.manufacturer),
        ("product-name", &wanted.product_name),
    ] {
        if !texts.is_empty() {
            fields.push((name, list(texts)));
        }
    }
    if let Some((bus, device)) = wanted.address {
        fields.push(("bus", Value::from(i64::from(bus))));
        fields.push(("device", Value::from(i64::from(device))));
    }
    if !wanted.env.is_empty() {
        let mut table = InlineTable::new();
        for (name, texts) in &wanted.env {
            table.insert(name, list(texts));
        }
        fields.push(("env", table.into()));
    }
    for (name, tags) in [
        ("tags", &wanted.tags),
        ("current-tags", &wanted.current_tags),
    ] {
        if !tags.is_empty() {
            let tags: Array = tags.iter().map(String::as_str).collect();
            fields.push((name, tags.into()));
        }
    }
    let excluded: Vec<InlineTable> = wanted.not.iter().map(inline).collect();
    match excluded.as_slice() {
        [] => {}
        [one] => fields.push(("not", one.clone().into())),
        _ => fields.push(("not", excluded.into_iter().collect::<Array>().into())),
    }
    if wanted.priority != 0 {
        fields.push(("priority", Value::from(i64::from(wanted.priority))));
    }
    if wanted.disabled {
        fields.push(("enabled", Value::from(false)));
    }
    fields
}

fn inline(wanted: &Wanted) -> InlineTable {
    fields(wanted).into_iter().collect()
}

fn list(texts: &[Text]) -> Value {
    match texts {
        [one] => value(one),
        _ => texts.iter().map(value).collect::<Array>().into(),
    }
}

fn value(text: &Text) -> Value {
    let pattern = |kind: &str, text: &str| {
        let mut table = InlineTable::new();
        table.insert(kind, text.into());
        table.into()
    };
    match text {
        Text::Exact(text) => text.as_str().into(),
        Text::Glob(text) => pattern("glob", text),
        Text::Regex(text) => pattern("regex", text),
    }
}
