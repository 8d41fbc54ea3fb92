//! Record: what the udev database knows of a device.

use std::ffi::OsStr;
use std::io;

use rustix::time::{ClockId, clock_gettime};
use virtplug_core::{Fact, UdevRecord};

use crate::attribute;
use crate::directory::Directory;
use crate::failure::is_exhaustion;

/// Slack when two clocks are compared, in milliseconds: jiffies lag behind the
/// monotonic clock, by a lot where a hypervisor holds back the processor that
/// counts them.
const CLOCK_SLACK_MS: u64 = 1000;

/// Reads the record of a device. Unknown until
/// udev has processed the device, and while the record is that of an earlier
/// device with the same number. An error: this process lacks a resource.
pub(crate) fn read(directory: &Directory) -> io::Result<Fact<UdevRecord>> {
    let device = match udev::Device::from_syspath(directory.path()) {
        Ok(device) => device,
        Err(error) if is_exhaustion(&error) => return Err(error),
        Err(_) => return Ok(Fact::Unknown),
    };
    // The answer "no" also stands for a failed read, which only errno tells.
    errno::set_errno(errno::Errno(0));
    if !device.is_initialized() {
        let error = io::Error::from(errno::errno());
        return if is_exhaustion(&error) {
            Err(error)
        } else {
            Ok(Fact::Unknown)
        };
    }
    let record = collect(
        device
            .properties()
            .map(|entry| (entry.name().to_owned(), entry.value().to_owned())),
    );
    // libudev takes half a record for a whole one; udev always writes the time.
    let initialized = record
        .properties
        .get("USEC_INITIALIZED")
        .and_then(|text| text.parse().ok());
    Ok(match initialized {
        Some(initialized) if !is_stale(initialized, directory) => Fact::Known(record),
        _ => Fact::Unknown,
    })
}

/// Builds the record from libudev's list. A property that is not UTF-8 is left
/// out: no rule could name its value, and the device stays usable.
pub(crate) fn collect<S: AsRef<OsStr>>(properties: impl Iterator<Item = (S, S)>) -> UdevRecord {
    let text = |bytes: S| bytes.as_ref().to_str().map(str::to_owned);
    let mut record = UdevRecord {
        properties: properties
            .filter_map(|(name, value)| text(name).zip(text(value)))
            .collect(),
        ..UdevRecord::default()
    };
    // libudev joins the tags of the database with `:`, a character that udev
    // allows in no tag.
    let tags = |name: &str| {
        let joined = record.properties.get(name).unwrap_or_default();
        let tags = joined.split(':').filter(|tag| !tag.is_empty());
        tags.map(str::to_owned).collect()
    };
    record.tags = tags("TAGS");
    record.current_tags = tags("CURRENT_TAGS");
    record
}

/// Whether udev made the record before the kernel enumerated the device: the
/// database is keyed by bus and device number, and those are used again. An
/// event of udev for the new device follows.
///
/// udev keeps the time of an old record that it still finds when it processes
/// the new device. That needs a removal that udev missed; such a device stays
/// unprocessed until it is plugged in again.
fn is_stale(initialized: u64, directory: &Directory) -> bool {
    let name = "power/connected_duration";
    let parse = |text: &str| text.parse().ok();
    // Kernels without power management do not tell.
    attribute::value(directory, name, "milliseconds", parse)
        .is_ok_and(|connected| is_older(initialized, connected, monotonic_usec()))
}

/// Microseconds of the clock that udev writes into its records.
fn monotonic_usec() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(now.tv_nsec).unwrap_or(0);
    seconds * 1_000_000 + nanoseconds / 1000
}

/// Whether a record from `initialized` (µs) is older than a device that has
/// been connected for `connected` milliseconds at `now` (µs).
///
/// The kernel's duration starts over at 2³² ms (49.7 days). On a host that is
/// up for longer, an age that exceeds it by a little less than whole turns
/// means that it wrapped, not that the record is older.
fn is_older(initialized: u64, connected: u32, now: u64) -> bool {
    const TURN: u64 = 1 << 32;
    let age = now.saturating_sub(initialized) / 1000;
    let limit = u64::from(connected) + CLOCK_SLACK_MS;
    let may_have_wrapped = now / 1000 >= TURN;
    age > limit && !(may_have_wrapped && (age - limit) % TURN >= TURN / 2)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    const DAY_MS: u64 = 24 * 3600 * 1000;

    #[test]
    fn a_record_from_before_the_device_is_older() {
        // Connected at 100 s; now it is 110 s.
        let older = |initialized_ms: u64| is_older(initialized_ms * 1000, 10_000, 110_000_000);
        assert!(older(50_000));
        assert!(older(98_000));
        assert!(!older(100_001));
        assert!(!older(109_999));
        assert!(!older(111_000), "clocks may disagree a little");
        assert!(!older(99_500), "clocks may disagree a little");
    }

    #[test]
    fn a_duration_that_wrapped_does_not_make_the_record_older() {
        for days in [49, 50, 60, 99, 100, 400] {
            // Connected 10 s after boot, processed 3 s later.
            let connected_ms = days * DAY_MS;
            let now = (connected_ms + 10_000) * 1000;
            let wrapped = u32::try_from(connected_ms % (1 << 32)).unwrap();
            assert!(!is_older(13_000_000, wrapped, now), "{days} days");
        }
        // A replug after two months: connected for 5 s, the record is a month old.
        let now = 60 * DAY_MS * 1000;
        assert!(is_older(now - 20 * DAY_MS * 1000, 5000, now));
        assert!(is_older(now - 10_000_000, 5000, now));
        // Nothing wraps on a host that is up for a month.
        assert!(is_older(10_000_000, 5000, 30 * DAY_MS * 1000));
    }

    fn record_of(properties: &[(&[u8], &[u8])]) -> UdevRecord {
        collect(
            properties
                .iter()
                .map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value))),
        )
    }

    #[test]
    fn a_property_that_is_not_utf8_is_left_out_alone() {
        let record = record_of(&[
            (b"ID_MODEL", b"Stick"),
            (b"ID_BAD", b"\xff\xfe"),
            (b"\xff", b"x"),
        ]);
        let names: Vec<&str> = record.properties.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["ID_MODEL"]);
    }

    #[test]
    fn values_forge_neither_properties_nor_tags() {
        let record = record_of(&[
            (b"ID_SERIAL", b"x\nE:ID_EVIL=1\nG:evil\nQ:evil :evil:"),
            (b"TAGS", b":uaccess:seat:"),
            (b"CURRENT_TAGS", b":seat:"),
        ]);
        assert_eq!(record.properties.len(), 3);
        assert_eq!(
            record.properties.get("ID_SERIAL"),
            Some("x\nE:ID_EVIL=1\nG:evil\nQ:evil :evil:")
        );
        assert_eq!(record.tags, ["seat".into(), "uaccess".into()].into());
        assert_eq!(record.current_tags, ["seat".into()].into());
    }
}

#[cfg(test)]
mod database;
