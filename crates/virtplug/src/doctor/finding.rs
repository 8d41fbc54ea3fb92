//! What a probe found.

use schemars::JsonSchema;
use serde::Serialize;
use virtplug_core::Escaped;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    /// It is as it should be.
    Ok,
    /// Good to know.
    Note,
    /// It is likely to make trouble.
    Warning,
    /// Something does not work.
    Error,
}

impl Severity {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Topic {
    Control,
    Configuration,
    Libvirt,
    Udev,
    Controllers,
    Hostdevs,
    OtherTools,
    Programs,
    Authorization,
}

impl Topic {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Control => "Daemon",
            Self::Configuration => "Configuration",
            Self::Libvirt => "libvirt",
            Self::Udev => "Devices and udev",
            Self::Controllers => "USB controllers of the machines",
            Self::Hostdevs => "Static devices of the machines",
            Self::OtherTools => "Other tools",
            Self::Programs => "Programs of the host",
            Self::Authorization => "Authorization",
        }
    }
}

/// One thing that was found. Its texts are safe to print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Finding {
    /// How much it matters.
    pub(crate) severity: Severity,
    /// What it is about.
    pub(crate) topic: Topic,
    /// What is so.
    pub(crate) text: String,
    /// What mends it: a command where there is one.
    pub(crate) help: Option<String>,
    /// The machines that it concerns; empty: all.
    pub(crate) machines: Vec<String>,
}

impl Finding {
    pub(crate) fn new(severity: Severity, topic: Topic, text: impl Into<String>) -> Self {
        Self {
            severity,
            topic,
            text: text.into(),
            help: None,
            machines: Vec::new(),
        }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn of_machine(mut self, machine: &str) -> Self {
        self.machines.push(machine.to_owned());
        self
    }
}

/// Leaves out what concerns only other machines than this one.
pub(crate) fn only_of(findings: &mut Vec<Finding>, machine: &str) {
    findings.retain(|finding| {
        finding.machines.is_empty() || finding.machines.iter().any(|one| one == machine)
    });
}

/// That nobody knows a machine that was asked for.
pub(crate) fn unknown_machine(machine: &str) -> Finding {
    let text = format!(
        "neither libvirt nor the configuration has a machine {}",
        Escaped(machine)
    );
    Finding::new(Severity::Error, Topic::Libvirt, text)
        .with_help("virsh list --all shows the names")
}
