//! `virtplug watch`: a live view of the whole terminal.

mod draw;
mod model;
mod popup;
pub(crate) mod supply;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _};
use std::pin::pin;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use ratatui::crossterm::event::{self, Event};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;
use virtplug_ipc::{DeviceList, Explanation, Happening, Status};

use self::model::Model;
use crate::edge::error_text;
use crate::render::Layout;

/// News for the view.
#[derive(Debug, Clone)]
pub(crate) enum Fresh {
    /// How things stand.
    Status(Status),
    /// All devices.
    Devices(DeviceList),
    /// Something happened.
    Happened(Happening),
    /// The answer to a wish for an explanation.
    Explained(Explanation),
    /// What came of a wish, as a sentence.
    Said(String),
    /// Nothing comes any more, with the reason; a later status means that it does again.
    Ended(String),
}

/// What the user wishes, by the port of the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To leave.
    Quit,
    /// To attach a device to its machine.
    Attach(String),
    /// To detach a device and keep it on the host.
    Detach(String),
    /// To let the rules decide on a device again.
    Release(String),
    /// To know why a device is where it is.
    Explain(String),
}

/// Most news that are taken before the screen is drawn again.
const BURST: usize = 256;

/// The pace of what counts down.
const SECOND: Duration = Duration::from_secs(1);

/// Shows what comes until the user leaves; sends wishes other than that to leave.
///
/// The terminal is as it was afterwards, whatever happens.
async fn run(feed: impl Stream<Item = Fresh>, act: UnboundedSender<Wish>) -> Result<(), String> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Err(
            "`virtplug watch` needs a terminal; `virtplug status` and `virtplug monitor` do not"
                .to_owned(),
        );
    }
    let mut terminate = ended_by(SignalKind::terminate())?;
    let mut hangup = ended_by(SignalKind::hangup())?;
    let restore = Restore;
    let mut terminal = ratatui::try_init()
        .map_err(|error| format!("cannot use the terminal: {}", error_text(&error)))?;
    let mut keys = keys()?;
    let mut model = Model::new(Layout::of_terminal().unicode);
    let mut feed = pin!(feed.fuse());
    let mut flows = true;
    let mut drawn = Instant::now();
    loop {
        model.pass(drawn.elapsed());
        drawn = Instant::now();
        terminal
            .draw(|frame| model.draw(frame))
            .map_err(|error| format!("cannot draw: {}", error_text(&error)))?;
        tokio::select! {
            event = keys.recv() => match event {
                Some(Ok(event)) => if leaves(&mut model, &event, &act) {
                    break;
                },
                Some(Err(error)) => {
                    return Err(format!("cannot read the keyboard: {}", error_text(&error)));
                }
                None => break,
            },
            fresh = feed.next(), if flows => match fresh {
                Some(fresh) => {
                    model.take(fresh);
                    // What is there already is drawn at once.
                    for _ in 0..BURST {
                        match feed.next().now_or_never().flatten() {
                            Some(fresh) => model.take(fresh),
                            None => break,
                        }
                    }
                }
                None => flows = false,
            },
            // What counts down is drawn each second; where nothing does, nothing wakes up.
            () = sleep(SECOND), if model.counts() => {}
            _ = terminate.recv() => break,
            _ = hangup.recv() => break,
        }
    }
    drop(restore);
    Ok(())
}

/// Does what an event of the terminal asks for. Whether that is to leave.
fn leaves(model: &mut Model, event: &Event, act: &UnboundedSender<Wish>) -> bool {
    // Drawing finds a new size by itself.
    let Event::Key(key) = event else {
        return false;
    };
    let Some(wish) = model.key(*key) else {
        return false;
    };
    if wish == Wish::Quit {
        return true;
    }
    if act.send(wish).is_err() {
        model.take(Fresh::Said("nobody is there to do that".to_owned()));
    }
    false
}

/// A signal that ends the view.
fn ended_by(kind: SignalKind) -> Result<Signal, String> {
    signal(kind).map_err(|error| format!("cannot wait for signals: {}", error_text(&error)))
}

/// Gives the terminal back as it was.
struct Restore;

impl Drop for Restore {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// The events of the terminal, read by a thread of their own, which ends with the program.
fn keys() -> Result<UnboundedReceiver<io::Result<Event>>, String> {
    let (sender, receiver) = unbounded_channel();
    thread::Builder::new()
        .name("vp-keys".to_owned())
        .spawn(move || {
            loop {
                let event = event::read();
                let over = event.is_err();
                if sender.send(event).is_err() || over {
                    break;
                }
            }
        })
        .map_err(|error| format!("cannot start a thread: {}", error_text(&error)))?;
    Ok(receiver)
}
