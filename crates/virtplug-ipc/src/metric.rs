//! Numbers for those who watch over many hosts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zlink::introspect::{CustomType, Type};

/// How a metric may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
#[serde(rename_all = "snake_case")]
#[zlink(rename_all = "snake_case")]
pub enum MetricKind {
    /// It only grows, and begins anew with the daemon.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Counts of durations up to each of some bounds.
    Histogram,
}

/// What tells one sample of a metric from the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// One number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Sample {
    /// The name of the metric; that of a histogram is followed by `_bucket`, `_sum` or `_count`.
    pub name: String,
    /// Its labels.
    pub labels: Vec<Label>,
    /// The number.
    pub value: f64,
}

/// A metric with all its samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// How it may change.
    pub kind: MetricKind,
    /// What it means, one sentence.
    pub help: String,
    /// Its numbers; none where there is nothing that it could be told of.
    pub samples: Vec<Sample>,
}

/// All metrics. Their labels never come from devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Metrics {
    /// The version of this form.
    pub version: u32,
    /// The metrics.
    pub metrics: Vec<Metric>,
}
