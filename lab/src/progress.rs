//! Shows that something is going on.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Runs `work` and shows its name and the time that has passed. `work` stays on
/// the calling thread, because a child process is bound to the thread that
/// started it (see [`crate::qemu`]).
pub fn step<T, E>(name: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let terminal = stderr().is_terminal();
    let begin = Instant::now();
    let (done, wait) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            // A terminal's line is redrawn; in a log a line every ten seconds is enough.
            let period = Duration::from_secs(if terminal { 1 } else { 10 });
            while wait.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                let seconds = begin.elapsed().as_secs();
                if terminal {
                    eprint!("\r  … {name}  {seconds} s ");
                    let _ = stderr().flush();
                } else {
                    eprintln!("  … {name}  {seconds} s");
                }
            }
        });
        let result = work();
        drop(done);
        let mark = if result.is_ok() { "✓" } else { "✗" };
        let start = if terminal { "\r" } else { "" };
        eprintln!(
            "{start}  {mark} {name}  {:.1} s ",
            begin.elapsed().as_secs_f32()
        );
        result
    })
}
