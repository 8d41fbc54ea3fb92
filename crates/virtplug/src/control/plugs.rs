//! Which devices were plugged in or unplugged, told from two looks at the engine.

use std::collections::BTreeMap;

use virtplug_core::{Device, Engine, Event, InstanceId, PortPath};
use virtplug_ipc::HappeningKind;

use super::told::Told;
use crate::naming::name;

/// What was there before an event, as far as the event may change it.
pub(crate) struct Plugs {
    before: BTreeMap<PortPath, (InstanceId, String)>,
    scope: Scope,
}

enum Scope {
    Nothing,
    Port(PortPath),
    Everything,
}

impl Plugs {
    /// What an event may change. The first scan finds what was always there:
    /// it plugs nothing in.
    pub(crate) fn before(engine: &Engine, event: &Event) -> Self {
        let scope = match event {
            Event::Device(device) => Scope::Port(device.port.clone()),
            Event::DeviceGone(port) => Scope::Port(port.clone()),
            Event::Devices { .. } if engine.devices().next().is_some() => Scope::Everything,
            _ => Scope::Nothing,
        };
        Self {
            before: scope.present(engine),
            scope,
        }
    }

    /// What has changed since, except at ports that flap: that is counted.
    pub(crate) fn after(self, engine: &Engine) -> Vec<Told> {
        let after = self.scope.present(engine);
        let instance = |of: &BTreeMap<PortPath, (InstanceId, String)>, port: &PortPath| {
            of.get(port).map(|(instance, _)| *instance)
        };
        let gone = self
            .before
            .iter()
            .filter(|(port, (was, _))| instance(&after, port) != Some(*was))
            .map(|(port, (_, what))| {
                Told::at(
                    port,
                    HappeningKind::Unplugged,
                    format!("{what} was unplugged"),
                )
            });
        let came = after
            .iter()
            .filter(|(port, (is, _))| instance(&self.before, port) != Some(*is))
            .map(|(port, (_, what))| {
                Told::at(
                    port,
                    HappeningKind::Plugged,
                    format!("{what} was plugged in"),
                )
            });
        let flaps = |told: &Told| {
            let port = told.port.as_ref().and_then(|port| port.parse().ok());
            port.is_some_and(|port| engine.is_flapping(&port))
        };
        gone.chain(came).filter(|told| !flaps(told)).collect()
    }
}

impl Scope {
    fn present(&self, engine: &Engine) -> BTreeMap<PortPath, (InstanceId, String)> {
        let known = |device: &Device| (device.port.clone(), (device.instance, told(device)));
        match self {
            Self::Nothing => BTreeMap::new(),
            Self::Port(port) => engine.device(port).map(known).into_iter().collect(),
            Self::Everything => engine.devices().map(|view| known(view.device)).collect(),
        }
    }
}

/// Port, id and name.
fn told(device: &Device) -> String {
    let Device {
        port,
        vendor,
        product,
        ..
    } = device;
    format!("{port} ({vendor}:{product} {})", name(device))
}

#[cfg(test)]
mod tests {
    use virtplug_core::{InstanceId, Time};

    use super::*;
    use crate::fixture::world;

    /// What an event in the world of the tests plugs and unplugs.
    fn plugs(event: Event) -> Vec<String> {
        let (mut engine, _) = world(false);
        let plugs = Plugs::before(&engine, &event);
        engine.handle(Time::default(), event);
        let told = plugs.after(&engine);
        told.into_iter().map(|told| told.text).collect()
    }

    fn device(port: &str) -> Device {
        let (engine, _) = world(false);
        engine.device(&port.parse().unwrap()).unwrap().clone()
    }

    #[test]
    fn plugs_are_told_from_what_was_there() {
        let same = device("1-1");
        assert_eq!(plugs(Event::Device(same.clone())), Vec::<String>::new());
        let gone = plugs(Event::DeviceGone("1-4.1".parse().unwrap()));
        let mut again = same.clone();
        again.instance = InstanceId(77);
        let reset = plugs(Event::Device(again));
        let mut new = same.clone();
        new.port = "1-9".parse().unwrap();
        new.instance = InstanceId(78);
        let scan = plugs(Event::Devices {
            present: vec![new, same],
            unreadable: Vec::new(),
        });
        let told = [gone, reset, scan].map(|told| told.join("\n"));
        insta::assert_snapshot!(told.join("\n\n"));
    }

    #[test]
    fn the_first_scan_plugs_nothing_in() {
        let mut engine = Engine::new(0);
        let event = Event::Devices {
            present: vec![device("1-1")],
            unreadable: Vec::new(),
        };
        let plugs = Plugs::before(&engine, &event);
        engine.handle(Time::default(), event);
        assert_eq!(plugs.after(&engine), Vec::new());
    }
}
