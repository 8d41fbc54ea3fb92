//! What is at the path of the socket before and after.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::Path;

use tokio::net::UnixStream;
use virtplug_config::Control as Settings;

use super::bench::run;
use crate::control::Control;
use crate::control::socket::{Refusal, listen};

/// Why nobody can listen there.
async fn refusal(path: &Path) -> String {
    let (Refusal::Occupied(told) | Refusal::Impossible(told)) =
        listen(path).await.map(|_| ()).unwrap_err();
    told.replace(&path.parent().unwrap().display().to_string(), "FOLDER")
}

#[test]
fn everybody_can_connect_and_the_file_goes_at_the_end() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/folder/control.sock");
        let (file, _listener) = listen(&path).await.unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o666);
        assert_eq!(mode(path.parent().unwrap()), 0o755);
        UnixStream::connect(&path).await.unwrap();
        drop(file);
        assert!(!path.exists());
    });
}

#[test]
fn a_stale_file_is_replaced() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        drop(StdUnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let (_file, _listener) = listen(&path).await.unwrap();
        UnixStream::connect(&path).await.unwrap();
    });
}

#[test]
fn a_live_one_is_left_alone() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let other = StdUnixListener::bind(&path).unwrap();
        let told = refusal(&path).await;
        let begin = "another virtplug daemon answers at FOLDER/control.sock";
        let process = format!("{begin}: process {} of user ", std::process::id());
        assert!(told.starts_with(&process), "{told}");
        other.set_nonblocking(true).unwrap();
        assert!(other.accept().is_ok());
        // Also one with so many clients that no more can wait.
        let mut waiting = Vec::new();
        while let Ok(client) = connect_now(&path).await {
            waiting.push(client);
        }
        let told = refusal(&path).await;
        assert!(told.starts_with(&format!("{begin}; end")), "{told}");
        assert!(path.metadata().unwrap().file_type().is_socket());
    });
}

#[test]
fn who_holds_the_lock_is_left_alone_also_without_a_socket() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let (_file, _listener) = listen(&path).await.unwrap();
        fs::remove_file(&path).unwrap();
        let refused = listen(&path).await.map(|_| ()).unwrap_err();
        assert!(
            matches!(&refused, Refusal::Occupied(told)
            if told.contains("holds") && told.contains("control.sock.lock")),
            "{refused:?}"
        );
        assert!(!path.exists());

        // Another path is another daemon's.
        let beside = folder.path().join("other.sock");
        let (file, _) = listen(&beside).await.unwrap();
        drop(file);
        assert!(listen(&beside).await.is_ok());
    });
}

#[test]
fn another_daemon_ends_the_start() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let first = Control::open(&path, Settings::default()).await.unwrap();
        let second = Control::open(&path, Settings::default()).await;
        assert!(second.err().unwrap().contains("another virtplug daemon"));
        first.close().await;
        let next = Control::open(&path, Settings::default()).await;
        next.unwrap().close().await;
    });
}

async fn connect_now(path: &Path) -> std::io::Result<UnixStream> {
    UnixStream::connect(path).await
}

#[test]
fn what_is_no_socket_is_left_alone() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        fs::write(&path, "mine").unwrap();
        let told = refusal(&path).await;
        assert_eq!(
            told,
            "FOLDER/control.sock is not a socket; remove it and start virtplug again"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");

        let link = folder.path().join("link");
        symlink("nowhere", &link).unwrap();
        assert!(refusal(&link).await.contains("is not a socket"));
        assert!(
            refusal(&path.join("below"))
                .await
                .contains("cannot look at FOLDER/below")
        );
    });
}

#[test]
fn too_long_a_path_is_told() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x".repeat(200));
        let told = refusal(&path).await;
        assert!(told.contains("at most 107 bytes"), "{told}");
        assert!(!path.exists());
    });
}

#[test]
fn what_took_our_place_is_left_alone_at_the_end() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let (file, listener) = listen(&path).await.unwrap();
        // The inode is not free for another while the old one lives on elsewhere.
        fs::rename(&path, folder.path().join("old")).unwrap();
        let _other = StdUnixListener::bind(&path).unwrap();
        drop((file, listener));
        assert!(path.exists());
    });
}

#[test]
fn without_a_socket_the_daemon_goes_on() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        fs::write(&path, "mine").unwrap();
        let control = Control::open(&path, Settings::default()).await.unwrap();
        assert!(control.earlier_orders().is_empty());
        control.close().await;
    });
}
