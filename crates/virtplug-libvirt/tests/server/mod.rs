//! A server of libvirt's remote protocol that knows no machines (libvirt,
//! `src/remote/remote_protocol.x` and `src/rpc/virnetprotocol.x`). It answers
//! what a client asks when it connects, and misbehaves on demand.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::common::eventually;

const PROGRAM: u32 = 0x2000_8086;
const VERSION: u32 = 1;
/// Bytes of a frame before its payload, the length field included.
const HEADER: usize = 28;

// virNetMessageType and virNetMessageStatus.
const REPLY: u32 = 1;
const MESSAGE: u32 = 2;
const OK: u32 = 0;
const ERROR: u32 = 1;

// remote_procedure.
const SUPPORTS_FEATURE: u32 = 60;
const AUTH_LIST: u32 = 66;
const LIST_ALL_DOMAINS: u32 = 273;
const REGISTER_EVENT: u32 = 316;

/// The feature of a server that numbers its callbacks (`VIR_DRV_FEATURE_REMOTE_EVENT_CALLBACK`).
const EVENT_CALLBACK: u32 = 14;
const NO_SUPPORT: u32 = 3;

/// virDomainEventID and the procedure that carries the event.
pub(crate) const LIFECYCLE: (u32, u32) = (0, 318);
pub(crate) const DEVICE_REMOVED: (u32, u32) = (15, 333);
pub(crate) const DEVICE_ADDED: (u32, u32) = (19, 354);
pub(crate) const REMOVAL_FAILED: (u32, u32) = (22, 367);

/// What the server does with requests.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manners {
    /// Answers.
    Good,
    /// Reads and says nothing.
    Silent,
    /// Says nothing to requests that contain this word.
    Forgetful(&'static str),
    /// Sends half an answer and ends.
    BreakOff,
    /// Knows no events.
    NoEvents,
}

struct State {
    manners: Mutex<Manners>,
    clients: Mutex<Vec<UnixStream>>,
    /// Callback numbers by event.
    callbacks: Mutex<BTreeMap<u32, u32>>,
    unanswered: AtomicUsize,
    /// Answers that were not given, and to whom.
    owed: Mutex<Vec<(UnixStream, Vec<u8>)>>,
    left: AtomicUsize,
}

/// The running server. Dropping it ends all connections.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    state: Arc<State>,
}

