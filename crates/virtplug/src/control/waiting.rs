//! Calls that wait for what they asked for.

use std::time::Instant;

use virtplug_core::Engine;
use virtplug_ipc::Changes;

use super::ask::Reply;
use crate::steer::Pending;

/// What somebody waits for.
pub(crate) trait Awaited {
    /// What came of it, once that is clear.
    fn outcome(&self, engine: &Engine) -> Option<Changes>;

    /// What came of it so far.
    fn give_up(&self, engine: &Engine) -> Changes;
}

impl Awaited for Pending {
    fn outcome(&self, engine: &Engine) -> Option<Changes> {
        Self::outcome(self, engine)
    }

    fn give_up(&self, engine: &Engine) -> Changes {
        Self::give_up(self, engine)
    }
}

/// All calls that wait.
#[derive(Debug)]
pub(crate) struct Waiting<P> {
    calls: Vec<Call<P>>,
}

#[derive(Debug)]
struct Call<P> {
    awaited: P,
    /// When its caller waits no longer.
    until: Instant,
    reply: Reply<Changes>,
}

impl<P> Default for Waiting<P> {
    fn default() -> Self {
        Self { calls: Vec::new() }
    }
}

impl<P: Awaited> Waiting<P> {
    pub(crate) fn add(&mut self, awaited: P, until: Instant, reply: Reply<Changes>) {
        self.calls.push(Call {
            awaited,
            until,
            reply,
        });
    }

    /// When the next caller stops waiting.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.calls.iter().map(|call| call.until).min()
    }

    /// Answers whom it can be said by now, and who does not wait any longer.
    pub(crate) fn look(&mut self, engine: &Engine, now: Instant) {
        let (kept, ended): (Vec<_>, Vec<_>) = std::mem::take(&mut self.calls)
            .into_iter()
            .filter(|call| !call.reply.is_closed())
            .map(|call| {
                let late = call.until <= now;
                let outcome = call.awaited.outcome(engine);
                let outcome = outcome.or_else(|| late.then(|| call.awaited.give_up(engine)));
                (call, outcome)
            })
            .partition(|(_, outcome)| outcome.is_none());
        self.calls = kept.into_iter().map(|(call, _)| call).collect();
        for (call, outcome) in ended {
            if let Some(outcome) = outcome {
                // Who is gone meanwhile needs no answer.
                let _ = call.reply.send(Ok(outcome));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;

    use tokio::sync::oneshot;
    use virtplug_ipc::VERSION;

    use super::*;

    /// Clear when its flag is set.
    struct Flag(Rc<Cell<bool>>);

    fn changes(note: &str) -> Changes {
        Changes {
            version: VERSION,
            changes: Vec::new(),
            notes: vec![note.to_owned()],
        }
    }

    impl Awaited for Flag {
        fn outcome(&self, _: &Engine) -> Option<Changes> {
            self.0.get().then(|| changes("done"))
        }

        fn give_up(&self, _: &Engine) -> Changes {
            changes("not yet")
        }
    }

    #[test]
    fn calls_end_with_their_outcome_in_time_or_unheard() {
        let engine = Engine::new(0);
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let done = Rc::new(Cell::new(false));
        let mut waiting = Waiting::default();
        let mut add = |seconds| {
            let (reply, answer) = oneshot::channel();
            waiting.add(Flag(Rc::clone(&done)), after(seconds), reply);
            answer
        };
        let (mut short, mut long, gone) = (add(10), add(20), add(5));
        drop(gone);

        assert_eq!(waiting.next_end(), Some(after(5)));
        waiting.look(&engine, start);
        assert_eq!(waiting.next_end(), Some(after(10)));
        assert!(short.try_recv().is_err());

        waiting.look(&engine, after(10));
        assert_eq!(short.try_recv().unwrap(), Ok(changes("not yet")));
        assert_eq!(waiting.next_end(), Some(after(20)));

        done.set(true);
        waiting.look(&engine, after(11));
        assert_eq!(long.try_recv().unwrap(), Ok(changes("done")));
        assert_eq!(waiting.next_end(), None);
    }
}
