//! One pass of the engine, from nothing to a state where no more is to be done.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;
use virtplug_core::{Action, Engine, Event, Obstacle, Order, Policy, Report, Time};
use virtplug_ipc::{Changes, ControlError};

use crate::edge::Edge;
use crate::message::{Content, Message};
use crate::rehearsal::{Rehearsal, Step};
use crate::steer::{self, Request};
use crate::steering::Numbers;
use crate::world::World;

/// Longest time for a pass; what is not done then is named.
const PATIENCE: Duration = Duration::from_secs(60);

/// What happens to attaches, detaches and starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are made.
    Real,
    /// They are imagined, and the pass goes on as if they had succeeded.
    Rehearsed,
    /// They are left out.
    Observed,
}

/// What a pass came to.
pub(crate) struct Outcome {
    /// What the engine knows at the end.
    pub(crate) engine: Engine,
    /// What was worth telling, in order.
    pub(crate) reports: Vec<Report>,
    /// Attaches, detaches and starts that were imagined, in order.
    pub(crate) steps: Vec<Step>,
    /// Calls that did not return in time.
    pub(crate) unanswered: usize,
    /// Why the devices could not be read, if so.
    pub(crate) scan_error: Option<String>,
    /// The engine's time at the end.
    pub(crate) now: Time,
}

/// What came of a request.
pub(crate) struct Steered {
    pub(crate) changes: Changes,
    /// What the engine knows at the end.
    pub(crate) engine: Engine,
    /// Attaches and detaches that were imagined, in order.
    pub(crate) steps: Vec<Step>,
}

struct Pass {
    engine: Engine,
    edge: Edge,
    queue: UnboundedReceiver<Message>,
    mode: Mode,
    rehearsal: Rehearsal,
    started: Instant,
    /// Time that a rehearsal skipped.
    skipped: Duration,
    reports: Vec<Report>,
    scan_error: Option<String>,
    on_report: fn(&Engine, &Report),
}

/// Runs one pass. `on_report` is called for each report as it comes.
pub(crate) async fn run(
    world: World,
    policy: Policy,
    mode: Mode,
    on_report: fn(&Engine, &Report),
) -> Outcome {
    let mut pass = Pass::new(world, mode, on_report);
    pass.feed(Event::Policy(policy));
    // A pass that does not end in time is told by what is still in flight.
    let _ = timeout(PATIENCE, pass.run()).await;
    Outcome {
        unanswered: pass.edge.in_flight(),
        now: pass.now(),
        scan_error: pass.scan_error,
        engine: pass.engine,
        reports: pass.reports,
        steps: pass.rehearsal.into_steps(),
    }
}

/// Does what was asked for by hand and nothing else: the rules only say what
/// belongs where.
pub(crate) async fn steer(
    world: World,
    policy: Policy,
    mode: Mode,
    request: &Request,
    numbers: Numbers,
) -> Result<Steered, ControlError> {
    let mut pass = Pass::new(world, mode, |_, _| {});
    pass.feed(Event::Order(Order::Pause {
        machine: None,
        detach: false,
    }));
    pass.feed(Event::Policy(policy));
    let _ = timeout(PATIENCE, pass.run()).await;
    if let Some(error) = &pass.scan_error {
        return Err(ControlError::Failed {
            message: format!("cannot read the USB devices: {error}"),
        });
    }
    let refused = pass.edge.was_refused();
    let begun = steer::begin(&pass.engine, request).map_err(|error| {
        if refused {
            forbidden(error.message())
        } else {
            error
        }
    })?;
    let unknown = notes(&pass.engine);
    if begun.pending.leaves_nothing() && takes(request) && !unknown.is_empty() {
        // A device that no known machine has may be in one that is not known.
        let message = unknown.join("\n");
        return Err(if refused {
            forbidden(&message)
        } else {
            ControlError::Failed { message }
        });
    }
    for order in &begun.orders {
        if let Order::Hold { port, .. } = order
            && let Some(device) = pass.engine.device(port)
        {
            numbers.fit(device.address.bus.0, device.address.device.0)?;
        }
    }
    for order in begun.orders {
        pass.feed(Event::Order(order));
    }
    let reached = async {
        loop {
            if let Some(changes) = begun.pending.outcome(&pass.engine) {
                return Some(changes);
            }
            if !pass.step().await {
                return None;
            }
        }
    };
    let reached = timeout(PATIENCE, reached).await.ok().flatten();
    let changes = reached.unwrap_or_else(|| begun.pending.give_up(&pass.engine));
    if refused && !changes.are_done() {
        let failed = changes.changes.iter().filter(|change| !change.done);
        let failed = failed.map(|change| format!("{} {}", change.device.port, change.result));
        return Err(forbidden(&failed.collect::<Vec<_>>().join("\n")));
    }
    Ok(Steered {
        changes,
        engine: pass.engine,
        steps: pass.rehearsal.into_steps(),
    })
}

