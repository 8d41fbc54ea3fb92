//! Traces: what `virtplug daemon --record` wrote, or a schedule went through.

use virtplug_core::{Action, Event, Time, TraceHeader, TraceStep};

/// A recorded life of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What it was made with.
    pub header: TraceHeader,
    /// All that it was told, with what it asked for.
    pub steps: Vec<TraceStep>,
}

/// Why a text is no trace.
#[derive(Debug, thiserror::Error)]
pub enum BadTrace {
    /// There is no whole line; whoever wrote it ended before that.
    #[error("it has no whole line")]
    Empty,
    /// Another version of virtplug wrote it.
    #[error("it has format {0}, and this program reads format {known}", known = TraceHeader::FORMAT)]
    Format(u32),
    /// A line is not what it should be.
    #[error("line {line} cannot be read: {error}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        error: serde_json::Error,
    },
}

impl Trace {
    /// The line of the first step.
    pub(crate) const FIRST_LINE: usize = 2;

    /// Begins one.
    pub(crate) fn new(seed: u64) -> Self {
        let header = TraceHeader {
            virtplug: env!("CARGO_PKG_VERSION").to_owned(),
            format: TraceHeader::FORMAT,
            seed,
        };
        Self {
            header,
            steps: Vec::new(),
        }
    }

    pub(crate) fn told(&mut self, at: Time, event: Event) {
        self.steps.push(TraceStep {
            at,
            event,
            actions: Vec::new(),
        });
    }

    pub(crate) fn asked(&mut self, actions: &[Action]) {
        if let Some(step) = self.steps.last_mut() {
            step.actions = actions.to_vec();
        }
    }

    /// Reads a trace. What comes after the last end of a line was cut off by
    /// the end of the daemon, and is left out.
    pub fn read(text: &str) -> Result<Self, BadTrace> {
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut lines = whole.lines().zip(1..);
        let (header, line) = lines.next().ok_or(BadTrace::Empty)?;
        let bad = |line, error| BadTrace::Line { line, error };
        let header: TraceHeader = serde_json::from_str(header).map_err(|error| bad(line, error))?;
        if header.format != TraceHeader::FORMAT {
            return Err(BadTrace::Format(header.format));
        }
        let steps =
            lines.map(|(text, line)| serde_json::from_str(text).map_err(|error| bad(line, error)));
        Ok(Self {
            header,
            steps: steps.collect::<Result<_, _>>()?,
        })
    }

    /// Writes it as the daemon does.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string(&self.header)?;
        text.push('\n');
        for step in &self.steps {
            text += &serde_json::to_string(step)?;
            text.push('\n');
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_at_the_end_is_left_out() {
        let mut trace = Trace::new(7);
        trace.told(Time::default(), Event::Tick);
        let text = trace.write().unwrap();
        assert_eq!(Trace::read(&text).unwrap(), trace);
        let cut = format!("{text}{{\"at\":{{\"se");
        assert_eq!(Trace::read(&cut).unwrap(), trace);
        assert!(matches!(Trace::read(&text[..20]), Err(BadTrace::Empty)));
        let torn = format!("{cut}\n");
        let error = Trace::read(&torn).unwrap_err();
        assert!(matches!(error, BadTrace::Line { line: 3, .. }), "{error}");
        let newer = text.replace("\"format\":1", "\"format\":2");
        assert!(matches!(Trace::read(&newer), Err(BadTrace::Format(2))));
    }
}
