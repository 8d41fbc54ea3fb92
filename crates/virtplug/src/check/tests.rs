//! What `check` shows of fixed configurations and devices.

mod advice;
mod against;
mod result;

use std::fs;
use std::path::PathBuf;

use super::*;

/// Configuration files in a folder of their own.
struct Tree {
    folder: tempfile::TempDir,
    main: PathBuf,
}

impl Tree {
    /// A main file, and files of machines by name.
    fn new(main: &str, machines: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tree = Self {
            main: folder.path().join("virtplug.toml"),
            folder,
        };
        fs::write(&tree.main, main).unwrap();
        fs::create_dir(tree.folder.path().join("machines.d")).unwrap();
        for (name, text) in machines {
            fs::write(tree.machine(name), text).unwrap();
        }
        tree
    }

    fn machine(&self, name: &str) -> PathBuf {
        self.folder.path().join("machines.d").join(name)
    }

    fn check(&self) -> Checked {
        Checked::new(&self.main, Surroundings::default(), false)
    }

    fn check_against(&self, dump: &str) -> Checked {
        let surroundings = surroundings::of_text(dump.as_bytes());
        Checked::new(&self.main, surroundings, true)
    }

    /// A text with the usual folder in place of the real one.
    fn anonymous(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "/etc/virtplug")
    }

    /// All that the user reads.
    fn text(&self, checked: &Checked, strict: bool) -> String {
        let mut parts: Vec<String> = checked
            .diagnostics()
            .iter()
            .map(|one| one.render(false))
            .collect();
        parts.extend(checked.engine.as_ref().map(destinations::text));
        parts.extend(checked.notes.iter().map(|note| format!("note: {note}")));
        parts.push(checked.summary(&self.main, checked.verdict(strict)));
        self.anonymous(&parts.join("\n\n"))
    }

    fn json(&self, checked: &Checked, strict: bool) -> String {
        let report = json::Report::new(checked, checked.verdict(strict));
        self.anonymous(&serde_json::to_string_pretty(&report).unwrap())
    }
}

/// Devices as a dump has them: port, ids, serial, class and interfaces.
fn dump(devices: &[[&str; 5]]) -> String {
    let mut text = String::from(
        "P: /devices/pci0000:00/0000:00:14.0/usb1\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\n\
         E: PRODUCT=1d6b/2/601\nE: TYPE=9/0/1\nE: BUSNUM=001\nE: DEVNUM=001\n\n",
    );
    for (number, [port, ids, serial, class, interfaces]) in devices.iter().enumerate() {
        let (vendor, product) = ids.split_once(':').unwrap();
        let serial = match *serial {
            "" => String::new(),
            serial => format!("E: ID_SERIAL_SHORT={serial}\n"),
        };
        let record = format!(
            "P: /devices/pci0000:00/0000:00:14.0/usb1/{port}\nE: SUBSYSTEM=usb\n\
             E: DEVTYPE=usb_device\nE: PRODUCT={vendor}/{product}/100\nE: TYPE={class}\n\
             E: BUSNUM=001\nE: DEVNUM={:03}\nE: USEC_INITIALIZED=1\nE: ID_VENDOR_ID={vendor}\n\
             E: ID_VENDOR_ENC=Acme\nE: ID_MODEL_ENC=Thing\\x20{}\n{serial}\
             E: ID_USB_INTERFACES={interfaces}\n\n",
            number + 2,
            number + 1,
        );
        text += &record;
    }
    text
}
