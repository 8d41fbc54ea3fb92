//! Tests in a process of their own: the test binary starts itself again.

use std::process::Command;

/// Set in the process that runs the body.
const CHILD: &str = "VIRTPLUG_TEST_CHILD";
/// Printed at the end of the body: proves that it ran.
const DONE: &str = "virtplug-test-body-done";

/// Runs the body of the test with this full name in a process of its own.
pub(crate) fn in_child(test: &str, body: impl FnOnce()) {
    let exe = std::env::current_exe().unwrap();
    run(Command::new(exe), test, body);
}

/// Runs the body with a network of its own, where it may send as udev, and an
/// empty `/run` with a udev control socket, which libudev wants to see.
///
/// Where the kernel does not permit that, says so and leaves the test out. In CI
/// (`CI=true`) as root only the kernel's refusal counts as a reason.
pub(crate) fn in_namespaces(test: &str, body: impl FnOnce()) {
    const SETUP: &str =
        "mount -t tmpfs run /run && mkdir /run/udev && : > /run/udev/control && exec \"$0\" \"$@\"";
    let unshare = |flags: &str| {
        let mut command = Command::new("unshare");
        command.args([flags, "sh", "-c", SETUP]);
        command
    };
    if std::env::var_os(CHILD).is_some() {
        return run(Command::new("false"), test, body);
    }
    let mut refusals = Vec::new();
    for flags in ["-mn", "-rmn"] {
        let mut probe = unshare(flags);
        match probe.arg("true").output() {
            Ok(output) if output.status.success() => {
                let mut command = unshare(flags);
                command.arg(std::env::current_exe().unwrap());
                return run(command, test, body);
            }
            Ok(output) => refusals.push(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => {
                let strict = std::env::var_os("CI").is_some_and(|ci| ci == "true")
                    && rustix::process::getuid().is_root();
                assert!(!strict, "cannot run unshare of util-linux: {error}");
                refusals.push(format!("cannot run unshare: {error}\n"));
            }
        }
    }
    println!("NOT RUN: {test}: no namespaces here: {}", refusals.concat());
}

fn run(mut command: Command, test: &str, body: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        body();
        println!("{DONE}");
        return;
    }
    let output = command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        // libudev takes a fake sysfs for one.
        .env("SYSTEMD_DEVICE_VERIFY_SYSFS", "0")
        .output()
        .unwrap();
    let printed = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    print!("{printed}");
    assert!(output.status.success(), "{test} failed in its own process");
    assert!(
        printed.contains(DONE),
        "{test} did not run in its own process"
    );
}
