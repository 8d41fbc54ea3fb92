//! The frame around each test.

use std::any::type_name_of_val;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::Result;

use crate::outer::Outer;
use crate::payload::Extra;
use crate::recipe::Release;
use crate::report;

/// Runs a test on a fresh outer machine, as [`scenario_on`] does: with Debian 12, or with
/// the release that `VIRTPLUG_LAB_RELEASE` names.
///
/// # Panics
/// When the test fails or the lab cannot run.
pub fn scenario<F: FnOnce(&Outer) -> Result<()>>(body: F) {
    scenario_on(Release::chosen(), body);
}

/// Runs a test on a fresh outer machine of a release, as [`scenario_with`] does.
///
/// # Panics
/// When the test fails or the lab cannot run.
pub fn scenario_on<F: FnOnce(&Outer) -> Result<()>>(release: Release, body: F) {
    scenario_with(release, || Ok(Vec::new()), body);
}

/// Runs a test on a fresh outer machine with other files beside the program, which are
/// made first, and judges what the service recorded meanwhile. When it fails, the report
/// says what was expected and everything there was to see.
///
/// # Panics
/// When the test fails or the lab cannot run. `VIRTPLUG_LAB=skip` passes it by,
/// but not where `CI=true`: a check that can be missed there is none.
#[allow(clippy::panic, reason = "this is how a test fails")]
pub fn scenario_with<F: FnOnce(&Outer) -> Result<()>>(
    release: Release,
    extras: impl FnOnce() -> Result<Vec<Extra>>,
    body: F,
) {
    if env::var("VIRTPLUG_LAB").is_ok_and(|value| value == "skip") {
        assert!(
            env::var("CI").as_deref() != Ok("true"),
            "VIRTPLUG_LAB=skip is refused in CI"
        );
        eprintln!("passed by: VIRTPLUG_LAB=skip");
        return;
    }
    // The closure's type is named after the test.
    let path = type_name_of_val(&body).trim_end_matches("::{{closure}}");
    let name = path.rsplit("::").next().unwrap_or(path);
    let started = extras().and_then(|extras| Outer::ready_with(release, name, &extras));
    let outer = match started {
        Ok(outer) => outer,
        Err(error) => panic!("the lab did not start: {error:#}"),
    };
    if let Err(error) = outer.record() {
        panic!("the service cannot be made to record: {error:#}");
    }
    // An assertion in the test must not keep the report from being made.
    let failure = match catch_unwind(AssertUnwindSafe(|| body(&outer))) {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(_) => Some("the test panicked, see above".to_owned()),
    };
    // Also where it failed: the trace may tell why.
    let broken = outer.judge_traces().err().map(|error| format!("{error:#}"));
    let failures: Vec<String> = failure.into_iter().chain(broken).collect();
    assert!(
        failures.is_empty(),
        "{}",
        report::collect(&outer, &failures.join("\n\n"))
    );
}
