//! What a key takes, in words.

use crate::key::{Key, Kind};

/// The value of a key, in words that follow "Value:".
pub(super) fn described(key: &Key) -> String {
    let takes = key.takes;
    match key.kind {
        Kind::Integer { from, to, note } => format!("{takes} from {from} to {to}{note}"),
        Kind::Wanted(_) => format!("{takes}, a pattern, or a list of these"),
        Kind::Properties => format!(
            "{takes}: for each name text in quotes, a pattern, or a list of these, of which one must hold"
        ),
        Kind::Tags => format!(
            "{takes} in quotes or patterns; a list inside of it stands for any one of its tags"
        ),
        Kind::Interfaces => format!("{takes}, a list of these, or a table"),
        Kind::Classes | Kind::Behind | Kind::Exclusions => {
            format!("{takes}, or a list of these")
        }
        Kind::Speeds => format!("{takes} or as a number, or a list of these"),
        Kind::Removables => format!("{takes}, `true`, `false`, or a list of these"),
        Kind::Name
        | Kind::Text
        | Kind::Texts
        | Kind::Uuid
        | Kind::GuestPort
        | Kind::Boolean
        | Kind::Duration
        | Kind::Choice(_)
        | Kind::Alternatives
        | Kind::Table(_)
        | Kind::Tables(_)
        | Kind::Named(_) => takes.to_owned(),
    }
}
