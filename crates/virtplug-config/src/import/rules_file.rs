//! Rules of udev that run a handler for libvirt: which devices they mean, and
//! for which machine they run it.

mod conditions;
mod tokens;

use virtplug_core::Escaped;

use super::matcher::Wanted;
use super::{ImportError, Input, Remark};
use conditions::{Outcome, condition};
use tokens::{Line, Token, lines};

/// The most lines with rules of a file. Files of udev have a few dozen.
const MOST_LINES: usize = 2_000;

/// A rule that runs the handler.
#[derive(Debug)]
pub(super) struct HandlerRule {
    pub(super) line: usize,
    pub(super) wanted: Wanted,
    /// The argument of the handler.
    pub(super) machine: Option<String>,
    /// What is to be known about it.
    pub(super) remarks: Vec<Remark>,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct RulesFile {
    pub(super) rules: Vec<HandlerRule>,
    pub(super) remarks: Vec<Remark>,
}

/// Reads a file. `handlers`: names of programs that are the handler.
pub(super) fn read(
    input: &Input,
    text: &str,
    handlers: &[String],
) -> Result<RulesFile, ImportError> {
    let mut file = RulesFile::default();
    // The label that a line jumps to, and whether it does so for some devices only.
    let mut jump: Option<(String, bool)> = None;
    for (number, line) in lines(text).enumerate() {
        if number >= MOST_LINES {
            let message = format!("the file has more than {MOST_LINES} rules");
            return Err(input.error(Some(line.number), message));
        }
        if jump
            .as_ref()
            .is_some_and(|(label, _)| line.has("LABEL", label))
        {
            jump = None;
        }
        match &jump {
            Some((_, true)) => {
                if command(&line, handlers).is_some() {
                    let text = "left out: a GOTO above skips this rule for some devices, which cannot be said here";
                    file.remarks.push(input.remark(line.number, text));
                }
            }
            Some((_, false)) => {}
            None => jump = file.line(input, &line, handlers),
        }
    }
    if let Some((label, _)) = jump {
        let text = format!(
            "GOTO leads to the label \"{}\", which is not in the file",
            Escaped(&label)
        );
        file.remarks.push(input.remark(None, text));
    }
    Ok(file)
}

impl RulesFile {
    fn line(&mut self, input: &Input, line: &Line, handlers: &[String]) -> Option<(String, bool)> {
        let at = line.number;
        if let Some(fault) = line.fault {
            self.remarks
                .push(input.remark(at, format!("left out: {fault}")));
            return None;
        }
        let mut wanted = Wanted::default();
        let mut remarks = Vec::new();
        let mut refused = None;
        for token in line.tokens.iter().filter(|token| token.is_condition()) {
            match condition(token) {
                Outcome::Always => {}
                Outcome::Never => return None,
                Outcome::Wanted(more, note) => {
                    remarks.extend(note.map(|note| input.remark(at, note)));
                    match wanted.clone().and(*more) {
                        Some(both) => wanted = both,
                        None => {
                            refused = refused.or(Some(format!(
                                "{token} and another condition cannot be combined"
                            )));
                        }
                    }
                }
                Outcome::Refused(why) => {
                    refused = refused.or(Some(format!("{token} {why}")));
                }
            }
        }
        let depends = !wanted.is_empty() || refused.is_some();
        let target = line.tokens.iter().find(|token| token.key == "GOTO");
        let target = target.map(|token| (token.value.clone(), depends));
        let Some(command) = command(line, handlers) else {
            let sets = line
                .tokens
                .iter()
                .find(|token| !token.is_condition() && token.key != "LABEL" && token.key != "GOTO");
            if let Some(token) = sets {
                let text = format!(
                    "not carried over: {token}; keep it in a rule of udev if it is still needed"
                );
                self.remarks.push(input.remark(at, text));
            }
            return target;
        };
        let machine = match command {
            Ok(machine) => machine,
            Err(why) => {
                self.remarks
                    .push(input.remark(at, format!("left out: {why}")));
                return target;
            }
        };
        if let Some(why) = refused {
            self.remarks
                .push(input.remark(at, format!("left out: {why}")));
            return target;
        }
        self.rules.push(HandlerRule {
            line: at,
            wanted,
            machine,
            remarks,
        });
        target
    }
}

/// The argument with which a line runs the handler. `None`: it does not run it.
fn command(line: &Line, handlers: &[String]) -> Option<Result<Option<String>, String>> {
    let runs = |token: &&Token| token.key == "RUN" && !token.is_condition();
    line.tokens.iter().filter(runs).find_map(|token| {
        let words = command_words(&token.value);
        let is_handler = |word: &String| {
            let name = word.rsplit('/').next().unwrap_or_default();
            name.contains(super::handler::NAME) || handlers.iter().any(|handler| handler == name)
        };
        let at = words.iter().position(is_handler)?;
        let Some(machine) = words.get(at + 1).filter(|word| !word.is_empty()) else {
            return Some(Ok(None));
        };
        // udev writes these signs twice where it means them.
        let plain = machine.replace("$$", "").replace("%%", "");
        Some(if plain.contains(['$', '%']) {
            let text = format!(
                "udev puts the name of the machine together: \"{}\"",
                Escaped(machine)
            );
            Err(text)
        } else {
            Ok(Some(machine.replace("$$", "$").replace("%%", "%")))
        })
    })
}

/// The words of a command as udev splits them: at spaces outside of quotes.
fn command_words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in command.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(end), c) if c == end => quote = None,
            (None, ' ' | '\t') => words.push(String::new()),
            (_, c) => {
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
