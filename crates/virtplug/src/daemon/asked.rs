//! What the daemon does for those who ask through its socket.

use std::time::Instant;

use virtplug_config::LoadError;
use virtplug_core::{Event, Time};
use virtplug_ipc::{Changes, ControlError};

use super::Daemon;
use crate::control::{Ask, Left, Reply};
use crate::present::Context;
use crate::steer::{self, Request};

/// A change that cannot be begun yet.
pub(super) struct Wanted {
    request: Request,
    insists: bool,
    /// When its caller waits no longer.
    until: Instant,
    reply: Reply<Changes>,
}

impl Daemon {
    /// Answers a question; gives whether that may have changed something.
    pub(super) fn asked(&mut self, ask: Ask) -> bool {
        let context = Context {
            now: Time::after_origin(self.started.elapsed()),
            daemon: Some(env!("CARGO_PKG_VERSION")),
            reload_trouble: self.reload_trouble,
            deaf: self.deaf,
        };
        match self.control.answer(&self.engine, context, ask) {
            None => return false,
            Some(Left::Change {
                request,
                patience,
                reply,
            }) => {
                let until = Instant::now() + patience.time;
                self.change(Wanted {
                    request,
                    insists: patience.insists,
                    until,
                    reply,
                });
            }
            Some(Left::Reload(reply)) => {
                self.control.reloads.add(reply, self.reload.is_running());
                self.reload.start(&self.sources);
            }
        }
        true
    }

    fn change(&mut self, wanted: Wanted) {
        let begun = match steer::begin(&self.engine, &wanted.request) {
            Ok(begun) => begun,
            Err(refused) => {
                let early = Instant::now() < wanted.until;
                if wanted.insists && early && steer::may_pass(&refused) {
                    self.wanted.push(wanted);
                } else {
                    // Who is gone meanwhile needs no answer.
                    let _ = wanted.reply.send(Err(refused));
                }
                return;
            }
        };
        for order in begun.orders {
            self.feed(Event::Order(order), None);
        }
        let pending = begun.pending.for_one_who(wanted.insists);
        self.control
            .await_outcome(pending, wanted.until, wanted.reply);
    }

    /// Tries again what could not be begun: something has changed, or the
    /// time is over.
    pub(super) fn try_again(&mut self) {
        for wanted in std::mem::take(&mut self.wanted) {
            if !wanted.reply.is_closed() {
                self.change(wanted);
            }
        }
    }

    /// When somebody stops waiting.
    pub(super) fn next_end(&self) -> Option<Instant> {
        let wanted = self.wanted.iter().map(|wanted| wanted.until).min();
        wanted.into_iter().chain(self.control.next_end()).min()
    }

    /// Tells those who asked for a reload how it ended.
    pub(super) fn tell_reload(&mut self, result: Result<(), Option<LoadError>>) {
        let result = result.map_err(|problems| match problems {
            Some(error) => {
                let problems = error.diagnostics().iter();
                let problems: Vec<String> = problems.map(|one| one.render(false)).collect();
                ControlError::WrongConfiguration {
                    message: problems.join("\n\n"),
                }
            }
            None => ControlError::Failed {
                message: "reading the configuration broke off; see the log of the daemon"
                    .to_owned(),
            },
        });
        self.control.reloads.end(&result);
    }
}
