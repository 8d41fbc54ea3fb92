//! The view at several sizes, its keys, and that nothing makes it panic.

use std::sync::OnceLock;
use std::time::Duration;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use virtplug_ipc::HappeningKind;

use super::model::Model;
use super::{Fresh, Wish};
use crate::render::fixture::{self, hostile};

fn screen(model: &mut Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| model.draw(frame)).unwrap();
    terminal.backend().to_string()
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn press(model: &mut Model, keys: &str) -> Option<Wish> {
    let mut last = None;
    for c in keys.chars() {
        last = model.key(key(KeyCode::Char(c)));
    }
    last
}

fn happened(number: u64, kind: HappeningKind, text: &str) -> Fresh {
    Fresh::Happened(fixture::event(number, kind, text))
}

fn troubled() -> Model {
    let mut model = Model::new(true);
    model.take(Fresh::Status(fixture::troubled_status()));
    model.take(Fresh::Devices(fixture::troubled_devices()));
    model.take(happened(1, HappeningKind::Snapshot, "how things stand"));
    model.take(happened(2, HappeningKind::Plugged, "3-1 was plugged in"));
    model.take(happened(
        3,
        HappeningKind::Attached,
        "attached 3-1 to machine alpha",
    ));
    model.take(happened(
        7,
        HappeningKind::Hold,
        "somebody detached 3-9 from machine alpha",
    ));
    model
}

fn healthy() -> Model {
    let mut model = Model::new(true);
    model.take(Fresh::Status(fixture::healthy_status()));
    model.take(Fresh::Devices(fixture::healthy_devices()));
    model
}

#[test]
fn the_list_names_troubles_and_why_the_selected_device_is_not_there() {
    let mut model = troubled();
    press(&mut model, "jjj");
    insta::assert_snapshot!(format!(
        "{}\n{}",
        screen(&mut model, 80, 24),
        screen(&mut model, 40, 12)
    ));
}

#[test]
fn what_is_tried_again_counts_down() {
    let mut model = troubled();
    let shows = |model: &mut Model, text: &str| {
        let screen = screen(model, 100, 40);
        assert!(screen.contains(text), "no {text:?}:\n{screen}");
    };
    shows(&mut model, "next try in 1 min 4 s");
    assert!(model.counts());
    model.pass(Duration::from_millis(5_500));
    shows(&mut model, "next try in 59 s");
    model.pass(Duration::from_secs(3600));
    shows(&mut model, "next try now");
    assert!(!model.counts());
    // Only what is shown counts: of the devices that is the selected one.
    let mut status = fixture::troubled_status();
    status.connections.clear();
    let mut model = Model::new(true);
    model.take(Fresh::Status(status.clone()));
    let counts: Vec<bool> = (0..status.devices.len())
        .map(|_| {
            let counts = model.counts();
            press(&mut model, "j");
            counts
        })
        .collect();
    let retried = status.devices.iter().map(|state| {
        let obstacle = state.obstacle.as_ref();
        obstacle.is_some_and(|obstacle| obstacle.retry_ms.is_some())
    });
    assert_eq!(counts, retried.collect::<Vec<_>>());
    assert!(counts.contains(&true) && counts.contains(&false));
    assert!(!healthy().counts());
}

#[test]
fn the_tree_shows_all_devices() {
    let mut model = healthy();
    press(&mut model, "tj");
    insta::assert_snapshot!(format!(
        "{}\n{}",
        screen(&mut model, 80, 24),
        screen(&mut model, 40, 12)
    ));
}

#[test]
fn explanations_questions_and_help_lie_over_the_list() {
    let mut model = troubled();
    model.take(Fresh::Explained(fixture::explained()));
    let why = screen(&mut model, 80, 24);
    model.key(key(KeyCode::End));
    let end = screen(&mut model, 40, 12);
    model.key(key(KeyCode::Esc));
    press(&mut model, "jja");
    let question = screen(&mut model, 40, 12);
    press(&mut model, "n?");
    let help = screen(&mut model, 80, 24);
    let mut ascii = Model::new(false);
    press(&mut ascii, "?");
    let ascii = screen(&mut ascii, 40, 12);
    insta::assert_snapshot!([why, end, question, help, ascii].join("\n"));
}

#[test]
fn it_says_that_nothing_is_known_or_comes() {
    let mut model = Model::new(false);
    let waiting = screen(&mut model, 40, 5);
    let mut status = fixture::empty_status();
    status.daemon = Some("0.2.0".into());
    model.take(Fresh::Status(status));
    let empty = screen(&mut model, 40, 5);
    model.take(Fresh::Ended("the daemon closed the connection".into()));
    let ended = screen(&mut model, 40, 5);
    model.take(Fresh::Status(fixture::healthy_status()));
    let again = screen(&mut model, 20, 5);
    insta::assert_snapshot!([waiting, empty, ended, again].join("\n"));
}

