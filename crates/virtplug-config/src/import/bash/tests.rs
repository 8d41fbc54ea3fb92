use super::*;

fn values(text: &str, name: &str) -> Option<Vec<String>> {
    let script = read(text).unwrap();
    let variable = script.get(name)?;
    Some(
        variable
            .elements()
            .map(|element| element.text.clone())
            .collect(),
    )
}

fn value(text: &str) -> Option<String> {
    values(text, "A").map(|values| values.concat())
}

#[test]
fn all_kinds_of_quotes_are_read() {
    for (text, expected) in [
        ("A=b", "b"),
        ("A='b c'", "b c"),
        (r#"A="b \"\$c\\ \d""#, r#"b "$c\ \d"#),
        (r"A=$'b\tc\x41\u00e9\101\''", "b\tcAéA'"),
        (r"A=b\ c", "b c"),
        ("A=b\\\nc", "bc"),
        ("A=\"b\nc\"", "b\nc"),
        ("A='b'\"c\"d", "bcd"),
        ("A=b#c # d", "b#c"),
        ("A=b; B=c", "b"),
        ("export A=b", "b"),
        ("declare -r A=b", "b"),
        ("B=c\nA=x$B\"${B}\"", "xcc"),
        ("A=b\nA+=c", "bc"),
        ("A=b\r\n", "b"),
        ("A=", ""),
        ("A=b && B=c", "b"),
    ] {
        assert_eq!(value(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn arrays_are_read_over_lines_with_comments() {
    let text = "A=( b 'c d' # e )\n  \"f\" \\\n g\n)\ndeclare -a A+=( h )\nA[1]=i";
    assert_eq!(values(text, "A").unwrap(), ["b", "i", "f", "g", "h"]);
}

#[test]
fn nothing_is_executed_and_each_line_is_named() {
    for text in [
        "A=$(id)",
        "A=`id`",
        "A=${B:-c}",
        "A=$B",
        "A=~/b",
        "A=b\nif true; then A=c; fi",
        "A=b\nA[x]=c",
        "A=b\nf() { A=c; }",
        "false || A=b",
        "A=b | cat",
        "( A=b )",
        "declare -n A=B",
        "A=b\nfor x in 1 2\ndo\nA=c\ndone",
        "A=b\nA=$'\\xff'",
        "case x in\n x) A=b ;;\nesac",
    ] {
        let script = read(text).unwrap();
        assert!(script.get("A").is_none(), "{text}");
        assert!(!script.notes.is_empty(), "{text}");
    }
    let script = read("A=( b\n $(id)\n c* \"$D\" )\nrm -rf x").unwrap();
    assert_eq!(script.get("A").unwrap().elements().count(), 1);
    let lines: Vec<_> = script.notes.iter().map(|note| note.line).collect();
    assert_eq!(lines, [2, 3, 3, 4]);
}

#[test]
fn what_only_looks_like_an_assignment_is_none() {
    for text in [
        "cat <<END\nA=b\nEND\n",
        "cat <<-'E'\n\tA=b\n\tE\n",
        "# A=b",
        "echo A=b",
        "A=b cmd",
        "exit 0\nA=b",
        "A=b\nunset A",
        "B=\"\nA=b\n\"",
        "B=$(\nA=b\n)",
    ] {
        assert_eq!(value(text), None, "{text}");
    }
}

#[test]
fn what_bash_refuses_is_an_error_with_its_line() {
    for text in ["\nA='b", "\nA=\"b", "\nA=( b", "\nA=$(b", "\nA=(a;b)"] {
        assert_eq!(read(text).unwrap_err().line, 2, "{text}");
    }
}
