//! What is counted, as it is told; and what documents make of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use virtplug_core::{
    ConnectionUri, Fact, MachineListing, MachineRead, Outcome, Policy, Time, Use, Uuid,
};

use super::*;
use crate::fixture::{device, live, machine, rule, serial};
use crate::present::Context;
use crate::render;

/// An engine and what is counted of it, as the daemon does it.
struct World {
    engine: Engine,
    metrics: Metrics,
    now: Time,
    at: Instant,
    told: BTreeSet<OpId>,
}

impl World {
    /// Two machines, of which alpha runs, and a device for alpha.
    fn new() -> Self {
        let mut world = Self {
            engine: Engine::new(0),
            metrics: Metrics {
                started: UNIX_EPOCH + Duration::from_secs(1_700_000_000),
                ..Metrics::default()
            },
            now: Time::default(),
            at: Instant::now(),
            told: BTreeSet::new(),
        };
        let uri = ConnectionUri::default();
        let listing = ["alpha", "beta"].map(|name| MachineListing {
            machine: machine(name),
            uuid: Uuid([u8::from(name == "alpha"); 16]),
            active: name == "alpha",
        });
        let rules = vec![
            rule("Zigbee", machine("alpha"), serial("A1"), 3),
            rule("", machine("beta"), serial("B1"), 7),
        ];
        world.feed(Event::Policy(Policy::new([], rules)));
        world.feed(Event::Connected(uri.clone()));
        world.feed(Event::Machines(uri, listing.to_vec()));
        world.feed(Event::MachineRead(machine("alpha"), Self::empty()));
        world.feed(Event::MachineRead(machine("beta"), MachineRead::Off));
        world
    }

    fn empty() -> MachineRead {
        let mut live = live();
        live.hostdevs.clear();
        MachineRead::Live(live)
    }

    fn feed(&mut self, event: Event) -> Vec<Action> {
        self.metrics.told(&event, self.at);
        let actions = self.engine.handle(self.now, event);
        for action in &actions {
            self.metrics.asked(&self.engine, action, self.at);
        }
        actions
    }

    /// Plugs the device of alpha in; gives the attach that follows.
    fn plug(&mut self) -> OpId {
        let present = vec![device("1-1", 2, b"A1", b"stick")];
        let unreadable = Vec::new();
        let actions = self.feed(Event::Devices {
            present,
            unreadable,
        });
        self.attach(&actions).unwrap()
    }

    fn attach(&mut self, actions: &[Action]) -> Option<OpId> {
        actions.iter().find_map(|action| match action {
            Action::Attach(op, _) => self.told.insert(*op).then_some(*op),
            _ => None,
        })
    }

    /// Answers a call after a while.
    fn answer(&mut self, op: OpId, result: Result<(), CallError>, after: Duration) {
        self.at += after;
        let outcome = Outcome {
            result,
            after: Self::empty(),
            instance_present: Fact::Known(true),
        };
        self.feed(Event::Done(op, outcome));
    }

    /// Lets time go on until the next attach.
    fn wait_for_attach(&mut self) -> OpId {
        for _ in 0..10 {
            self.now = self.engine.next_wakeup().unwrap();
            let actions = self.feed(Event::Tick);
            if let Some(op) = self.attach(&actions) {
                return op;
            }
        }
        panic!("no further attach");
    }

    fn gather(&self) -> virtplug_ipc::Metrics {
        let context = Context {
            now: self.now,
            daemon: Some("1.2.3"),
            reload_trouble: None,
            deaf: false,
        };
        self.metrics.gather(&self.engine, context)
    }

    /// The number of a sample as it is told, by its line without the number.
    fn number(&self, sample: &str) -> String {
        let text = render::metrics(&self.gather());
        let line = text.lines().find_map(|line| line.strip_prefix(sample));
        let line = line.unwrap_or_else(|| panic!("no {sample} in\n{text}"));
        line.trim().to_owned()
    }
}

fn refused() -> CallError {
    CallError::Libvirt {
        code: 55,
        message: "USB device is in use".to_owned(),
    }
}

/// What a daemon tells after some calls.
fn some() -> World {
    let mut world = World::new();
    let op = world.plug();
    world.metrics.reacted(Duration::from_micros(700));
    world.answer(op, Err(refused()), Duration::from_millis(300));
    let op = world.wait_for_attach();
    let uses: BTreeSet<Use> = [Use::LastKeyboard].into();
    world.answer(op, Err(CallError::InUse(uses)), Duration::ZERO);
    world.metrics.overrun();
    world
}

#[test]
fn all_metrics_in_the_format_of_prometheus() {
    insta::assert_snapshot!(render::metrics(&some().gather()));
}

#[test]
fn calls_are_counted_from_asking_to_the_answer() {
    let calls =
        "virtplug_calls_total{call=\"attach\",connection=\"qemu:///system\",machine=\"alpha\"}";
    let retries = "virtplug_attach_retries_total{connection=\"qemu:///system\",machine=\"alpha\"}";
    let failed = "virtplug_call_failures_total{call=\"attach\",reason=\"not_now\"}";
    let answered = "virtplug_call_duration_seconds_count{call=\"attach\"}";
    let both = |world: &World, one, other| format!("{} {}", world.number(one), world.number(other));
    let mut world = World::new();
    assert_eq!(world.number(calls), "0");
    let op = world.plug();
    assert_eq!(both(&world, calls, answered), "1 0");
    world.answer(op, Err(refused()), Duration::from_millis(300));
    assert_eq!(both(&world, failed, answered), "1 1");
    assert_eq!(world.number(retries), "0");
    let sum = "virtplug_call_duration_seconds_sum{call=\"attach\"}";
    assert_eq!(world.number(sum), "0.3");
    let op = world.wait_for_attach();
    assert_eq!(both(&world, calls, retries), "2 1");
    // Nothing was called, so nothing was measured.
    world.answer(op, Err(CallError::InstanceChanged), Duration::ZERO);
    assert_eq!(world.number(answered), "1");
    assert!(
        world.metrics.under_way.len() < 2,
        "{:?}",
        world.metrics.under_way
    );
}

