use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use virtplug_core::{
    ConnectionUri, Detached, Hold, InstanceId, MachineKey, Owner, Pause, RunId, Uuid,
};

use super::*;
use crate::fixture::machine;

fn orders() -> Orders {
    let named = MachineKey::with_uuid(ConnectionUri::new("xen:///"), "büro\n\"", Uuid([7; 16]));
    let run = RunId {
        uuid: Uuid([9; 16]),
        id: 3,
    };
    let detached = Detached {
        port: "1-3".parse().unwrap(),
        machine: machine("alpha"),
        run,
    };
    let hold = |port: &str, owner| Hold {
        port: port.parse().unwrap(),
        owner,
        in_pause: (port == "1-2").then(|| named.clone()).into_iter().collect(),
        until_end_of: (port == "1-2").then(|| machine("alpha")),
        run: (port == "1-2").then_some(run),
        allow_in_use: port == "1-2",
    };
    Orders {
        holds: [
            (InstanceId(1), hold("1-1", Owner::Host)),
            (InstanceId(u64::MAX), hold("1-2", named.clone().into())),
        ]
        .into(),
        detached: [(InstanceId(3), detached)].into(),
        switches: [
            ("desk".to_owned(), machine("beta").into()),
            ("\u{1b}[31m".to_owned(), Owner::Host),
        ]
        .into(),
        pauses: [(named, Pause { detach: true })].into(),
        pause_of_all: Some(Pause { detach: false }),
    }
}

#[test]
fn what_is_written_is_read() {
    let text = form::write(&orders()).unwrap();
    assert_eq!(form::read(&text).unwrap(), orders());
    assert_eq!(form::write(&Orders::default()), None);
    // A later version must still read this.
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn the_file_follows_the_orders() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("control.sock");
    let path = folder.path().join(NAME);

    let mut file = OrdersFile::open(&socket).await;
    assert!(file.orders().is_empty());
    file.update(&Orders::default());
    file.update(&orders());
    file.close().await;
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let mut file = OrdersFile::open(&socket).await;
    assert_eq!(*file.orders(), orders());
    let mut fewer = orders();
    fewer.holds.clear();
    file.update(&fewer);
    file.close().await;

    let mut file = OrdersFile::open(&socket).await;
    assert_eq!(*file.orders(), fewer);
    file.update(&Orders::default());
    file.close().await;
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_wrong_counts_for_nothing() {
    let good = form::write(&orders()).unwrap();
    let put = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let texts = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"version": 1}"#.to_owned(),
        put("\"version\": 1", "\"version\": 2"),
        put("\"version\": 1", "\"version\": 99999999999"),
        put("\"holds\"", "\"helds\""),
        put("\"in_pause\"", "\"in_hurry\""),
        put("0000000000000001", "1"),
        put("0000000000000001", "+000000000000001"),
        put("0000000000000001", "ffffffffffffffff"),
        put("\"1-1\"", "\"1-1/../x\""),
        put("07070707-", "0707-"),
        put("09090909-", "0909-"),
        put("\"id\": 3", "\"id\": -3"),
        put("\"allow_in_use\": true", "\"allow_in_use\": \"true\""),
        put("\"detach\": true", "\"detach\": \"true\""),
        good[..good.len() / 2].to_owned(),
        format!("{good}{good}"),
        "[".repeat(100_000),
    ];
    let told = texts.map(|text| form::read(&text).unwrap_err());
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_others_could_have_written_counts_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    assert_eq!(read(&path), Ok(Orders::default()));

    write(&path, &form::write(&orders()).unwrap()).unwrap();
    assert_eq!(read(&path), Ok(orders()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
    assert_eq!(read(&path), Err("others can write to it".to_owned()));

    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(read(&link).is_err());
    assert_eq!(
        read(folder.path()),
        Err("it is not a regular file".to_owned())
    );

    let long = "x".repeat(usize::try_from(LONGEST).unwrap() + 1);
    write(&path, &long).unwrap();
    assert_eq!(read(&path), Err("it is too long".to_owned()));
    fs::write(&path, b"\xff\xfe").unwrap();
    assert!(read(&path).is_err());
}

#[test]
fn what_lies_in_the_way_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    let foreign = folder.path().join("foreign");
    fs::write(&foreign, "untouched").unwrap();
    symlink(&foreign, &path).unwrap();
    symlink(&foreign, folder.path().join("orders.json.new")).unwrap();
    write(&path, &form::write(&orders()).unwrap()).unwrap();
    assert_eq!(read(&path), Ok(orders()));
    assert_eq!(fs::read_to_string(&foreign).unwrap(), "untouched");
}
