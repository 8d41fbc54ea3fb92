//! Every report is told, with its fields.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::{fmt, fs};

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::subscriber::with_default;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use virtplug_core::{
    ConnectionUri, DetachReason, Fact, HoldEnd, InstanceId, Order, OwnAlias, Owner, Tally, Time,
    Use,
};

use super::*;
use crate::fixture::{machine, world};

/// All that the engine can report.
fn reports(engine: &Engine) -> Vec<Report> {
    let alias = OwnAlias::parse("ua-virtplug-1-1-0000000000000002").unwrap();
    let follower = OwnAlias::parse("ua-virtplug-1-1-0000000000000002-f").unwrap();
    let gone = OwnAlias::parse("ua-virtplug-1-2-0000000000000063").unwrap();
    let alpha = machine("alpha");
    let uri = ConnectionUri::default();
    let failed = |retry_ms| Report::AttachFailed {
        machine: alpha.clone(),
        alias: alias.clone(),
        attempt: 3,
        retry_ms,
        error: "USB device 001:002 is in use (libvirt error 55)".into(),
    };
    let mounted = Use::Mounted {
        node: "sdb1".into(),
        at: "/mnt/\u{1b}[1mx".into(),
    };
    let swap = Use::Swap {
        node: "sdb2".into(),
    };
    let opened = Use::Opened {
        node: "video0".into(),
        by: Some("obs".into()),
    };
    let taken = |uses| Report::TakenInUse {
        machine: alpha.clone(),
        port: alias.port.clone(),
        uses,
    };
    vec![
        Report::Attached(alpha.clone(), alias.clone()),
        Report::Attached(alpha.clone(), follower),
        failed(Some(1042)),
        failed(None),
        Report::Detached(alpha.clone(), gone.clone(), DetachReason::NewInstance),
        Report::DetachFailed {
            machine: alpha.clone(),
            alias: gone,
            attempt: 1,
            retry_ms: 250,
            error: "timed out (libvirt error 68)".into(),
        },
        Report::InUse {
            machine: alpha.clone(),
            port: alias.port.clone(),
            uses: Fact::Known([mounted.clone(), swap].into()),
        },
        Report::InUse {
            machine: alpha.clone(),
            port: alias.port.clone(),
            uses: Fact::Unknown,
        },
        taken(Fact::Known([mounted].into())),
        taken(Fact::Known([opened].into())),
        taken(Fact::Unknown),
        Report::Held(alpha.clone(), alias.clone()),
        Report::HoldEnded {
            port: "1-9".parse().unwrap(),
            end: HoldEnd::Replaced,
        },
        Report::HoldEnded {
            port: "1-9".parse().unwrap(),
            end: HoldEnd::Unplugged,
        },
        Report::HoldEnded {
            port: alias.port.clone(),
            end: HoldEnd::MachineEnded(alpha.clone()),
        },
        Report::Flapping {
            port: alias.port.clone(),
            pause_ms: 2000,
        },
        Report::Calmed {
            port: alias.port.clone(),
            tally: Tally {
                since: Time::default(),
                connects: 57,
                attached: 6,
                detached: 5,
                failed: 1,
            },
            lasted_ms: 64_300,
        },
        Report::Conflict(
            alias.port.clone(),
            engine.policy().unwrap().rules()[..2].to_vec(),
        ),
        Report::Ambiguous(alias.port.clone(), vec!["1-2".parse().unwrap()]),
        Report::Starting(alpha.clone(), alias.port.clone()),
        Report::StartFailed(alpha.clone(), "no such disk (libvirt error 38)".into()),
        Report::Connected(uri.clone()),
        Report::Waiting(uri, "no socket".into()),
        Report::Overdue(alpha),
        Report::LookFailed("machine alpha: no answer".into()),
        Report::Ordered(Order::ReleaseAll),
    ]
}

#[test]
fn every_report_is_a_sentence() {
    let (engine, _) = world(false);
    let sentences: Vec<String> = reports(&engine)
        .iter()
        .map(|report| sentence(&engine, report))
        .collect();
    insta::assert_snapshot!(sentences.join("\n"));
}

