//! What the engine knows of connections, for those who ask.

use crate::engine::Engine;
use crate::engine::connection::Link;
use crate::machine::ConnectionUri;
use crate::time::Time;

/// A connection to libvirt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionView<'a> {
    /// Where to.
    pub uri: &'a ConnectionUri,
    /// Whether it is open.
    pub up: bool,
    /// Whether its machines were listed since it is open.
    pub listed: bool,
    /// Why it is not, where known.
    pub reason: Option<&'a str>,
    /// When it is tried again.
    pub next_try: Option<Time>,
}

impl Engine {
    /// All connections that are needed or still in use, by URI.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionView<'_>> {
        self.connections.iter().map(|(uri, connection)| {
            let up = connection.is_up();
            let reason = connection.trouble.as_deref();
            ConnectionView {
                uri,
                up,
                listed: up && connection.listed,
                reason: reason.filter(|_| !up),
                next_try: (connection.link == Link::Down).then(|| connection.backoff.until()),
            }
        })
    }
}
