//! The last things that happened, and those who are told of each.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use virtplug_ipc::{Happened, Happening, HappeningKind, Status, VERSION};

use super::ask::{Feed, News};
use super::subscribers::Subscribers;
use super::told::Told;

/// How many things that happened are kept.
const KEPT: usize = 1000;

/// What happened.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The number of the newest; counts from one.
    newest: u64,
    kept: VecDeque<Happening>,
    subscribers: Subscribers,
}

impl History {
    /// Keeps what happened and tells it to the subscribers; to some of them with
    /// another text, if it has one.
    pub(crate) fn add(&mut self, told: Told, hidden: Option<String>) {
        self.newest += 1;
        let Told {
            kind,
            text,
            port,
            machine,
        } = told;
        let happening = Happening {
            number: self.newest,
            time: now(),
            kind,
            text,
            port,
            machine,
        };
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        let open = Happened {
            version: VERSION,
            event: happening.clone(),
            status: None,
        };
        let mut news = News {
            hidden: open.clone(),
            open,
        };
        if let Some(text) = hidden {
            news.hidden.event.text = text;
        }
        self.subscribers.tell(&news);
        self.kept.push_back(happening);
    }

    /// What is kept, the oldest first.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Happening> {
        self.kept.iter()
    }

    /// How many are told of each.
    #[cfg(test)]
    pub(super) fn subscribers(&self) -> usize {
        self.subscribers.count()
    }

    /// How things stand, and with `more` what happens from now on.
    pub(crate) fn feed(&mut self, status: Status, text: String, more: bool) -> Feed {
        let snapshot = Happened {
            version: VERSION,
            event: Happening {
                number: self.newest,
                time: now(),
                kind: HappeningKind::Snapshot,
                text,
                port: None,
                machine: None,
            },
            status: Some(status),
        };
        let events = if more {
            self.subscribers.add()
        } else {
            mpsc::channel(1).1
        };
        Feed { snapshot, events }
    }
}

/// Microseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::testing::status;

    fn add(history: &mut History, times: usize) {
        for _ in 0..times {
            history.add(Told::plain(HappeningKind::Connected, "connected"), None);
        }
    }

    #[test]
    fn the_last_ones_are_kept_and_counted() {
        let mut history = History::default();
        add(&mut history, KEPT + 5);
        let numbers: Vec<u64> = history.kept().map(|one| one.number).collect();
        let expected: Vec<u64> = (6..).take(KEPT).collect();
        assert_eq!(numbers, expected);
        let times: Vec<u64> = history.kept().map(|one| one.time).collect();
        assert!(times.iter().all(|time| *time > 1_700_000_000_000_000));
    }

    #[test]
    fn a_feed_goes_on_where_its_snapshot_ends() {
        let mut history = History::default();
        add(&mut history, 3);
        let mut feed = history.feed(status(), "how things stand".to_owned(), true);
        assert_eq!(feed.snapshot.event.number, 3);
        assert_eq!(feed.snapshot.event.kind, HappeningKind::Snapshot);
        assert!(feed.snapshot.status.is_some());
        add(&mut history, 2);
        let next = [(); 2].map(|()| feed.events.try_recv().unwrap());
        assert_eq!(next.each_ref().map(|next| next.open.event.number), [4, 5]);
        assert!(next.iter().all(|next| next.open.status.is_none()));
    }

    #[test]
    fn without_more_there_is_only_the_snapshot() {
        let mut history = History::default();
        let mut feed = history.feed(status(), String::new(), false);
        add(&mut history, 1);
        assert!(feed.events.try_recv().is_err());
        assert!(feed.events.is_closed());
    }
}
