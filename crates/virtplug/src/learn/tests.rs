//! The dialogue, from the first look to the file.

use std::fs;
use std::path::Path;

use virtplug_core::{ConnectionUri, MachineKey, MachineListing, Uuid};
use virtplug_udev::{HostChange, Scan};

use super::args::MatchBy;
use super::console::script::Script;
use super::fixture::{at, device, devices, hub};
use super::*;
use crate::machine_names::MachineNames;

const MAIN: &str = "# the machines\n[[machines.alpha.device]]\nname = \"any\"\nvendor = \"10c4\"\n\n\
    [[machines.beta.device]]\nvendor = \"10c4\"\nproduct = \"0005\"\nserial = \"4C530001\"\n\n\
    [[host.device]]\nport = \"1-8\"\n";

fn args(config: &Path) -> LearnArgs {
    LearnArgs {
        machine: None,
        device: None,
        yes: false,
        dry_run: false,
        json: false,
        match_by: None,
        name: None,
        config: config.to_owned(),
    }
}

fn scan() -> Input {
    Input::Host(HostChange::All(Scan {
        devices: devices(),
        unreadable: Vec::new(),
    }))
}

fn came(device: Device) -> Input {
    Input::Host(HostChange::Device(Box::new(device)))
}

fn typed(text: &str) -> Input {
    Input::Line(text.to_owned())
}

/// What is said when a device is there, and the files after it.
fn session(port: &str, change: impl FnOnce(&mut LearnArgs), answers: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("virtplug.toml");
    fs::write(&config, MAIN).unwrap();
    let mut args = args(&config);
    change(&mut args);
    let mut script = Script::lines(answers);
    let machine = args.machine.clone().unwrap_or("gamma".to_owned());
    let arrivals = Arrivals::of(devices());
    let end = match agree(&mut script, (&machine, None), &at(port), &arrivals, &args) {
        Ok(Agreed { change, report }) => {
            let end = change.map_or("-".to_owned(), |change| {
                change.write().unwrap();
                format!("written, {}", change.loaded().policy.rules().len())
            });
            let report = report.map(|report| serde_json::to_string_pretty(&report).unwrap());
            report.map_or(end.clone(), |report| format!("{end}\n{report}"))
        }
        Err(failure) => format!("{failure:?}"),
    };
    let text = format!("{}=> {end}", script.said);
    text.replace(folder.path().to_str().unwrap(), "/etc")
}

#[test]
fn a_rule_is_shown_and_written_after_a_yes() {
    let all = [
        session("1-1", |_| {}, &["y"]),
        session(
            "1-1",
            |args| args.name = Some("Zig\"bee".to_owned()),
            &["no"],
        ),
        session("1-7", |args| args.machine = Some("beta".to_owned()), &[]),
        session("1-8", |args| args.yes = true, &[]),
        session("1-3", |args| args.dry_run = true, &[]),
        session("1-10", |args| args.machine = Some("al/pha".to_owned()), &[]),
        session("7-1", |args| args.match_by = Some(MatchBy::StablePort), &[]),
    ];
    insta::assert_snapshot!(all.join("\n--------\n"));
}

#[test]
fn json_tells_the_same_and_asks_nothing() {
    let json = |args: &mut LearnArgs| args.json = true;
    let all = [
        session("1-1", json, &[]),
        session("1-3", |args| (args.json, args.yes) = (true, true), &[]),
        session(
            "1-7",
            |args| (args.json, args.machine) = (true, Some("beta".to_owned())),
            &[],
        ),
    ];
    insta::assert_snapshot!(all.join("\n--------\n"));
}

#[test]
fn who_may_not_write_is_told_so() {
    let error = EditError::Io {
        file: "/etc/virtplug/virtplug.toml".into(),
        error: std::io::ErrorKind::PermissionDenied.into(),
    };
    assert_eq!(Failure::from(error).tell(), Exit::NotPermitted);
}

#[test]
fn what_clashes_is_not_written() {
    // Another machine has exactly this rule.
    let text = session("1-7", |_| {}, &["y"]);
    assert!(text.contains("would be wrong"), "{text}");
}

