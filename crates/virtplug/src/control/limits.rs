//! How much of the daemon a client can have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at once.
pub(super) const CONNECTIONS: usize = 512;

/// Connections at once of one user who is not root.
pub(super) const CONNECTIONS_OF_USER: usize = 256;

/// How long a client may take to read a message.
pub(super) const READ_BY_CLIENT: Duration = Duration::from_secs(10);

/// How long a client may take to send a message that it has begun.
pub(super) const HALF_MESSAGE: Duration = Duration::from_secs(30);

/// Longest time that a client may wait for an answer; the longest of `--wait`, too.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Bytes of a message that are always read. A connection keeps the memory of its longest one.
pub(super) const SHORT_MESSAGE: usize = 64 * 1024;

/// Connections at once that may send longer ones.
pub(super) const LONG_MESSAGES: usize = 32;

/// Connections that are kept for root, whoever takes the others.
const KEPT_FOR_ROOT: usize = 32;

/// Who has connections, by user.
#[derive(Debug, Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<BTreeMap<u32, usize>>>,
    long: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            taken: Arc::default(),
            long: Arc::new(Semaphore::new(LONG_MESSAGES)),
        }
    }
}

/// One connection; dropping it makes room for another.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    uid: u32,
}

impl Places {
    /// The right to send long messages, for one connection, if it is to be had.
    pub(super) fn take_long(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.long).try_acquire_owned().ok()
    }

    /// A place for a connection of a user, if there is one.
    pub(super) fn take(&self, uid: u32) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let own = taken.get(&uid).copied().unwrap_or_default();
        let (most, most_own) = if uid == 0 {
            (CONNECTIONS, CONNECTIONS)
        } else {
            (CONNECTIONS - KEPT_FOR_ROOT, CONNECTIONS_OF_USER)
        };
        if all >= most || own >= most_own {
            return None;
        }
        let own = taken.entry(uid).or_default();
        *own += 1;
        Some(Place {
            places: self.clone(),
            uid,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = self.places.taken.lock();
        let mut taken = taken.unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.uid) {
            *own = own.saturating_sub(1);
        }
        taken.retain(|_, count| *count > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_users_together_leave_room_for_root() {
        let places = Places::default();
        let users: Vec<Place> = (0..600)
            .filter_map(|number| places.take(1000 + number % 3))
            .collect();
        assert_eq!(users.len(), CONNECTIONS - KEPT_FOR_ROOT);
        let of_root: Vec<Place> = (0..600).map_while(|_| places.take(0)).collect();
        assert_eq!(of_root.len(), KEPT_FOR_ROOT);
        drop(users);
        assert!(places.take(1000).is_some());
    }

    #[test]
    fn one_user_leaves_room_for_others() {
        let places = Places::default();
        let of_user: Vec<Place> = (0..300).map_while(|_| places.take(1000)).collect();
        assert_eq!(of_user.len(), CONNECTIONS_OF_USER);
        let of_root: Vec<Place> = (0..600).map_while(|_| places.take(0)).collect();
        assert_eq!(of_user.len() + of_root.len(), CONNECTIONS);
        assert!(places.take(1001).is_none());
        drop(of_root);
        assert!(places.take(1001).is_some());
        assert!(places.take(1000).is_none());
        drop(of_user);
        assert!(places.take(1000).is_some());
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