#[test]
fn later_tries_are_told_ever_more_rarely() {
    let told: Vec<u32> = (1..100).filter(|n| is_worth_telling(*n)).collect();
    assert_eq!(told, [1, 2, 4, 8, 16, 32, 64]);
}

/// What lines had, by `VIRTPLUG_…` without the prefix.
type Lines = Arc<Mutex<Vec<BTreeMap<String, String>>>>;

/// Notes the fields of each line.
struct Notes(Lines);

struct Line(BTreeMap<String, String>);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber> Layer<S> for Notes {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut line = Line(BTreeMap::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

/// The line of a report.
fn line(engine: &Engine, report: &Report) -> BTreeMap<String, String> {
    let lines = Lines::default();
    let logger = tracing_subscriber::registry().with(Notes(Arc::clone(&lines)));
    with_default(logger, || log(engine, report, None));
    let mut lines = lines.lock().unwrap();
    assert_eq!(lines.len(), 1, "{report:?}");
    lines.remove(0)
}

#[test]
fn every_line_has_the_fields_that_its_kind_promises() {
    let (engine, _) = world(false);
    let mut told = BTreeSet::new();
    let mut shown = Vec::new();
    for report in reports(&engine) {
        let mut line = line(&engine, &report);
        let kind = Kind::named(&line["event"]).unwrap();
        for field in kind.fields() {
            assert!(line.contains_key(*field), "{report:?} has no {field}");
        }
        told.insert(kind);
        line.remove("message");
        let fields: Vec<String> = line
            .iter()
            .map(|(name, is)| format!("{name}={is}"))
            .collect();
        shown.push(fields.join(" "));
    }
    // All that a report can be, before what only the daemon tells.
    let kinds = Kind::ALL
        .iter()
        .copied()
        .filter(|kind| *kind != Kind::Disconnected);
    let of_reports: BTreeSet<Kind> = kinds.take_while(|kind| *kind != Kind::Started).collect();
    assert_eq!(told, of_reports);
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn an_order_says_what_it_concerns() {
    let (engine, _) = world(false);
    let alpha = machine("alpha");
    let hold = Order::Hold {
        port: "1-1".parse().unwrap(),
        instance: InstanceId(2),
        owner: alpha.clone().into(),
        allow_in_use: false,
    };
    let switch = Order::Switch {
        group: "desk\u{1b}".into(),
        owner: Some(Owner::Host),
    };
    let pause = Order::Pause {
        machine: Some(alpha),
        detach: false,
    };
    let of = |order| line(&engine, &Report::Ordered(order));
    let given = of(hold);
    assert_eq!(given["device"], "1-1");
    assert_eq!(given["machine"], "alpha");
    assert_eq!(given["instance"], "0000000000000002");
    assert_eq!(given["rule"], "Zigbee");
    assert_eq!(of(switch)["group"], "desk\\x1b");
    assert_eq!(of(pause)["connection"], "qemu:///system");
    assert_eq!(of(Order::ReleaseAll).len(), 2);
}

/// The text of each line that the daemon writes, from its macro to the first string.
fn written(source: &str) -> Vec<&str> {
    let program = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = ["info!(", "warn!(", "error!("];
    let begins = lines.iter().flat_map(|line| program.match_indices(line));
    begins
        .map(|(at, _)| program[at..].split('"').next().unwrap())
        .collect()
}

#[test]
fn every_line_above_debug_has_a_kind() {
    fn look(folder: &Path, seen: &mut usize) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" {
                look(&path, seen);
            } else if path.extension().is_some_and(|of| of == "rs") && name != "tests" {
                for line in written(&fs::read_to_string(&path).unwrap()) {
                    *seen += 1;
                    assert!(line.contains("event = "), "{}: {line}", path.display());
                    assert!(line.contains(".name()"), "{}: {line}", path.display());
                }
            }
        }
    }
    let mut seen = 0;
    look(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut seen,
    );
    assert!(seen > 25, "only {seen} lines were found");
    for edge in ["core", "config", "udev", "libvirt", "ipc"] {
        let folder = format!("../virtplug-{edge}/Cargo.toml");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let manifest = fs::read_to_string(manifest).unwrap();
        assert!(
            !manifest.contains("\ntracing"),
            "virtplug-{edge} logs by itself"
        );
    }
}
