//! The keys of the configuration: one definition for reading, messages, the
//! schema, the manual page and tests.

mod condition;
mod machine;
mod option;
mod other_name;

pub(crate) use condition::*;
pub(crate) use machine::*;
pub(crate) use option::*;
pub(crate) use other_name::OTHER_NAMES;

/// A key, what it takes, and how it is written.
#[derive(Debug)]
#[allow(
    dead_code,
    reason = "the schema and the manual page are made of all of it"
)]
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
#[allow(
    dead_code,
    reason = "the schema and the manual page are made of all of it"
)]
pub(crate) enum Kind {
    /// Text that people read; may be empty.
    Name,
    /// Text that is not blank.
    Text,
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
    pub(crate) keys: &'static [&'static Key],
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key with the table that it stands in.
    fn all() -> Vec<(&'static Shape, &'static Key)> {
        let shapes = [
            &MAIN,
            &MACHINE,
            &HOST_TABLE,
            &DEFAULTS_TABLE,
            &RULE,
            &HOST_RULE,
            &CONDITIONS,
            &PATTERN,
            &INTERFACE_TABLE,
        ];
        let keys = |shape: &'static Shape| shape.keys.iter().map(move |key| (shape, *key));
        shapes.into_iter().flat_map(keys).collect()
    }

    /// A file with the example of a key in such a table.
    fn file(shape: &Shape, key: &Key) -> String {
        let example = key.example;
        if example.starts_with('[') {
            return example.to_owned();
        }
        let partner = match key.name {
            "bus" => DEVICE_NUMBER.example,
            "device" => BUS.example,
            _ => "",
        };
        match shape.name {
            "the main file" => example.to_owned(),
            "a machine" => format!("[machines.NAME]\n{example}\n"),
            "`defaults`" => format!("[defaults]\n{example}\n"),
            "a table of conditions" => {
                let inside = [example, partner].join(", ");
                let inside = inside.trim_end_matches(", ");
                format!("[[machines.NAME.device]]\nnot = {{ {inside} }}\n")
            }
            "a pattern" => format!("[[machines.NAME.device]]\nserial = {{ {example} }}\n"),
            "`interfaces`" => format!("[[machines.NAME.device]]\ninterfaces = {{ {example} }}\n"),
            "a device table of the host" => {
                format!("[[host.device]]\n{example}\n{partner}\n")
            }
            _ => format!("[[machines.NAME.device]]\n{example}\n{partner}\n"),
        }
    }

    #[test]
    fn every_example_is_valid() {
        for (shape, key) in all() {
            let mut text = file(shape, key);
            let condition = !key.example.starts_with('[')
                && ALL_CONDITIONS.iter().any(|one| one.name == key.name);
            // Something that can be a device table needs a condition.
            if !condition && text.starts_with("[[") && !text.contains('{') {
                text.push_str("\nserial = \"A\"\n");
            }
            let folder = tempfile::tempdir().unwrap();
            let main = folder.path().join("f.toml");
            std::fs::write(&main, &text).unwrap();
            let loaded = crate::load(&main, &crate::Options::default());
            if let Err(error) = loaded {
                panic!("{} in {}: {error}\n{text}", key.name, shape.name);
            }
        }
    }

    #[test]
    fn every_key_is_explained() {
        for (shape, key) in all() {
            let told = (shape.name, key.name);
            assert!(key.help.ends_with('.'), "{told:?}");
            assert!(matches!(key.since, "0.1" | "0.2"), "{told:?}");
            if let Some(default) = key.default {
                let line = format!("{} = {default}", key.name);
                assert!(line.parse::<toml::Table>().is_ok(), "{told:?}");
            }
        }
    }
}
