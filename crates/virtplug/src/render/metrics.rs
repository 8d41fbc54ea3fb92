//! Metrics in the text format of Prometheus, version 0.0.4.

use std::fmt::Write as _;

use virtplug_ipc::{MetricKind, Metrics, Sample};

/// All metrics, as Prometheus and `node_exporter` read them.
pub(crate) fn metrics(reply: &Metrics) -> String {
    let mut text = String::new();
    for metric in &reply.metrics {
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let help = metric.help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP {} {help}", metric.name);
        let _ = writeln!(text, "# TYPE {} {kind}", metric.name);
        for sample in &metric.samples {
            let _ = writeln!(text, "{}{} {}", sample.name, labels(sample), sample.value);
        }
    }
    text
}

fn labels(sample: &Sample) -> String {
    let labels = sample.labels.iter();
    let labels: Vec<String> = labels
        .map(|label| format!("{}=\"{}\"", label.name, value(&label.value)))
        .collect();
    match labels.as_slice() {
        [] => String::new(),
        labels => format!("{{{}}}", labels.join(",")),
    }
}

fn value(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use virtplug_ipc::{Label, Metric, VERSION};

    use super::*;

    #[test]
    fn names_of_machines_forge_no_sample() {
        let sample = Sample {
            name: "m".to_owned(),
            labels: vec![Label {
                name: "machine".to_owned(),
                value: "a\"} 1\nforged 2\\".to_owned(),
            }],
            value: 0.5,
        };
        let reply = Metrics {
            version: VERSION,
            metrics: vec![Metric {
                name: "m".to_owned(),
                kind: MetricKind::Gauge,
                help: "one\\two\nthree".to_owned(),
                samples: vec![sample],
            }],
        };
        let expected = "# HELP m one\\\\two\\nthree\n# TYPE m gauge\n\
                        m{machine=\"a\\\"} 1\\nforged 2\\\\\"} 0.5\n";
        assert_eq!(metrics(&reply), expected);
    }
}
