//! Collects the facts. Nothing is waited for without an end.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use virtplug_config::Severity;
use virtplug_core::{ConnectionUri, Device, Escaped, Policy, PortPath};
use virtplug_ipc::{Control as _, ControlError, Status};
use virtplug_libvirt::{Connection as Open, EventLoop, OpenError};
use virtplug_udev::Host;

use super::facts::{
    self, Configuration, Connection, Control, Daemon, Facts, FileKind, Found, Left, Libvirt,
    Machine, Udev,
};
use super::reader::Places;
use super::user;
use crate::cli::Sources;
use crate::client::{self, Unreachable};
use crate::edge::error_text;
use crate::machine_names::MachineNames;
use crate::node;
use crate::settings;
use crate::world::World;

/// How long one answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at everything.
pub(super) async fn all(world: World, sources: &Sources) -> Facts {
    let World { host, events } = world;
    let configuration = configuration(sources);
    let mut uris =
        vec![ConnectionUri::new(sources.connect.as_deref().unwrap_or(
            sources.scope.options().usual_connection.as_str(),
        ))];
    let mut names = MachineNames::default();
    if let Some(policy) = configuration.policy() {
        uris = policy.connections().iter().cloned().collect();
        names = MachineNames::of(policy);
    }
    let mut connections = Vec::new();
    for uri in uris {
        let state = connection(events, uri.clone(), names.clone()).await;
        connections.push(Connection { uri, state });
    }
    let places = Places::default();
    let udev = Udev {
        runs: host.udev_runs(),
        database: places.udev_database(),
    };
    let (devices, unreadable) = devices(host).await;
    let closed = closed(&configuration, devices.iter().flatten());
    let files = {
        let places = places.clone();
        spawn_blocking(move || places.files())
    };
    let (control, daemon) = control(&client::socket()).await;
    Facts {
        user: user::read(&places),
        control,
        daemon,
        configuration,
        connections,
        udev,
        devices,
        closed,
        unreadable,
        files: within(files).await.unwrap_or_else(|error| {
            vec![Found {
                path: "/etc".into(),
                kind: FileKind::Folder,
                text: Err(error),
            }]
        }),
        programs: places.programs(),
    }
}

/// Devices that machines of this user could not open.
fn closed<'d>(
    configuration: &Configuration,
    devices: impl Iterator<Item = &'d Device>,
) -> BTreeMap<PortPath, String> {
    let uris = configuration
        .policy()
        .into_iter()
        .flat_map(Policy::connections);
    let own = uris.into_iter().any(node::is_opened_by_user);
    let refusal = |device: &Device| {
        let address = device.address;
        Some((device.port.clone(), node::refusal(address, &device.port)?))
    };
    devices.filter(|_| own).filter_map(refusal).collect()
}

