//! What the connections ask the loop of the daemon. Each question carries the
//! way back of its answer, so that the loop waits for nobody.

use tokio::sync::{mpsc, oneshot};
use virtplug_ipc::{
    Changes, ControlError, DeviceList, Explanation, Happened, MachineList, Metrics, RuleList,
    Shown, Status,
};

use super::access::Sight;
use crate::steer::{Patience, Request};

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
    pub(crate) events: mpsc::Receiver<News>,
}

/// An event as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) open: Happened,
    /// The same without serial numbers.
    pub(crate) hidden: Happened,
}

/// A question to the loop. Who shall not see serial numbers gets an answer
/// without them.
#[derive(Debug)]
pub(crate) enum Ask {
    Status(Sight, Reply<Status>),
    Devices(Sight, Reply<DeviceList>),
    Machines(Sight, Reply<MachineList>),
    Rules(Sight, Reply<RuleList>),
    Metrics(Sight, Reply<Metrics>),
    Show {
        sight: Sight,
        name: String,
        reply: Reply<Shown>,
    },
    Explain {
        sight: Sight,
        name: String,
        machine: Option<String>,
        reply: Reply<Explanation>,
    },
    /// Something is to be changed; answered when it is, or when the patience is over.
    Change {
        request: Request,
        patience: Patience,
        reply: Reply<Changes>,
    },
    Reload(Reply<()>),
    /// How things stand, with what follows if `more`.
    Monitor {
        sight: Sight,
        more: bool,
        reply: Reply<Feed>,
    },
}

impl Ask {
    /// Whether the one who asked is gone.
    pub(super) fn is_void(&self) -> bool {
        match self {
            Self::Status(_, reply) => reply.is_closed(),
            Self::Devices(_, reply) => reply.is_closed(),
            Self::Machines(_, reply) => reply.is_closed(),
            Self::Rules(_, reply) => reply.is_closed(),
            Self::Metrics(_, reply) => reply.is_closed(),
            Self::Show { reply, .. } => reply.is_closed(),
            Self::Explain { reply, .. } => reply.is_closed(),
            Self::Monitor { reply, .. } => reply.is_closed(),
            // Who asked for a change means it, whether they wait or not.
            Self::Change { .. } | Self::Reload(_) => false,
        }
    }
}
