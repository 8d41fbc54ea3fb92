//! What virtplug loses and gets back: space, clocks, memory, files, services.
//! Each time devices come and go meanwhile, and nothing is started anew.

use lab::wait::{Seen, until};
use lab::{Context as _, Outer, Result, Stick, ensure, scenario};

use crate::commands::virtplug;
use crate::{A1_TO_ALPHA, A1_TO_ALPHA_B1_TO_BETA, ADAPTERS_TO_ALPHA};

/// Fails unless the daemon is the one of the beginning.
fn check_same(lab: &Outer, pid: u32) -> Result<()> {
    let now = lab.daemon().pid()?;
    ensure!(now == pid, "another process runs: {pid} became {now}");
    Ok(())
}

/// Unplugs and plugs a device and waits for its machine to follow.
fn comes_and_goes(lab: &Outer, serial: &str, machine: &str) -> Result<()> {
    let stick = lab.plug(Stick::serial(serial).port("7"))?;
    lab.machine(machine).wait_exactly(&[&stick])?;
    lab.unplug(&stick)?;
    lab.machine(machine).wait_exactly(&[])
}

#[test]
fn a_runtime_folder_that_is_full_or_read_only_keeps_no_order_from_being_followed() {
    scenario(|lab| {
        lab.install_stopped(A1_TO_ALPHA)?;
        lab.sh("mkdir -p /run/virtplug/daemon
            mount -t tmpfs -o size=64k,mode=0755 small /run/virtplug/daemon
            chown virtplug:virtplug /run/virtplug/daemon")?;
        lab.daemon().start()?;
        let pid = lab.daemon().pid()?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;

        lab.sh("dd if=/dev/zero of=/run/virtplug/daemon/fill bs=4k 2> /dev/null; true")?;
        virtplug(lab, "detach A1", 0)?;
        alpha.check_exactly(&[])?;
        lab.wait_journal("orders-unsaved", 1)?;
        lab.sh("rm /run/virtplug/daemon/fill; mount -o remount,ro /run/virtplug/daemon")?;
        virtplug(lab, "release A1", 0)?;
        alpha.wait_exactly(&[&stick])?;
        lab.sh("mount -o remount,rw /run/virtplug/daemon")?;
        virtplug(lab, "detach A1", 0)?;
        check_same(lab, pid)?;

        // With room again, the order outlives the daemon.
        lab.daemon().restart()?;
        lab.daemon().wait_quiet()?;
        alpha.check_exactly(&[])
    });
}

#[test]
fn a_clock_that_jumps_changes_nothing() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let pid = lab.daemon().pid()?;
        let now = lab.sh("date +%s")?;
        for when in ["1990-01-01", "2037-12-31"] {
            lab.sh(&format!("date -s {when} > /dev/null"))?;
            comes_and_goes(lab, "A1", "alpha")?;
        }
        lab.sh(&format!("date -s @{now} > /dev/null"))?;
        comes_and_goes(lab, "A1", "alpha")?;
        check_same(lab, pid)
    });
}

#[test]
fn a_kill_for_want_of_memory_is_made_up_for() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let before = alpha.wait_attached(&a1)?;
        lab.sh("systemctl set-property --runtime virtplug MemoryMax=1M MemorySwapMax=0 2>&1")?;
        // What it does next needs memory that it does not get.
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        until("the kernel ends it", || {
            let killed =
                lab.sh("journalctl -k --no-pager -q | grep -c 'Killed process.*virtplug' || true")?;
            Ok(if killed.trim() == "0" {
                Seen::NotYet(lab.sh("systemctl status virtplug | head -12")?)
            } else {
                Seen::Yes(())
            })
        })?;
        lab.sh(
            "systemctl set-property --runtime virtplug MemoryMax=infinity 2>&1
            systemctl reset-failed virtplug 2>&1; systemctl start virtplug",
        )?;
        beta.wait_exactly(&[&b1])?;
        ensure!(
            alpha.wait_attached(&a1)? == before,
            "the attachment was touched"
        );
        Ok(())
    });
}

