//! What the connections ask the loop of the daemon. Each question carries the
//! way back of its answer, so that the loop waits for nobody.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use virtplug_ipc::{
    Changes, ControlError, DeviceList, Explanation, Happened, MachineList, RuleList, Shown, Status,
};

use crate::present::Serials;
use crate::steer::Request;

/// Questions that wait for the loop at most; who asks more waits at the door.
pub(super) const QUEUE: usize = 64;

/// The way back of an answer.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, ControlError>>;

/// A stream of what happens: how things stand, and then each event.
#[derive(Debug)]
pub(crate) struct Feed {
    /// The first reply.
    pub(crate) snapshot: Happened,
    /// What follows; ends when the subscriber was too slow.
    pub(crate) events: mpsc::Receiver<Happened>,
}

/// A question to the loop.
#[derive(Debug)]
pub(crate) enum Ask {
    Status(Reply<Status>),
    Devices(Reply<DeviceList>),
    Machines(Reply<MachineList>),
    Rules(Reply<RuleList>),
    /// The serial numbers that are to be hidden.
    Serials(Reply<Serials>),
    Show {
        name: String,
        reply: Reply<Shown>,
    },
    Explain {
        name: String,
        machine: Option<String>,
        reply: Reply<Explanation>,
    },
    /// Something is to be changed; answered when it is, or after `patience`.
    Change {
        request: Request,
        patience: Duration,
        reply: Reply<Changes>,
    },
    Reload(Reply<()>),
    /// How things stand, with what follows if `more`.
    Monitor {
        more: bool,
        reply: Reply<Feed>,
    },
}

impl Ask {
    /// Whether the one who asked is gone.
    pub(super) fn is_void(&self) -> bool {
        match self {
            Self::Status(reply) => reply.is_closed(),
            Self::Devices(reply) => reply.is_closed(),
            Self::Machines(reply) => reply.is_closed(),
            Self::Rules(reply) => reply.is_closed(),
            Self::Serials(reply) => reply.is_closed(),
            Self::Show { reply, .. } => reply.is_closed(),
            Self::Explain { reply, .. } => reply.is_closed(),
            Self::Monitor { reply, .. } => reply.is_closed(),
            // Who asked for a change means it, whether they wait or not.
            Self::Change { .. } | Self::Reload(_) => false,
        }
    }
}
