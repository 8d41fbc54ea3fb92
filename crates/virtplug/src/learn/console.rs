//! Whom the dialogue talks to.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use virtplug_udev::{Host, HostChange, HostReport, Monitor, MonitorError, RECEIVE_BUFFER};

use crate::edge::error_text;
use crate::output::{aside, print};

/// Something that the dialogue reacts to.
#[derive(Debug)]
pub(crate) enum Input {
    /// The monitor tells something of the host's devices.
    Host(HostChange),
    /// The user typed a line.
    Line(String),
    /// The user types nothing any more.
    End,
    /// Nothing came in time.
    Late,
    /// The monitor ended, with the reason.
    Deaf(String),
    /// Nothing will come from anywhere.
    Over,
}

/// The other side of the dialogue.
pub(crate) trait Console {
    /// Whether a user is there to be asked.
    fn is_interactive(&self) -> bool;
    /// Shows a text, as it is.
    fn say(&mut self, text: &str);
    /// The next input; [`Input::Late`] after `patience`, if there is one.
    fn next(&mut self, patience: Option<Duration>) -> Input;
}

/// Where the dialogue is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// On standard output.
    Out,
    /// On standard error: standard output is for the JSON.
    Aside,
}

impl Voice {
    /// Of a command that prints JSON, or does not.
    pub(crate) fn of(json: bool) -> Self {
        if json { Self::Aside } else { Self::Out }
    }

    /// Shows a text, as it is.
    pub(crate) fn say(self, text: &str) {
        match self {
            Self::Out => print(text),
            Self::Aside => aside(text),
        }
    }
}

/// Standard input and output, and the monitor.
pub(crate) struct Terminal {
    voice: Voice,
    interactive: bool,
    sender: Sender<Input>,
    receiver: Receiver<Input>,
}

impl Terminal {
    /// Begins to read standard input, if that is a terminal.
    pub(crate) fn open(voice: Voice) -> Self {
        let (sender, receiver) = channel();
        let interactive = io::stdin().is_terminal();
        if interactive {
            let sender = sender.clone();
            // It waits for a line until the program ends.
            thread::spawn(move || {
                for line in io::stdin().lock().lines().map_while(Result::ok) {
                    if sender.send(Input::Line(line)).is_err() {
                        return;
                    }
                }
                let _ = sender.send(Input::End);
            });
        }
        Self {
            voice,
            interactive,
            sender,
            receiver,
        }
    }

    /// Begins to listen for changes of the devices, before the first look at
    /// them, so that nothing falls between.
    pub(crate) fn watch(&self, host: &Host) -> Result<(), MonitorError> {
        let sender = self.sender.clone();
        let report = move |report: HostReport| match sender.send(Input::Host(report.what)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        let monitor = Monitor::open(host.clone(), RECEIVE_BUFFER)?.spawn(report)?;
        let sender = self.sender.clone();
        thread::spawn(move || {
            if let Ok(Err(error)) = monitor.join() {
                // Nobody listens any more when the program ends.
                let _ = sender.send(Input::Deaf(error_text(&error)));
            }
        });
        Ok(())
    }
}

impl Console for Terminal {
    fn is_interactive(&self) -> bool {
        self.interactive
    }

    fn say(&mut self, text: &str) {
        self.voice.say(text);
    }

    fn next(&mut self, patience: Option<Duration>) -> Input {
        match patience {
            None => self.receiver.recv().unwrap_or(Input::Over),
            Some(patience) => match self.receiver.recv_timeout(patience) {
                Ok(input) => input,
                Err(RecvTimeoutError::Timeout) => Input::Late,
                Err(RecvTimeoutError::Disconnected) => Input::Over,
            },
        }
    }
}

/// Asks for a yes. Whatever else comes is a no.
pub(crate) fn confirm(console: &mut impl Console, question: &str) -> bool {
    console.say(&format!("{question} [y/N] "));
    let Some(answer) = line(console) else {
        console.say("\n");
        return false;
    };
    matches!(answer.trim(), "y" | "Y" | "yes" | "Yes" | "YES")
}

/// The next line that the user types. `None`: there is none any more.
pub(crate) fn line(console: &mut impl Console) -> Option<String> {
    loop {
        match console.next(None) {
            Input::Line(line) => return Some(line),
            Input::End | Input::Over => return None,
            Input::Host(_) | Input::Late | Input::Deaf(_) => {}
        }
    }
}

#[cfg(test)]
pub(crate) mod script {
    use std::collections::VecDeque;

    use super::{Console, Duration, Input};

    /// A console whose inputs are known beforehand; it keeps what was said.
    pub(crate) struct Script {
        pub(crate) interactive: bool,
        pub(crate) inputs: VecDeque<Input>,
        pub(crate) said: String,
    }

    impl Script {
        pub(crate) fn new(inputs: impl IntoIterator<Item = Input>) -> Self {
            Self {
                interactive: true,
                inputs: inputs.into_iter().collect(),
                said: String::new(),
            }
        }

        pub(crate) fn lines(lines: &[&str]) -> Self {
            Self::new(lines.iter().map(|line| Input::Line((*line).to_owned())))
        }
    }

    impl Console for Script {
        fn is_interactive(&self) -> bool {
            self.interactive
        }

        fn say(&mut self, text: &str) {
            self.said.push_str(text);
        }

        fn next(&mut self, patience: Option<Duration>) -> Input {
            match self.inputs.pop_front() {
                // Time passes only for those who wait with an end.
                Some(Input::Late) if patience.is_none() => self.next(patience),
                Some(input) => {
                    if let Input::Line(line) = &input {
                        self.said.extend(["<", line, ">\n"]);
                    }
                    input
                }
                None => Input::Over,
            }
        }
    }
}