#[test]
fn a_process_without_file_descriptors_goes_on_when_it_gets_some() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let pid = lab.daemon().pid()?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_exactly(&[&a1])?;
        lab.daemon().wait_quiet()?;

        // From here on no file can be opened.
        lab.sh(&format!("prlimit --pid {pid} --nofile=8:524288"))?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        lab.unplug(&a1)?;
        lab.sh("sleep 3")?;
        check_same(lab, pid)?;
        lab.sh(&format!("prlimit --pid {pid} --nofile=1024:524288"))?;

        beta.wait_exactly(&[&b1])?;
        alpha.wait_exactly(&[])?;
        virtplug(lab, "status", 0)?;
        check_same(lab, pid)
    });
}

#[test]
fn udev_may_restart_and_forget_everything() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let pid = lab.daemon().pid()?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let before = alpha.wait_attached(&a1)?;

        lab.sh("systemctl restart systemd-udevd")?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        beta.wait_exactly(&[&b1])?;
        // A device of which udev says nothing stays where it is.
        lab.sh("udevadm info --cleanup-db; udevadm trigger --settle --subsystem-match=usb")?;
        lab.daemon().wait_quiet()?;
        beta.check_exactly(&[&b1])?;
        ensure!(
            alpha.wait_attached(&a1)? == before,
            "the attachment was touched"
        );
        let b1 = lab.replug(&b1, "3")?;
        beta.wait_exactly(&[&b1])?;
        check_same(lab, pid)
    });
}

#[test]
fn a_folder_of_the_configuration_may_be_unreadable_or_replaced() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let pid = lab.daemon().pid()?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;
        let reload = |number| -> Result<()> {
            lab.sh("systemctl reload virtplug")?;
            lab.wait_journal("reload-failed", number)
        };

        lab.sh("chmod 000 /etc/virtplug")?;
        reload(1)?;
        lab.sh("chmod 755 /etc/virtplug; mv /etc/virtplug /etc/away; touch /etc/virtplug")?;
        reload(2)?;
        alpha.check_exactly(&[&stick])?;
        lab.sh("rm /etc/virtplug; mv /etc/away /etc/virtplug")?;
        lab.daemon().reload(&A1_TO_ALPHA.replace("alpha", "beta"))?;
        beta.wait_exactly(&[&stick])?;
        check_same(lab, pid)
    });
}

#[test]
fn the_journal_may_go_away_and_come_back() {
    const JOURNAL: &str = "systemd-journald.socket systemd-journald-dev-log.socket \
                           systemd-journald-audit.socket systemd-journald.service";
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let pid = lab.daemon().pid()?;
        lab.sh(&format!(
            "systemctl stop {JOURNAL} 2>&1; rm -f /run/systemd/journal/socket"
        ))?;
        comes_and_goes(lab, "A1", "alpha")?;
        lab.sh("systemctl start systemd-journald.socket systemd-journald-dev-log.socket systemd-journald")?;
        let before = lab.count("attached")?;
        comes_and_goes(lab, "A1", "alpha")?;
        lab.wait_journal("attached", before + 1)?;
        check_explained(lab)?;
        check_same(lab, pid)
    });
}

/// What `journalctl -x` knows of virtplug's lines.
const CATALOG: &str = include_str!("../../../dist/virtplug.catalog");

/// Fails unless the line of the last attach has its fields, and is explained with them.
fn check_explained(lab: &Outer) -> Result<()> {
    let entries = lab.journal()?;
    let line = entries.iter().rfind(|entry| entry.event() == "attached");
    let line = line.context("no line of an attach")?;
    let entry = CATALOG.split("\n# attached\n-- ").nth(1);
    let id = entry.and_then(|entry| entry.lines().next());
    ensure!(id.is_some() && line.field("MESSAGE_ID") == id, "{line:?}");
    let port = line.device();
    let alias = line.field("VIRTPLUG_ALIAS").unwrap_or_default();
    let instance = line.field("VIRTPLUG_INSTANCE").unwrap_or_default();
    ensure!(
        line.machine() == "alpha" && instance.len() == 16 && alias.ends_with(instance),
        "{line:?}"
    );
    ensure!(
        line.field("VIRTPLUG_CONNECTION") == Some("qemu:///system")
            && line
                .field("VIRTPLUG_RULE")
                .is_some_and(|rule| rule.starts_with('/')),
        "{line:?}"
    );
    lab.write("/usr/lib/systemd/catalog/virtplug.catalog", CATALOG)?;
    let said = lab.sh(&format!(
        "journalctl --update-catalog && journalctl -x --quiet -n 1 VIRTPLUG_DEVICE={port} \
         VIRTPLUG_EVENT=attached"
    ))?;
    let subject = format!("Subject: USB device {port} is in machine alpha");
    ensure!(said.contains(&subject) && said.contains(alias), "{said}");
    Ok(())
}

