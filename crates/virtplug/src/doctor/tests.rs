//! What is told of a healthy host and of a sick one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use virtplug_core::{ConnectionUri, Fact, PortPath, Speed};
use virtplug_libvirt::{Definition, Version, Versions};

use super::facts::{
    Configuration, Connection, Control, Daemon, FileKind, Found, Left, Libvirt, Machine, Udev,
    Unreachable, User,
};
use super::*;
use crate::learn::fixture::{at, devices};

const MAIN: &str = "\
    [[machines.alpha.device]]\nserial = \"A50285BI\"\n\
    [[machines.alpha.device]]\nserial = \"4C530001\"\ncount = 5\n\
    [[machines.beta.device]]\nport = \"1-8\"\n\
    [[machines.gone.device]]\nport = \"1-2\"\nguest-reset = \"off\"\n";

const XHCI: &str = "<controller type='usb' model='qemu-xhci' ports='15'/>";

fn policy(text: &str) -> Box<virtplug_core::Policy> {
    let options = virtplug_config::Options::default();
    let loaded =
        virtplug_config::load_text(Path::new("/etc/virtplug.toml"), text.as_bytes(), &options);
    Box::new(loaded.unwrap().policy)
}

fn defined(name: &str, devices: &str) -> Machine {
    let xml = format!("<domain><devices>{devices}</devices></domain>");
    Machine {
        name: name.to_owned(),
        label: name.to_owned(),
        definition: Definition::read(&xml).map_err(|error| error.to_string()),
    }
}

fn hostdev(source: &str) -> String {
    format!("<hostdev mode='subsystem' type='usb'><source>{source}</source></hostdev>")
}

fn libvirt(version: Version, machines: Vec<Machine>) -> Connection {
    Connection {
        uri: ConnectionUri::default(),
        state: Ok(Libvirt {
            versions: Ok(Versions {
                libvirt: version,
                hypervisor: Some(Version::new(7, 2, 22)),
            }),
            machines: Ok(machines),
        }),
    }
}

fn healthy() -> Facts {
    Facts {
        user: User {
            root: true,
            ..User::default()
        },
        control: Control::Answers,
        daemon: Daemon::default(),
        configuration: Configuration::Correct {
            policy: policy("[[machines.alpha.device]]\nserial = \"A50285BI\"\n"),
            warnings: 0,
        },
        connections: vec![libvirt(Version::new(9, 0, 0), vec![defined("alpha", XHCI)])],
        udev: Udev {
            runs: true,
            database: Ok(()),
        },
        devices: Ok(devices()),
        closed: BTreeMap::new(),
        unreadable: Vec::new(),
        files: Vec::new(),
        programs: BTreeSet::new(),
    }
}

fn found(path: &str, kind: FileKind, text: Result<&str, &str>) -> Found {
    Found {
        path: path.into(),
        kind,
        text: text.map(str::to_owned).map_err(str::to_owned),
    }
}

fn sick_machines() -> Vec<Machine> {
    let ids = "<vendor id='0x10c4'/><product id='0x0002'/>";
    let own = "<vendor id='0x10c4'/><product id='0xea60'/>";
    let address = "<address bus='1' device='4'/>";
    let alpha = format!(
        "<controller type='usb' model='piix3-uhci'/>{}{}",
        hostdev(address),
        hostdev(own)
    );
    let beta = format!(
        "<controller type='usb' model='none'/>{}{}",
        hostdev(ids),
        hostdev(&format!("{ids}{address}"))
    );
    let other = format!(
        "{XHCI}{}{}",
        hostdev("<vendor id='0x1d6b'/><product id='0x0104'/>"),
        hostdev(address)
    );
    let mut broken = defined("bro\u{1b}ken", "");
    broken.definition = Err("it is odd".to_owned());
    vec![
        defined("alpha", &alpha),
        defined("beta", &beta),
        defined("other", &other),
        broken,
    ]
}

