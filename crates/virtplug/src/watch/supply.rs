//! What the live view shows and what it does, through the daemon.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _, pin_mut, stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;
use virtplug_ipc::{Changes, Control as _, ControlError};

use super::{Fresh, Wish};
use crate::client::{self, Client};
use crate::exit::Exit;
use crate::output::message;

/// Pause before a daemon that ended is looked for again.
const PAUSE: Duration = Duration::from_secs(2);

/// What is under way for the user, and what came of it in the end.
type Task = Pin<Box<dyn Future<Output = Fresh>>>;

/// `virtplug watch`.
pub(crate) async fn run() -> Exit {
    // Whoever cannot ask sees it before the screen is taken.
    let mut client = match client::connect().await {
        Ok(client) => client,
        Err(unreachable) => return unreachable.tell(),
    };
    if let Err(exit) = client::answered(client.status().await) {
        return exit;
    }
    drop(client);
    let (news, mut fresh) = unbounded_channel();
    let (act, wishes) = unbounded_channel();
    let feed = stream::poll_fn(move |context| fresh.poll_recv(context));
    let view = super::run(feed, act);
    let ended = tokio::select! {
        ended = view => ended,
        () = supply(news, wishes) => Ok(()),
    };
    match ended {
        Ok(()) => Exit::Ok,
        Err(error) => {
            message(format_args!("error: {error}"));
            Exit::Failed
        }
    }
}

/// Tells what is new, over every end of the daemon.
async fn supply(news: UnboundedSender<Fresh>, mut wishes: UnboundedReceiver<Wish>) {
    loop {
        let reason = match follow(&news, &mut wishes).await {
            Ok(()) => "the daemon ended".to_owned(),
            Err(reason) => reason,
        };
        if news.send(Fresh::Ended(reason)).is_err() {
            return;
        }
        sleep(PAUSE).await;
    }
}

/// Tells what is new until the daemon ends.
async fn follow(
    news: &UnboundedSender<Fresh>,
    wishes: &mut UnboundedReceiver<Wish>,
) -> Result<(), String> {
    let mut watcher = reach().await?;
    let mut client = reach().await?;
    let happenings = watcher.monitor().await.map_err(|error| error.to_string())?;
    pin_mut!(happenings);
    let mut tasks: FuturesUnordered<Task> = FuturesUnordered::new();
    loop {
        tokio::select! {
            happened = happenings.next() => {
                let mut next = Some(happened);
                // What came at once is told at once, and looked at once.
                while let Some(happened) = next {
                    let Some(happened) = happened else {
                        return Ok(());
                    };
                    let happened = happened.map_err(|error| error.to_string())?;
                    let happened = happened.map_err(|error| error.to_string())?;
                    if happened.status.is_none() {
                        tell(news, Fresh::Happened(happened.event));
                    }
                    next = happenings.next().now_or_never();
                }
                look(&mut client, news).await?;
            }
            Some(wish) = wishes.recv() => tasks.push(Box::pin(grant(wish))),
            Some(fresh) = tasks.next() => tell(news, fresh),
        }
    }
}

async fn reach() -> Result<Client, String> {
    let reached = client::reach().await;
    reached.map_err(|_| "the daemon is not running".to_owned())
}

async fn look(client: &mut Client, news: &UnboundedSender<Fresh>) -> Result<(), String> {
    tell(news, Fresh::Status(answer(client.status().await)?));
    tell(news, Fresh::Devices(answer(client.devices().await)?));
    Ok(())
}

/// The view may have ended; then so does this.
fn tell(news: &UnboundedSender<Fresh>, fresh: Fresh) {
    let _ = news.send(fresh);
}

fn answer<T>(answer: zlink::Result<Result<T, ControlError>>) -> Result<T, String> {
    match answer {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Does what the user wishes. Each has a connection of its own, as an attach
/// may take its time.
async fn grant(wish: Wish) -> Fresh {
    let said = |changes: Changes| {
        let changed = changes.changes.into_iter();
        let lines = changed.map(|change| format!("{} {}", change.device.port, change.result));
        let lines: Vec<String> = lines.chain(changes.notes).collect();
        Fresh::Said(lines.join("; "))
    };
    let granted = async {
        let mut client = reach().await?;
        Ok(match wish {
            Wish::Quit => Fresh::Said(String::new()),
            Wish::Attach(port) => said(answer(client.attach(&port, None, None, None).await)?),
            Wish::Detach(port) => said(answer(client.detach(&port, None).await)?),
            Wish::Release(port) => said(answer(client.release(Some(&port), None).await)?),
            Wish::Explain(port) => Fresh::Explained(answer(client.explain(&port, None).await)?),
        })
    };
    granted
        .await
        .unwrap_or_else(|reason: String| Fresh::Said(reason))
}