#[test]
fn reports_are_counted() {
    let mut world = World::new();
    let port: virtplug_core::PortPath = "1-1".parse().unwrap();
    for report in [
        Report::Conflict(port.clone(), Vec::new()),
        Report::Ambiguous(port.clone(), Vec::new()),
        Report::Ambiguous(port.clone(), Vec::new()),
        Report::InUse {
            machine: machine("alpha"),
            port,
            uses: Fact::Unknown,
        },
    ] {
        let action = Action::Report(report);
        world.metrics.asked(&world.engine, &action, world.at);
    }
    assert_eq!(world.number("virtplug_conflicts_total{by=\"rules\"}"), "1");
    assert_eq!(world.number("virtplug_conflicts_total{by=\"serial\"}"), "2");
    assert_eq!(world.number("virtplug_guard_refusals_total"), "1");
}

#[test]
fn however_many_machines_there_are_the_numbers_are_bounded() {
    let mut world = World::new();
    for number in 0..3 * MOST_MACHINES {
        let op = OpId(u64::try_from(number).unwrap() + 1000);
        let action = Action::Start(op, machine(&format!("machine-{number}")));
        world.metrics.asked(&world.engine, &action, world.at);
    }
    let reply = world.gather();
    let calls = reply
        .metrics
        .iter()
        .find(|one| one.name == "virtplug_calls_total");
    let samples = calls.unwrap().samples.len();
    assert_eq!(samples, Call::ALL.len() * (MOST_MACHINES + 1));
    let rest = "virtplug_calls_total{call=\"start\",connection=\"\",machine=\"\"}";
    assert_eq!(world.number(rest), (2 * MOST_MACHINES).to_string());
}

#[test]
fn each_sample_has_the_labels_that_are_said() {
    let reply = some().gather();
    let names: Vec<&str> = reply.metrics.iter().map(|one| one.name.as_str()).collect();
    let said: Vec<&str> = Name::ALL.iter().map(|name| name.text()).collect();
    assert_eq!(names, said);
    for (metric, name) in reply.metrics.iter().zip(Name::ALL) {
        for sample in &metric.samples {
            let labels = sample.labels.iter().map(|label| label.name.as_str());
            let labels: Vec<&str> = labels.filter(|label| *label != "le").collect();
            assert_eq!(labels, name.labels(), "{}", sample.name);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All names of samples.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for name in Name::ALL {
        if name.kind() == virtplug_ipc::MetricKind::Histogram {
            names.extend(["bucket", "sum", "count"].map(|end| format!("{}_{end}", name.text())));
        } else {
            names.insert(name.text().to_owned());
        }
    }
    names
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_metrics_that_exist() {
    for file in ["grafana/virtplug.json", "prometheus/virtplug.rules.yml"] {
        let text = fs::read_to_string(root().join("dist").join(file)).unwrap();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let found: BTreeSet<String> = words
            .filter(|word| word.starts_with("virtplug_"))
            .map(str::to_owned)
            .collect();
        let names = names();
        let unknown: Vec<&String> = found.difference(&names).collect();
        assert!(unknown.is_empty(), "{file} asks for {unknown:?}");
        assert!(found.len() > 8, "{file} asks only for {found:?}");
    }
    let text = fs::read_to_string(root().join("dist/grafana/virtplug.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
}

/// The table of docs/METRICS.md.
fn table() -> String {
    let mut table = "| metric | type | labels | what it says |\n|---|---|---|---|\n".to_owned();
    for name in Name::ALL {
        let kind = format!("{:?}", name.kind()).to_lowercase();
        let labels: Vec<String> = name.labels().iter().map(|one| format!("`{one}`")).collect();
        let (text, help) = (name.text(), name.help());
        writeln!(
            table,
            "| `{text}` | {kind} | {} | {help} |",
            labels.join(", ")
        )
        .unwrap();
    }
    table
}

/// The reasons of failures, by their comments in the source.
fn reasons() -> String {
    let source = include_str!("reason.rs");
    let body = source.split("enum Reason {\n").nth(1).unwrap();
    let body = body.split("\n}").next().unwrap();
    let mut about = body
        .lines()
        .filter_map(|line| line.trim().strip_prefix("/// "));
    let mut table = "| reason | what it means |\n|---|---|\n".to_owned();
    for reason in Reason::ALL {
        writeln!(table, "| `{}` | {} |", reason.word(), about.next().unwrap()).unwrap();
    }
    assert_eq!(about.next(), None);
    table
}

#[test]
fn the_document_lists_all_metrics() {
    let path = root().join("docs/METRICS.md");
    let mut text = fs::read_to_string(&path).unwrap();
    for (name, table) in [("metrics", table()), ("reasons", reasons())] {
        let begin = format!("<!-- {name}: made from the code -->\n");
        let end = format!("<!-- end of {name} -->");
        let (before, rest) = text.split_once(&begin).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        text = format!("{before}{begin}{table}{end}{after}");
    }
    if std::env::var_os("VIRTPLUG_UPDATE").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(
        committed == text,
        "docs/METRICS.md is out of date; write it anew with\n\
         VIRTPLUG_UPDATE=1 cargo test -p virtplug metrics"
    );
}

#[test]
fn without_a_daemon_there_is_one_number() {
    let text = render::metrics(&command::down());
    assert!(text.ends_with("\nvirtplug_up 0\n"), "{text}");
}