fn leftovers() -> Vec<Found> {
    let rules =
        "# virsh\nACTION==\"add\", RUN+=\"/bin/bbvirt attach\"\nX, \\\n RUN+=\"/bin/virsh x\"\n";
    vec![
        found(
            "/etc/udev/rules.d/60-bit-babbler.rules",
            FileKind::UdevRules,
            Ok(rules),
        ),
        found(
            "/etc/libvirt/hooks/qemu",
            FileKind::Hook,
            Ok("#!/bin/sh\nvirsh list\n"),
        ),
        found(
            "/etc/libvirt/hooks/qemu.d/a",
            FileKind::Hook,
            Ok("#!/bin/sh\n# virsh\ntrue\n"),
        ),
        found(
            "/etc/libvirt/hooks/qemu.d/b",
            FileKind::Hook,
            Ok("udevadm trigger -c change\n"),
        ),
        found(
            "/etc/libvirt/hooks/qemu.d/c",
            FileKind::Hook,
            Err("Permission denied"),
        ),
        found("/etc/bit-babbler/vm.conf", FileKind::BitBabbler, Ok("")),
        found(
            "/etc/systemd/system/libvirt-usb-hotplugd.service",
            FileKind::Whawty,
            Ok(""),
        ),
        found("/opt/usb-libvirt-hotplug.sh", FileKind::Handler, Ok("")),
    ]
}

fn sick() -> Facts {
    let mut present = devices();
    for device in &mut present {
        if device.port == "1-7".parse::<PortPath>().unwrap() {
            device.speed = Fact::Known(Speed::Super);
        }
        if device.port == "1-8".parse::<PortPath>().unwrap() {
            device.authorized = Fact::Known(false);
        }
    }
    Facts {
        user: User {
            root: false,
            name: Some("ann".to_owned()),
            existing: ["libvirt".to_owned()].into(),
            ..User::default()
        },
        control: Control::Refused,
        daemon: Daemon {
            deaf: true,
            driverless: vec![Left {
                port: "1-4".to_owned(),
                vendor: "0403".to_owned(),
                product: "6001".to_owned(),
                name: "FT232R\u{1b}[2J".to_owned(),
            }],
        },
        configuration: Configuration::Correct {
            policy: policy(MAIN),
            warnings: 2,
        },
        connections: vec![
            libvirt(Version::new(7, 0, 0), sick_machines()),
            Connection {
                uri: ConnectionUri::new("qemu:///session"),
                state: Err(Unreachable::NotPermitted(
                    "denied (libvirt error 38)".to_owned(),
                )),
            },
        ],
        udev: Udev {
            runs: false,
            database: Err("Permission denied (os error 13)".to_owned()),
        },
        devices: Ok(present),
        closed: BTreeMap::new(),
        unreadable: vec!["the device at 1-12 cannot be read: stuck".to_owned()],
        files: leftovers(),
        programs: [
            "ModemManager",
            "udisksd",
            "usbmuxd",
            "usbguard-daemon",
            "whawty-libvirt-",
        ]
        .map(str::to_owned)
        .into(),
    }
}

fn text(facts: &Facts, machine: Option<&str>) -> String {
    let text = text::render(&Report::new(facts, machine).findings);
    for line in text.lines().filter(|line| line.contains(' ')) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    text
}

#[test]
fn a_healthy_host_is_told_so() {
    let facts = healthy();
    insta::assert_snapshot!(text(&facts, None));
    assert_eq!(Report::new(&facts, None).exit(), Exit::Ok);
}

#[test]
fn each_fault_is_told_with_what_mends_it() {
    let facts = sick();
    insta::assert_snapshot!(text(&facts, None));
    assert_eq!(Report::new(&facts, None).exit(), Exit::Failed);
}

#[test]
fn json_tells_the_same() {
    insta::assert_json_snapshot!(Report::new(&sick(), Some("alpha")));
}

#[test]
fn one_machine_leaves_out_what_concerns_others() {
    let report = Report::new(&sick(), Some("beta"));
    assert!(report.findings.iter().all(|finding| {
        finding.machines.is_empty() || finding.machines.contains(&"beta".to_owned())
    }));
    let all = Report::new(&sick(), None);
    assert!(report.findings.len() < all.findings.len());
    let unknown = Report::new(&healthy(), Some("no\u{1b}ne"));
    let last = unknown
        .findings
        .iter()
        .find(|finding| finding.severity == Severity::Error);
    assert!(last.unwrap().text.ends_with("a machine no\\x1bne"));
    // What libvirt did not list may be there.
    let unasked = Report::new(&sick(), Some("none"));
    let mut texts = unasked.findings.iter().map(|finding| &finding.text);
    assert!(!texts.any(|text| text.contains("a machine none")));
}

