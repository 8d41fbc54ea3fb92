//! Those who are told what happens. Nobody is waited for: who does not keep up
//! is dropped.

use super::ask::News;
use tokio::sync::mpsc;

/// Events that may wait for a subscriber.
const PATIENCE: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Subscribers {
    all: Vec<mpsc::Sender<News>>,
}

impl Subscribers {
    /// One more; its stream ends when it does not keep up.
    pub(super) fn add(&mut self) -> mpsc::Receiver<News> {
        // Who left is noticed here, too, when nothing happens for long.
        self.all.retain(|subscriber| !subscriber.is_closed());
        let (sender, receiver) = mpsc::channel(PATIENCE);
        self.all.push(sender);
        receiver
    }

    /// How many are still there.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        let there = |subscriber: &&mpsc::Sender<News>| !subscriber.is_closed();
        self.all.iter().filter(there).count()
    }

    /// Tells all of them, and forgets those who are full or gone.
    pub(super) fn tell(&mut self, news: &News) {
        self.all
            .retain(|subscriber| subscriber.try_send(news.clone()).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::testing::news;

    #[test]
    fn who_does_not_keep_up_is_dropped() {
        let mut subscribers = Subscribers::default();
        let mut slow = subscribers.add();
        let mut quick = subscribers.add();
        let gone = subscribers.add();
        drop(gone);
        for _ in 0..=PATIENCE {
            subscribers.tell(&news());
            assert!(quick.try_recv().is_ok());
        }
        assert_eq!(subscribers.all.len(), 1);
        for _ in 0..PATIENCE {
            assert!(slow.try_recv().is_ok());
        }
        assert_eq!(
            slow.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        );
    }

    #[test]
    fn those_who_left_are_forgotten() {
        let mut subscribers = Subscribers::default();
        for _ in 0..100 {
            drop(subscribers.add());
        }
        assert_eq!(subscribers.all.len(), 1);
    }
}
