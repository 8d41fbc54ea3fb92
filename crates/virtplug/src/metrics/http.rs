//! `virtplug metrics --http`: one HTTP request on a connection that systemd took.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use nix::sys::socket::{AddressFamily, SockaddrLike as _, SockaddrStorage, getpeername};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use virtplug_ipc::{Control as _, Metrics};

use super::command::down;
use crate::client::{self, Unreachable, answered};
use crate::exit::Exit;
use crate::output::message;
use crate::render;

/// How long a connection may take in all. Prometheus gives up after 10 s, too.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest head of a request, in bytes: the least that hyper takes. Prometheus sends 300.
const LONGEST_HEAD: usize = 8 << 10;

/// The text format of Prometheus.
const NUMBERS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const WORDS: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const READING: HeaderValue = HeaderValue::from_static("GET, HEAD");

/// A connection that somebody opened.
enum Connection {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Answers who is at the other end of standard input.
pub(super) async fn answer_stdin() -> Exit {
    match Connection::of(io::stdin().as_fd()) {
        Ok(Connection::Tcp(stream)) => answer(stream, ask).await,
        Ok(Connection::Unix(stream)) => answer(stream, ask).await,
        Err(error) => {
            message(format_args!(
                "error: no HTTP request can come on standard input: {error}; virtplug-metrics.socket \
                 hands a connection over, and `virtplug metrics` alone prints the numbers"
            ));
            return Exit::Usage;
        }
    }
    Exit::Ok
}

impl Connection {
    fn of(socket: BorrowedFd<'_>) -> io::Result<Self> {
        let socket: OwnedFd = socket.try_clone_to_owned()?;
        let peer: SockaddrStorage = getpeername(socket.as_raw_fd())?;
        if peer.family() == Some(AddressFamily::Unix) {
            let stream = StdUnixStream::from(socket);
            stream.set_nonblocking(true)?;
            UnixStream::from_std(stream).map(Self::Unix)
        } else {
            let stream = std::net::TcpStream::from(socket);
            stream.set_nonblocking(true)?;
            TcpStream::from_std(stream).map(Self::Tcp)
        }
    }
}

/// Reads one request and answers it. Who sends rubbish, nothing, or too slowly is cut off, and
/// that is no failure of ours.
async fn answer<S, F>(stream: S, numbers: fn() -> F)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = Option<Metrics>>,
{
    let service = service_fn(|request: Request<Incoming>| async move {
        Ok::<_, Infallible>(respond(&request, numbers).await)
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let _ = timeout(PATIENCE, connection).await;
}

async fn respond<F>(request: &Request<Incoming>, numbers: fn() -> F) -> Response<Full<Bytes>>
where
    F: Future<Output = Option<Metrics>>,
{
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, format, body) = if request.uri().path() != "/metrics" {
        let text = "virtplug's numbers are at /metrics\n";
        (StatusCode::NOT_FOUND, WORDS, text.to_owned())
    } else if !reads {
        let text = "the numbers can only be read\n";
        (StatusCode::METHOD_NOT_ALLOWED, WORDS, text.to_owned())
    } else if let Some(metrics) = numbers().await {
        (StatusCode::OK, NUMBERS, render::metrics(&metrics))
    } else {
        let text = "the daemon gave no numbers; `journalctl -u 'virtplug-metrics@*'` says why\n";
        (StatusCode::SERVICE_UNAVAILABLE, WORDS, text.to_owned())
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, format);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, READING);
    }
    response
}

/// What the daemon counted; `None` if it did not say, which was told then.
async fn ask() -> Option<Metrics> {
    let mut client = match client::connect().await {
        Ok(client) => client,
        // Somebody asks every few seconds: that is in the numbers, not in the journal.
        Err(Unreachable::NotRunning) => return Some(down()),
        Err(unreachable) => {
            unreachable.tell();
            return None;
        }
    };
    answered(client.metrics().await).ok()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// What comes back for what is sent.
    async fn sent(text: &str, numbers: fn() -> std::future::Ready<Option<Metrics>>) -> String {
        let (mut client, server) = UnixStream::pair().unwrap();
        client.write_all(text.as_bytes()).await.unwrap();
        let mut told = Vec::new();
        // What was sent after the end of what is read breaks the connection.
        let _ = tokio::join!(answer(server, numbers), client.read_to_end(&mut told));
        let told = String::from_utf8(told).unwrap();
        told.lines()
            .filter(|line| !line.starts_with("date:"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[tokio::test]
    async fn answers() {
        let numbers = || std::future::ready(Some(down()));
        let nothing = || std::future::ready(None);
        let mut told = String::new();
        for (request, numbers) in [
            (
                "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
                numbers as fn() -> _,
            ),
            ("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", numbers),
            ("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", nothing),
            ("GET / HTTP/1.0\r\n\r\n", numbers),
            (
                "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
                numbers,
            ),
            ("rubbish\r\n\r\n", numbers),
        ] {
            let first = request.lines().next().unwrap();
            let answer = sent(request, numbers).await;
            told += &["> ", first, "\n", &answer, "\n\n"].concat();
        }
        insta::assert_snapshot!(told);
    }

    #[tokio::test]
    async fn a_head_without_end_is_cut_off() {
        let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
        let told = sent(&long, || std::future::ready(Some(down()))).await;
        assert!(told.starts_with("HTTP/1.1 431"), "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_nothing_is_cut_off() {
        let told = sent("GET /metr", || std::future::ready(Some(down()))).await;
        assert_eq!(told, "");
    }

    #[tokio::test]
    async fn what_is_no_connection_is_a_mistake() {
        let file = tempfile::tempfile().unwrap();
        assert!(Connection::of(file.as_fd()).is_err());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(Connection::of(listener.as_fd()).is_err());
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let found = Connection::of(ours.as_fd()).unwrap();
        assert!(matches!(found, Connection::Unix(_)));
    }
}
