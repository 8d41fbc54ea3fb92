//! The methods of the interface, as one client calls them: each is allowed or
//! refused, becomes a question to the loop, and its answer goes back.

use std::time::Duration;

use super::access::{Access, Caller, Right, Sight};
use super::ask::{Ask, News, Reply};
use super::limits::LONGEST_WAIT;
use super::refusals::Refusals;
use crate::steer::{Patience, Request, Target};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::{mpsc, oneshot, watch};
use virtplug_ipc::{
    Belongs, BelongsKind, Change, Changes, Condition, Connection, ControlError, Counts, Details,
    Device, DeviceExplanation, DeviceList, DeviceState, Entry, Explanation, Group, Happened,
    Happening, HappeningKind, Holder, HostUse, HostUseKind, Label, MachineKind, MachineList,
    MachineName, MachineState, Metric, MetricKind, Metrics, Obstacle, ObstacleKind, Paused,
    Property, RuleExplanation, RuleList, RuleName, RuleState, Sample, Shown, Standing, Status,
    Verdict,
};

/// What one client can call.
#[derive(Debug, Clone)]
pub(super) struct Methods {
    desk: mpsc::Sender<Ask>,
    /// Nothing while the groups are looked up for the first time.
    access: watch::Receiver<Option<Access>>,
    caller: Caller,
    refusals: Refusals,
}

impl Methods {
    pub(super) fn new(
        desk: mpsc::Sender<Ask>,
        access: watch::Receiver<Option<Access>>,
        caller: Caller,
        refusals: Refusals,
    ) -> Self {
        Self {
            desk,
            access,
            caller,
            refusals,
        }
    }

    /// Whether the caller may do something now.
    async fn permit(&mut self, right: Right) -> Result<Sight, ControlError> {
        let known = self.access.wait_for(Option::is_some).await;
        drop(known.map_err(|_| ending())?);
        self.permit_further(right)
    }

    /// The same for a reader of a stream, whose access was known before.
    fn permit_further(&self, right: Right) -> Result<Sight, ControlError> {
        let permitted = match &*self.access.borrow() {
            Some(access) => access.permit(&self.caller, right),
            None => return Err(ending()),
        };
        if let Err(error) = &permitted {
            self.refusals.tell(self.caller.uid, error);
        }
        permitted
    }

    async fn ask<T>(&self, ask: impl FnOnce(Reply<T>) -> Ask) -> Result<T, ControlError> {
        let (reply, answer) = oneshot::channel();
        self.desk.send(ask(reply)).await.map_err(|_| ending())?;
        answer.await.map_err(|_| ending())?
    }

    async fn read<T>(
        &mut self,
        ask: impl FnOnce(Sight, Reply<T>) -> Ask,
    ) -> Result<T, ControlError> {
        let sight = self.permit(Right::Read).await?;
        self.ask(|reply| ask(sight, reply)).await
    }

    async fn change(
        &mut self,
        request: Request,
        wait_ms: Option<u64>,
    ) -> Result<Changes, ControlError> {
        self.permit(Right::Write).await?;
        let patience = wait_ms.map_or_else(Patience::default, |wait| Patience {
            time: Duration::from_millis(wait).min(LONGEST_WAIT),
            insists: true,
        });
        self.ask(|reply| Ask::Change {
            request,
            patience,
            reply,
        })
        .await
    }

    /// One event for this client, while they may see it.
    fn seen(&self, news: News) -> Result<zlink::Reply<Happened>, ControlError> {
        Ok(reply(
            match self.permit_further(Right::Read)? {
                Sight::Everything => news.open,
                Sight::WithoutSerials => news.hidden,
            },
            true,
        ))
    }
}

/// One of several replies.
fn reply(event: Happened, more: bool) -> zlink::Reply<Happened> {
    zlink::Reply::new(Some(event)).set_continues(Some(more))
}

/// The loop takes no questions any more.
fn ending() -> ControlError {
    ControlError::Busy {
        message: "the daemon is ending; try again when it runs again".to_owned(),
    }
}

/// USB devices of the host, and the libvirt machines that they belong to.
#[zlink::service(
    interface = "org.virtplug.Control",
    types = [
        Belongs, BelongsKind, Change, Condition, Connection, Counts, Details, Device,
        DeviceExplanation, DeviceState, Entry, Group, Happening, HappeningKind, Holder,
        HostUse, HostUseKind, Label, MachineKind, MachineName, MachineState, Metric, MetricKind,
        Obstacle, ObstacleKind, Paused, Property, RuleExplanation, RuleName, RuleState, Sample,
        Standing, Verdict
    ],
    vendor = "virtplug",
    product = "virtplug",
    version = env!("CARGO_PKG_VERSION")
)]
impl Methods {
    /// How things stand.
    async fn status(&mut self) -> Result<Status, ControlError> {
        self.read(Ask::Status).await
    }

    /// All devices.
    async fn devices(&mut self) -> Result<DeviceList, ControlError> {
        self.read(Ask::Devices).await
    }

    /// All machines.
    async fn machines(&mut self) -> Result<MachineList, ControlError> {
        self.read(Ask::Machines).await
    }

