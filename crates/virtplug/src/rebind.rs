//! `virtplug rebind`: gives a device that a machine left without a driver back
//! to the drivers of the host. Only root can, so the daemon cannot.

use nix::unistd::geteuid;
use serde::Serialize;
use virtplug_core::{Escaped, PortPath};
use virtplug_ipc::VERSION;
use virtplug_udev::{Host, HostPaths, Interface};

use crate::cli::Look;
use crate::edge::error_text;
use crate::exit::Exit;
use crate::output::{message, print, print_json};
use crate::query;

/// What came of it, as JSON.
#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    port: String,
    interfaces: Vec<Driver>,
}

#[derive(Debug, Serialize)]
struct Driver {
    interface: String,
    /// `null`: no driver of the host takes it.
    driver: Option<String>,
}

/// Rebinds the interfaces of a device that have no driver.
pub(crate) async fn run(look: &Look, name: &str) -> Exit {
    if !geteuid().is_root() {
        message(format_args!(
            "error: only root can give a device back to the drivers of the host; run it with sudo"
        ));
        return Exit::NotPermitted;
    }
    match rebind(look, name).await {
        Ok(report) => {
            if look.json {
                print_json(&report);
            } else {
                print(text(&report));
            }
            let some = report.interfaces.iter().any(|one| one.driver.is_some());
            if some { Exit::Ok } else { Exit::Failed }
        }
        Err(exit) => exit,
    }
}

async fn rebind(look: &Look, name: &str) -> Result<Report, Exit> {
    let failed = |text: String| {
        message(format_args!("error: {text}"));
        Exit::Failed
    };
    let shown = query::shown(&look.sources, name).await?;
    let Some(state) = shown.device else {
        return Err(failed(format!(
            "{} is a machine; name a device",
            Escaped(name)
        )));
    };
    let port = &state.device.port;
    if let Some(holder) = state.holders.first() {
        return Err(failed(format!(
            "machine {} has {port}; `virtplug detach {port}` gives it back",
            holder.machine.machine
        )));
    }
    let path: PortPath = port
        .parse()
        .map_err(|_| failed(format!("{port} is no port")))?;
    let host = Host::open(HostPaths::default()).map_err(|error| failed(error_text(&error)))?;
    let interfaces = host.rebind(&path).map_err(|error| {
        failed(format!(
            "cannot ask the drivers for {port}: {}",
            error_text(&error)
        ))
    })?;
    Ok(report(port, interfaces))
}

fn report(port: &str, interfaces: Vec<Interface>) -> Report {
    let drivers = interfaces.into_iter().map(|one| Driver {
        interface: one.name,
        driver: one.driver,
    });
    Report {
        version: VERSION,
        port: port.to_owned(),
        interfaces: drivers.collect(),
    }
}

fn text(report: &Report) -> String {
    if report.interfaces.is_empty() {
        let port = &report.port;
        return format!("{port} has no interfaces: it is not configured, or not authorised\n");
    }
    let line = |one: &Driver| {
        let driver = one.driver.as_deref();
        let driver = driver.map_or("no driver of this host takes it".to_owned(), |driver| {
            Escaped(driver).to_string()
        });
        format!("{}: {driver}\n", one.interface)
    };
    report.interfaces.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_interface_is_told_with_its_driver() {
        let interface = |name: &str, driver: Option<&str>| Interface {
            name: name.to_owned(),
            driver: driver.map(str::to_owned),
        };
        let all = vec![
            interface("1-2:1.0", Some("usbhid")),
            interface("1-2:1.1", None),
        ];
        let told = report("1-2", all);
        assert_eq!(
            text(&told),
            "1-2:1.0: usbhid\n1-2:1.1: no driver of this host takes it\n"
        );
        assert_eq!(
            serde_json::to_string(&told).unwrap(),
            r#"{"version":2,"port":"1-2","interfaces":[{"interface":"1-2:1.0","driver":"usbhid"},{"interface":"1-2:1.1","driver":null}]}"#
        );
        assert!(text(&report("1-2", Vec::new())).contains("no interfaces"));
    }
}
