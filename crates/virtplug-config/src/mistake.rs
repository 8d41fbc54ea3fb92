//! Mistakes of syntax in words for people who do not know TOML.

use crate::outline::MAX_DEPTH;
use crate::suggestion::quoted;

/// What to say about a mistake.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Whether one cannot know to which table belongs what comes after it.
    pub(crate) structural: bool,
}

/// Where the parser noticed a mistake.
pub(crate) struct Context<'a> {
    /// The text that it points at.
    pub(crate) text: &'a str,
    /// The line of that.
    pub(crate) line: &'a str,
    /// What follows in that line.
    pub(crate) rest: &'a str,
    /// Whether it is a machine that was written before.
    pub(crate) machine: bool,
    /// Whether a bracket or quote that was opened before is not closed.
    pub(crate) unclosed: bool,
}

/// Says in our words what the parser said. What has no words here keeps those
/// of the parser.
pub(crate) fn explain(said: &str, context: &Context<'_>) -> Mistake {
    let says = |beginning: &str| said.starts_with(beginning);
    let header = context.line.trim_start().starts_with('[');
    if says("duplicate key") && context.machine {
        local(
            format!("the machine {} is written twice", quoted(context.text)),
            "put all of it in one place",
        )
    } else if says("duplicate key") {
        let help = if header {
            "a table is written once; put all of it in one place"
        } else {
            "a key is given once in a table"
        };
        local(format!("duplicate key {}", quoted(context.text)), help)
    } else if says("cannot extend value") {
        local(said.to_owned(), "a key has either a value or keys below it")
    } else if says("string values must be quoted") {
        local("text without quotes".to_owned(), "put it in quotes")
    } else if says("key with no value") || says("missing value for key") {
        local("a key without a value".to_owned(), "write `key = value`")
    } else if says("invalid unquoted key") && context.text == ":" && !header {
        local(
            "a key without a value".to_owned(),
            "write `key = value`; there is no `key: value` in TOML",
        )
    } else if says("invalid unquoted key") {
        local(
            format!("{} needs quotes in a key", quoted(context.text)),
            QUOTE_NAMES,
        )
    } else if says("unclosed array table") || says("unclosed table") {
        let help = if !context.rest.trim_matches(['[', ']', ' ', '\t']).is_empty() {
            QUOTE_NAMES
        } else if says("unclosed array table") {
            "close it with `]]`"
        } else {
            "close it with `]`"
        };
        structural("unclosed table header", help)
    } else if says("unquoted keys cannot be empty") {
        let help = if header {
            "for example `[machines.NAME]`"
        } else {
            "write `key = value`"
        };
        structural("a key is missing here", help)
    } else if says("unclosed array") {
        structural("unclosed list", "close it with `]`")
    } else if says("unclosed inline table") {
        structural("unclosed inline table", "close it with `}`")
    } else if says("invalid multi-line") && context.unclosed {
        structural("unclosed string", "close it with three quotes")
    } else if said == "invalid basic string, expected `\"`"
        || said == "invalid literal string, expected `'`"
    {
        local(
            "unclosed string".to_owned(),
            "close it with the quote that opens it, on the same line",
        )
    } else if says("missing escaped value") || says("too few unicode") {
        local(
            "unknown escape in a string".to_owned(),
            r"write `\\` for a backslash, or put the string in single quotes",
        )
    } else if says("unexpected key or value") {
        local(
            "unexpected text at the end of the line".to_owned(),
            "begin a new line, or put `#` before a comment",
        )
    } else if says("carriage return") {
        local(
            said.to_owned(),
            "save the file with Unix or Windows line ends",
        )
    } else if says("cannot recurse") || says("recursion limit") {
        structural(
            "nested too deep",
            &format!("{MAX_DEPTH} levels are allowed"),
        )
    } else {
        Mistake {
            message: said.to_owned(),
            help: None,
            structural: STRUCTURAL.iter().any(|beginning| says(beginning)),
        }
    }
}

const QUOTE_NAMES: &str = "a name with other characters than letters, digits, `-` and `_` \
                           needs quotes: `[machines.\"win 10\"]`";

/// How the parser begins its words for other mistakes after which tables and
/// keys are uncertain.
const STRUCTURAL: [&str; 6] = [
    "invalid table",
    "invalid key-value pair",
    "missing table open",
    "missing array opening",
    "missing inline table opening",
    "missing opening quote",
];

fn local(message: String, help: &str) -> Mistake {
    Mistake {
        message,
        help: Some(help.to_owned()),
        structural: false,
    }
}

fn structural(message: &str, help: &str) -> Mistake {
    Mistake {
        message: message.to_owned(),
        help: Some(help.to_owned()),
        structural: true,
    }
}
