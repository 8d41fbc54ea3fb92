//! Many devices at once, and devices with texts that nobody would expect.

use std::fmt::Write as _;
use std::time::Duration;

use lab::attachment;
use lab::wait::{Seen, until, until_within};
use lab::{Outer, Result, Stick, ensure, scenario};
use serde_json::Value;

use crate::commands::virtplug;

/// Devices in Perl, which every Debian has.
const DEVICES: &str = include_str!("crowd/devices.pl");

/// How long the kernel may take to be told of them.
const CROWD: Duration = Duration::from_secs(300);

/// A device of the crowd.
struct One {
    /// Its serial number in UTF-16.
    serial: Vec<u16>,
    /// Whether it leaves with [`leave`].
    goes: bool,
}

fn stays(serial: Vec<u16>) -> One {
    One {
        serial,
        goes: false,
    }
}

/// Plugs devices, all at once. Returns when the kernel was told of all.
fn plug_crowd(lab: &Outer, crowd: &[One]) -> Result<()> {
    let mut lines = String::new();
    for one in crowd {
        for unit in &one.serial {
            let [low, high] = unit.to_le_bytes();
            write!(lines, "{low:02x}{high:02x}")?;
        }
        lines.push_str(if one.goes { " goes\n" } else { "\n" });
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

/// Unplugs those that go; those that stay need the program on.
fn leave(lab: &Outer) -> Result<()> {
    lab.sh("pkill -USR1 -f '^perl /root/devices.pl'").map(drop)
}

/// Unplugs all of them.
fn unplug_crowd(lab: &Outer) -> Result<()> {
    lab.sh("pkill -f '^perl /root/devices.pl'").map(drop)
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
        let mut crowd: Vec<One> = texts.map(|text| stays(text.to_vec())).into();
        // As long as a text can be.
        crowd.push(stays(vec![0x4c; 126]));
        plug_crowd(lab, &crowd)?;
        let all = crowd.len();
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

/// How many devices a storm has, and how many of them stay.
const STORM: usize = 100;
const STAYING: usize = 30;

/// The serial numbers of a storm that a machine is given: ten each.
fn asked_for(machine: &str) -> Vec<String> {
    let first = if machine == "alpha" { 0 } else { 5 };
    let numbers = (first..STORM).step_by(10);
    numbers.map(|number| format!("S{number:03}")).collect()
}

/// Waits until each machine has exactly those of its devices that are there, each
/// as it should be, and nothing else of ours but what it had before.
fn wait_converged(lab: &Outer, present: usize, before: &[(&str, usize)]) -> Result<()> {
    until_within(CROWD, "each machine has what is there for it", || {
        let world = lab.world()?;
        let crowd = world.devices.iter().filter(|one| one.vendor == "1209");
        let crowd: Vec<_> = crowd.collect();
        if crowd.len() != present {
            return Ok(Seen::NotYet(format!("{} devices", crowd.len())));
        }
        for (machine, had) in before {
            let domain = world.machine(machine)?;
            let wanted = asked_for(machine);
            let mut due = *had;
            for device in crowd.iter().filter(|one| wanted.contains(&one.serial)) {
                due += 1;
                if let Err(reason) = attachment::fits(&world, domain, &device.path) {
                    return Ok(Seen::NotYet(reason));
                }
            }
            let own: Vec<_> = domain.own().cloned().collect();
            if own.len() != due {
                let found = format!("{machine} has {}, {due} are due", attachment::list(&own));
                return Ok(Seen::NotYet(found));
            }
        }
        Ok(Seen::Yes(()))
    })
}

/// A hundred devices come, seventy of them leave as soon as the kernel was told of
/// all, then the rest. The kernel is told within a second or two; what it does of it, a
/// second of work for a real host, takes this one about a minute. The daemon then uses
/// less than one of the twelve megabytes more that it had before, and wrote 14 lines.
#[test]
fn a_hundred_devices_come_and_go_at_once_and_nothing_is_lost() {
    scenario(|lab| {
        let rule = |machine| {
            let serials = asked_for(machine).join("\", \"");
            format!("[[machines.{machine}.device]]\nserial = [\"A1\", \"{serials}\"]\n")
        };
        let rules = rule("alpha") + &rule("beta").replace("\"A1\", ", "");
        lab.install(&rules)?;
        let pid = lab.daemon().pid()?;
        let alpha = lab.machine("alpha");
        let a1 = lab.plug(Stick::serial("A1"))?;
        let attachment = alpha.wait_attached(&a1)?;
        let (memory, entries) = (lab.daemon().memory()?, lab.journal()?.len());

        let crowd = (0..STORM).map(|number| One {
            serial: format!("S{number:03}").encode_utf16().collect(),
            goes: number >= STAYING,
        });
        plug_crowd(lab, &crowd.collect::<Vec<_>>())?;
        leave(lab)?;
        let before = [("alpha", 1), ("beta", 0)];
        wait_converged(lab, STAYING, &before)?;
        let answer: Value = serde_json::from_str(&virtplug(lab, "devices --json", 0)?)?;
        let known = answer["devices"].as_array().map_or(0, Vec::len);
        ensure!(known == STAYING + 1, "{known} devices are known");

        unplug_crowd(lab)?;
        wait_converged(lab, 0, &before)?;
        lab.daemon().wait_quiet()?;
        ensure!(
            alpha.wait_attached(&a1)? == attachment,
            "a device that is not of the storm was touched"
        );
        let (now, said) = (lab.daemon().memory()?, lab.journal()?.len());
        ensure!(now <= memory + 4096, "{memory} KiB before, {now} KiB after");
        ensure!(said <= entries + 60, "{} entries", said - entries);
        ensure!(lab.daemon().pid()? == pid, "the daemon ended");
        Ok(())
    });
}
