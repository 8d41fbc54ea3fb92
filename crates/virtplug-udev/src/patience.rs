//! Patience: reads that may block happen on a thread of their own, beside what else is read,
//! and are waited for only so long, so that one stuck device delays no other.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use virtplug_core::PortPath;

use crate::details::Details;

/// How long each device may take at least, even when others used up the time.
const DEVICE: Duration = Duration::from_millis(100);

/// At most 15 characters, or the kernel cuts it off.
const THREAD_NAME: &str = "vp-udev-read";

/// The time that stuck devices may still hold up a pass over the devices. The
/// kernel answers at once unless a driver is busy with the device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait(Duration);

impl Wait {
    /// For one look, where nobody looks again.
    pub(crate) const LONG: Self = Self(Duration::from_secs(5));
    /// For the monitor, which looks again when the device answers.
    pub(crate) const SHORT: Self = Self(Duration::from_millis(500));
}

type Read = Box<dyn FnOnce() -> io::Result<Details> + Send>;
type Late = Arc<dyn Fn(PortPath) + Send + Sync>;

/// Performs reads and gives up on those that take too long.
#[derive(Default)]
pub(crate) struct Patience {
    /// The thread of the last read, ready for the next one.
    idle: Mutex<Option<Reader>>,
    stuck: Arc<Mutex<Stuck>>,
}

/// Reads that were given up and are still going on.
#[derive(Default)]
struct Stuck {
    ports: BTreeSet<PortPath>,
    /// Told when one of them comes to an end.
    late: Option<Late>,
}

/// A thread that reads. It ends when this is dropped and its read is over.
struct Reader(Sender<Job>);

/// A read that goes on beside whoever began it.
pub(crate) struct Begun {
    port: PortPath,
    reader: Reader,
    answered: Receiver<io::Result<Details>>,
}

struct Job {
    port: PortPath,
    read: Read,
    answer: Sender<io::Result<Details>>,
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience")
            .field("stuck", &lock(&self.stuck).ports)
            .finish_non_exhaustive()
    }
}

impl Patience {
    /// Sets what is called when a read that was given up has ended: the device
    /// can be read again.
    pub(crate) fn when_late(&self, late: impl Fn(PortPath) + Send + Sync + 'static) {
        lock(&self.stuck).late = Some(Arc::new(late));
    }

    /// Begins a read, which [`Patience::finish`] has to finish. `None`: an earlier one of this
    /// port still goes on; at most one thread per port gets stuck. An error: this process lacks a
    /// resource.
    pub(crate) fn begin(&self, port: &PortPath, read: Read) -> io::Result<Option<Begun>> {
        if lock(&self.stuck).ports.contains(port) {
            return Ok(None);
        }
        let idle = lock(&self.idle).take();
        let reader = match idle {
            Some(reader) => reader,
            None => Reader::start(Arc::clone(&self.stuck))?,
        };
        let (answer, answered) = mpsc::channel();
        let port = port.clone();
        let job = Job {
            port: port.clone(),
            read,
            answer,
        };
        // A reader that is gone shows as a missing answer in the end.
        let _ = reader.0.send(job);
        Ok(Some(Begun {
            port,
            reader,
            answered,
        }))
    }

    /// What a read gives, waiting for it. `None`: it takes too long. An error: this process lacks
    /// a resource.
    pub(crate) fn finish(&self, begun: Begun, wait: &mut Wait) -> io::Result<Option<Details>> {
        let Begun {
            port,
            reader,
            answered,
        } = begun;
        let start = Instant::now();
        let details = match answered.recv_timeout(wait.0.max(DEVICE)) {
            Ok(details) => details?,
            Err(RecvTimeoutError::Timeout) => {
                wait.0 = wait.0.saturating_sub(start.elapsed());
                match self.give_up(port, &answered) {
                    Some(details) => details?,
                    None => return Ok(None),
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(io::Error::other("the reading thread ended"));
            }
        };
        *lock(&self.idle) = Some(reader);
        Ok(Some(details))
    }

    /// Marks the port as stuck, unless the answer has come meanwhile.
    fn give_up(
        &self,
        port: PortPath,
        answered: &Receiver<io::Result<Details>>,
    ) -> Option<io::Result<Details>> {
        // The reader answers under the same lock: it either has answered
        // before, or sees the mark afterwards.
        let mut stuck = lock(&self.stuck);
        let answer = answered.try_recv().ok();
        if answer.is_none() {
            stuck.ports.insert(port);
        }
        answer
    }
}

impl Reader {
    fn start(stuck: Arc<Mutex<Stuck>>) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        thread::Builder::new()
            .name(THREAD_NAME.to_owned())
            .spawn(move || {
                for job in queue {
                    let details = (job.read)();
                    let mut stuck = lock(&stuck);
                    let late = if stuck.ports.remove(&job.port) {
                        stuck.late.clone()
                    } else {
                        // The receiver waits, or has given up under the lock.
                        let _ = job.answer.send(details);
                        None
                    };
                    drop(stuck);
                    if let Some(late) = late {
                        late(job.port);
                    }
                }
            })?;
        Ok(Self(jobs))
    }
}

/// Locks also after a panic elsewhere: every change of the guarded data is a
/// single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
