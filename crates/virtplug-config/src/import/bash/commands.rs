//! Simple commands of a script, and whether they are reached for certain.

use super::Unreadable;
use super::words::{Assignment, Word};

mod scanner;

use scanner::{Operator, Scanner};

/// A simple command.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) line: usize,
    pub(super) words: Vec<Word>,
    /// Whether it is executed in any case, in the shell itself.
    pub(super) certain: bool,
    /// Its place in conditions, loops and functions.
    pub(super) block: Block,
}

/// Where a command stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    /// In none.
    Outside,
    /// It is the word that begins an outermost one.
    Begins,
    /// In one.
    Inside,
}

/// What is open around a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    If,
    Loop,
    Case,
    Brace,
    Paren,
}

/// Splits a script.
pub(super) fn commands(text: &str) -> Result<Vec<Command>, Unreadable> {
    let mut scanner = Scanner::new(text);
    let mut found = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    // Whether the last operator makes the next command depend on something.
    let mut linked = false;
    loop {
        let mut words: Vec<Word> = Vec::new();
        let line = scanner.skip_space();
        let operator = loop {
            if let Some(operator) = scanner.operator()? {
                if operator == Operator::Open && !words.is_empty() {
                    // `name ( )` begins a function.
                    begin(&mut found, &open, std::mem::take(&mut words));
                    scanner.skip_space();
                    if scanner.operator()? != Some(Operator::Close) {
                        open.push(Open::Paren);
                    }
                    continue;
                }
                break operator;
            }
            let start = words.iter().all(|word| word.assignment.is_some());
            let word = scanner.word(start || is_declaration(&words))?;
            let outside = open.is_empty();
            if start && word.assignment.is_none() && structure(&word.source, &mut open) {
                if outside && !open.is_empty() && word.source != "{" {
                    begin(&mut found, &[], vec![word]);
                }
                continue;
            }
            if word.source == "{"
                && words
                    .first()
                    .is_some_and(|first| first.source == "function")
            {
                begin(&mut found, &open, std::mem::take(&mut words));
                open.push(Open::Brace);
                continue;
            }
            words.push(word);
        };
        let joins = matches!(
            operator,
            Operator::And | Operator::Or | Operator::Pipe | Operator::Background
        );
        let certain = open.is_empty()
            && !linked
            && (!joins || operator == Operator::And || operator == Operator::Or);
        if !words.is_empty() {
            let block = if open.is_empty() {
                Block::Outside
            } else {
                Block::Inside
            };
            found.push(Command {
                line,
                words,
                certain,
                block,
            });
        }
        linked = matches!(operator, Operator::And | Operator::Or | Operator::Pipe);
        match operator {
            Operator::Open => open.push(Open::Paren),
            Operator::Close if open.last() == Some(&Open::Paren) => {
                open.pop();
            }
            Operator::EndOfFile => break,
            _ => {}
        }
    }
    Ok(found)
}

/// Notes where an outermost block begins.
fn begin(found: &mut Vec<Command>, open: &[Open], words: Vec<Word>) {
    let line = words.first().map_or(0, |word| word.line);
    if open.is_empty() {
        found.push(Command {
            line,
            words,
            certain: false,
            block: Block::Begins,
        });
    }
}

fn is_declaration(words: &[Word]) -> bool {
    let first = words.iter().find(|word| word.assignment.is_none());
    let known = ["declare", "typeset", "export", "readonly"];
    first.is_some_and(|word| known.contains(&word.source.as_str()))
}

/// Whether a word at the beginning of a command is part of the structure.
fn structure(word: &str, open: &mut Vec<Open>) -> bool {
    let mut close = |kind: Open| {
        if open.last() == Some(&kind) {
            open.pop();
        }
    };
    match word {
        "fi" => close(Open::If),
        "done" => close(Open::Loop),
        "esac" => close(Open::Case),
        "}" => close(Open::Brace),
        "if" => open.push(Open::If),
        "for" | "while" | "until" | "select" => open.push(Open::Loop),
        "case" => open.push(Open::Case),
        "{" => open.push(Open::Brace),
        "then" | "else" | "elif" | "do" | "!" | "time" => {}
        _ => return false,
    }
    true
}

/// Splits the left side of an assignment off: the name, the index, whether it
/// appends, and how many characters they take.
fn left_side(chars: &[char]) -> Option<(Assignment, usize)> {
    let is_name = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    let length = chars.iter().take_while(|c| is_name(c)).count();
    let name: String = chars.get(..length)?.iter().collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut at = length;
    let mut index = None;
    if chars.get(at) == Some(&'[') {
        // An index is short; a longer one is no literal.
        let inside = chars
            .get(at + 1..)?
            .iter()
            .take(64)
            .take_while(|c| **c != ']' && **c != '\n');
        let inside: String = inside.collect();
        at += inside.chars().count() + 1;
        if chars.get(at) != Some(&']') {
            return None;
        }
        at += 1;
        index = Some(inside);
    }
    let append = chars.get(at) == Some(&'+');
    at += usize::from(append);
    (chars.get(at) == Some(&'=')).then(|| {
        let assignment = Assignment {
            name,
            index,
            append,
            elements: None,
        };
        (assignment, at + 1)
    })
}
