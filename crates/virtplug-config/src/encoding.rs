//! Bytes of a file to text.

use std::ops::Range;

/// The byte order mark that some editors put before UTF-8.
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
/// The marks that begin UTF-16, little and big endian (RFC 2781, 3.2).
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// Text of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    /// Bytes of the file before the text.
    pub(crate) skipped: usize,
    /// Why the text must not be used, with the place in it.
    pub(crate) fault: Option<EncodingFault>,
}

/// Why bytes are not acceptable text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EncodingFault {
    /// In `Decoded::text`. The offset in the file is that plus `skipped`.
    pub(crate) span: Range<usize>,
    pub(crate) kind: EncodingFaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EncodingFaultKind {
    Utf16,
    NotUtf8,
    Nul,
}

/// Reads UTF-8, with or without a byte order mark. The text is there in any
/// case, so that the faulty line can be shown.
pub(crate) fn decode(bytes: &[u8]) -> Decoded {
    let fault_at = |start, length, kind| {
        Some(EncodingFault {
            span: start..start + length,
            kind,
        })
    };
    if UTF16_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Decoded {
            text: String::new(),
            skipped: 0,
            fault: fault_at(0, 0, EncodingFaultKind::Utf16),
        };
    }
    let skipped = if bytes.starts_with(UTF8_MARK) {
        UTF8_MARK.len()
    } else {
        0
    };
    let bytes = bytes.get(skipped..).unwrap_or_default();
    let (text, fault) = match std::str::from_utf8(bytes) {
        Ok(text) => {
            let nul = text
                .find('\0')
                .and_then(|at| fault_at(at, 1, EncodingFaultKind::Nul));
            (text.to_owned(), nul)
        }
        // The replacement character takes three bytes.
        Err(error) => (
            String::from_utf8_lossy(bytes).into_owned(),
            fault_at(error.valid_up_to(), 3, EncodingFaultKind::NotUtf8),
        ),
    };
    Decoded {
        text,
        skipped,
        fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(bytes: &[u8]) -> Option<(usize, EncodingFaultKind)> {
        let fault = decode(bytes).fault?;
        Some((fault.span.start, fault.kind))
    }

    #[test]
    fn utf8_is_accepted_with_and_without_a_mark() {
        assert_eq!(decode("ü".as_bytes()).text, "ü");
        let marked = decode(b"\xef\xbb\xbfa = 1");
        assert_eq!((marked.text.as_str(), marked.skipped), ("a = 1", 3));
        assert_eq!(marked.fault, None);
        // Only the first mark is one.
        assert_eq!(decode("\u{feff}\u{feff}".as_bytes()).text, "\u{feff}");
    }

    #[test]
    fn other_encodings_are_refused_with_their_place() {
        assert_eq!(fault(b"\xff\xfea\0"), Some((0, EncodingFaultKind::Utf16)));
        assert_eq!(fault(b"\xfe\xff\0a"), Some((0, EncodingFaultKind::Utf16)));
        assert_eq!(fault(b"a\nb\xe9c"), Some((3, EncodingFaultKind::NotUtf8)));
        assert_eq!(fault(b"\xef\xbb"), Some((0, EncodingFaultKind::NotUtf8)));
        assert_eq!(fault(b"ab\0"), Some((2, EncodingFaultKind::Nul)));
    }

    #[test]
    fn the_place_of_a_fault_is_one_in_the_text() {
        for bytes in [&b"a\nb\xe9c"[..], b"\xef\xbb", b"\xffab", b"ab\0"] {
            let Decoded { text, fault, .. } = decode(bytes);
            assert!(text.get(fault.unwrap().span).is_some(), "{bytes:?}");
        }
    }
}
