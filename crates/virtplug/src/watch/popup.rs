//! What lies over the list: help, a question, an explanation.

use ratatui::crossterm::event::KeyCode;
use virtplug_ipc::Explanation;

use super::Wish;
use crate::output::plain;
use crate::render::{Layout, clean, explanation};
use crate::table::wrap;

/// Rows that a page key scrolls.
const PAGE: usize = 10;

/// The keys, each with what it does.
const KEYS: &[(&str, &str)] = &[
    ("up, down", "select a device (also j, k)"),
    ("Tab, t", "list or USB tree"),
    ("a", "attach the device to its machine"),
    ("d", "detach it and keep it on the host"),
    ("r", "release it: the rules decide again"),
    ("e, Enter", "explain why it is where it is"),
    ("?", "these keys"),
    ("q, Esc", "close this, or leave"),
];

/// What lies over the list.
#[derive(Debug)]
pub(super) enum Popup {
    /// The keys.
    Help,
    /// A question before a wish is sent.
    Question {
        /// The question.
        text: String,
        /// What a yes sends.
        wish: Wish,
    },
    /// Why a device is where it is.
    Explanation {
        /// The answer of the daemon.
        explanation: Explanation,
        /// Lines that are scrolled away at the top.
        scroll: usize,
    },
}

impl Popup {
    /// What a key makes of it, and the wish that it sends.
    pub(super) fn key(self, code: KeyCode) -> (Option<Self>, Option<Wish>) {
        match self {
            Self::Help => (None, None),
            Self::Question { text, wish } => match code {
                KeyCode::Char('y' | 'Y') => (None, Some(wish)),
                KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc | KeyCode::Enter => (None, None),
                _ => (Some(Self::Question { text, wish }), None),
            },
            Self::Explanation {
                explanation,
                scroll,
            } => {
                let scroll = match code {
                    KeyCode::Up | KeyCode::Char('k') => scroll.saturating_sub(1),
                    KeyCode::Down | KeyCode::Char('j') => scroll.saturating_add(1),
                    KeyCode::PageUp => scroll.saturating_sub(PAGE),
                    KeyCode::PageDown | KeyCode::Char(' ') => scroll.saturating_add(PAGE),
                    KeyCode::Home => 0,
                    KeyCode::End => usize::MAX,
                    KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | 'e') => {
                        return (None, None);
                    }
                    _ => scroll,
                };
                let popup = Self::Explanation {
                    explanation,
                    scroll,
                };
                (Some(popup), None)
            }
        }
    }

    /// What stands on its frame.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::Help => " keys ",
            Self::Question { .. } => " y: yes, n: no ",
            Self::Explanation { .. } => " why (Esc closes) ",
        }
    }

    /// Its lines, as wide as the layout.
    pub(super) fn lines(&self, layout: Layout) -> Vec<String> {
        match self {
            Self::Help => KEYS
                .iter()
                .flat_map(|(key, text)| wrap(&format!("{key:<9} {text}"), layout.width))
                .collect(),
            Self::Question { text, .. } => wrap(&clean(text), layout.width),
            Self::Explanation {
                explanation: why, ..
            } => {
                let text = explanation(why, layout);
                plain(&text).lines().map(str::to_owned).collect()
            }
        }
    }

    /// The first line that is shown where so many fit. Keys scroll beyond the end; this is where
    /// that ends.
    pub(super) fn first(&mut self, lines: usize, room: usize) -> usize {
        match self {
            Self::Explanation { scroll, .. } => {
                *scroll = (*scroll).min(lines.saturating_sub(room));
                *scroll
            }
            Self::Help | Self::Question { .. } => 0,
        }
    }
}
