//! A socket in a folder of its own, with a desk behind it.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};
use tokio::task::{LocalSet, spawn_local, yield_now};
use virtplug_ipc::{
    Changes, DeviceList, Explanation, HappeningKind, MachineList, Metrics, RuleList, Shown, VERSION,
};
use zlink::tokio::unix::Connection;

use crate::control::access::tests::access;
use crate::control::access::{Access, Caller, Sight};
use crate::control::ask::Ask;
use crate::control::connection::serve;
use crate::control::history::History;
use crate::control::limits::Places;
use crate::control::line::Line;
use crate::control::methods::Methods;
use crate::control::refusals::Refusals;
use crate::control::server::Server;
use crate::control::testing::{device, status};
use crate::control::told::Told;
use crate::present::{HideSerials, Serials};

/// Runs a test whose time goes on as fast as it can: who waits for a time, and
/// for nothing else, has waited.
pub(super) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// An answer as the loop gives it.
fn seen<T: HideSerials>(sight: Sight, mut answer: T) -> T {
    if sight == Sight::WithoutSerials {
        answer.hide_serials(&Serials::default());
    }
    answer
}

/// What the desk answers with and remembers.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) history: History,
    /// How many devices there are.
    pub(super) devices: usize,
    /// Changes that are not answered.
    pub(super) kept: Vec<Ask>,
    /// Whether changes are kept instead of answered.
    pub(super) keep: bool,
}

impl Desk {
    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Status(sight, reply) => drop(reply.send(Ok(seen(sight, status())))),
            Ask::Devices(sight, reply) => {
                let devices = DeviceList {
                    version: VERSION,
                    devices: vec![device(); self.devices],
                };
                drop(reply.send(Ok(seen(sight, devices))));
            }
            Ask::Machines(_, reply) => drop(reply.send(Ok(MachineList {
                version: VERSION,
                machines: Vec::new(),
            }))),
            Ask::Rules(_, reply) => drop(reply.send(Ok(RuleList {
                version: VERSION,
                rules: Vec::new(),
                groups: Vec::new(),
            }))),
            Ask::Metrics(_, reply) => drop(reply.send(Ok(Metrics {
                version: VERSION,
                metrics: Vec::new(),
            }))),
            Ask::Show { sight, name, reply } => {
                self.history
                    .add(Told::plain(HappeningKind::Connected, name), None);
                let shown = Shown {
                    version: VERSION,
                    device: Some(device()),
                    details: None,
                    machine: None,
                    history: self.history.kept().cloned().collect(),
                };
                drop(reply.send(Ok(seen(sight, shown))));
            }
            Ask::Explain {
                name,
                machine,
                reply,
                ..
            } => {
                let text = format!("{name} {machine:?}");
                self.history
                    .add(Told::plain(HappeningKind::Connected, text), None);
                drop(reply.send(Ok(Explanation {
                    version: VERSION,
                    devices: Vec::new(),
                })));
            }
            Ask::Change { .. } if self.keep => self.kept.push(ask),
            Ask::Change {
                request,
                patience,
                reply,
            } => drop(reply.send(Ok(Changes {
                version: VERSION,
                changes: Vec::new(),
                notes: vec![format!("{request:?} within {:?}", patience.time)],
            }))),
            Ask::Reload(reply) => drop(reply.send(Ok(()))),
            Ask::Monitor { sight, more, reply } => {
                let status = seen(sight, status());
                let feed = self.history.feed(status, "so it is".to_owned(), more);
                drop(reply.send(Ok(feed)));
            }
        }
    }
}

/// A socket and its desk.
pub(super) struct Bench {
    folder: tempfile::TempDir,
    sender: mpsc::Sender<Ask>,
    pub(super) desk: Rc<RefCell<Desk>>,
    pub(super) access: watch::Sender<Option<Access>>,
    refusals: Refusals,
    _server: Server,
}

impl Bench {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sender, mut asks) = mpsc::channel(64);
        let (access, known) = watch::channel(Some(access(&["10"], &["20"], false)));
        let path = folder.path().join("control.sock");
        let server = Server::start(&path, sender.clone(), known).await.unwrap();
        let desk = Rc::new(RefCell::new(Desk::default()));
        let behind = Rc::clone(&desk);
        spawn_local(async move {
            while let Some(ask) = asks.recv().await {
                behind.borrow_mut().answer(ask);
            }
        });
        Self {
            folder,
            sender,
            desk,
            access,
            refusals: Refusals::default(),
            _server: server,
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    /// A client of the socket.
    pub(super) async fn client(&self) -> Connection {
        zlink::tokio::unix::connect(self.path()).await.unwrap()
    }

    /// A client that is whom it says, whoever runs the test.
    pub(super) fn client_of(&self, caller: Caller) -> Connection {
        Connection::new(self.raw_of(caller).try_into().unwrap())
    }

    /// The same, and sends what it likes.
    pub(super) fn raw_of(&self, caller: Caller) -> UnixStream {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let methods = Methods::new(
            self.sender.clone(),
            self.access.subscribe(),
            caller,
            self.refusals.clone(),
        );
        spawn_local(serve(Line::new(theirs, Places::default()), methods));
        ours
    }

    /// A client that sends what it likes.
    pub(super) async fn raw(&self) -> UnixStream {
        UnixStream::connect(self.path()).await.unwrap()
    }

    pub(super) fn happen(&self, text: &str) {
        let told = Told::plain(HappeningKind::Connected, text);
        let hidden = Some(format!("hidden {text}"));
        self.desk.borrow_mut().history.add(told, hidden);
    }
}

/// Lets all that can go on go on.
pub(super) async fn settle() {
    for _ in 0..1000 {
        yield_now().await;
    }
}

/// Sends bytes; a closed connection takes none.
pub(super) async fn send(stream: &mut UnixStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes).await;
}

/// What comes until the connection is closed.
pub(super) async fn rest(stream: &mut UnixStream) -> Vec<u8> {
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received).await;
    received
}

/// One message.
pub(super) async fn message(stream: &mut UnixStream) -> String {
    let mut received = Vec::new();
    loop {
        match stream.read_u8().await.unwrap() {
            0 => return String::from_utf8(received).unwrap(),
            byte => received.push(byte),
        }
    }
}

/// The text of a call without parameters.
pub(super) fn call(method: &str) -> Vec<u8> {
    format!("{{\"method\":\"{method}\"}}\0").into_bytes()
}

pub(super) const STATUS: &str = "org.virtplug.Control.Status";
