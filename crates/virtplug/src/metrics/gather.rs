//! All metrics at one moment: what was counted, and how things stand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::UNIX_EPOCH;

use virtplug_core::{Engine, MachineKey, MachineView};
use virtplug_ipc::{Label, Metric, ObstacleKind, Sample, VERSION};

use super::histogram::Histogram;
use super::name::Name;
use super::reason::Reason;
use super::{Call, MOST_MACHINES, Metrics, OfMachine};
use crate::present::{self, Context, obstacle_kind};

/// The metric of one name, while samples come together.
struct Samples {
    name: Name,
    samples: Vec<Sample>,
}

impl Samples {
    fn new(name: Name) -> Self {
        Self {
            name,
            samples: Vec::new(),
        }
    }

    /// One number, with the values of the labels in their order.
    fn add(&mut self, values: &[&str], value: f64) {
        self.put("", values, None, value);
    }

    fn add_histogram(&mut self, values: &[&str], histogram: &Histogram) {
        for (bound, below) in histogram.buckets() {
            let bound = bound.to_string();
            self.put("_bucket", values, Some(&bound), number(below));
        }
        let all = number(histogram.count());
        self.put("_bucket", values, Some("+Inf"), all);
        self.put("_sum", values, None, histogram.sum());
        self.put("_count", values, None, all);
    }

    fn put(&mut self, end: &str, values: &[&str], bound: Option<&str>, value: f64) {
        let named = self.name.labels().iter().zip(values);
        let bound = bound.map(|bound| ("le", bound));
        let labels = named.map(|(name, value)| (*name, *value)).chain(bound);
        self.samples.push(Sample {
            name: format!("{}{end}", self.name.text()),
            labels: labels
                .map(|(name, value)| Label {
                    name: name.to_owned(),
                    value: value.to_owned(),
                })
                .collect(),
            value,
        });
    }

    fn done(self) -> Metric {
        Metric {
            name: self.name.text().to_owned(),
            kind: self.name.kind(),
            help: self.name.help().to_owned(),
            samples: self.samples,
        }
    }
}

/// What is told of one machine; all those without a place of their own are one, without names.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    counted: OfMachine,
    attachments: u64,
}

impl Metrics {
    /// All metrics as they are now.
    pub(crate) fn gather(&self, engine: &Engine, context: Context<'_>) -> virtplug_ipc::Metrics {
        let rows = self.rows(engine);
        let one = |name: &Name| {
            let mut samples = Samples::new(*name);
            self.fill(&mut samples, engine, context, &rows);
            samples.done()
        };
        virtplug_ipc::Metrics {
            version: VERSION,
            metrics: Name::ALL.iter().map(one).collect(),
        }
    }

    fn fill(
        &self,
        to: &mut Samples,
        engine: &Engine,
        context: Context<'_>,
        rows: &BTreeMap<(String, String), Row>,
    ) {
        match to.name {
            Name::Up => to.add(&[], 1.0),
            Name::BuildInfo => to.add(&[context.daemon.unwrap_or_default()], 1.0),
            Name::StartTime => {
                let since = self.started.duration_since(UNIX_EPOCH);
                to.add(&[], since.map_or(0.0, |since| number(since.as_secs())));
            }
            Name::Healthy => to.add(&[], flag(present::is_healthy(engine, context))),
            Name::ConfigCurrent => to.add(&[], flag(context.reload_trouble.is_none())),
            Name::UdevUp => to.add(&[], flag(!context.deaf)),
            Name::UdevOverruns => to.add(&[], number(self.overruns)),
            Name::ConnectionUp => {
                for view in engine.connections() {
                    to.add(&[&view.uri.to_string()], flag(view.up));
                }
            }
            Name::Devices
            | Name::DevicesWaiting
            | Name::DevicesConflicting
            | Name::Machines
            | Name::MachinesRunning
            | Name::Rules => to.add(&[], f64::from(count(to.name, engine))),
            Name::DevicesTroubled => {
                for (reason, devices) in troubled(engine) {
                    to.add(&[&reason], number(devices));
                }
            }
            Name::DevicesFlapping => {
                let flap = engine.devices().filter(|view| view.flapping.is_some());
                to.add(&[], length(flap.count()));
            }
            Name::CallsOverdue => to.add(&[], length(engine.summary().overdue.len())),
            Name::Attachments => {
                for ((connection, machine), row) in rows {
                    to.add(&[connection, machine], number(row.attachments));
                }
            }
            Name::Calls => {
                for ((connection, machine), row) in rows {
                    for call in Call::ALL {
                        let calls = number(row.counted.calls(call));
                        to.add(&[call.word(), connection, machine], calls);
                    }
                }
            }
            Name::Retries => {
                for ((connection, machine), row) in rows {
                    to.add(&[connection, machine], number(row.counted.retries));
                }
            }
            // Also those that were never seen, so that the first one is an increase.
            Name::CallFailures => {
                for call in Call::ALL {
                    for reason in Reason::ALL {
                        let failures = self.failures.get(&(call, reason)).copied();
                        let failures = number(failures.unwrap_or_default());
                        to.add(&[call.word(), reason.word()], failures);
                    }
                }
            }
            Name::CallDuration => {
                for (call, durations) in &self.durations {
                    to.add_histogram(&[call.word()], durations);
                }
            }
            Name::Reaction => to.add_histogram(&[], &self.reactions),
            Name::Conflicts => {
                to.add(&["rules"], number(self.by_rules));
                to.add(&["serial"], number(self.by_serial));
            }
            Name::GuardRefusals => to.add(&[], number(self.in_use)),
        }
    }

