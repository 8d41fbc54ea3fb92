//! What virtplug wrote to the journal.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::outer::Outer;
use crate::wait::{Seen, until};

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry(Value);

impl Entry {
    /// A field by its name; `None` when absent or not text.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// `VIRTPLUG_EVENT`, empty when absent.
    pub fn event(&self) -> &str {
        self.field("VIRTPLUG_EVENT").unwrap_or_default()
    }

    /// Port path of the device it is about.
    pub fn device(&self) -> &str {
        self.field("VIRTPLUG_DEVICE").unwrap_or_default()
    }

    /// Name of the machine it is about.
    pub fn machine(&self) -> &str {
        self.field("VIRTPLUG_MACHINE").unwrap_or_default()
    }

    /// A field with a number of microseconds.
    pub fn microseconds(&self, name: &str) -> Option<u64> {
        self.field(name)?.parse().ok()
    }
}

impl Outer {
    /// All entries of virtplug since the machine booted.
    pub fn journal(&self) -> Result<Vec<Entry>> {
        let mut entries = self.journal_of_service()?;
        entries.retain(|entry| entry.field("SYSLOG_IDENTIFIER") == Some("virtplug"));
        Ok(entries)
    }

    /// The same, with what systemd says of the service.
    pub(crate) fn journal_of_service(&self) -> Result<Vec<Entry>> {
        let mut known = self.entries.borrow_mut();
        let text = self.lookout.look(&format!("journal {}", known.len()))?;
        for line in text.lines() {
            let value = serde_json::from_str(line).context("a line of the journal")?;
            known.push(Entry(value));
        }
        Ok(known.clone())
    }

    /// How many entries there are with this event.
    pub fn count(&self, event: &str) -> Result<usize> {
        Ok(self
            .journal()?
            .iter()
            .filter(|entry| entry.event() == event)
            .count())
    }

    /// Waits until there are at least `number` entries with this event.
    pub fn wait_journal(&self, event: &str, number: usize) -> Result<()> {
        until(&format!("{number} journal entries {event:?}"), || {
            let count = self.count(event)?;
            Ok(if count >= number {
                Seen::Yes(())
            } else {
                Seen::NotYet(format!("{count}"))
            })
        })
    }
}
