//! The daemon where its surroundings are bad.

use std::fs::{self, File, OpenOptions};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use virtplug_core::{Event, TraceStep};

use crate::running::{Place, Running, until};

#[test]
fn a_storm_of_hangups_costs_a_few_reloads() {
    let place = Place::new();
    let daemon = place.start();
    for _ in 0..2000 {
        daemon.signal(Signal::SIGHUP);
    }
    let reloads = || place.log().matches("reloaded with").count();
    until("they led to something", || reloads() > 0);
    daemon.wait_until_it_answers();
    daemon.stop();
    assert!(reloads() < 1000, "{} reloads", reloads());
}

#[test]
fn signals_that_mean_nothing_end_nothing() {
    let place = Place::new();
    let daemon = place.start();
    for signal in [
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGPIPE,
        Signal::SIGWINCH,
    ] {
        daemon.signal(signal);
        daemon.wait_until_it_answers();
    }
    // Stopped for a while, it goes on where it was.
    daemon.signal(Signal::SIGSTOP);
    sleep(Duration::from_millis(300));
    daemon.signal(Signal::SIGCONT);
    daemon.wait_until_it_answers();
    daemon.stop();
}

#[test]
fn a_log_that_nobody_takes_stops_nothing() {
    let place = Place::new();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let daemon = Running::new(&place, place.daemon(":").stderr(full));
    daemon.wait_until_it_answers();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_until_it_answers();
    daemon.stop();

    // A pipe that is full and stays so.
    let mut command = place.daemon("export VIRTPLUG_LOG=trace");
    let daemon = Running::new(&place, command.stderr(Stdio::piped()));
    daemon.wait_until_it_answers();
    for _ in 0..2000 {
        daemon.signal(Signal::SIGHUP);
        sleep(Duration::from_micros(200));
    }
    daemon.wait_until_it_answers();
    daemon.stop();
}

#[test]
fn each_daemon_records_to_a_file_of_its_own() {
    let place = Place::new();
    let start = || {
        let mut command = place.daemon(":");
        command.arg("--record").arg(place.path("trace"));
        let log = File::create(place.path("log")).unwrap();
        let daemon = Running::new(&place, command.stderr(log));
        daemon.wait_until_it_answers();
        daemon
    };
    start().stop();
    let daemon = start();
    daemon.signal(Signal::SIGKILL);
    assert_eq!(daemon.ended_or_killed(), None);

    for name in ["trace", "trace.1"] {
        let text = fs::read_to_string(place.path(name)).unwrap();
        let mut lines = text.lines();
        let header = lines.next().unwrap();
        assert!(header.contains("\"format\":1"), "{header}");
        // The policy, the first scan and the connection, at least.
        let steps: Vec<TraceStep> = lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        assert!(steps.len() >= 3, "{text}");
        assert!(matches!(steps[0].event, Event::Policy(_)), "{text}");
    }
}

#[test]
fn a_wrong_configuration_ends_with_78_and_never_blocks() {
    let place = Place::new();
    let main = place.path("virtplug.toml");
    fs::remove_file(&main).unwrap();
    let told = |place: &Place| {
        let log = File::create(place.path("log")).unwrap();
        let daemon = Running::new(place, place.daemon(":").stderr(log));
        assert_eq!(daemon.ended(), Some(78));
        place.log()
    };
    assert!(told(&place).contains("virtplug.toml"), "{}", place.log());
    mkfifo(&main, Mode::S_IRWXU).unwrap();
    assert!(told(&place).contains("virtplug.toml"), "{}", place.log());
}

#[test]
fn without_a_place_for_its_socket_the_daemon_does_its_work() {
    let place = Place::new();
    let mut log = String::new();
    let file = File::create(place.path("log")).unwrap();
    let mut command = place.daemon(":");
    command
        .env("VIRTPLUG_SOCKET", "/proc/virtplug/control.sock")
        .stderr(file);
    let daemon = Running::new(&place, &mut command);
    until("it says so and goes on", || {
        log = place.log();
        log.contains("going on without a control socket") && log.contains("connected to test:")
    });
    daemon.stop();
}

