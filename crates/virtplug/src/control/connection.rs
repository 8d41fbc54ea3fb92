//! One client: its calls are answered one after the other, in their order.

use std::os::fd::OwnedFd;

use futures_util::{Stream, StreamExt as _};
use serde::Serialize;
use tokio::select;
use tokio::task::yield_now;
use tracing::debug;
use virtplug_core::Escaped;
use virtplug_ipc::ControlError;
use zlink::connection::socket::{ReadHalf, ReadResult, Socket, WriteHalf};
use zlink::connection::{PassedCredentials, ReadConnection};
use zlink::service::{MethodReply, ReplyStreamItem};
use zlink::{Connection, Reply, Service};

use super::line::{Incoming, Line, Outgoing};
use super::methods::Methods;

/// Characters of an error that a client gets to read; there may be its own words in it.
const LONGEST_ERROR: usize = 300;

/// Serves a client until it goes, or does what it must not.
pub(super) async fn serve(line: Line, mut methods: Methods) {
    let (mut incoming, outgoing) = Connection::new(line.clone()).split();
    let mut outgoing = outgoing.into_write_half();
    loop {
        let served = next_call(&line, &mut incoming, &mut outgoing, &mut methods).await;
        match served {
            Ok(()) => {}
            Err(zlink::Error::UnexpectedEof) => return,
            Err(error) => {
                debug!("closing a control connection: {error}");
                return;
            }
        }
        // Who always has one more call must not keep others waiting.
        yield_now().await;
    }
}

/// Reads a call and answers it.
async fn next_call(
    line: &Line,
    incoming: &mut ReadConnection<Incoming>,
    outgoing: &mut Outgoing,
    methods: &mut Methods,
) -> zlink::Result<()> {
    let received = incoming.receive_call().await;
    if let Err(zlink::Error::Json(error)) = &received {
        // It says why it closes, as far as it can.
        send(outgoing, &not_understood(&error.to_string())).await?;
    }
    let (call, _) = received?;
    let oneway = call.oneway();
    // The methods are the same on every connection, so they need not have this one.
    let mut nowhere = Connection::new(Nowhere);
    let handled = Service::<Nowhere>::handle(methods, &call, &mut nowhere, Vec::new());
    let (reply, _) = select! {
        biased;
        handled = handled => handled,
        () = line.gone(), if !oneway => return Err(zlink::Error::UnexpectedEof),
    };
    match reply {
        MethodReply::Single(_) | MethodReply::Error(_) | MethodReply::Upgrade(..) if oneway => {
            Ok(())
        }
        MethodReply::Single(parameters) => {
            let reply = Reply::new(parameters).set_continues(Some(false));
            send(outgoing, &reply).await
        }
        MethodReply::Error(error) => send(outgoing, &error).await,
        MethodReply::Multi(replies) => stream(line, outgoing, replies).await,
        // No method upgrades a connection.
        _ => Err(zlink::Error::UnexpectedEof),
    }
}

/// What is answered to a message that is no call, or has no such parameters.
fn not_understood(error: &str) -> ControlError {
    let error: String = error.chars().take(LONGEST_ERROR).collect();
    ControlError::Failed {
        message: format!("no such method, or not its parameters: {}", Escaped(&error)),
    }
}

/// Sends replies as they come. A stream that breaks off ends the connection:
/// its reader was too slow, or the daemon ends.
async fn stream<P, E>(
    line: &Line,
    outgoing: &mut Outgoing,
    mut replies: impl Stream<Item = ReplyStreamItem<P, E>> + Unpin,
) -> zlink::Result<()>
where
    P: Serialize,
    E: Serialize,
{
    loop {
        let next = select! {
            biased;
            next = replies.next() => next,
            () = line.gone() => None,
        };
        let Some((reply, _)) = next else {
            return Err(zlink::Error::UnexpectedEof);
        };
        match reply {
            Ok(reply) => {
                send(outgoing, &reply).await?;
                if reply.continues() != Some(true) {
                    return Ok(());
                }
            }
            Err(error) => return send(outgoing, &error).await,
        }
    }
}

/// Sends a message. `WriteConnection` would begin anew for every 256 bytes of
/// it, so that a long answer would keep the loop waiting.
async fn send(outgoing: &mut Outgoing, message: &impl Serialize) -> zlink::Result<()> {
    let mut bytes = serde_json::to_vec(message)?;
    bytes.push(0);
    outgoing.write(&bytes, &[] as &[OwnedFd], None).await
}

/// A socket that leads nowhere, for methods that take a connection and leave
/// it alone.
#[derive(Debug)]
struct Nowhere;

impl Socket for Nowhere {
    type ReadHalf = Self;
    type WriteHalf = Self;

    fn split(self) -> (Self, Self) {
        (Self, Self)
    }
}

impl ReadHalf for Nowhere {
    async fn read(&mut self, _: &mut [u8]) -> zlink::Result<ReadResult> {
        Err(zlink::Error::UnexpectedEof)
    }
}

impl WriteHalf for Nowhere {
    async fn write(
        &mut self,
        _: &[u8],
        _: &[impl std::os::fd::AsFd],
        _: Option<&PassedCredentials>,
    ) -> zlink::Result<()> {
        Err(zlink::Error::UnexpectedEof)
    }
}
