//! The names of the targets.

use std::fmt::Write as _;
use std::hash::Hasher as _;

use fnv::FnvHasher;

/// Longest instance, in bytes. The name of a unit has at most 255, and units of users, which
/// carry the instance, too, have longer names than `virtplug-attached@.target`.
const LONGEST: usize = 180;

/// Length of what marks an instance that was cut: a hash of the whole.
const MARK: usize = 17;

/// What a target says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Attached,
    Detached,
    Conflict,
}

/// The name of a target.
pub(super) fn target(kind: Kind, instance: &str) -> String {
    let kind = match kind {
        Kind::Attached => "attached",
        Kind::Detached => "detached",
        Kind::Conflict => "conflict",
    };
    format!("virtplug-{kind}@{instance}.target")
}

/// The instance for a device in a machine: what `systemd-escape MACHINE/DEVICE` prints. One
/// that is too long ends in a hash.
pub(crate) fn instance(machine: &str, device: &str) -> String {
    let mut whole = String::new();
    // Where the last escape or letter ends that leaves room for the mark.
    let mut cut = 0;
    for (at, byte) in format!("{machine}/{device}").bytes().enumerate() {
        match byte {
            b'/' => whole.push('-'),
            b'.' if at > 0 => whole.push('.'),
            b':' | b'_' => whole.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => whole.push(char::from(byte)),
            _ => {
                // Writing to a string does not fail.
                let _ = write!(whole, "\\x{byte:02x}");
            }
        }
        if whole.len() <= LONGEST - MARK {
            cut = whole.len();
        }
    }
    if whole.len() > LONGEST {
        let mut hash = FnvHasher::default();
        hash.write(whole.as_bytes());
        whole.truncate(cut);
        let _ = write!(whole, "_{:016x}", hash.finish());
    }
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn instances_are_what_systemd_escape_prints() {
        for (machine, device, expected) in [
            ("homeassistant", "zigbee", "homeassistant-zigbee"),
            ("win 11", "3-2.4", r"win\x2011-3\x2d2.4"),
            (".hidden", "a@b", r"\x2ehidden-a\x40b"),
            ("ä", "100%", r"\xc3\xa4-100\x25"),
            ("a", "../../etc/x", r"a-..-..-etc-x"),
            (
                "$(id)",
                "a\n[Service]",
                r"\x24\x28id\x29-a\x0a\x5bService\x5d",
            ),
            (r"a\x2d", "b:c_d", r"a\x5cx2d-b:c_d"),
        ] {
            assert_eq!(instance(machine, device), expected);
        }
        let unit = target(Kind::Attached, &instance("alpha", "1-2"));
        assert_eq!(unit, r"virtplug-attached@alpha-1\x2d2.target");
    }

    #[test]
    fn what_is_too_long_is_cut_and_stays_apart() {
        let long = "-".repeat(200);
        let one = instance("alpha", &format!("{long}1"));
        let other = instance("alpha", &format!("{long}2"));
        assert_ne!(one, other);
        assert!(one.starts_with(r"alpha-\x2d\x2d"), "{one}");
        let (escapes, _) = one.rsplit_once('_').unwrap();
        assert!(escapes.ends_with(r"\x2d"), "{one}");
        let fits = instance("alpha", &"b".repeat(LONGEST - 6));
        assert_eq!(fits.len(), LONGEST);
        assert!(!fits.contains('_'), "{fits}");
    }

    proptest! {
        #[test]
        fn each_is_a_part_of_a_valid_name_of_a_unit(machine: String, device: String) {
            let instance = instance(&machine, &device);
            prop_assert!(instance.len() <= LONGEST);
            let valid = |c: char| c.is_ascii_alphanumeric() || ":-_.\\".contains(c);
            prop_assert!(instance.chars().all(valid), "{}", instance);
        }
    }
}
