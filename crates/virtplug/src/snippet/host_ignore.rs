//! `virtplug snippet host-ignore`.

use virtplug_core::{ClassCode, Device, Fact};

use super::Snippet;
use super::describe::describe;
use super::identity::Identity;

/// What follows the keys that find the device. The names are those that the
/// programs look for; each holds for whatever the device's drivers make, too.
///
/// A property that begins with a dot lives for one event only, so nothing is left
/// behind when the file is removed. `SYSTEMD_READY=0` makes systemd take a device
/// for absent, so that no service starts for it, whatever else set `SYSTEMD_WANTS`.
const RULES: &str = r#"ENV{.VIRTPLUG_IGNORE}!="1", GOTO="virtplug_host_ignore_end"
# Services that start for a device (usbmuxd, ipp-usb, printers, braille), fstab, md, btrfs: systemd.device(5)
ENV{SYSTEMD_READY}="0"
# ModemManager
ENV{ID_MM_DEVICE_IGNORE}="1"
# Cameras, players and phones in desktops (gvfs, KDE), libmtp's probe, smart card readers (pcscd 2.3.2 and later)
SUBSYSTEM=="usb", ENV{MTP_NO_PROBE}="1", ENV{ID_MTP_DEVICE}="", ENV{ID_MEDIA_PLAYER}="", ENV{ID_GPHOTO2}="", ENV{USBMUX_SUPPORTED}="", ENV{PCSCLITE_IGNORE}="1"
# Disks: udisks neither shows nor mounts them, LVM activates nothing on them
SUBSYSTEM=="block", ENV{UDISKS_IGNORE}="1", ENV{UDISKS_AUTO}="0", ENV{DM_UDEV_DISABLE_OTHER_RULES_FLAG}="1"
# Network adapters: NetworkManager
SUBSYSTEM=="net", ENV{NM_UNMANAGED}="1"
# Keyboards, mice and the like in desktops: libinput
SUBSYSTEM=="input", ENV{LIBINPUT_IGNORE_DEVICE}="1"
# Sound cards: PipeWire, PulseAudio
SUBSYSTEM=="sound", ENV{ACP_IGNORE}="1", ENV{PULSE_IGNORE}="1"
LABEL="virtplug_host_ignore_end"
"#;

/// The rule that keeps the host's own software off the device.
pub(super) fn write(device: &Device, present: &[Device]) -> Snippet {
    let identity = Identity::of(device, present);
    let text = format!(
        "# {}: {}; programs that look for devices themselves (a running usbmuxd, fwupd) and the \
         kernel's drivers are not kept off; for a file /etc/udev/rules.d/61-NAME.rules, because udev \
         goes by the number and this must come after 60 and before 64\n\
         ACTION==\"remove\", GOTO=\"virtplug_host_ignore_end\"\n\
         {}, ENV{{.VIRTPLUG_IGNORE}}=\"1\"\n\
         {RULES}",
        describe(device),
        identity.limit,
        identity.family_keys(),
    );
    let mut notes = vec![
        "note: the rule counts from the next plug, after `udevadm control --reload`; while the machine \
         is off, the host leaves the device alone, too"
            .to_owned(),
    ];
    let warnings = [
        (
            STORAGE,
            "warning: if it has a disk that the host uses, take that out of use first: systemd unmounts \
             what is mounted from a device with SYSTEMD_READY=0",
        ),
        (
            INPUT,
            "warning: if it is a keyboard or a mouse, desktops on the host take no input from it any more",
        ),
    ];
    for (class, warning) in warnings {
        if may_have(device, class) {
            notes.push(warning.to_owned());
        }
    }
    Snippet { text, notes }
}

/// Class of an interface with disks (USB mass storage).
const STORAGE: u8 = 0x08;
/// Class of an interface with keys (USB HID).
const INPUT: u8 = 0x03;

/// Whether it has an interface of that class, as far as is known.
fn may_have(device: &Device, class: u8) -> bool {
    let is = |code: &ClassCode| code.class == class;
    match &device.interfaces {
        Fact::Known(interfaces) => interfaces.iter().any(is),
        Fact::Unknown => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snippet::fixture::{device, devices};

    #[test]
    fn the_rule_in_full() {
        let present = devices();
        insta::assert_snapshot!(write(device(&present, "3-1"), &present));
    }

    #[test]
    fn a_disk_or_a_keyboard_in_use_is_warned_of() {
        let mut present = devices();
        let warnings = |present: &[Device]| {
            let notes = write(&present[0], present).notes;
            notes.into_iter().skip(1).collect::<Vec<_>>()
        };
        assert!(warnings(&present).is_empty());
        present[0].interfaces = Fact::Known([ClassCode::new(STORAGE, 6, 0x50)].into());
        assert_eq!(warnings(&present).len(), 1);
        present[0].interfaces = Fact::Unknown;
        insta::assert_snapshot!(warnings(&present).join("\n"));
    }

    #[test]
    fn only_the_keys_depend_on_the_device() {
        let present = devices();
        let first = |port| {
            let text = write(device(&present, port), &present).text;
            assert_eq!(text.lines().count(), RULES.lines().count() + 3, "{text}");
            assert!(text.ends_with(RULES));
            text.lines().take(3).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!([first("3-5"), first("7-1")].join("\n\n"));
    }
}