/// Writes to the journal's socket until nobody could write any more.
const FILL: &str = r#"
    use Socket;
    $SIG{PIPE} = 'IGNORE';
    my $journal = sockaddr_un('/run/systemd/journal/socket');
    my @sockets;
    for (1 .. 64) {
        socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
        push @sockets, $socket;
        my $sent = 0;
        $sent++ while $sent < 4096 && defined send($socket, "MESSAGE=filler\n", 0x40, $journal);
        exit 0 if $sent == 0;
    }
    die 'it still takes something';
"#;

#[test]
fn a_journal_that_hangs_holds_nothing_up() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let pid = lab.daemon().pid()?;
        lab.sh("systemctl kill --signal=STOP systemd-journald")?;
        lab.sh(&format!(
            "cat > /root/fill.pl <<'END'\n{FILL}\nEND\nperl /root/fill.pl"
        ))?;
        let stick = lab.plug(Stick::serial("A1").port("7"))?;
        let alpha = lab.machine("alpha");
        alpha.wait_exactly(&[&stick])?;
        virtplug(lab, "status", 0)?;
        lab.unplug(&stick)?;
        alpha.wait_exactly(&[])?;
        lab.sh("systemctl kill --signal=CONT systemd-journald")?;
        // What it missed is told with what comes next.
        let before = lab.count("attached")?;
        comes_and_goes(lab, "A1", "alpha")?;
        lab.wait_journal("attached", before + 1)?;
        lab.wait_journal("log-lost", 1)?;
        check_same(lab, pid)
    });
}

/// Starts libvirtd with a thousand machines more. It reads them from files at its
/// start, which is faster than defining each; the lab must not look at them all.
fn define_many(lab: &Outer) -> Result<()> {
    lab.sh("cd /etc/libvirt/qemu
        for number in $(seq 1000); do
            printf '%s\\n' \"<domain type='qemu'><name>many$number</name><memory>16384</memory>\" \
                \"<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>\" > many$number.xml
        done
        systemctl restart libvirtd
        count=$(virsh -q list --all --name | grep -c many)
        rm many*.xml
        [ \"$count\" = 1000 ] || { echo \"$count machines\"; exit 1; }")
        .map(drop)
}

#[test]
fn a_thousand_machines_that_are_defined_hold_nothing_up() {
    scenario(|lab| {
        define_many(lab)?;
        lab.install(A1_TO_ALPHA)?;
        let pid = lab.daemon().pid()?;
        comes_and_goes(lab, "A1", "alpha")?;
        define_many(lab)?;
        lab.wait_journal("connected", 2)?;
        comes_and_goes(lab, "A1", "alpha")?;
        check_same(lab, pid)?;
        let kilobytes = lab.daemon().memory()?;
        ensure!(kilobytes < 32 << 10, "it uses {kilobytes} KiB of its own");
        Ok(())
    });
}

#[test]
fn a_host_that_sleeps_finds_its_devices_where_they_belong() {
    scenario(|lab| {
        lab.install(ADAPTERS_TO_ALPHA)?;
        let pid = lab.daemon().pid()?;
        let alpha = lab.machine("alpha");
        let first = lab.plug(Stick::serial("A1").port("1"))?;
        let second = lab.plug(Stick::serial("A2").port("2"))?;
        alpha.wait_exactly(&[&first, &second])?;
        // All drivers go to sleep and wake up; the processor itself cannot be
        // put to sleep and woken from outside here.
        lab.sh("echo devices > /sys/power/pm_test && echo freeze > /sys/power/state")?;
        alpha.wait_exactly(&[&first, &second])?;
        lab.unplug(&second)?;
        alpha.wait_exactly(&[&first])?;
        check_same(lab, pid)
    });
}

#[test]
fn a_machine_that_pauses_gets_and_loses_devices_meanwhile() {
    scenario(|lab| {
        lab.install(ADAPTERS_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let first = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_exactly(&[&first])?;
        alpha.virsh("suspend")?;
        let second = lab.plug(Stick::serial("A2").port("2"))?;
        lab.unplug(&first)?;
        alpha.virsh("resume")?;
        alpha.wait_exactly(&[&second])
    });
}