#[test]
fn nothing_is_attached_or_detached_without_a_yes() {
    let mut model = healthy();
    assert_eq!(press(&mut model, "jay"), Some(Wish::Attach("3-2.4".into())));
    assert_eq!(press(&mut model, "an"), None);
    assert_eq!(press(&mut model, "y"), None);
    assert_eq!(press(&mut model, "kdxj"), None);
    assert_eq!(press(&mut model, "y"), Some(Wish::Detach("3-1".into())));
    // It is there already, so there is nothing to ask.
    assert_eq!(press(&mut model, "ay"), None);
    // In the tree: nobody is to have the keyboard.
    assert_eq!(press(&mut model, "tjjay"), None);
}

#[test]
fn wishes_mean_the_selected_device() {
    let mut model = healthy();
    assert_eq!(
        press(&mut model, "jjjjr"),
        Some(Wish::Release("4-2.1".into()))
    );
    assert_eq!(press(&mut model, "ke"), Some(Wish::Explain("3-2.4".into())));
    // It stays selected when another one goes, and its neighbour is when it goes itself.
    let mut status = fixture::healthy_status();
    status.devices.remove(0);
    model.take(Fresh::Status(status.clone()));
    assert_eq!(
        model.key(key(KeyCode::Enter)),
        Some(Wish::Explain("3-2.4".into()))
    );
    status.devices.remove(0);
    model.take(Fresh::Status(status.clone()));
    assert_eq!(press(&mut model, "e"), Some(Wish::Explain("4-2.1".into())));
    status.devices.clear();
    model.take(Fresh::Status(status));
    assert_eq!(press(&mut model, "e"), None);
}

#[test]
fn keys_that_leave_close_what_lies_over_the_list_first() {
    let mut model = troubled();
    model.take(Fresh::Explained(fixture::explained()));
    assert_eq!(press(&mut model, "q"), None);
    assert_eq!(press(&mut model, "q"), Some(Wish::Quit));
    assert_eq!(model.key(key(KeyCode::Esc)), Some(Wish::Quit));
    press(&mut model, "?");
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(model.key(control_c), Some(Wish::Quit));
    let up = KeyEvent {
        kind: KeyEventKind::Release,
        ..key(KeyCode::Char('q'))
    };
    assert_eq!(model.key(up), None);
}

#[test]
fn hostile_strings_are_drawn_plainly() {
    let mut model = Model::new(true);
    model.take(Fresh::Status(hostile(&fixture::troubled_status())));
    model.take(Fresh::Devices(hostile(&fixture::troubled_devices())));
    model.take(Fresh::Said("said \x1b[2J\u{202e}".into()));
    let list = screen(&mut model, 80, 24);
    press(&mut model, "t");
    let tree = screen(&mut model, 80, 24);
    model.take(Fresh::Explained(hostile(&fixture::explained())));
    let why = screen(&mut model, 80, 24);
    for c in [&list, &tree, &why]
        .into_iter()
        .flat_map(|text| text.chars())
    {
        assert!(!c.is_control() || c == '\n', "{c:?}");
        assert!(c != '\u{202e}' && c != '\u{200b}', "{c:?}");
    }
    insta::assert_snapshot!(list);
}

#[derive(Debug, Clone)]
enum Op {
    Key(KeyCode, KeyModifiers),
    Fresh(usize),
    Size(u16, u16),
}

fn op() -> impl Strategy<Value = Op> {
    let code = prop_oneof![
        prop::sample::select("qjktadrey?nYx c".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        prop::sample::select(vec![
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::Tab,
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::F(1),
        ]),
    ];
    let modifiers = prop::sample::select(vec![KeyModifiers::NONE, KeyModifiers::CONTROL]);
    prop_oneof![
        4 => (code, modifiers).prop_map(|(code, modifiers)| Op::Key(code, modifiers)),
        2 => (0..10_usize).prop_map(Op::Fresh),
        1 => (0..130_u16, 0..50_u16).prop_map(|(width, height)| Op::Size(width, height)),
        1 => (0..25_u16, 0..8_u16).prop_map(|(width, height)| Op::Size(width, height)),
    ]
}

/// News of all kinds.
fn news() -> Vec<Fresh> {
    vec![
        Fresh::Status(fixture::healthy_status()),
        Fresh::Status(fixture::troubled_status()),
        Fresh::Status(fixture::empty_status()),
        Fresh::Status(hostile(&fixture::troubled_status())),
        Fresh::Devices(fixture::healthy_devices()),
        Fresh::Devices(hostile(&fixture::troubled_devices())),
        happened(9, HappeningKind::Attached, "attached\u{1b}[2J 日本"),
        Fresh::Explained(hostile(&fixture::explained())),
        Fresh::Said("日本 said".into()),
        Fresh::Ended("gone".into()),
    ]
}

static NEWS: OnceLock<Vec<Fresh>> = OnceLock::new();

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_sizes_and_news_make_it_panic(ops in prop::collection::vec(op(), 1..30)) {
        let news = NEWS.get_or_init(news);
        let mut model = Model::new(true);
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        for op in ops {
            match op {
                Op::Key(code, modifiers) => {
                    model.key(KeyEvent::new(code, modifiers));
                }
                Op::Fresh(number) => model.take(news[number].clone()),
                Op::Size(width, height) => terminal.backend_mut().resize(width, height),
            }
            terminal.draw(|frame| model.draw(frame)).unwrap();
        }
    }
}
