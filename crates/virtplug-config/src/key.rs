//! The keys of the configuration: one definition for reading, messages, the
//! schema, the manual page and tests.

mod condition;
mod control;
mod machine;
mod option;
mod other_name;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use condition::*;
pub(crate) use control::*;
pub(crate) use machine::*;
pub(crate) use option::*;
pub(crate) use other_name::OTHER_NAMES;

/// A key, what it takes, and how it is written.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What kind of value, in words that follow "must be".
    pub(crate) takes: &'static str,
    /// A line that is right.
    pub(crate) example: &'static str,
    /// What holds where the key is left out, as it would be written.
    pub(crate) default: Option<&'static str>,
    /// The first version that has it.
    pub(crate) since: &'static str,
    /// What it means, in one or two sentences.
    pub(crate) help: &'static str,
}

/// A kind of value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Text that people read; may be empty.
    Name,
    /// Text that is not blank.
    Text,
    /// A list of texts that are not blank; may be empty.
    Texts,
    /// The UUID of a machine.
    Uuid,
    /// A port of a machine.
    GuestPort,
    /// `true` or `false`.
    Boolean,
    /// A whole number in a range.
    Integer {
        from: i64,
        to: i64,
        /// What else to know of the range, in words that follow it.
        note: &'static str,
    },
    /// A number with a unit of time.
    Duration,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Wanted texts: one, a pattern, or a list of those.
    Wanted(Exact),
    /// Tables from the names of udev properties to wanted texts.
    Properties,
    /// Wanted texts, each of which must be there.
    Tags,
    /// One class code or a list of them.
    Classes,
    /// As classes, or a table that says how they must be there.
    Interfaces,
    /// One speed or a list of them.
    Speeds,
    /// One value of `removable` or a list of them.
    Removables,
    /// A port, conditions, or a list of those.
    Behind,
    /// A table of conditions or a list of them.
    Exclusions,
    /// A list of tables of conditions.
    Alternatives,
    /// A table with keys of its own.
    Table(&'static Shape),
    /// An array of tables.
    Tables(&'static Shape),
    /// A table from names to tables.
    Named(&'static Shape),
}

/// What an exact text of a condition must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exact {
    /// One to four hexadecimal digits.
    Hex,
    /// Text that is not blank.
    Text,
    /// Any text.
    Any,
    /// A kernel port path.
    Port,
    /// A port's name that does not depend on bus numbers.
    StablePort,
}

/// A kind of table.
#[derive(Debug)]
pub(crate) struct Shape {
    /// In words that follow "in".
    pub(crate) name: &'static str,
    /// Its name in the schema.
    pub(crate) id: &'static str,
    pub(crate) keys: &'static [&'static Key],
    pub(crate) needs: Needs,
}

/// Which of its keys a table must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// At least one condition; what had none would match every device.
    Condition,
    /// At least one, whichever.
    Any,
    /// Exactly one, whichever.
    One,
}

/// All kinds of tables, the outermost first.
pub(crate) const SHAPES: [&Shape; 10] = [
    &MAIN,
    &MACHINE,
    &HOST_TABLE,
    &DEFAULTS_TABLE,
    &CONTROL_TABLE,
    &RULE,
    &HOST_RULE,
    &CONDITIONS,
    &PATTERN,
    &INTERFACE_TABLE,
];

impl Key {
    /// Whether it is a condition of devices.
    pub(crate) fn is_condition(&self) -> bool {
        ALL_CONDITIONS.iter().any(|key| key.is(self))
    }

    /// Whether it is an option of device tables.
    pub(crate) fn is_option(&self) -> bool {
        DEVICE_OPTIONS.iter().any(|key| key.is(self))
    }

    /// Whether it is that key. Different keys may have one name, such as
    /// `device` of a machine and `device` of an address.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.name == other.name && self.help == other.help
    }

    /// The example without the name of the key. `None`: it is a header.
    pub(crate) fn example_value(&self) -> Option<&'static str> {
        self.example.strip_prefix(self.name)?.strip_prefix(" = ")
    }
}

/// Defines keys: name, version, kind, words that follow "must be", example,
/// default and help.
macro_rules! keys {
    ($($constant:ident: $name:literal, $since:literal, $kind:expr, $takes:literal, $example:literal,
       $default:expr, $help:literal;)*) => {
        $(pub(crate) const $constant: Key = Key {
            name: $name,
            kind: $kind,
            takes: $takes,
            example: $example,
            default: $default,
            since: $since,
            help: $help,
        };)*
    };
}
use keys;
