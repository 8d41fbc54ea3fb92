//! Bash scripts as data: which variables they set to literal values.
//!
//! Nothing is executed. What needs execution is noted with its line, and a
//! variable whose value then is uncertain counts as not set.

mod commands;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use virtplug_core::Escaped;

use commands::{Block, Command, commands};
use words::Word;

/// What a script sets.
#[derive(Debug, Default)]
pub(super) struct Script {
    variables: BTreeMap<String, Variable>,
    /// What variables may hold whose value is uncertain, as far as it can be told.
    possible: BTreeMap<String, BTreeSet<String>>,
    /// What was not carried out.
    pub(super) notes: Vec<Note>,
}

/// A variable with a literal value.
#[derive(Debug, Default)]
pub(super) struct Variable {
    /// Its elements by index; a plain variable has element 0.
    elements: BTreeMap<u64, Element>,
}

/// A value, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) text: String,
    pub(super) line: usize,
}

/// Something that would need execution.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) line: usize,
    pub(super) text: String,
    /// The variable that it would set, if that can be told.
    pub(super) variable: Option<String>,
}

/// Why a script cannot be read: bash would refuse it, too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) line: usize,
    pub(super) message: String,
}

/// Reads a script.
pub(super) fn read(text: &str) -> Result<Script, Unreadable> {
    let mut script = Script::default();
    for command in commands(text)? {
        if !script.apply(command) {
            break;
        }
    }
    Ok(script)
}

