//! The metrics: names, kinds, labels and meanings. This is the only place where they are
//! said; docs/METRICS.md, the dashboard and the rules for alerts are held against it.

use virtplug_ipc::MetricKind;

/// Makes the metrics, in the order in which they are told.
macro_rules! metrics {
    ($(#[doc = $help:literal] $metric:ident = $kind:ident $name:literal [$($label:literal),*];)*) => {
        /// A metric.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Name {
            $(#[doc = $help] $metric,)*
        }

        impl Name {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$metric,)*];

            /// How Prometheus calls it.
            pub(crate) const fn text(self) -> &'static str {
                match self {
                    $(Self::$metric => $name,)*
                }
            }

            pub(crate) const fn kind(self) -> MetricKind {
                match self {
                    $(Self::$metric => MetricKind::$kind,)*
                }
            }

            /// One sentence.
            pub(crate) const fn help(self) -> &'static str {
                match self {
                    $(Self::$metric => $help.trim_ascii(),)*
                }
            }

            /// The labels that each of its samples has.
            pub(crate) const fn labels(self) -> &'static [&'static str] {
                match self {
                    $(Self::$metric => &[$($label),*],)*
                }
            }
        }
    };
}

metrics! {
    /// Whether the daemon answered (1) or does not run (0).
    Up = Gauge "virtplug_up" [];
    /// The version of the daemon, as a label; always 1.
    BuildInfo = Gauge "virtplug_build_info" ["version"];
    /// When the daemon started, in seconds since 1970.
    StartTime = Gauge "virtplug_start_time_seconds" [];
    /// Whether nothing is wrong (1), as the status command says it.
    Healthy = Gauge "virtplug_healthy" [];
    /// Whether the configuration that was read last is in force (1), or was wrong, so that an older one is (0).
    ConfigCurrent = Gauge "virtplug_config_current" [];
    /// Whether events of udev reach the daemon (1).
    UdevUp = Gauge "virtplug_udev_up" [];
    /// How often udev sent more than fits, so that all devices were read again.
    UdevOverruns = Counter "virtplug_udev_overruns_total" [];
    /// Whether a connection to libvirt is up (1).
    ConnectionUp = Gauge "virtplug_connection_up" ["connection"];
    /// Present devices, hubs included.
    Devices = Gauge "virtplug_devices" [];
    /// Devices that belong to a machine and wait without trouble, for instance because it is off.
    DevicesWaiting = Gauge "virtplug_devices_waiting" [];
    /// Devices that are kept out of their machine by something that somebody should look at.
    DevicesTroubled = Gauge "virtplug_devices_troubled" ["reason"];
    /// Devices that stay on the host as several owners claim them, or as they claim one serial number.
    DevicesConflicting = Gauge "virtplug_devices_conflicting" [];
    /// Devices at ports that connect and disconnect too often.
    DevicesFlapping = Gauge "virtplug_devices_flapping" [];
    /// Machines that are configured or known of libvirt.
    Machines = Gauge "virtplug_machines" [];
    /// Machines that run.
    MachinesRunning = Gauge "virtplug_machines_running" [];
    /// Machines with a call that takes longer than it should.
    CallsOverdue = Gauge "virtplug_calls_overdue" [];
    /// Enabled rules.
    Rules = Gauge "virtplug_rules" [];
    /// Devices that a machine has by an entry of virtplug.
    Attachments = Gauge "virtplug_attachments" ["connection", "machine"];
    /// Calls that were asked of libvirt: attach, detach, start.
    Calls = Counter "virtplug_calls_total" ["call", "connection", "machine"];
    /// Attaches that repeat one that failed.
    Retries = Counter "virtplug_attach_retries_total" ["connection", "machine"];
    /// Calls that failed, or that were not made as the device had changed or was in use.
    CallFailures = Counter "virtplug_call_failures_total" ["call", "reason"];
    /// Time from a call to its answer, with a look at the machine after it.
    CallDuration = Histogram "virtplug_call_duration_seconds" ["call"];
    /// Time from an event of udev to the call of libvirt that attaches the device.
    Reaction = Histogram "virtplug_reaction_seconds" [];
    /// Conflicts that were found: by rules of equal strength, or by one serial number of several devices.
    Conflicts = Counter "virtplug_conflicts_total" ["by"];
    /// How often a device was kept on the host because the host uses it.
    GuardRefusals = Counter "virtplug_guard_refusals_total" [];
}