fn waiting(inputs: impl IntoIterator<Item = Input>) -> String {
    let mut script = Script::new(inputs);
    let end = match wait(&mut script) {
        Ok((device, _)) => device.port.to_string(),
        Err(failure) => format!("{failure:?}"),
    };
    format!("{}=> {end}", script.said)
}

#[test]
fn a_device_is_waited_for_or_picked() {
    let new = || device("2-1", 40, b"N", b"new");
    let mut early = new();
    early.processed = false;
    let all = [
        waiting([
            scan(),
            came(hub("2-1", 39)),
            came(device("2-1.1", 40, b"N", b"new")),
        ]),
        waiting([scan(), came(early.clone()), came(new())]),
        waiting([scan(), came(early), Input::Late]),
        waiting([scan(), typed(""), typed("99"), typed(" 2 ")]),
        waiting([scan(), typed(""), typed(""), Input::End, came(new())]),
        waiting([
            Input::Host(HostChange::All(Scan::default())),
            typed(""),
            Input::Over,
        ]),
        waiting([
            Input::Host(HostChange::All(Scan {
                devices: vec![at("1-1")],
                unreadable: Vec::new(),
            })),
            typed(""),
            came(new()),
            typed(""),
        ]),
        waiting([
            scan(),
            Input::Host(HostChange::ScanFailed("for now".to_owned())),
            Input::Deaf("no socket".to_owned()),
        ]),
        waiting([Input::Host(HostChange::ScanFailed(
            "no \u{1b} sysfs".to_owned(),
        ))]),
    ];
    insta::assert_snapshot!(all.join("\n--------\n"));
}

fn listing(name: &str, uuid: u8) -> MachineListing {
    MachineListing {
        machine: MachineKey::new(ConnectionUri::default(), name),
        uuid: Uuid([uuid; 16]),
        active: false,
    }
}

fn machines() -> Machines {
    let label = MachineKey::with_uuid(ConnectionUri::default(), "label", Uuid([1; 16]));
    let other = MachineKey::new(ConnectionUri::default(), "off\u{1b}");
    let policy = Policy::new([label, other], Vec::new());
    let mut machines = Machines::configured(&policy);
    let names = MachineNames::of(&policy);
    machines.add(vec![listing("win", 1), listing("plain", 2)], &names);
    machines
}

#[test]
fn a_machine_is_picked_by_number_or_name() {
    let picked = |answers: &[&str]| {
        let mut script = Script::lines(answers);
        let end = machines()
            .pick(&mut script)
            .map_err(|failure| format!("{failure:?}"));
        (end, script.said)
    };
    assert_eq!(picked(&["plain"]).0, Ok("plain".to_owned()));
    let (end, said) = picked(&["0", "9", "x", "1"]);
    assert_eq!(end, Ok("label".to_owned()));
    insta::assert_snapshot!(said);
    assert_eq!(picked(&[]).0, Err("Ended".to_owned()));

    let mut script = Script::lines(&[]);
    script.interactive = false;
    let failure = machines().pick(&mut script).unwrap_err();
    let Failure::Usage(text) = failure else {
        panic!("{failure:?}");
    };
    assert!(text.ends_with("label, off\\x1b, plain"), "{text}");
}

#[test]
fn a_named_machine_goes_by_what_the_configuration_calls_it() {
    let machines = machines();
    assert_eq!(machines.named("label"), ("label".to_owned(), None));
    assert_eq!(machines.named("plain"), ("plain".to_owned(), None));
    let (name, note) = machines.named("win");
    assert_eq!(name, "label");
    assert!(note.unwrap().contains("by its UUID"));
    let (name, note) = machines.named("typo");
    assert_eq!(name, "typo");
    assert!(note.unwrap().contains("no machine of the name typo"));
    assert_eq!(machines.connect("plain"), Some("qemu:///system"));
    assert_eq!(machines.connect("label"), None);
    // Unknown is not absent.
    let unasked = Machines::default();
    assert_eq!(unasked.named("typo"), ("typo".to_owned(), None));
}