    /// What is told of each machine, by connection and name.
    fn rows(&self, engine: &Engine) -> BTreeMap<(String, String), Row> {
        let views: Vec<MachineView<'_>> = engine.machines().collect();
        let own = |view: &MachineView<'_>| {
            let entries = view.entries.iter().filter(|entry| entry.own.is_some());
            number_of(entries.count())
        };
        let concerned = views
            .iter()
            .filter(|view| view.configured || own(view) > 0)
            .map(|view| view.key);
        // Who was counted keeps a place, so that no number goes down.
        let free = MOST_MACHINES.saturating_sub(self.machines.len());
        let others = concerned.filter(|machine| !self.machines.contains_key(*machine));
        let named: BTreeSet<&MachineKey> = self.machines.keys().chain(others.take(free)).collect();

        let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
        for machine in &named {
            let name = (machine.uri.to_string(), machine.to_string());
            let counted = self.machines.get(*machine).copied();
            rows.entry(name).or_default().add(counted);
        }
        for view in &views {
            let attachments = own(view);
            let name = if named.contains(view.key) {
                (view.key.uri.to_string(), view.key.to_string())
            } else if attachments > 0 {
                (String::new(), String::new())
            } else {
                continue;
            };
            rows.entry(name).or_default().attachments += attachments;
        }
        if self.machines.len() >= MOST_MACHINES {
            let further = rows.entry((String::new(), String::new())).or_default();
            further.add(Some(self.further));
        }
        rows
    }
}

impl Row {
    /// Two machines may be shown by one name, where one is named by UUID.
    fn add(&mut self, counted: Option<OfMachine>) {
        let counted = counted.unwrap_or_default();
        self.counted.attaches += counted.attaches;
        self.counted.detaches += counted.detaches;
        self.counted.starts += counted.starts;
        self.counted.retries += counted.retries;
    }
}

/// Devices with an obstacle that somebody should look at, by its kind.
fn troubled(engine: &Engine) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for (_, obstacle) in engine.summary().troubled {
        let word = word(obstacle_kind(&obstacle));
        *found.entry(word).or_default() += 1;
    }
    found
}

/// As it stands in JSON.
fn word(kind: ObstacleKind) -> String {
    let word = serde_json::to_value(kind);
    let word = word.ok().and_then(|word| word.as_str().map(str::to_owned));
    word.unwrap_or_default()
}

fn count(name: Name, engine: &Engine) -> u32 {
    let counts = present::counts(engine);
    match name {
        Name::Devices => counts.devices,
        Name::DevicesWaiting => counts.waiting,
        Name::DevicesConflicting => counts.conflicts,
        Name::Machines => counts.machines,
        Name::MachinesRunning => counts.running,
        _ => counts.rules,
    }
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

#[allow(
    clippy::cast_precision_loss,
    reason = "Prometheus knows no other numbers"
)]
fn number(count: u64) -> f64 {
    count as f64
}

fn number_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn length(count: usize) -> f64 {
    number(number_of(count))
}