impl Script {
    /// The variables whose names begin with a prefix, with the rest of the name.
    pub(super) fn with_prefix<'s>(
        &'s self,
        prefix: &'s str,
    ) -> impl Iterator<Item = (&'s str, &'s Variable)> {
        let all = self.variables.iter();
        all.filter_map(move |(name, variable)| Some((name.strip_prefix(prefix)?, variable)))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    /// The variables with such a prefix whose value is uncertain, and what they
    /// may hold.
    pub(super) fn possible<'s>(
        &'s self,
        prefix: &'s str,
    ) -> impl Iterator<Item = (&'s str, &'s BTreeSet<String>)> {
        let all = self.possible.iter();
        all.filter_map(move |(name, values)| Some((name.strip_prefix(prefix)?, values)))
    }

    fn note(&mut self, line: usize, text: String, variable: Option<&str>) {
        self.notes.push(Note {
            line,
            text,
            variable: variable.map(str::to_owned),
        });
    }

    /// Carries out one command. `false`: nothing after it would be reached.
    fn apply(&mut self, command: Command) -> bool {
        let line = command.line;
        let literal = |word: &Word| word.plain(&BTreeMap::new());
        if command.block == Block::Begins {
            let source = command
                .words
                .first()
                .map_or("", |word| word.source.as_str());
            let text = format!(
                "`{}` and what it contains would have to be executed",
                excerpt(source)
            );
            self.note(line, text, None);
            return true;
        }
        let assignments = command
            .words
            .iter()
            .take_while(|word| word.assignment.is_some());
        let leading = assignments.count();
        if leading == command.words.len() {
            for word in command.words {
                self.assign(word, command.certain);
            }
            return true;
        }
        let mut rest = command.words.into_iter().skip(leading);
        let Some(first) = rest.next() else {
            return true;
        };
        let name = literal(&first).unwrap_or_default();
        match name.as_str() {
            "declare" | "typeset" | "export" | "readonly" => {
                self.declare(&name, rest, command.certain);
            }
            "unset" => {
                for word in rest {
                    let Ok(variable) = literal(&word) else {
                        continue;
                    };
                    let variable = variable.split('[').next().unwrap_or_default();
                    if command.certain {
                        self.variables.remove(variable);
                        self.possible.remove(variable);
                    } else {
                        self.forget(Some(variable));
                    }
                }
            }
            // These change no variable.
            ":" | "true" | "echo" | "shopt" | "set" | "test" | "[" | "[[" | "logger"
                if command.certain => {}
            // What begins the block was named.
            _ if command.block == Block::Inside => {}
            "exit" | "return" if command.certain => {
                let text = format!("the script ends here (`{name}`)");
                self.note(line, text, None);
                return false;
            }
            _ => {
                let text = format!("`{}` would have to be executed", excerpt(&first.source));
                self.note(line, text, None);
            }
        }
        true
    }

    fn declare(&mut self, name: &str, words: impl Iterator<Item = Word>, certain: bool) {
        let mut plain = true;
        for word in words {
            let option = word.source.starts_with(['-', '+']);
            if option {
                // Other options change what an assignment means.
                plain &= word.source.chars().skip(1).all(|c| "agrtx".contains(c));
            } else if word.assignment.is_some() {
                if plain {
                    self.assign(word, certain);
                    continue;
                }
                let variable = word.assignment.as_ref().map(|to| to.name.clone());
                let text = format!("`{name}` with these options is not understood");
                self.note(word.line, text, variable.as_deref());
                self.forget(variable.as_deref());
            }
        }
    }

    /// A variable has a value that is not known; what it held is one that it may have.
    fn forget(&mut self, name: Option<&str>) {
        let Some(name) = name else {
            return;
        };
        let before = self.variables.remove(name).unwrap_or_default();
        let values = before.elements.into_values().map(|element| element.text);
        self.possible
            .entry(name.to_owned())
            .or_default()
            .extend(values);
    }

    fn assign(&mut self, word: Word, certain: bool) {
        let line = word.line;
        let Some(to) = word.assignment else {
            return;
        };
        let name = to.name;
        let source = excerpt(&word.source);
        if !certain {
            let text = format!("`{source}` depends on what is executed");
            self.note(line, text, Some(&name));
            self.forget(Some(&name));
            let words = to.elements.unwrap_or_default();
            let known = self.literals(words.iter().flat_map(|word| &word.parts));
            let values = words
                .into_iter()
                .filter_map(|word| word.element(&known).ok());
            let single = words::join(&word.parts, &self.literals(word.parts.iter()));
            let values: Vec<String> = values.chain(single.ok()).collect();
            self.possible.entry(name).or_default().extend(values);
            return;
        }
        // A name without a value in scope is the same as an empty one.
        let known: BTreeMap<String, String> = self.literals(
            word.parts
                .iter()
                .chain(to.elements.iter().flatten().flat_map(|word| &word.parts)),
        );
        let Some(elements) = to.elements else {
            self.assign_one(
                &name,
                to.index,
                to.append,
                &word.parts,
                line,
                &known,
                &source,
            );
            return;
        };
        let mut kept = if to.append {
            self.variables.remove(&name).unwrap_or_default()
        } else {
            Variable::default()
        };
        if to.index.is_some() {
            self.note(line, format!("`{source}` is not understood"), Some(&name));
            self.forget(Some(&name));
            return;
        }
        for element in elements {
            let line = element.line;
            match element.element(&known) {
                Ok(text) => {
                    let next = kept
                        .elements
                        .keys()
                        .last()
                        .map_or(0, |last| last.saturating_add(1));
                    kept.elements.insert(next, Element { text, line });
                }
                Err(why) => {
                    let text = format!("`{}` {why}", excerpt(&element.source));
                    self.note(line, text, Some(&name));
                }
            }
        }
        if !to.append {
            self.possible.remove(&name);
        }
        self.variables.insert(name, kept);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one assignment")]
    fn assign_one(
        &mut self,
        name: &str,
        index: Option<String>,
        append: bool,
        parts: &[words::Part],
        line: usize,
        known: &BTreeMap<String, String>,
        source: &str,
    ) {
        let index: Option<u64> = match index {
            None => Some(0),
            Some(text) => text.parse().ok(),
        };
        let value = words::join(parts, known);
        match (index, value) {
            (Some(index), Ok(text)) => {
                let variable = self.variables.entry(name.to_owned()).or_default();
                let before = variable.elements.remove(&index).filter(|_| append);
                let text = before.map(|element| element.text).unwrap_or_default() + &text;
                variable.elements.insert(index, Element { text, line });
            }
            (_, value) => {
                let why = value
                    .err()
                    .unwrap_or("has an index that has to be computed");
                self.note(line, format!("`{source}` {why}"), Some(name));
                self.forget(Some(name));
            }
        }
    }

    /// The values of the variables that are referred to.
    fn literals<'p>(
        &self,
        parts: impl Iterator<Item = &'p words::Part>,
    ) -> BTreeMap<String, String> {
        let names: BTreeSet<&str> = parts.filter_map(words::Part::reference).collect();
        let value = |name: &str| {
            Some((
                name.to_owned(),
                self.variables.get(name)?.text()?.text.clone(),
            ))
        };
        names.into_iter().filter_map(value).collect()
    }
}

impl Variable {
    /// The value as bash gives it for `$NAME`: that of element 0.
    pub(super) fn text(&self) -> Option<&Element> {
        self.elements.get(&0)
    }

    /// The elements in their order.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.elements.values()
    }
}

/// The beginning of a piece of the script, safe to show.
fn excerpt(source: &str) -> String {
    const MOST: usize = 40;
    let line = source.trim().lines().next().unwrap_or_default();
    let short: String = line.chars().take(MOST).collect();
    let more = if short.len() < source.trim().len() {
        "…"
    } else {
        ""
    };
    format!("{}{more}", Escaped(&short))
}

#[cfg(test)]
mod tests;