#[test]
fn a_second_daemon_names_the_first_and_ends_with_8() {
    let place = Place::new();
    let first = place.start();
    let log = File::create(place.path("second")).unwrap();
    let second = Running::new(&place, place.daemon(":").stderr(log));
    assert_eq!(second.ended(), Some(8));
    let told = fs::read_to_string(place.path("second")).unwrap();
    let named = format!("process {} of user ", first.id());
    assert!(told.contains("another virtplug daemon answers"), "{told}");
    assert!(told.contains(&named), "{told}");
    first.wait_until_it_answers();

    // One with a socket of its own may run beside it.
    let mut command = place.daemon(":");
    let beside = Running::new(
        &place,
        command.env("VIRTPLUG_SOCKET", place.path("other.sock")),
    );
    until("it listens", || place.path("other.sock").exists());
    beside.stop();
    first.wait_until_it_answers();
    first.stop();
}

#[test]
fn of_daemons_that_start_at_once_one_stays() {
    let place = Place::new();
    for _ in 0..5 {
        // What a crash leaves behind.
        drop(UnixListener::bind(place.path("control.sock")).unwrap());
        let mut daemons: Vec<_> = (0..4)
            .map(|_| Running::new(&place, place.daemon(":").stderr(Stdio::null())))
            .collect();
        let mut codes = Vec::new();
        until("all but one end", || {
            daemons.retain_mut(|daemon| match daemon.code() {
                Some(code) => {
                    codes.push(code);
                    false
                }
                None => true,
            });
            daemons.len() <= 1
        });
        assert_eq!(codes, [8, 8, 8]);
        let stayed = daemons.pop().unwrap();
        stayed.wait_until_it_answers();
        stayed.stop();
    }
}

/// Needs namespaces; where there are none, says so.
#[test]
fn a_daemon_in_another_network_namespace_says_so() {
    let place = Place::new();
    let log = File::create(place.path("log")).unwrap();
    let program = place
        .daemon("mount -t tmpfs run /run && mkdir /run/udev && : > /run/udev/control || exit 99");
    let mut command = Command::new("unshare");
    command
        .args(["-rmn"])
        .arg(program.get_program())
        .args(program.get_args())
        .env("VIRTPLUG_SOCKET", place.path("control.sock"))
        .env_remove("JOURNAL_STREAM")
        .stderr(log);
    let mut daemon = Running::new(&place, &mut command);
    let mut ended = None;
    until("it answers or cannot start", || {
        ended = daemon.code();
        ended.is_some() || place.run(&["status"]).status.code() == Some(0)
    });
    if ended.is_some() {
        println!("NOT RUN: no namespaces here: {}", place.log());
        return;
    }
    let told = "no events of udev reach the daemon";
    assert!(place.log().contains(told), "{}", place.log());
    let status = place.run(&["status", "--json"]);
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains(told), "{status}");
    assert!(status.contains("\"deaf\": true"), "{status}");
    let doctor = place.run(&["doctor"]);
    let doctor = String::from_utf8(doctor.stdout).unwrap();
    assert!(doctor.contains("another network namespace"), "{doctor}");
    daemon.stop();
}

#[test]
fn a_socket_that_was_removed_comes_back_with_a_reload() {
    let place = Place::new();
    let daemon = place.start();
    fs::remove_file(place.path("control.sock")).unwrap();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_until_it_answers();
    daemon.stop();
}

#[test]
fn few_file_descriptors_are_enough_or_missed_aloud() {
    for limit in [8, 12, 16, 20, 24, 32, 64] {
        let place = Place::new();
        let mut command = place.daemon(&format!("ulimit -n {limit}"));
        let log = File::create(place.path("log")).unwrap();
        let daemon = Running::new(&place, command.stderr(log));
        until("it works or says why not", || {
            let log = place.log();
            log.contains("started with") || log.contains("oo many open files")
        });
        daemon.signal(Signal::SIGTERM);
        let code = daemon.ended_or_killed();
        println!("{limit}: {code:?}\n{}", place.log());
        assert!(!place.log().contains("panicked"), "{}", place.log());
    }
}
