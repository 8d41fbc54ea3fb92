//! Notes: what the user must know of a dump, each thing once.

use virtplug_core::{Device, Escaped, Fact, PortPath};

/// Most problems that are told one by one; a hostile dump can hold millions.
const MOST: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Notes {
    problems: Vec<String>,
    more: usize,
}

impl Notes {
    pub(super) fn no_records(&mut self) {
        self.add(
            "no record found; make the dump with `udevadm info --export-db` on the host".to_owned(),
        );
    }

    pub(super) fn cut_off(&mut self) {
        self.add("the dump does not end with an empty line; its end may be cut off".to_owned());
    }

    pub(super) fn twice(&mut self, port: &PortPath) {
        self.add(format!(
            "the device {port} is in the dump more than once; the first record is used"
        ));
    }

    /// A device that cannot be used, for want of these properties.
    pub(super) fn left_out(&mut self, path: &str, missing: &str) {
        self.add(format!(
            "the device \"{}\" is left out: {missing} is missing or not understood",
            Escaped(path)
        ));
    }

    fn add(&mut self, note: String) {
        if self.problems.len() < MOST {
            self.problems.push(note);
        } else {
            self.more += 1;
        }
    }

    /// All notes, those on the devices that were found included.
    pub(super) fn finish<'d>(
        self,
        devices: &(impl Iterator<Item = &'d Device> + Clone),
    ) -> Vec<String> {
        let mut notes = self.problems;
        if self.more > 0 {
            notes.push(format!("{} more problems of this kind", self.more));
        }
        let any = |holds: fn(&Device) -> bool| devices.clone().any(holds);
        if any(|_| true) {
            notes.push(
                "a dump does not hold speed, removable, peer ports and whether a device is \
                 authorized; the first three are unknown, and every device counts as authorized"
                    .to_owned(),
            );
        }
        if any(|device| device.serial == Fact::Known(None)) {
            notes.push(
                "a device without ID_SERIAL_SHORT counts as one without a serial; udev also \
                 leaves out a serial with a comma or other odd characters"
                    .to_owned(),
            );
        }
        if any(
            |device| matches!(&device.serial, Fact::Known(Some(text)) if text.as_bytes().contains(&b'_')),
        ) {
            notes.push(
                "udev replaces spaces and other characters of a serial by `_`; a serial with `_` \
                 may read differently on the host"
                    .to_owned(),
            );
        }
        if any(|device| !device.processed) {
            notes.push(
                "for some devices udev's part is missing from the dump; what it would tell is unknown"
                    .to_owned(),
            );
        }
        notes
    }
}
