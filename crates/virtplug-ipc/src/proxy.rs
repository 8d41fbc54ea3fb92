//! The methods, as a client calls them.

use zlink::proxy;

use crate::happening::{Happened, Shown};
use crate::{
    Changes, ControlError, DeviceList, Explanation, MachineList, Metrics, RuleList, Status,
};

/// The methods of the interface. The outer result is that of the connection.
#[proxy("org.virtplug.Control")]
pub trait Control {
    /// How things stand.
    async fn status(&mut self) -> zlink::Result<Result<Status, ControlError>>;
    /// All devices.
    async fn devices(&mut self) -> zlink::Result<Result<DeviceList, ControlError>>;
    /// All machines.
    async fn machines(&mut self) -> zlink::Result<Result<MachineList, ControlError>>;
    /// All rules and groups.
    async fn rules(&mut self) -> zlink::Result<Result<RuleList, ControlError>>;
    /// What the daemon counted, and how things stand in numbers.
    async fn metrics(&mut self) -> zlink::Result<Result<Metrics, ControlError>>;
    /// Everything that is known of one device or machine.
    async fn show(&mut self, name: &str) -> zlink::Result<Result<Shown, ControlError>>;
    /// Why a device is where it is, or for a machine, why each device that could go there is
    /// not; `machine` also says what stands between this device and that machine.
    async fn explain(
        &mut self,
        name: &str,
        machine: Option<&str>,
    ) -> zlink::Result<Result<Explanation, ControlError>>;
    /// Attaches a device to its machine, or to another one, until it is unplugged, the machine
    /// stops, or it is released; with `allow_in_use` even while the host uses it. Answers when it
    /// is there or cannot be, at the latest after `wait_ms`.
    async fn attach(
        &mut self,
        device: &str,
        machine: Option<&str>,
        allow_in_use: Option<bool>,
        wait_ms: Option<u64>,
    ) -> zlink::Result<Result<Changes, ControlError>>;
    /// Detaches a device and keeps it on the host until it is unplugged, the machine that had it
    /// stops, or it is released.
    async fn detach(
        &mut self,
        device: &str,
        wait_ms: Option<u64>,
    ) -> zlink::Result<Result<Changes, ControlError>>;
    /// Attaches all devices that the rules give to a machine, or to any.
    async fn attach_all(
        &mut self,
        machine: Option<&str>,
        wait_ms: Option<u64>,
    ) -> zlink::Result<Result<Changes, ControlError>>;
    /// Detaches all devices of a machine, or of all.
    async fn detach_all(
        &mut self,
        machine: Option<&str>,
        wait_ms: Option<u64>,
    ) -> zlink::Result<Result<Changes, ControlError>>;
    /// Lets the rules decide again: on one device, or on all and on all groups.
    async fn release(
        &mut self,
        device: Option<&str>,
        wait_ms: Option<u64>,
    ) -> zlink::Result<Result<Changes, ControlError>>;
    /// Gives a group of devices to a machine, to the host (`to_host`), or back to its rules (neither).
    async fn switch(
        &mut self,
        group: &str,
        machine: Option<&str>,
        to_host: bool,
        wait_ms: Option<u64>,
    ) -> zlink::Result<Result<Changes, ControlError>>;
    /// Does nothing more on its own for a machine, or for all; with `detach` its devices go back to
    /// the host first.
    async fn pause(
        &mut self,
        machine: Option<&str>,
        detach: bool,
        wait_ms: Option<u64>,
    ) -> zlink::Result<Result<Changes, ControlError>>;
    /// Ends a pause.
    async fn resume(
        &mut self,
        machine: Option<&str>,
        wait_ms: Option<u64>,
    ) -> zlink::Result<Result<Changes, ControlError>>;
    /// Reads the configuration again.
    async fn reload(&mut self) -> zlink::Result<Result<(), ControlError>>;
    /// What happens, as it happens: first how things stand.
    #[zlink(more)]
    async fn monitor(
        &mut self,
    ) -> zlink::Result<
        impl futures_util::Stream<Item = zlink::Result<Result<Happened, ControlError>>>,
    >;
}
