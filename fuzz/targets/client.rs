//! What a client sends to the control socket.

#![no_main]
#![allow(clippy::expect_used, reason = "a failure is what is looked for")]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use virtplug::fuzz::Daemon;

thread_local! {
    static DAEMON: RefCell<Daemon> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| {
    let received = DAEMON.with_borrow_mut(|daemon| daemon.serve(bytes));
    // It gets whole messages only, which steer no terminal.
    let messages = received.split_inclusive(|byte| *byte == 0);
    for message in messages {
        let text = message.strip_suffix(&[0]);
        let text = text.expect("a whole message");
        assert!(!text.iter().any(u8::is_ascii_control));
        assert!(serde_json::from_slice::<serde_json::Value>(text).is_ok());
    }
});
