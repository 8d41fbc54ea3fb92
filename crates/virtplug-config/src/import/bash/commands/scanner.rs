//! Characters of a script to words and operators.

use super::super::Unreadable;
use super::super::words::{Part, Word};
use super::left_side;

mod escapes;
mod parts;

/// What ends a simple command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// A line end or `;`.
    End,
    And,
    Or,
    Pipe,
    Background,
    Open,
    Close,
    EndOfFile,
}

pub(super) struct Scanner {
    chars: Vec<char>,
    at: usize,
    line: usize,
    /// Documents that begin after this line: their ends, and whether tabs
    /// before them are ignored.
    documents: Vec<(String, bool)>,
}

impl Scanner {
    pub(super) fn new(text: &str) -> Self {
        Self {
            chars: text.replace("\r\n", "\n").chars().collect(),
            at: 0,
            line: 1,
            documents: Vec::new(),
        }
    }

    fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    fn peek_at(&self, offset: usize) -> Option<char> {
        self.chars.get(self.at + offset).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn unreadable(line: usize, message: &str) -> Unreadable {
        Unreadable {
            line,
            message: message.to_owned(),
        }
    }

    /// Skips blanks, comments and continued line ends. The line that follows.
    pub(super) fn skip_space(&mut self) -> usize {
        loop {
            match (self.peek(), self.peek_at(1)) {
                (Some(' ' | '\t' | '\r'), _) => {
                    self.next();
                }
                (Some('\\'), Some('\n')) => {
                    self.next();
                    self.next();
                }
                (Some('#'), _) => self.skip_line(),
                _ => return self.line,
            }
        }
    }

    fn skip_line(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.next();
        }
    }

    /// The operator that stands next, after blanks. Redirections are skipped.
    pub(super) fn operator(&mut self) -> Result<Option<Operator>, Unreadable> {
        loop {
            self.skip_space();
            let Some(c) = self.peek() else {
                return Ok(Some(Operator::EndOfFile));
            };
            let operator = match (c, self.peek_at(1)) {
                ('\n', _) => {
                    self.next();
                    self.skip_documents();
                    return Ok(Some(Operator::End));
                }
                ('&', Some('>')) | ('<' | '>', _) => {
                    self.redirection()?;
                    continue;
                }
                ('&', Some('&')) => (Operator::And, 2),
                ('|', Some('|')) => (Operator::Or, 2),
                ('|', Some('&')) => (Operator::Pipe, 2),
                ('|', _) => (Operator::Pipe, 1),
                ('&', _) => (Operator::Background, 1),
                (';', _) => (Operator::End, 1),
                ('(', _) => (Operator::Open, 1),
                (')', _) => (Operator::Close, 1),
                _ => return Ok(None),
            };
            self.at += operator.1;
            return Ok(Some(operator.0));
        }
    }

    fn redirection(&mut self) -> Result<(), Unreadable> {
        let start = self.at;
        while matches!(self.peek(), Some('<' | '>' | '&' | '|')) && self.at - start < 3 {
            self.next();
        }
        let sign: String = self
            .chars
            .get(start..self.at)
            .unwrap_or_default()
            .iter()
            .collect();
        if self.peek() == Some('(') {
            // `<(…)` is a word that needs execution.
            return self.skip_nested(')');
        }
        let tabs = sign == "<<" && self.peek() == Some('-');
        if tabs {
            self.next();
        }
        self.skip_space();
        if matches!(self.peek(), None | Some('\n')) {
            return Ok(());
        }
        let word = self.word(false)?;
        if sign == "<<" {
            let end = word
                .source
                .chars()
                .filter(|c| !"'\"\\".contains(*c))
                .collect();
            self.documents.push((end, tabs));
        }
        Ok(())
    }

    /// Skips the documents that the last line announced.
    fn skip_documents(&mut self) {
        for (end, tabs) in std::mem::take(&mut self.documents) {
            while self.peek().is_some() {
                let start = self.at;
                self.skip_line();
                let line: String = self
                    .chars
                    .get(start..self.at)
                    .unwrap_or_default()
                    .iter()
                    .collect();
                self.next();
                let line = if tabs {
                    line.trim_start_matches('\t')
                } else {
                    &line
                };
                if line == end {
                    break;
                }
            }
        }
    }

    /// Reads a word. `assigns`: it may be an assignment here.
    pub(super) fn word(&mut self, assigns: bool) -> Result<Word, Unreadable> {
        let start = self.at;
        let mut word = Word {
            line: self.line,
            ..Word::default()
        };
        let rest = self.chars.get(self.at..).unwrap_or_default();
        if let Some((assignment, length)) = assigns.then(|| left_side(rest)).flatten() {
            self.at += length;
            word.assignment = Some(assignment);
            if self.peek() == Some('(') {
                let elements = self.elements()?;
                if let Some(assignment) = &mut word.assignment {
                    assignment.elements = Some(elements);
                }
                word.source = self.source(start);
                return Ok(word);
            }
        }
        self.parts(&mut word.parts)?;
        if self.at == start {
            // A sign that begins no word, so that this always advances.
            self.next();
        }
        word.source = self.source(start);
        Ok(word)
    }

    fn source(&self, start: usize) -> String {
        self.chars
            .get(start..self.at)
            .unwrap_or_default()
            .iter()
            .collect()
    }

    /// The words in the parentheses of an array.
    fn elements(&mut self) -> Result<Vec<Word>, Unreadable> {
        let line = self.line;
        let mut elements = Vec::new();
        self.next();
        loop {
            self.skip_space();
            match self.peek() {
                None => {
                    return Err(Self::unreadable(
                        line,
                        "the array that begins here has no end; close it with `)`",
                    ));
                }
                Some(')') => {
                    self.next();
                    return Ok(elements);
                }
                Some('\n') => {
                    self.next();
                }
                Some('<' | '>') if self.peek_at(1) == Some('(') => {
                    let mut word = Word {
                        line: self.line,
                        ..Word::default()
                    };
                    let start = self.at;
                    self.next();
                    self.skip_nested(')')?;
                    word.parts.push(Part::Executed("has to be executed"));
                    word.source = self.source(start);
                    elements.push(word);
                }
                Some('(' | '&' | '|' | ';' | '<' | '>') => {
                    return Err(Self::unreadable(
                        self.line,
                        "bash accepts no such sign in an array; quote it",
                    ));
                }
                Some(_) => elements.push(self.word(false)?),
            }
        }
    }
}
