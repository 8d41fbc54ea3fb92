//! The pieces of a word: text, quotes, references, and what needs execution.

use super::super::super::Unreadable;
use super::super::super::words::Part;
use super::Scanner;
use super::escapes::ansi;

impl Scanner {
    pub(super) fn parts(&mut self, parts: &mut Vec<Part>) -> Result<(), Unreadable> {
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
                        None | Some('\n') => {}
                        Some(c @ ('$' | '`' | '"' | '\\')) => push(parts, c, true),
                        Some(c) => {
                            push(parts, '\\', true);
                            push(parts, c, true);
                        }
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
    pub(super) fn skip_nested(&mut self, end: char) -> Result<(), Unreadable> {
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
