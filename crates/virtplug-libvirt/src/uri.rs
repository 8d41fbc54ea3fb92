//! The URI as it is handed to libvirt.

#![forbid(unsafe_code)]

use std::borrow::Cow;

/// Keeps `ssh` from asking for a password on the terminal, by the parameter
/// `no_tty` of libvirt's URIs (libvirt, "Remote support"). The other
/// transports ask through a callback, which this crate never gives.
pub(crate) fn without_prompts(uri: &str) -> Cow<'_, str> {
    let over_ssh = uri
        .split_once(':')
        .and_then(|(scheme, _)| scheme.split_once('+'))
        .is_some_and(|(_, transport)| transport.eq_ignore_ascii_case("ssh"));
    let (body, fragment) = match uri.find('#') {
        Some(at) => uri.split_at(at),
        None => (uri, ""),
    };
    let query = body.split_once('?').map(|(_, query)| query);
    let said = query.is_some_and(|query| {
        query
            .split(['&', ';'])
            .any(|parameter| parameter.starts_with("no_tty="))
    });
    if !over_ssh || said {
        return Cow::Borrowed(uri);
    }
    let joint = match query {
        None => "?",
        Some("") => "",
        Some(_) => "&",
    };
    Cow::Owned(format!("{body}{joint}no_tty=1{fragment}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_never_asks() {
        for (given, handed) in [
            ("qemu+ssh://host/system", "qemu+ssh://host/system?no_tty=1"),
            (
                "qemu+ssh://u@host/system?socket=/x#f",
                "qemu+ssh://u@host/system?socket=/x&no_tty=1#f",
            ),
            ("QEMU+SSH://host/system?", "QEMU+SSH://host/system?no_tty=1"),
        ] {
            assert_eq!(without_prompts(given), handed);
        }
    }

    #[test]
    fn other_uris_stay_as_written() {
        for uri in [
            "qemu:///system",
            "qemu+unix:///system?socket=/tmp/ssh",
            "qemu+ssh://host/system?no_tty=0",
            "qemu+ssh://host/system?a=b&no_tty=1",
            "test:///default",
            "",
            "alias",
        ] {
            assert_eq!(without_prompts(uri), uri);
        }
    }
}
