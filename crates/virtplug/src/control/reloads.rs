//! Those who asked for a reload and wait for its end.

use virtplug_ipc::ControlError;

use super::ask::Reply;

/// A call during a reload leads to another one, which is the one it waits for:
/// the files may have changed after they were read.
#[derive(Debug, Default)]
pub(crate) struct Reloads {
    of_this: Vec<Reply<()>>,
    of_next: Vec<Reply<()>>,
}

impl Reloads {
    /// One more who waits: for the reload that is under way if it has not begun
    /// before, or else for the next.
    pub(crate) fn add(&mut self, reply: Reply<()>, begun_before: bool) {
        if begun_before {
            self.of_next.push(reply);
        } else {
            self.of_this.push(reply);
        }
    }

    /// Tells the end of a reload to those who wait for it.
    pub(crate) fn end(&mut self, result: &Result<(), ControlError>) {
        let next = std::mem::take(&mut self.of_next);
        for reply in std::mem::replace(&mut self.of_this, next) {
            // Who is gone meanwhile needs no answer.
            let _ = reply.send(result.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn a_call_during_a_reload_waits_for_the_next() {
        let mut reloads = Reloads::default();
        let mut add = |begun_before| {
            let (reply, answer) = oneshot::channel();
            reloads.add(reply, begun_before);
            answer
        };
        let (mut first, mut second) = (add(false), add(true));
        let wrong = Err(ControlError::WrongConfiguration {
            message: "line 3".to_owned(),
        });
        reloads.end(&wrong);
        assert_eq!(first.try_recv().unwrap(), wrong);
        assert!(second.try_recv().is_err());
        reloads.end(&Ok(()));
        assert_eq!(second.try_recv().unwrap(), Ok(()));
        reloads.end(&Ok(()));
    }
}