/// The result of a task, unless it takes too long.
async fn within<T>(task: tokio::task::JoinHandle<T>) -> Result<T, String> {
    match timeout(PATIENCE, task).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn control(socket: &Path) -> (Control, Daemon) {
    let control = match timeout(PATIENCE, UnixStream::connect(socket)).await {
        Ok(Ok(_)) => return ask(socket).await,
        Ok(Err(error)) => match error.kind() {
            io::ErrorKind::NotFound => Control::Missing,
            io::ErrorKind::ConnectionRefused => Control::Refused,
            io::ErrorKind::PermissionDenied => Control::Forbidden(error.to_string()),
            _ => Control::Failed(error.to_string()),
        },
        Err(_) => Control::Failed(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    (control, Daemon::default())
}

/// Whether the daemon answers this user, and what it says.
async fn ask(socket: &Path) -> (Control, Daemon) {
    let (mut client, note) = match client::greet(socket).await {
        Ok(greeted) => greeted,
        Err(Unreachable::Broken(reason) | Unreachable::NotPermitted(reason)) => {
            let control = Control::Failed(Escaped(&reason).to_string());
            return (control, Daemon::default());
        }
        Err(Unreachable::NotRunning) => return (Control::Refused, Daemon::default()),
    };
    let control = match timeout(PATIENCE, client.status()).await {
        Ok(Ok(Ok(status))) => {
            let control = note.map_or(Control::Answers, Control::OtherVersion);
            return (control, daemon(status));
        }
        Ok(Ok(Err(ControlError::NotPermitted { message }))) => Control::Forbidden(message),
        Ok(Ok(Err(error))) => Control::Failed(error.to_string()),
        Ok(Err(error)) => Control::Failed(Escaped(&error.to_string()).to_string()),
        Err(_) => Control::Failed(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    (control, Daemon::default())
}

fn daemon(status: Status) -> Daemon {
    let devices = status.devices.into_iter();
    let left = devices.filter(|state| state.driverless).map(|state| Left {
        port: state.device.port,
        vendor: state.device.vendor,
        product: state.device.product,
        name: state.device.product_name.unwrap_or_default(),
    });
    Daemon {
        deaf: status.deaf,
        driverless: left.collect(),
    }
}

fn configuration(sources: &Sources) -> Configuration {
    match settings::read_with_warnings(sources) {
        Ok(loaded) => Configuration::Correct {
            warnings: loaded
                .notes
                .iter()
                .filter(|note| note.severity() == Severity::Warning)
                .count(),
            policy: Box::new(loaded.policy),
        },
        Err(error) if error.is_missing() => Configuration::Missing,
        Err(error) => {
            let mut errors = error
                .diagnostics()
                .iter()
                .filter(|one| one.severity() == Severity::Error);
            Configuration::Wrong {
                first: errors.next().map(ToString::to_string).unwrap_or_default(),
                errors: errors.count() + 1,
            }
        }
    }
}

async fn devices(host: Host) -> (Result<Vec<virtplug_core::Device>, String>, Vec<String>) {
    let scan = spawn_blocking(move || host.scan().map_err(|error| error_text(&error)));
    match within(scan).await.and_then(|scan| scan) {
        Err(error) => (Err(error), Vec::new()),
        Ok(scan) => {
            let unreadable = scan.unreadable.iter().map(|one| {
                let reason = Escaped(&one.reason);
                format!("the device at {} cannot be read: {reason}", one.port)
            });
            let unreadable = unreadable.collect();
            (Ok(scan.devices), unreadable)
        }
    }
}

async fn connection(
    events: EventLoop,
    uri: ConnectionUri,
    names: MachineNames,
) -> Result<Libvirt, facts::Unreachable> {
    let look = spawn_blocking(move || {
        let open =
            Open::open(events, &uri, Arc::new(|_| {})).map_err(|error| unreachable(&error))?;
        Ok(libvirt(&open, &names))
    });
    match within(look).await {
        Ok(result) => result,
        Err(error) => Err(facts::Unreachable::NotRunning(error)),
    }
}

fn unreachable(error: &OpenError) -> facts::Unreachable {
    let (OpenError::NotRunning { code, message }
    | OpenError::NotPermitted { code, message }
    | OpenError::Other { code, message }) = error;
    let text = format!("{} (libvirt error {code})", Escaped(message));
    match error {
        OpenError::NotRunning { .. } => facts::Unreachable::NotRunning(text),
        OpenError::NotPermitted { .. } => facts::Unreachable::NotPermitted(text),
        OpenError::Other { .. } => facts::Unreachable::Other(text),
    }
}

fn libvirt(open: &Open, names: &MachineNames) -> Libvirt {
    let escaped = |text: String| Escaped(&text).to_string();
    let machines = open.definitions().map(|machines| {
        let machine = |(listing, definition): virtplug_libvirt::DefinedMachine| Machine {
            name: listing.machine.name().to_owned(),
            label: names.key(listing.machine, listing.uuid).name().to_owned(),
            definition: definition.map_err(escaped),
        };
        machines.into_iter().map(machine).collect()
    });
    Libvirt {
        versions: open.versions().map_err(|error| escaped(error.to_string())),
        machines: machines.map_err(|error| escaped(error.to_string())),
    }
}