impl Server {
    pub(crate) fn start(manners: Manners) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("sock")).unwrap();
        let state = Arc::new(State {
            manners: Mutex::new(manners),
            clients: Mutex::default(),
            callbacks: Mutex::default(),
            unanswered: AtomicUsize::new(0),
            owed: Mutex::default(),
            left: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                shared
                    .clients
                    .lock()
                    .unwrap()
                    .push(client.try_clone().unwrap());
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    // An error is the end of the connection, by either side.
                    let _ = serve(&shared, client);
                    shared.left.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { folder, state }
    }

    pub(crate) fn uri(&self) -> String {
        let socket = self.folder.path().join("sock");
        format!("qemu+unix:///system?socket={}", socket.display())
    }

    pub(crate) fn behave(&self, manners: Manners) {
        *self.state.manners.lock().unwrap() = manners;
    }

    /// Waits for a request that is not answered.
    pub(crate) fn wait_until_asked(&self) {
        eventually("a request", || {
            self.state.unanswered.load(Ordering::SeqCst) > 0
        });
    }

    /// How many clients have gone.
    pub(crate) fn left(&self) -> usize {
        self.state.left.load(Ordering::SeqCst)
    }

    /// Gives the answers that it did not give.
    pub(crate) fn make_good(&self) {
        for (mut client, frame) in self.state.owed.lock().unwrap().drain(..) {
            client.write_all(&frame).unwrap();
        }
    }

    pub(crate) fn tell_lifecycle(&self, machine: &str) {
        // VIR_DOMAIN_EVENT_STARTED, booted.
        self.tell(LIFECYCLE, machine, |payload| {
            number(payload, 2);
            number(payload, 0);
        });
    }

    pub(crate) fn tell_device(&self, event: (u32, u32), machine: &str, alias: &str) {
        self.tell(event, machine, |payload| string(payload, alias));
    }

    fn tell(&self, (event, procedure): (u32, u32), machine: &str, rest: impl Fn(&mut Vec<u8>)) {
        let mut payload = Vec::new();
        number(&mut payload, self.state.callbacks.lock().unwrap()[&event]);
        string(&mut payload, machine);
        payload.extend([7; 16]);
        number(&mut payload, 1);
        rest(&mut payload);
        let frame = frame(procedure, MESSAGE, 0, OK, &payload);
        for client in self.state.clients.lock().unwrap().iter_mut() {
            client.write_all(&frame).unwrap();
        }
    }

    /// Ends all connections.
    pub(crate) fn end(&self) {
        for client in self.state.clients.lock().unwrap().iter() {
            // The client may have ended it.
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn serve(state: &State, mut client: UnixStream) -> io::Result<()> {
    loop {
        let mut header = [0; HEADER];
        client.read_exact(&mut header)?;
        let field = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
        let (length, procedure, serial) = (field(0), field(12), field(20));
        let mut request = vec![0; length as usize - HEADER];
        client.read_exact(&mut request)?;

        let manners = *state.manners.lock().unwrap();
        let (status, payload) = match (manners, procedure) {
            (Manners::NoEvents, REGISTER_EVENT) => (ERROR, error(NO_SUPPORT, "no events here")),
            _ => (OK, answer(state, procedure, &request)),
        };
        let frame = frame(procedure, REPLY, serial, status, &payload);
        match manners {
            Manners::Forgetful(word) if !contains(&request, word) => client.write_all(&frame)?,
            Manners::Forgetful(_) | Manners::Silent => {
                state
                    .owed
                    .lock()
                    .unwrap()
                    .push((client.try_clone()?, frame));
                state.unanswered.fetch_add(1, Ordering::SeqCst);
            }
            Manners::BreakOff => {
                client.write_all(&frame[..frame.len() / 2])?;
                return client.shutdown(Shutdown::Both);
            }
            Manners::Good | Manners::NoEvents => client.write_all(&frame)?,
        }
    }
}

fn answer(state: &State, procedure: u32, request: &[u8]) -> Vec<u8> {
    let first = request
        .first_chunk()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes));
    let mut payload = Vec::new();
    match procedure {
        // One way to authenticate: none.
        AUTH_LIST => {
            number(&mut payload, 1);
            number(&mut payload, 0);
        }
        SUPPORTS_FEATURE => number(&mut payload, u32::from(first == EVENT_CALLBACK)),
        REGISTER_EVENT => {
            let mut callbacks = state.callbacks.lock().unwrap();
            let callback = u32::try_from(callbacks.len()).unwrap() + 100;
            callbacks.insert(first, callback);
            number(&mut payload, callback);
        }
        LIST_ALL_DOMAINS => {
            number(&mut payload, 0);
            number(&mut payload, 0);
        }
        _ => {}
    }
    payload
}

fn contains(request: &[u8], word: &str) -> bool {
    request
        .windows(word.len())
        .any(|window| window == word.as_bytes())
}

fn frame(procedure: u32, kind: u32, serial: u32, status: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    number(&mut frame, u32::try_from(HEADER + payload.len()).unwrap());
    for field in [PROGRAM, VERSION, procedure, kind, serial, status] {
        number(&mut frame, field);
    }
    frame.extend(payload);
    frame
}

/// A virNetMessageError.
fn error(code: u32, message: &str) -> Vec<u8> {
    let mut payload = Vec::new();
    number(&mut payload, code);
    number(&mut payload, 0);
    number(&mut payload, 1);
    string(&mut payload, message);
    // Level, no domain, three strings that are not there, two numbers, no network.
    for field in [2, 0, 0, 0, 0, 0, 0, 0] {
        number(&mut payload, field);
    }
    payload
}

fn number(out: &mut Vec<u8>, number: u32) {
    out.extend(number.to_be_bytes());
}

fn string(out: &mut Vec<u8>, text: &str) {
    number(out, u32::try_from(text.len()).unwrap());
    out.extend(text.as_bytes());
    out.resize(out.len().next_multiple_of(4), 0);
}
