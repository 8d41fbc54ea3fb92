//! `behind`: what the device, or a hub above it, must be.

use super::Condition;
use super::actual::UNREAD;
use crate::device::Device;
use crate::fact::Fact;
use crate::matcher::{Matcher, Topology, Verdict, judge_upwards, names_port};
use crate::port::PortPath;

/// A place at which a matcher was judged.
struct Place {
    port: PortPath,
    verdict: Verdict,
    conditions: Vec<Condition>,
}

/// Judges the device and what is above it. The conditions of each matcher are
/// those at the place where most of them hold.
pub(super) fn explain(
    list: &[Matcher],
    key: &str,
    device: &Device,
    around: &dyn Topology,
) -> (String, Verdict, Vec<Condition>) {
    let verdicts = list.iter().map(|one| judge_upwards(one, device, around));
    let verdict = Verdict::any(verdicts);
    let mut found = None;
    let mut parts = Vec::new();
    for (number, wanted) in list.iter().enumerate() {
        let name = format!("{key}[{number}]");
        let Some(place) = best(wanted, &name, device, around) else {
            continue;
        };
        if place.verdict == Verdict::Yes && found.is_none() {
            found = Some(format!("{name} at {}", place.port));
        }
        parts.extend(place.conditions.into_iter().map(|condition| Condition {
            actual: format!("{} at {}", condition.actual, place.port),
            ..condition
        }));
    }
    let actual = found.unwrap_or_else(|| match verdict {
        Verdict::Unknown => UNREAD.to_owned(),
        _ => "none".to_owned(),
    });
    (actual, verdict, parts)
}

/// The place that is most like what is wanted, the nearest to the device of those.
fn best(wanted: &Matcher, name: &str, device: &Device, around: &dyn Topology) -> Option<Place> {
    let prefix = format!("{name}.");
    let judged = |port: &PortPath, device: &Device| Place {
        port: port.clone(),
        verdict: wanted.judge(device, around),
        conditions: wanted.explain_as(&prefix, device, around),
    };
    let peer = device.peer.known().and_then(Option::as_ref);
    let chains = [Some(&device.port), peer].into_iter().flatten();
    let above = chains
        .flat_map(PortPath::upwards)
        .filter(|port| *port != device.port)
        .filter_map(|port| {
            if names_port(wanted, &port) {
                return Some(Place {
                    conditions: vec![named(wanted, &prefix, &port)],
                    verdict: Verdict::Yes,
                    port,
                });
            }
            match around.device_at(&port) {
                Fact::Known(Some(above)) => Some(judged(&port, above)),
                Fact::Known(None) | Fact::Unknown => None,
            }
        });
    let places = std::iter::once(judged(&device.port, device)).chain(above);
    places.reduce(|best, other| {
        if likeness(&other) > likeness(&best) {
            other
        } else {
            best
        }
    })
}

/// That a port is named, whatever is plugged in there.
fn named(wanted: &Matcher, prefix: &str, port: &PortPath) -> Condition {
    let ports = wanted.port.as_ref();
    Condition {
        key: format!("{prefix}port"),
        wanted: ports.map_or_else(String::new, ToString::to_string),
        actual: format!("\"{port}\""),
        verdict: Verdict::Yes,
        parts: Vec::new(),
    }
}

fn likeness(place: &Place) -> (bool, bool, usize) {
    let holding = place.conditions.iter();
    let holding = holding.filter(|condition| condition.verdict == Verdict::Yes);
    (
        place.verdict == Verdict::Yes,
        place.verdict == Verdict::Unknown,
        holding.count(),
    )
}
