//! What the daemon does for those who ask through its socket.

use std::time::{Duration, Instant};

use virtplug_config::LoadError;
use virtplug_core::{Event, Time};
use virtplug_ipc::{Changes, ControlError};

use super::Daemon;
use crate::control::{Ask, Left, Reply};
use crate::present::Context;
use crate::steer::{self, Request};

impl Daemon {
    /// Answers a question; gives whether that may have changed something.
    pub(super) fn asked(&mut self, ask: Ask) -> bool {
        let context = Context {
            now: Time::after_origin(self.started.elapsed()),
            daemon: Some(env!("CARGO_PKG_VERSION")),
            reload_trouble: self.reload_trouble,
        };
        match self.control.answer(&self.engine, context, ask) {
            None => return false,
            Some(Left::Change {
                request,
                patience,
                reply,
            }) => self.change(&request, patience, reply),
            Some(Left::Reload(reply)) => {
                self.control.reloads.add(reply, self.reload.is_running());
                self.reload.start(&self.sources);
            }
        }
        true
    }

    fn change(&mut self, request: &Request, patience: Duration, reply: Reply<Changes>) {
        let begun = match steer::begin(&self.engine, request) {
            Ok(begun) => begun,
            Err(refused) => {
                // Who is gone meanwhile needs no answer.
                let _ = reply.send(Err(refused));
                return;
            }
        };
        for order in begun.orders {
            self.feed(Event::Order(order), None);
        }
        let until = Instant::now() + patience;
        self.control.await_outcome(begun.pending, until, reply);
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
