//! The command line.

use std::path::PathBuf;

/// How it is used.
pub(crate) const USAGE: &str = "\
usage: virtplug-sim [--schedules N] [--steps N] [--seed N] [--jobs N] [--quiet]
       virtplug-sim --depth N
       virtplug-sim --replay FILE...

--schedules  how many schedules are run (1000)
--steps      operations of each schedule (200); many more things happen in it
--seed       seed of the first schedule; the next has the next (0)
--jobs       threads (2)
--depth      every order of the first N things in a small world, instead
--replay     traces that `virtplug daemon --record` wrote: whether they happen again, keep
             every invariant, and show a world that behaves as the model of it
--quiet      a failure says only what was broken, and is not made small";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) schedules: u64,
    pub(crate) steps: usize,
    pub(crate) seed: u64,
    pub(crate) jobs: u64,
    /// Explore the small world instead.
    pub(crate) depth: Option<usize>,
    pub(crate) quiet: bool,
    /// Replay these traces instead.
    pub(crate) replay: Vec<PathBuf>,
}

impl Command {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut command = Self {
            schedules: 1000,
            steps: 200,
            seed: 0,
            jobs: 2,
            depth: None,
            quiet: false,
            replay: Vec::new(),
        };
        while let Some(word) = words.next() {
            if word == "--quiet" {
                command.quiet = true;
                continue;
            }
            if word == "--replay" {
                command.replay = words.by_ref().map(PathBuf::from).collect();
                if command.replay.is_empty() {
                    return Err(format!("{word:?} needs a file"));
                }
                break;
            }
            let value = words.next().and_then(|value| value.parse().ok());
            let value: u64 = value.ok_or_else(|| format!("{word:?} needs a number"))?;
            match word.as_str() {
                "--schedules" => command.schedules = value,
                "--depth" => command.depth = usize::try_from(value).ok(),
                "--steps" => command.steps = usize::try_from(value).unwrap_or(usize::MAX),
                "--seed" => command.seed = value,
                "--jobs" => command.jobs = value.max(1),
                _ => return Err(format!("unknown option {word:?}")),
            }
        }
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command, String> {
        Command::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read() {
        let command = read("--schedules 5 --seed 7 --jobs 0 --quiet").unwrap();
        assert_eq!((command.schedules, command.seed), (5, 7));
        assert_eq!((command.steps, command.jobs, command.quiet), (200, 1, true));
        let command = read("--replay a --quiet").unwrap();
        assert_eq!(command.replay, ["a", "--quiet"].map(PathBuf::from));
    }

    #[test]
    fn what_is_no_option_is_refused() {
        assert!(read("--schedules").is_err());
        assert!(read("--seed x").is_err());
        assert!(read("--speed 5").is_err());
        assert!(read("--replay").is_err());
    }
}
