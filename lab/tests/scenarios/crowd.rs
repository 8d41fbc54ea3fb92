//! Devices with texts that nobody would expect.

use std::fmt::Write as _;
use std::time::Duration;

use lab::wait::{Seen, until, until_within};
use lab::{Outer, Result, ensure, scenario};
use serde_json::Value;

use crate::commands::virtplug;

/// Devices in Perl, which every Debian has.
const DEVICES: &str = include_str!("crowd/devices.pl");

/// How long the kernel may take to be told of them.
const CROWD: Duration = Duration::from_secs(300);

/// Plugs devices with these serial numbers, in UTF-16, all at once. Returns when
/// the kernel was told of all.
fn plug_crowd(lab: &Outer, serials: &[Vec<u16>]) -> Result<()> {
    let mut lines = String::new();
    for serial in serials {
        for unit in serial {
            let [low, high] = unit.to_le_bytes();
            write!(lines, "{low:02x}{high:02x}")?;
        }
        lines.push('\n');
    }
    lab.write("/root/devices.pl", DEVICES)?;
    lab.write("/root/serials", &lines)?;
    lab.sh("modprobe vhci-hcd; rm -f /root/crowd.ready
        perl /root/devices.pl /root/crowd.ready < /root/serials > /root/crowd.log 2>&1 &")?;
    // The kernel and udev have so much to do then that commands wait.
    until_within(CROWD, "the kernel was told of all", || {
        let told = lab.run("cat /root/crowd.log; [ -e /root/crowd.ready ]")?;
        Ok(if told.code == 0 {
            Seen::Yes(())
        } else {
            Seen::NotYet(told.out)
        })
    })
}

#[test]
fn texts_of_any_kind_are_shown_safely_and_matched_exactly() {
    let texts: [&[u16]; 10] = [
        // Escapes of terminals, controls, a title of the window.
        &[0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x41],
        &[0x01, 0x07, 0x08, 0x09, 0x0d],
        // A line of its own for udev's database, and a tag.
        &[
            0x41, 0x0a, 0x45, 0x3a, 0x45, 0x3d, 0x31, 0x0a, 0x47, 0x3a, 0x74,
        ],
        // `'/><a b="<&`
        &[
            0x27, 0x2f, 0x3e, 0x3c, 0x61, 0x20, 0x62, 0x3d, 0x22, 0x3c, 0x26,
        ],
        // `"""]]`, then `%s%n{}$(id)`
        &[0x22, 0x22, 0x22, 0x5d, 0x5d],
        &[
            0x25, 0x73, 0x25, 0x6e, 0x7b, 0x7d, 0x24, 0x28, 0x69, 0x64, 0x29,
        ],
        // Half a pair, text that runs backwards, and no character at all.
        &[0xd800, 0x41],
        &[0x202e, 0x41, 0x200b],
        &[0xffff],
        &[],
    ];
    scenario(|lab| {
        lab.install(
            "[[machines.alpha.device]]\nserial = \"\\u001b[31mA\"\n\
             [[machines.beta.device]]\nserial = \"'/><a b=\\\"<&\"\n",
        )?;
        let mut serials: Vec<Vec<u16>> = texts.map(<[u16]>::to_vec).to_vec();
        // As long as a text can be.
        serials.push(vec![0x4c; 126]);
        plug_crowd(lab, &serials)?;
        let all = serials.len();
        until("all of them are known", || {
            let answer: Value = serde_json::from_str(&virtplug(lab, "devices --json", 0)?)?;
            let devices = answer["devices"].as_array().map_or(0, Vec::len);
            Ok(if devices == all {
                Seen::Yes(())
            } else {
                Seen::NotYet(answer.to_string())
            })
        })?;
        lab.daemon().wait_quiet()?;
        for command in [
            "devices",
            "devices --tree",
            "status",
            "show 1209:0001",
            "explain 1209:0001",
            "plan",
        ] {
            // Two of them are ambiguous: that error lists the devices, too.
            let said = lab.run(&format!("virtplug {command} 2>&1"))?.out;
            let unsafe_one = said
                .chars()
                .find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{200b}' | '\u{202e}'));
            ensure!(unsafe_one.is_none(), "{unsafe_one:?} in {said:?}");
        }
        let world = lab.world()?;
        for machine in ["alpha", "beta"] {
            let own = world.machine(machine)?.own().count();
            ensure!(own == 1, "{machine} has {own} devices");
        }
        Ok(())
    });
}
