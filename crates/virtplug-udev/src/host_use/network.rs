//! Network: what the host does with a network interface.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use virtplug_core::Use;

use super::node::Node;
use super::table::Tables;
use super::{content, names};

/// Adds what the host does with a network interface.
pub(super) fn add(node: &Node, tables: &Tables, found: &mut BTreeSet<Use>) -> io::Result<()> {
    let interface = || node.name.clone();
    if let Some(address) = tables.addresses()?.get(&node.name) {
        found.insert(Use::Address {
            interface: interface(),
            address: address.clone(),
        });
    }
    if tables.default_routes()?.contains(&node.name) {
        found.insert(Use::DefaultRoute {
            interface: interface(),
        });
    }
    // Bridges, bonds and teams as well as VLANs and the like.
    for entry in names(&node.path)? {
        if let Some(master) = entry.to_string_lossy().strip_prefix("upper_") {
            found.insert(Use::Enslaved {
                interface: interface(),
                master: master.to_owned(),
            });
        }
    }
    Ok(())
}

/// An address of each interface that is up and has one.
pub(super) fn addresses() -> io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for one in getifaddrs()? {
        let Some(storage) = one.address else { continue };
        let v4 = storage.as_sockaddr_in().map(|address| address.ip().into());
        let v6 = storage.as_sockaddr_in6().map(|address| address.ip().into());
        let address: Option<IpAddr> = v4.or(v6);
        if let Some(address) = address.filter(|address| is_given(*address))
            && one.flags.contains(InterfaceFlags::IFF_UP)
        {
            found
                .entry(one.interface_name)
                .or_insert_with(|| address.to_string());
        }
    }
    Ok(found)
}

/// Whether somebody gave this address to the interface. The kernel gives each
/// interface that is up a link-local one of IPv6 by itself.
fn is_given(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => !address.is_unicast_link_local(),
    }
}

/// The interfaces with a default route.
pub(super) fn default_routes(procfs: &Path) -> io::Result<Vec<String>> {
    // Without support for a protocol there is no such file.
    let read =
        |name| Ok::<_, io::Error>(content(&procfs.join("net").join(name))?.unwrap_or_default());
    let mut found = default_routes_v4(&String::from_utf8_lossy(&read("route")?));
    found.extend(default_routes_v6(&String::from_utf8_lossy(&read(
        "ipv6_route",
    )?)));
    Ok(found)
}

/// Reads `/proc/net/route`: `eth0 00000000 0202000A 0003 0 0 0 00000000 …`.
fn default_routes_v4(content: &str) -> Vec<String> {
    let lines = content.lines().skip(1);
    let zero = |field: Option<&str>| {
        field.and_then(|field| u32::from_str_radix(field, 16).ok())
            == Some(Ipv4Addr::UNSPECIFIED.to_bits())
    };
    lines
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let interface = fields.next()?;
            (zero(fields.next()) && zero(fields.nth(5))).then(|| interface.to_owned())
        })
        .collect()
}

/// Reads `/proc/net/ipv6_route`: destination, length of its prefix, source,
/// length, next hop, metric, two counters, flags, interface.
fn default_routes_v6(content: &str) -> Vec<String> {
    content
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let destination = u128::from_str_radix(fields.next()?, 16).ok()?;
            let all = destination == Ipv6Addr::UNSPECIFIED.to_bits() && fields.next()? == "00";
            // The kernel keeps a route to nowhere at the loopback interface.
            let interface = fields.nth(7)?;
            (all && interface != "lo").then(|| interface.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_routes_are_told_from_others() {
        let v4 = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            eth1\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
            eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
            tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n\
            broken\n\nx y z\n";
        assert_eq!(default_routes_v4(v4), ["eth1"]);
        let zero = "0".repeat(32);
        let v6 = format!(
            "{zero} 00 {zero} 00 fe80{} 00000400 00000001 00000000 00000003     eth1\n\
             {zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo\n\
             fe80{} 40 {zero} 00 {zero} 00000100 00000001 00000000 00000001     eth0\n\
             broken\n",
            "0".repeat(28),
            "0".repeat(28),
        );
        assert_eq!(default_routes_v6(&v6), ["eth1"]);
    }

    #[test]
    fn an_address_that_the_kernel_gives_by_itself_does_not_count() {
        let given = |text: &str| is_given(text.parse().unwrap());
        assert!(given("192.168.1.2") && given("169.254.1.1") && given("2001:db8::1"));
        assert!(!given("fe80::1"));
    }
}
