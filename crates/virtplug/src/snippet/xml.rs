//! Writing the XML of a snippet.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesText, Event};

/// A writer that indents as libvirt does.
pub(super) type Xml = Writer<Vec<u8>>;

/// Writes a comment and then what `body` writes.
pub(super) fn document(
    comment: &str,
    body: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    write_comment(&mut xml, comment)?;
    body(&mut xml)?;
    let mut text = String::from_utf8(xml.into_inner()).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

/// Writes a comment.
pub(super) fn write_comment(xml: &mut Xml, text: &str) -> io::Result<()> {
    let text = format!(" {} ", without_double_dashes(text));
    xml.write_event(Event::Comment(BytesText::from_escaped(text)))
}

/// An XML comment must not have two dashes in a row.
fn without_double_dashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '-' && out.ends_with('-') {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_ends_where_it_should() {
        for hostile in ["--> <evil/> <!--", "-", "---", "<!-- -->", "&lt;]]>"] {
            let text = document(hostile, |xml| {
                xml.create_element("good").write_empty().map(drop)
            })
            .unwrap();
            let parsed = roxmltree::Document::parse(&text).unwrap();
            assert_eq!(parsed.root_element().tag_name().name(), "good", "{text}");
            assert_eq!(parsed.root_element().children().count(), 0, "{text}");
        }
    }
}