#[test]
fn the_socket_the_user_and_the_configuration_are_told_in_each_state() {
    let mut all = Vec::new();
    let mut tell = |facts: Facts| {
        let report = Report::new(&facts, None);
        let first = |finding: &&Finding| {
            matches!(
                finding.topic,
                finding::Topic::Control | finding::Topic::Configuration | finding::Topic::Libvirt
            )
        };
        let findings: Vec<Finding> = report.findings.iter().filter(first).cloned().collect();
        all.push(text::render(&findings));
    };
    let groups = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mut facts = healthy();
    facts.control = Control::Missing;
    facts.configuration = Configuration::Missing;
    facts.connections = vec![libvirt(Version::new(4, 3, 9), Vec::new())];
    tell(facts);
    let mut facts = healthy();
    facts.control = Control::Forbidden("`sudo usermod -aG libvirt USER`".to_owned());
    facts.user = User {
        name: Some("ann".to_owned()),
        listed: groups(&["virtplug"]),
        existing: groups(&["virtplug", "libvirt"]),
        ..User::default()
    };
    facts.configuration = Configuration::Wrong {
        first: "/etc/virtplug/virtplug.toml:1:1: unknown key `x`".to_owned(),
        errors: 3,
    };
    facts.connections = vec![Connection {
        uri: ConnectionUri::default(),
        state: Err(Unreachable::NotRunning("no socket".to_owned())),
    }];
    tell(facts);
    let mut facts = healthy();
    facts.control = Control::Failed("odd".to_owned());
    facts.user = User {
        groups: groups(&["libvirt"]),
        ..User::default()
    };
    tell(facts);
    insta::assert_snapshot!(all.join("--------\n"));
}

#[test]
fn fast_devices_on_usb_2_are_warned_of_and_others_noted() {
    let controllers = |device_speed: Speed| {
        let mut facts = healthy();
        let usb2 = "<controller type='usb' model='ich9-ehci1'/>\
                    <controller type='usb' model='ich9-uhci1'/>";
        facts.connections = vec![libvirt(Version::new(9, 0, 0), vec![defined("alpha", usb2)])];
        let mut device = at("1-1");
        device.speed = Fact::Known(device_speed);
        facts.devices = Ok(vec![device]);
        let findings = probe::all(&facts).into_iter();
        findings
            .filter(|finding| finding.topic == finding::Topic::Controllers)
            .map(|finding| (finding.severity, finding.text))
            .collect::<Vec<_>>()
    };
    let slow = controllers(Speed::High);
    assert_eq!(slow.first().unwrap().0, Severity::Note);
    let fast = controllers(Speed::Super);
    assert_eq!(fast.first().unwrap().0, Severity::Warning);
    assert!(fast.first().unwrap().1.contains("1-1 (10c4:ea60 CP2102N)"));
}

#[test]
fn a_device_that_the_user_may_not_open_is_told_where_machines_of_the_user_need_it() {
    let mut facts = healthy();
    let port = facts.devices.as_ref().unwrap()[0].port.clone();
    let all = facts.devices.iter().flatten();
    facts.closed = all
        .map(|device| (device.port.clone(), "this user may not open it".to_owned()))
        .collect();
    let told = |facts: &Facts| {
        let findings = probe::all(facts).into_iter();
        let closed = findings.filter(|finding| finding.text.contains("may not open"));
        closed.collect::<Vec<_>>()
    };
    // libvirt opens devices for machines of the system.
    assert_eq!(told(&facts), []);
    facts.configuration = Configuration::Correct {
        policy: policy(&format!(
            "[machines.own]\nconnect = \"qemu:///session\"\n[[machines.own.device]]\nport = \"{port}\"\n"
        )),
        warnings: 0,
    };
    let found = told(&facts);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].machines, ["own"]);
    let help = found[0].help.as_deref().unwrap();
    assert!(
        help.contains(&format!("snippet udev-rule {port} --group")),
        "{help}"
    );
}
