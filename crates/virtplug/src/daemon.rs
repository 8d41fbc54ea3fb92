//! `virtplug daemon`: the loop around the engine.

mod adoption;
mod asked;
mod signals;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tokio::select;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinHandle, LocalSet, spawn_blocking};
use tokio::time::{sleep_until, timeout};
use tracing::{error, info, warn};
use virtplug_config::Loaded;
use virtplug_core::{Action, Engine, Escaped, Event, OwnAlias, Report, Time};
use virtplug_libvirt::ConnectionEvent;
use virtplug_udev::{Monitor, RECEIVE_BUFFER};

use self::adoption::log_problems;
use self::asked::Wanted;
use self::signals::{Signals, caught};
use crate::cli::Sources;
use crate::control::{Control, Plugs, Runs, Told, socket_path};
use crate::edge::{Edge, error_text};
use crate::exit::Exit;
use crate::journal::{self, Kind, Timing};
use crate::message::{Content, Message};
use crate::present::DEAF;
use crate::recorder::{Recorder, TraceFile};
use crate::reload::Reload;
use crate::service::{self, Status, Watchdog};
use crate::world::World;
use crate::{log, settings};

/// How long the end waits for calls that are under way.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// Times of an attach that is older than this interest nobody.
const TIMING_AGE: Duration = Duration::from_secs(60);

/// Ends with the reason for the log.
type Failure = String;

/// The end of the thread that watches udev; it should never come.
type MonitorEnd = JoinHandle<Result<(), String>>;

struct Daemon {
    sources: Sources,
    engine: Engine,
    recorder: Option<Recorder>,
    edge: Edge,
    queue: UnboundedReceiver<Message>,
    monitor: MonitorEnd,
    status: Status,
    watchdog: Watchdog,
    started: Instant,
    timings: BTreeMap<OwnAlias, (Instant, Timing)>,
    ready: bool,
    control: Control,
    runs: Runs,
    reload: Reload,
    /// What was wrong with the last reload, for the status line.
    reload_trouble: Option<&'static str>,
    /// Whether no events of udev come.
    deaf: bool,
    /// What somebody asked for and waits for that it can be begun.
    wanted: Vec<Wanted>,
}

/// Runs until SIGTERM or SIGINT.
pub(crate) async fn run(world: World, sources: Sources, trace: Option<TraceFile>) -> Exit {
    // The clients of the socket are served on this thread, beside the loop.
    let all = Box::pin(serve(world, sources, trace));
    LocalSet::new().run_until(all).await
}

async fn serve(world: World, sources: Sources, trace: Option<TraceFile>) -> Exit {
    let signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            error!(
                event = Kind::Failed.name(),
                "cannot listen for signals: {}",
                error_text(&error)
            );
            return Exit::Failed;
        }
    };
    let loaded = match settings::read_with_warnings(&sources) {
        Ok(loaded) => loaded,
        Err(error) => {
            if log::goes_to_journal() {
                log_problems(&error);
            } else {
                settings::show(error.diagnostics());
            }
            return Exit::Config;
        }
    };
    let control = match Control::open(&socket_path(sources.scope), loaded.control.clone()).await {
        Ok(control) => control,
        Err(other) => {
            error!(event = Kind::RunsAlready.name(), "{other}");
            return Exit::AlreadyRunning;
        }
    };
    match start(world, sources, loaded, control, trace) {
        Ok(daemon) => daemon.run(signals).await,
        Err(failure) => {
            error!(event = Kind::Failed.name(), "{failure}");
            Exit::Failed
        }
    }
}

fn start(
    world: World,
    sources: Sources,
    loaded: Loaded,
    control: Control,
    trace: Option<TraceFile>,
) -> Result<Daemon, Failure> {
    let deaf = !world.host.hears_udev();
    if deaf {
        error!(event = Kind::Deaf.name(), "{DEAF}");
    }
    let (mut edge, queue) = Edge::new(world.host.clone(), world.events);
    // The monitor is open before anything is enumerated, so nothing is missed.
    let monitor = Monitor::open(world.host, RECEIVE_BUFFER).map_err(|error| error_text(&error))?;
    edge.watch_with(monitor.handle());
    let sender = edge.sender();
    let watching = monitor
        .spawn(move |report| match sender.send(report.into()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })
        .map_err(|error| error_text(&error))?;
    let seed = seed();
    let mut daemon = Daemon {
        sources,
        engine: Engine::new(seed),
        recorder: trace.and_then(|trace| Recorder::begin(trace, seed)),
        edge,
        queue,
        monitor: spawn_blocking(move || match watching.join() {
            Ok(ended) => ended.map_err(|error| error_text(&error)),
            Err(_) => Err("it panicked".to_owned()),
        }),
        status: Status::default(),
        watchdog: Watchdog::of_unit(),
        started: Instant::now(),
        timings: BTreeMap::new(),
        ready: false,
        control,
        runs: Runs::default(),
        reload: Reload::default(),
        reload_trouble: None,
        deaf,
        wanted: Vec::new(),
    };
    let orders = daemon.control.earlier_orders().clone();
    if !orders.is_empty() {
        daemon.feed(Event::Restore(orders), None);
    }
    daemon.adopt(loaded, Kind::Started);
    Ok(daemon)
}

/// Varies the jitter between hosts and starts.
fn seed() -> u64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| u64::from(elapsed.subsec_nanos()))
}

