//! What the probes judge. The readers that collect it decide nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use virtplug_core::{ConnectionUri, Device, Policy, PortPath};
use virtplug_libvirt::{Definition, Versions};

/// All of it.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) user: User,
    pub(crate) control: Control,
    pub(crate) daemon: Daemon,
    pub(crate) configuration: Configuration,
    pub(crate) connections: Vec<Connection>,
    pub(crate) udev: Udev,
    /// Or why they cannot be read.
    pub(crate) devices: Result<Vec<Device>, String>,
    /// Why this user may not open a device, by its port; only asked where machines of the user need it.
    pub(crate) closed: BTreeMap<PortPath, String>,
    /// What could not be read of the devices.
    pub(crate) unreadable: Vec<String>,
    pub(crate) files: Vec<Found>,
    /// Names of the programs that run, as the kernel cuts them off (15 bytes).
    pub(crate) programs: BTreeSet<String>,
}

/// Who asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct User {
    pub(crate) root: bool,
    pub(crate) name: Option<String>,
    /// Names of the groups that this process has.
    pub(crate) groups: BTreeSet<String>,
    /// Names of the groups that the group file gives the user.
    pub(crate) listed: BTreeSet<String>,
    /// Groups that the host has.
    pub(crate) existing: BTreeSet<String>,
}

/// What a connect to the control socket gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Control {
    Answers,
    /// It answers and is of another version; with what that means.
    OtherVersion(String),
    Missing,
    /// There is a socket and nobody behind it.
    Refused,
    /// It refuses this user, with its words.
    Forbidden(String),
    Failed(String),
}

/// What the daemon says of itself; nothing where it does not answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Daemon {
    /// Whether no events of udev reach it.
    pub(crate) deaf: bool,
    /// Devices that a machine left without a driver of the host.
    pub(crate) driverless: Vec<Left>,
}

/// A device without a driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) port: String,
    pub(crate) vendor: String,
    pub(crate) product: String,
    /// Of any content.
    pub(crate) name: String,
}

/// What loading the configuration gave.
#[derive(Debug)]
pub(crate) enum Configuration {
    Correct {
        policy: Box<Policy>,
        warnings: usize,
    },
    Missing,
    /// The first error, and how many there are.
    Wrong {
        first: String,
        errors: usize,
    },
}

impl Configuration {
    pub(crate) fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Correct { policy, .. } => Some(policy),
            _ => None,
        }
    }
}

/// A connection to libvirt.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) uri: ConnectionUri,
    pub(crate) state: Result<Libvirt, Unreachable>,
}

/// What libvirt tells.
#[derive(Debug)]
pub(crate) struct Libvirt {
    pub(crate) versions: Result<Versions, String>,
    pub(crate) machines: Result<Vec<Machine>, String>,
}

/// Why a connection cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreachable {
    NotRunning(String),
    NotPermitted(String),
    Other(String),
}

/// A machine of libvirt.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) name: String,
    /// As the configuration calls it.
    pub(crate) label: String,
    pub(crate) definition: Result<Definition, String>,
}

/// What there is of udev.
#[derive(Debug)]
pub(crate) struct Udev {
    pub(crate) runs: bool,
    /// Or why its database cannot be read.
    pub(crate) database: Result<(), String>,
}

/// A file of another tool.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) kind: FileKind,
    pub(crate) text: Result<String, String>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    UdevRules,
    /// A hook of libvirt for QEMU's machines.
    Hook,
    /// The configuration of bbvirt.
    BitBabbler,
    /// The configuration or a unit of whawty's daemon.
    Whawty,
    /// The script of the bash handler.
    Handler,
    /// A folder that could not be listed.
    Folder,
}

impl Facts {
    /// Whether a machine that is not among these facts is nowhere.
    pub(crate) fn knows_all_machines(&self) -> bool {
        let listed = |one: &Connection| one.state.as_ref().is_ok_and(|one| one.machines.is_ok());
        let wrong = matches!(self.configuration, Configuration::Wrong { .. });
        !wrong && self.connections.iter().all(listed)
    }

    /// What the configuration calls a machine that is named as there or as in
    /// libvirt. `None`: there is none.
    pub(crate) fn label<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let policy = self.configuration.policy();
        let mut configured = policy.into_iter().flat_map(Policy::machines);
        if configured.any(|machine| machine.name() == name) {
            return Some(name);
        }
        let libvirts = self.connections.iter().flat_map(|one| &one.state);
        let mut machines = libvirts.flat_map(|one| &one.machines).flatten();
        let found = machines.find(|machine| machine.name == name)?;
        Some(&found.label)
    }
}
