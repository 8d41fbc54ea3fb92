//! A connection's socket, with the limits of what a client may do to it. What
//! it passes beside bytes, such as open files, is dropped by the kernel, as
//! nothing here asks for it.

use std::future::pending;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::sync::Arc;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, recv};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};
use virtplug_ipc::MAX_MESSAGE;

use zlink::connection::socket::{
    FetchPeerCredentials as _, ReadHalf, ReadResult, Socket, UnixSocket, WriteHalf,
};
use zlink::connection::{Gid, PassedCredentials};

use super::access::Caller;
use super::limits::{HALF_MESSAGE, Places, READ_BY_CLIENT, SHORT_MESSAGE};

/// A connection's socket.
#[derive(Debug, Clone)]
pub(super) struct Line {
    stream: Arc<UnixStream>,
    places: Places,
}

/// What comes from the client.
#[derive(Debug)]
pub(super) struct Incoming {
    stream: Arc<UnixStream>,
    /// Bytes of the message that is not whole yet.
    begun: usize,
    places: Places,
    /// The right to send long messages, once it was taken.
    long: Option<OwnedSemaphorePermit>,
    /// When it must be whole.
    due: Option<Instant>,
}

/// What goes to the client.
#[derive(Debug)]
pub(super) struct Outgoing(Arc<UnixStream>);

impl Line {
    pub(super) fn new(stream: UnixStream, places: Places) -> Self {
        Self {
            stream: Arc::new(stream),
            places,
        }
    }

    /// Who is at the other end, as the kernel noted when they connected.
    pub(super) async fn caller(&self) -> Result<Caller> {
        let credentials = self.fetch_peer_credentials().await?;
        let others = credentials.unix_supplementary_group_ids();
        let groups = std::iter::once(credentials.unix_primary_group_id())
            .chain(others.iter().copied())
            .map(Gid::as_raw);
        Ok(Caller {
            uid: credentials.unix_user_id().as_raw(),
            groups: groups.collect(),
        })
    }

    /// Ends when the client is seen to be gone. Never while it has sent what was
    /// not read yet, or has only ended its own half: it may wait for an answer.
    pub(super) async fn gone(&self) {
        loop {
            if self.stream.readable().await.is_err() {
                return;
            }
            let peeked = self
                .stream
                .try_io(Interest::READABLE, || peek(&self.stream));
            match peeked {
                Ok(0) if hung_up(&self.stream) => return,
                Ok(_) => return pending().await,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }
}

/// How many bytes there are to read, none or one; leaves them there.
fn peek(stream: &UnixStream) -> Result<usize> {
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
    Ok(recv(stream.as_raw_fd(), &mut [0], flags)?)
}

/// Whether the other end is closed for both directions.
fn hung_up(stream: &UnixStream) -> bool {
    let mut asked = [PollFd::new(stream.as_fd(), PollFlags::empty())];
    let answered = poll(&mut asked, PollTimeout::ZERO);
    let [asked] = asked;
    let flags = asked.revents().unwrap_or(PollFlags::empty());
    answered.is_err() || flags.intersects(PollFlags::POLLHUP | PollFlags::POLLERR)
}

impl AsFd for Line {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl UnixSocket for Line {}

impl Socket for Line {
    type ReadHalf = Incoming;
    type WriteHalf = Outgoing;

    fn split(self) -> (Incoming, Outgoing) {
        let incoming = Incoming {
            stream: Arc::clone(&self.stream),
            begun: 0,
            places: self.places,
            long: None,
            due: None,
        };
        (incoming, Outgoing(self.stream))
    }
}

impl Incoming {
    async fn receive(&self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }

    /// Keeps the books on messages, each of which ends with a zero.
    fn count(&mut self, bytes: &[u8]) -> zlink::Result<()> {
        let mut parts = bytes.split(|byte| *byte == 0).peekable();
        while let Some(part) = parts.next() {
            self.begun += part.len();
            if self.begun > MAX_MESSAGE {
                return Err(zlink::Error::BufferOverflow);
            }
            if self.begun > SHORT_MESSAGE && self.long.is_none() {
                self.long = self.places.take_long();
                if self.long.is_none() {
                    return Err(zlink::Error::BufferOverflow);
                }
            }
            if parts.peek().is_some() {
                self.begun = 0;
                self.due = None;
            }
        }
        if self.begun > 0 && self.due.is_none() {
            self.due = Some(Instant::now() + HALF_MESSAGE);
        }
        Ok(())
    }
}

impl ReadHalf for Incoming {
    async fn read(&mut self, buffer: &mut [u8]) -> zlink::Result<ReadResult> {
        let received = match self.due {
            None => self.receive(buffer).await,
            Some(due) => timeout_at(due, self.receive(buffer))
                .await
                .unwrap_or_else(|_| Err(late("send the rest of a message"))),
        };
        let length = received?;
        self.count(buffer.get(..length).unwrap_or_default())?;
        Ok(ReadResult::new(length))
    }
}

impl Outgoing {
    async fn send(&self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            self.0.writable().await?;
            match self.0.try_write(bytes) {
                Ok(length) => bytes = bytes.get(length..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl WriteHalf for Outgoing {
    async fn write(
        &mut self,
        bytes: &[u8],
        _: &[impl AsFd],
        _: Option<&PassedCredentials>,
    ) -> zlink::Result<()> {
        let sent = timeout(READ_BY_CLIENT, self.send(bytes)).await;
        Ok(sent.unwrap_or_else(|_| Err(late("read an answer")))?)
    }
}

fn late(what: &str) -> Error {
    Error::new(ErrorKind::TimedOut, format!("it did not {what} in time"))
}