/// Whether a request takes devices from machines.
fn takes(request: &Request) -> bool {
    matches!(request, Request::Detach { .. } | Request::DetachAll { .. })
}

/// What failed where libvirt refused this user.
fn forbidden(message: &str) -> ControlError {
    ControlError::NotPermitted {
        message: message.to_owned(),
    }
}

impl Pass {
    fn new(world: World, mode: Mode, on_report: fn(&Engine, &Report)) -> Self {
        let (edge, queue) = Edge::new(world.host, world.events);
        Self {
            engine: Engine::new(0),
            edge,
            queue,
            mode,
            rehearsal: Rehearsal::default(),
            started: Instant::now(),
            skipped: Duration::ZERO,
            reports: Vec::new(),
            scan_error: None,
            on_report,
        }
    }

    async fn run(&mut self) {
        while self.step().await {}
    }

    /// Takes what comes next; whether there was anything to wait for.
    async fn step(&mut self) -> bool {
        if self.edge.in_flight() > 0 {
            let Some(message) = self.queue.recv().await else {
                return false;
            };
            self.take(message.content);
        } else if let Some(event) = self.rehearsal.next_answer() {
            self.feed(event);
        } else if let Some(wakeup) = self
            .engine
            .next_wakeup()
            .filter(|_| self.is_worth_waiting())
        {
            self.wait_until(wakeup).await;
        } else {
            return false;
        }
        true
    }

    fn take(&mut self, content: Content) {
        if let Some(event) = self.edge.accept(content) {
            self.feed(event);
        }
    }

    fn feed(&mut self, event: Event) {
        let event = match self.mode {
            Mode::Rehearsed => self.rehearsal.overlay(event),
            Mode::Real | Mode::Observed => event,
        };
        self.edge.observe(&event);
        if let Event::ScanFailed(error) = &event {
            self.scan_error = Some(error.clone());
        }
        let now = self.now();
        for action in self.engine.handle(now, event) {
            match (self.mode, action) {
                (_, Action::Report(report)) => {
                    (self.on_report)(&self.engine, &report);
                    self.reports.push(report);
                }
                (Mode::Observed, Action::Attach(..) | Action::Detach(..) | Action::Start(..)) => {}
                (Mode::Rehearsed, Action::Attach(op, request)) => {
                    self.rehearsal.attach(op, request);
                }
                (Mode::Rehearsed, Action::Detach(op, request)) => {
                    self.rehearsal.detach(op, request);
                }
                (Mode::Rehearsed, Action::Start(op, machine)) => {
                    self.rehearsal.start(op, machine);
                }
                (_, action) => self.edge.perform(action, None),
            }
        }
    }

    fn now(&self) -> Time {
        Time::after_origin(self.started.elapsed() + self.skipped)
    }

    /// Whether time alone will bring a next step within this pass. A failed
    /// call is not repeated: that is for the daemon.
    fn is_worth_waiting(&self) -> bool {
        match self.mode {
            Mode::Observed => false,
            Mode::Rehearsed | Mode::Real => {
                self.engine.summary().leaving > 0
                    || self
                        .engine
                        .devices()
                        .any(|view| view.obstacle.as_ref().is_some_and(is_passing))
            }
        }
    }

    async fn wait_until(&mut self, wakeup: Time) {
        let span = wakeup.since(self.now());
        if self.mode == Mode::Rehearsed {
            self.skipped += span;
        } else if let Ok(Some(message)) = timeout(span, self.queue.recv()).await {
            return self.take(message.content);
        }
        self.feed(Event::Tick);
    }
}

/// Whether an obstacle ends by time alone, within the time of a pass.
pub(crate) fn is_passing(obstacle: &Obstacle) -> bool {
    matches!(
        obstacle,
        Obstacle::FirstLook(_)
            | Obstacle::NotProcessed(_)
            | Obstacle::RateLimited(_)
            | Obstacle::Occupied { own: true, .. }
    )
}

/// What a reader of a list should know: which machines it does not tell of.
pub(crate) fn notes(engine: &Engine) -> Vec<String> {
    let summary = engine.summary();
    let down = summary
        .down
        .into_iter()
        .map(|(uri, reason)| format!("the machines of {uri} are not known: {reason}"));
    down.collect()
}