impl Daemon {
    async fn run(mut self, mut signals: Signals) -> Exit {
        let exit = loop {
            self.watchdog.answer();
            let wakeup = self.engine.next_wakeup().map(|at| self.instant(at));
            let impatient = self.next_end();
            select! {
                biased;
                () = caught(&mut signals.terminate) => break Exit::Ok,
                () = caught(&mut signals.interrupt) => break Exit::Ok,
                () = caught(&mut signals.hangup) => self.reload.start(&self.sources),
                Some(message) = self.queue.recv() => self.take(message),
                loaded = self.reload.loaded() => self.finish_reload(loaded),
                () = reached(wakeup) => self.feed(Event::Tick, None),
                () = reached(impatient.into_iter().chain(self.status.due()).min()) => {}
                () = reached(self.watchdog.due()) => continue,
                ended = &mut self.monitor => {
                    // Without it nothing is seen; the service manager starts anew.
                    let reason = ended.map_err(|error| error.to_string()).and_then(|ended| ended);
                    error!(event = Kind::Failed.name(), "cannot watch udev any more: {reason:?}");
                    break Exit::Failed;
                }
                // The last, so that those who ask hold up nothing, however many they are.
                ask = self.control.next() => if !self.asked(ask) {
                    continue;
                }
            }
            self.try_again();
            self.control.after_step(&self.engine);
            if self.queue.is_empty() {
                // A storm of events costs one look at the whole.
                let deaf = self.deaf.then_some("no events of udev come");
                let note = self.reload_trouble.or(deaf);
                let underway = self.edge.calls() > 0;
                self.status.update(&self.engine, note, underway);
            }
        };
        self.stop().await;
        exit
    }

    fn take(&mut self, message: Message) {
        self.observe(&message);
        let Message { received, content } = message;
        let Some(event) = self.edge.accept(content) else {
            return;
        };
        let first_scan = matches!(event, Event::Devices { .. } | Event::ScanFailed(_));
        self.feed(event, received);
        if first_scan && !self.ready {
            self.ready = true;
            service::ready();
        }
    }

    /// Notes what a message tells beside its event.
    fn observe(&mut self, message: &Message) {
        match &message.content {
            Content::Overrun => {
                self.control.metrics.overrun();
                warn!(
                    event = Kind::Overrun.name(),
                    "udev sent more than fits its socket; looking at all devices again"
                );
            }
            Content::Called { alias, reaction } => {
                self.control.metrics.reacted(*reaction);
                if let Some((_, timing)) = self.timings.get_mut(alias) {
                    timing.reaction = Some(*reaction);
                }
            }
            Content::Libvirt {
                event: ConnectionEvent::HostdevAdded(_, _, alias),
                ..
            } => {
                let alias = OwnAlias::parse(alias);
                let timing = alias.and_then(|alias| self.timings.get_mut(&alias));
                if let Some((received, timing)) = timing {
                    timing.added = Some(received.elapsed());
                }
            }
            Content::Libvirt {
                uri,
                event: ConnectionEvent::Closed(reason),
                ..
            } => info!(
                event = Kind::Disconnected.name(),
                connection = %uri,
                reason = %Escaped(reason),
                "lost {uri}: {}",
                Escaped(reason)
            ),
            _ => {}
        }
    }

    fn feed(&mut self, event: Event, received: Option<Instant>) {
        self.edge.observe(&event);
        let now = Time::after_origin(self.started.elapsed());
        let plugs = Plugs::before(&self.engine, &event);
        let concerned = Runs::concerned(&event);
        if let Some(recorder) = &mut self.recorder {
            recorder.told(now, &event);
        }
        let at = Instant::now();
        self.control.metrics.told(&event, at);
        let actions = self.engine.handle(now, event);
        if let Some(recorder) = &mut self.recorder {
            recorder.asked(&actions);
        }
        let run = concerned.and_then(|machine| self.runs.look(&self.engine, &machine));
        for told in plugs.after(&self.engine).into_iter().chain(run) {
            self.control.tell(&self.engine, told);
        }
        for action in actions {
            self.control.metrics.asked(&self.engine, &action, at);
            match action {
                Action::Report(report) => {
                    let told = Told::of(&self.engine, &report);
                    self.control.tell(&self.engine, told);
                    let timing = match &report {
                        Report::Attached(_, alias) => self.timings.remove(alias),
                        Report::AttachFailed { alias, .. } => {
                            self.timings.remove(alias);
                            None
                        }
                        _ => None,
                    };
                    journal::log(&self.engine, &report, timing.map(|(_, timing)| timing));
                }
                Action::Attach(op, request) => {
                    if let Some(received) = received {
                        self.timings
                            .retain(|_, (received, _)| received.elapsed() < TIMING_AGE);
                        let timing = (received, Timing::default());
                        self.timings.insert(request.alias.clone(), timing);
                    }
                    self.edge.perform(Action::Attach(op, request), received);
                }
                action => self.edge.perform(action, received),
            }
        }
    }

    fn instant(&self, at: Time) -> Instant {
        self.started + at.since(Time::default())
    }

    /// Lets calls that are under way end; what is attached stays.
    async fn stop(mut self) {
        service::stopping();
        info!(
            event = Kind::Stopping.name(),
            "ending; attached devices stay where they are"
        );
        let last_calls = async {
            while self.edge.calls() > 0 {
                let Some(message) = self.queue.recv().await else {
                    return;
                };
                // The answer is only counted: nothing new is started.
                let _ = self.edge.accept(message.content);
            }
        };
        if timeout(LAST_CALLS, last_calls).await.is_err() {
            warn!(
                event = Kind::Unfinished.name(),
                "a libvirt call did not end in time"
            );
        }
        self.control.close().await;
    }
}

/// A moment came; without one, never.
async fn reached(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