    /// All rules and groups.
    async fn rules(&mut self) -> Result<RuleList, ControlError> {
        self.read(Ask::Rules).await
    }

    /// What the daemon counted, and how things stand in numbers.
    async fn metrics(&mut self) -> Result<Metrics, ControlError> {
        self.read(Ask::Metrics).await
    }

    /// Everything that is known of one device or machine.
    async fn show(&mut self, name: String) -> Result<Shown, ControlError> {
        self.read(|sight, reply| Ask::Show { sight, name, reply })
            .await
    }

    /// Why a device is where it is, or for a machine, why each device that could go there is
    /// not; `machine` also says what stands between this device and that machine.
    async fn explain(
        &mut self,
        name: String,
        machine: Option<String>,
    ) -> Result<Explanation, ControlError> {
        self.read(|sight, reply| Ask::Explain {
            sight,
            name,
            machine,
            reply,
        })
        .await
    }

    /// Attaches a device to its machine, or to another one, until it is unplugged, the machine
    /// stops, or it is released; with `allow_in_use` even while the host uses it. Answers when it
    /// is there or cannot be, at the latest after `wait_ms`.
    async fn attach(
        &mut self,
        device: String,
        machine: Option<String>,
        allow_in_use: Option<bool>,
        wait_ms: Option<u64>,
    ) -> Result<Changes, ControlError> {
        let request = Request::Attach {
            device,
            machine,
            allow_in_use: allow_in_use.unwrap_or_default(),
        };
        self.change(request, wait_ms).await
    }

    /// Detaches a device and keeps it on the host until it is unplugged, the machine that had it
    /// stops, or it is released.
    async fn detach(
        &mut self,
        device: String,
        wait_ms: Option<u64>,
    ) -> Result<Changes, ControlError> {
        self.change(Request::Detach { device }, wait_ms).await
    }

    /// Attaches all devices that the rules give to a machine, or to any.
    async fn attach_all(
        &mut self,
        machine: Option<String>,
        wait_ms: Option<u64>,
    ) -> Result<Changes, ControlError> {
        self.change(Request::AttachAll { machine }, wait_ms).await
    }

    /// Detaches all devices of a machine, or of all.
    async fn detach_all(
        &mut self,
        machine: Option<String>,
        wait_ms: Option<u64>,
    ) -> Result<Changes, ControlError> {
        self.change(Request::DetachAll { machine }, wait_ms).await
    }

    /// Lets the rules decide again: on one device, or on all and on all groups.
    async fn release(
        &mut self,
        device: Option<String>,
        wait_ms: Option<u64>,
    ) -> Result<Changes, ControlError> {
        self.change(Request::Release { device }, wait_ms).await
    }

    /// Gives a group of devices to a machine, to the host (`to_host`), or back to its rules
    /// (neither).
    async fn switch(
        &mut self,
        group: String,
        machine: Option<String>,
        to_host: bool,
        wait_ms: Option<u64>,
    ) -> Result<Changes, ControlError> {
        let target = match (machine, to_host) {
            (None, false) => Target::Rules,
            (None, true) => Target::Host,
            (Some(machine), false) => Target::Machine(machine),
            (Some(_), true) => {
                self.permit(Right::Write).await?;
                return Err(ControlError::Failed {
                    message: "a group goes to a machine or to the host, not to both; \
                              leave one of them out"
                        .to_owned(),
                });
            }
        };
        let request = Request::Switch { group, target };
        self.change(request, wait_ms).await
    }

    /// Does nothing more on its own for a machine, or for all; with `detach` its devices go back
    /// to the host first.
    async fn pause(
        &mut self,
        machine: Option<String>,
        detach: bool,
        wait_ms: Option<u64>,
    ) -> Result<Changes, ControlError> {
        let request = Request::Pause { machine, detach };
        self.change(request, wait_ms).await
    }

    /// Ends a pause.
    async fn resume(
        &mut self,
        machine: Option<String>,
        wait_ms: Option<u64>,
    ) -> Result<Changes, ControlError> {
        self.change(Request::Resume { machine }, wait_ms).await
    }

    /// Reads the configuration again.
    async fn reload(&mut self) -> Result<(), ControlError> {
        self.permit(Right::Write).await?;
        self.ask(Ask::Reload).await
    }

    /// What happens, as it happens: first how things stand.
    #[zlink(more)]
    async fn monitor(
        &mut self,
        more: bool,
    ) -> impl Stream<Item = Result<zlink::Reply<Happened>, ControlError>> + Unpin {
        let feed = self.read(|sight, reply| Ask::Monitor { sight, more, reply });
        let (first, events) = match feed.await {
            Ok(feed) => (Ok(reply(feed.snapshot, more)), Some(feed.events)),
            Err(error) => (Err(error), None),
        };
        let reader = self.clone();
        let mut events = events.filter(|_| more);
        let further = stream::poll_fn(move |context| match &mut events {
            Some(events) => events
                .poll_recv(context)
                .map(|news| news.map(|news| reader.seen(news))),
            None => None.into(),
        });
        stream::iter([first]).chain(further)
    }
}
