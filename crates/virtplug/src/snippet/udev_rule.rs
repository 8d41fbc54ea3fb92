//! `virtplug snippet udev-rule`.

use virtplug_core::Device;

use super::Snippet;
use super::describe::describe;
use super::identity::Identity;

/// Groups of QEMU's processes, by how surely they are meant: Debian and its
/// relatives, Fedora, SUSE and Gentoo, others.
const GROUPS: [&str; 3] = ["libvirt-qemu", "qemu", "kvm"];

/// The rule that lets QEMU open the device, and that makes a link to it.
///
/// It holds for every event but `remove`: a link that `add` alone made would be
/// gone after `bind`, which the kernel sends next.
pub(super) fn write(
    device: &Device,
    present: &[Device],
    group: &str,
    link: Option<&str>,
) -> Snippet {
    let identity = Identity::of(device, present);
    let link = link.map_or_else(String::new, |link| format!(", SYMLINK+=\"{link}\""));
    let text = format!(
        "# {}: {}; for a file such as /etc/udev/rules.d/90-usb-qemu.rules; not needed with <hostdev> in machines of the system\n\
         ACTION!=\"remove\", {}, GROUP=\"{group}\", MODE=\"0660\"{link}\n",
        describe(device),
        identity.limit,
        identity.device_keys(),
    );
    let notes = vec![format!(
        "note: the rule counts from the next plug, or now after `udevadm control --reload` and \
         `udevadm trigger /sys/bus/usb/devices/{}`",
        device.port
    )];
    Snippet { text, notes }
}

/// The group of QEMU on this host, by the groups that it has (`/etc/group`).
/// `None`: it has none of those that are known.
pub(super) fn qemu_group(groups: &str) -> Option<&'static str> {
    let there = |name: &&str| {
        groups
            .lines()
            .any(|line| line.split(':').next() == Some(*name))
    };
    GROUPS.into_iter().find(there)
}

/// The group where the host has none of those that are known.
pub(super) const DEFAULT_GROUP: &str = GROUPS[0];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snippet::fixture::{device, devices};
    use crate::snippet::udev_value::tests::unquote;

    #[test]
    fn rules_for_all_kinds_of_devices() {
        let present = devices();
        let mut all = write(
            device(&present, "3-1"),
            &present,
            "libvirt-qemu",
            Some("virtplug/A1"),
        )
        .to_string();
        for port in ["3-2.1", "3-3", "3-5", "7-1"] {
            let snippet = write(device(&present, port), &present, "kvm", None);
            all += "\n";
            all += &snippet.text;
        }
        insta::assert_snapshot!(all);
    }

    /// A device must not get a key of its own into the rule.
    #[test]
    fn a_hostile_serial_adds_no_key() {
        let present = devices();
        for port in ["3-1", "3-5", "7-1"] {
            let text = write(device(&present, port), &present, "kvm", None).text;
            let [comment, rule] = text.lines().collect::<Vec<_>>()[..] else {
                panic!("not two lines: {text}")
            };
            assert!(
                comment.starts_with("# ") && !comment.ends_with('\\'),
                "{text}"
            );
            let mut keys = Vec::new();
            let mut rest = rule;
            while let Some((key, value)) = rest.split_once('"') {
                keys.push(key.trim_matches([',', ' ', '=', '!']));
                let quoted = rest.get(rest.len() - value.len() - 1..).unwrap();
                rest = unquote(quoted).unwrap().1;
            }
            let (own, assigned) = keys.split_at(keys.len() - 2);
            assert_eq!(assigned, ["GROUP", "MODE"], "{text}");
            let matched = [
                "ACTION",
                "SUBSYSTEM",
                "ENV{DEVTYPE}",
                "ATTR{idVendor}",
                "ATTR{idProduct}",
                "ATTR{serial}",
                "DEVPATH",
            ];
            assert!(own.iter().all(|key| matched.contains(key)), "{own:?}");
        }
    }

    #[test]
    fn the_group_is_the_one_that_the_host_has() {
        let debian = "root:x:0:\nkvm:x:105:\nlibvirt-qemu:x:64055:libvirt-qemu\n";
        assert_eq!(qemu_group(debian), Some("libvirt-qemu"));
        assert_eq!(qemu_group("kvm:x:36:qemu\nqemu:x:107:"), Some("qemu"));
        assert_eq!(qemu_group("kvm:x:36:"), Some("kvm"));
        assert_eq!(qemu_group("kvmx:x:36:kvm\n"), None);
    }
}
