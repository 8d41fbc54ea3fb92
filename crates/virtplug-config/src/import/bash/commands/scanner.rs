//! Characters of a script to words and operators.

use super::super::Unreadable;
use super::super::words::{Part, Word};
use super::left_side;

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

    fn parts(&mut self, parts: &mut Vec<Part>) -> Result<(), Unreadable> {
        while let Some(c) = self.peek() {
            let line = self.line;
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => return Ok(()),
                '\\' => {
                    self.next();
                    match self.next() {
                        Some('\n') => {}
                        Some(c) => push(parts, c, true),
                        None => push(parts, '\\', true),
                    }
                }
                '\'' => {
                    self.next();
                    let text = self.until_quote(line, false)?;
                    parts.push(Part::Text { text, quoted: true });
                }
                '$' if self.peek_at(1) == Some('\'') => {
                    self.at += 2;
                    let raw = self.until_quote(line, true)?;
                    parts.push(ansi(&raw).map_or(
                        Part::Executed("has an escape that is not understood"),
                        |text| Part::Text { text, quoted: true },
                    ));
                }
                '"' => self.double_quoted(parts, line)?,
                '$' if self.peek_at(1) == Some('"') => {
                    // Text that bash would translate.
                    self.next();
                    self.double_quoted(parts, line)?;
                    parts.push(Part::Executed("has a text that bash translates"));
                }
                '$' | '`' => self.dollar(parts, false)?,
                _ => {
                    self.next();
                    push(parts, c, false);
                }
            }
        }
        Ok(())
    }

    fn until_quote(&mut self, line: usize, escapes: bool) -> Result<String, Unreadable> {
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '\'' => return Ok(text),
                '\\' if escapes => {
                    text.push(c);
                    text.extend(self.next());
                }
                _ => text.push(c),
            }
        }
        Err(Self::unreadable(
            line,
            "the quote that begins here has no end; close it with `'`",
        ))
    }

    fn double_quoted(&mut self, parts: &mut Vec<Part>, line: usize) -> Result<(), Unreadable> {
        self.next();
        parts.push(Part::Text {
            text: String::new(),
            quoted: true,
        });
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.next();
                    return Ok(());
                }
                '\\' => {
                    self.next();
                    match self.next() {
                        Some('\n') => {}
                        Some(c @ ('$' | '`' | '"' | '\\')) => push(parts, c, true),
                        Some(c) => {
                            push(parts, '\\', true);
                            push(parts, c, true);
                        }
                        None => {}
                    }
                }
                '$' | '`' => self.dollar(parts, true)?,
                _ => {
                    self.next();
                    push(parts, c, true);
                }
            }
        }
        Err(Self::unreadable(
            line,
            "the quote that begins here has no end; close it with `\"`",
        ))
    }

    /// What begins with `$` or is a backquote.
    fn dollar(&mut self, parts: &mut Vec<Part>, quoted: bool) -> Result<(), Unreadable> {
        if self.next() == Some('`') {
            self.at -= 1;
            self.skip_nested('`')?;
            parts.push(Part::Executed("has to be executed"));
            return Ok(());
        }
        let name = |from: &[char]| -> String {
            from.iter()
                .take_while(|c| c.is_ascii_alphanumeric() || **c == '_')
                .collect()
        };
        match self.peek() {
            Some('(') => {
                self.skip_nested(')')?;
                parts.push(Part::Executed("has to be executed"));
            }
            Some('{') => {
                let inside = name(self.chars.get(self.at + 1..).unwrap_or_default());
                let length = inside.len();
                let plain = self.peek_at(length + 1) == Some('}') && is_variable(&inside);
                if plain {
                    self.at += length + 2;
                    parts.push(Part::Reference {
                        name: inside,
                        quoted,
                    });
                } else {
                    self.skip_nested('}')?;
                    parts.push(Part::Executed("has to be computed"));
                }
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let inside = name(self.chars.get(self.at..).unwrap_or_default());
                self.at += inside.len();
                parts.push(Part::Reference {
                    name: inside,
                    quoted,
                });
            }
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.next();
                parts.push(Part::Executed("has to be computed"));
            }
            _ => push(parts, '$', quoted),
        }
        Ok(())
    }

    /// Skips from an opening sign to the one that closes it.
    fn skip_nested(&mut self, end: char) -> Result<(), Unreadable> {
        let line = self.line;
        self.next();
        let mut ends = vec![end];
        while let Some(&end) = ends.last() {
            let Some(c) = self.next() else {
                return Err(Self::unreadable(
                    line,
                    "the substitution that begins here has no end",
                ));
            };
            if c == end {
                ends.pop();
                continue;
            }
            match (end, c) {
                ('\'', _) => {}
                (_, '\\') => {
                    self.next();
                }
                (_, '$') if self.peek() == Some('(') => {
                    self.next();
                    ends.push(')');
                }
                (_, '$') if self.peek() == Some('{') => {
                    self.next();
                    ends.push('}');
                }
                (_, '`') => ends.push('`'),
                (_, '"') => ends.push('"'),
                ('"', _) => {}
                (_, '\'') => ends.push('\''),
                (')', '(') => ends.push(')'),
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

fn push(parts: &mut Vec<Part>, c: char, quoted: bool) {
    match parts.last_mut() {
        Some(Part::Text { text, quoted: same }) if *same == quoted => text.push(c),
        _ => parts.push(Part::Text {
            text: c.into(),
            quoted,
        }),
    }
}

/// The text of `$'…'`. `None`: an escape that is not understood.
fn ansi(raw: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let c = chars.next()?;
        let (digits, radix) = match c {
            'x' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='7' => (3, 8),
            _ => {
                text.push(match c {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'e' | 'E' => '\u{1b}',
                    'f' => '\u{c}',
                    'v' => '\u{b}',
                    '\\' | '\'' | '"' | '?' => c,
                    _ => return None,
                });
                continue;
            }
        };
        let mut number = c.to_digit(radix).filter(|_| radix == 8);
        let mut left = digits - usize::from(number.is_some());
        while let Some(digit) = chars
            .peek()
            .and_then(|c| c.to_digit(radix))
            .filter(|_| left > 0)
        {
            number = Some(number.unwrap_or(0).checked_mul(radix)?.checked_add(digit)?);
            left -= 1;
            chars.next();
        }
        // Bytes above ASCII would be pieces of characters; NUL ends the text.
        let c = char::from_u32(number?)?;
        if c == '\0' || (matches!(radix, 8) || digits == 2) && !c.is_ascii() {
            return None;
        }
        text.push(c);
    }
    Some(text)
}
