//! Who was refused, for the log: a user once a minute, however often they ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::journal::Kind;
use tokio::time::Instant;
use tracing::warn;
use virtplug_ipc::ControlError;

/// How long nothing more is told of a user.
const PAUSE: Duration = Duration::from_secs(60);

/// Users that are told of within that time. One user can have thousands of
/// numbers in a container.
const MOST: usize = 32;

/// When who was told of.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusals {
    told: Arc<Mutex<BTreeMap<u32, Instant>>>,
}

impl Refusals {
    /// Tells the log of a refusal, if that is due.
    pub(super) fn tell(&self, uid: u32, error: &ControlError) {
        let now = Instant::now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| now.duration_since(*at) < PAUSE);
        if told.contains_key(&uid) || told.len() > MOST {
            return;
        }
        told.insert(uid, now);
        if told.len() > MOST {
            warn!(
                event = Kind::Refused.name(),
                "refused more than {MOST} users at the control socket within a minute; \
                 further ones are not told"
            );
        } else {
            warn!(
                event = Kind::Refused.name(),
                uid,
                "refused a call: {}",
                error.message()
            );
        }
    }
}
