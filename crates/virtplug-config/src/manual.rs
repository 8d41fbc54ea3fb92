//! The manual page virtplug.toml(5). What it says of keys comes from the keys
//! themselves; the rest is `manual/text.rs`.

mod example;
mod page;
#[cfg(test)]
mod tests;
mod text;
mod value;

use page::Page;

use crate::key::{
    CONDITIONS, CONTROL_TABLE, DEFAULTS_TABLE, HOST_RULE, HOST_TABLE, INTERFACE_TABLE, Key,
    MACHINE, MAIN, NAME, PATTERN, RULE,
};

/// The manual page virtplug.toml(5) in roff, for the `man` macros.
pub fn manual() -> String {
    let mut page = Page::new();
    page.section("NAME");
    page.paragraph(text::NAME);
    page.section("SYNOPSIS");
    page.lines(&text::FOLDERS.map(|folder| format!("{folder}/virtplug.toml")));
    page.paragraph("");
    page.lines(&text::FOLDERS.map(|folder| format!("{folder}/machines.d/*.toml")));
    page.section("DESCRIPTION");
    page.paragraphs(text::DESCRIPTION);
    page.subsection("Which files count");
    page.paragraphs(text::FILES_THAT_COUNT);

    page.section("TABLES");
    page.subsection("The main file");
    keys(&mut page, MAIN.keys);
    page.subsection("A machine");
    page.paragraphs(text::MACHINE);
    keys(&mut page, MACHINE.keys);
    page.subsection("What stays on the host");
    page.paragraphs(text::HOST);
    keys(&mut page, HOST_TABLE.keys);
    let options = HOST_RULE.keys.iter().filter(|key| key.is_option());
    page.paragraph(&format!(
        "Of the options, such a table may have {}.",
        names(options.copied())
    ));
    page.subsection("Defaults");
    let own = DEFAULTS_TABLE.keys.iter().filter(|key| !key.is_option());
    page.paragraph(&format!(
        "`[defaults]` of the main file may have {} and each option of device tables. {}",
        names(own.copied()),
        text::DEFAULTS
    ));

    page.subsection("Who may ask and change");
    page.paragraphs(text::CONTROL);
    keys(&mut page, CONTROL_TABLE.keys);

    page.section("DEVICE TABLES");
    page.paragraphs(text::DEVICE_TABLES);
    page.subsection("Name");
    keys(&mut page, &[&NAME]);
    page.subsection("Conditions");
    page.paragraphs(text::CONDITIONS);
    keys(&mut page, CONDITIONS.keys);
    page.subsection("Patterns");
    page.paragraphs(text::PATTERNS);
    keys(&mut page, PATTERN.keys);
    page.subsection("Interfaces");
    page.paragraphs(text::INTERFACES);
    keys(&mut page, INTERFACE_TABLE.keys);
    page.subsection("Options");
    page.paragraphs(text::OPTIONS);
    let options: Vec<&Key> = RULE
        .keys
        .iter()
        .filter(|key| key.is_option())
        .copied()
        .collect();
    keys(&mut page, &options);

    page.section("WHO GETS A DEVICE");
    page.paragraphs(text::RANKING);
    page.numbered(&text::RANKS);
    page.paragraphs(text::AFTER_RANKING);

    page.section("EXAMPLES");
    for example in &example::ALL {
        page.paragraph(example.about);
        page.example(example.text);
    }
    page.section("EDITORS");
    page.paragraphs(text::EDITORS);
    page.example(text::EDITOR_LINE);
    page.section("FILES");
    for (path, what) in text::FILES {
        page.item(path, what);
    }
    page.section("SEE ALSO");
    page.paragraph(text::SEE_ALSO);
    page.render()
}

/// Explains keys, each with an example.
fn keys(page: &mut Page, keys: &[&Key]) {
    for key in keys {
        page.item(key.name, key.help);
        let default = key.default.map(|default| format!(" Default: `{default}`."));
        page.more(&format!(
            "Value: {}.{} Since version {}.",
            value::described(key),
            default.unwrap_or_default(),
            key.since
        ));
        page.example_of_item(key.example);
    }
}

/// "`a`, `b` and `c`".
fn names<'k>(keys: impl Iterator<Item = &'k Key>) -> String {
    let names: Vec<String> = keys.map(|key| format!("`{}`", key.name)).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
