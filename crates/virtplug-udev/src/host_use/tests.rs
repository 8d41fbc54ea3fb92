//! Tests on fake trees: what each use looks like, and what is none.

use std::os::unix::fs::symlink;

use super::*;
use crate::testing::Fake;

const ALL_KEYS: &[u8] = b"10000 fffffffffffffffe";

/// A host with a disk of one partition at 1-2.
fn with_disk() -> Fake {
    let fake = Fake::new();
    fake.add("1-2", 2, &[]);
    fake.write(
        "1-2:1.0",
        "host2/target2:0:0/2:0:0:0/block/sdb/dev",
        b"8:16",
    );
    partition(&fake, "holders/x", "");
    fs::remove_file(sdb1(&fake).join("holders/x")).unwrap();
    put(
        &fake,
        "proc/1/mountinfo",
        "24 1 254:0 / / rw - ext4 /dev/vda rw\n",
    );
    put(&fake, "proc/swaps", "Filename Type Size Used Priority\n");
    fake
}

fn sdb1(fake: &Fake) -> std::path::PathBuf {
    fake.directory("1-2:1.0")
        .join("host2/target2:0:0/2:0:0:0/block/sdb/sdb1")
}

fn partition(fake: &Fake, name: &str, value: &str) {
    let below = "host2/target2:0:0/2:0:0:0/block/sdb/sdb1";
    fake.write("1-2:1.0", &format!("{below}/dev"), b"8:17");
    fake.write("1-2:1.0", &format!("{below}/{name}"), value.as_bytes());
}

fn put(fake: &Fake, path: &str, content: &str) {
    let path = fake.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn in_use(fake: &Fake, at: &str) -> Fact<BTreeSet<Use>> {
    let found = fake.host().scan().unwrap().devices;
    let device = found.into_iter().find(|one| one.port.to_string() == at);
    device.unwrap().in_use
}

/// What is told of the device at 1-2, one use a line.
fn told(fake: &Fake) -> String {
    let uses = in_use(fake, "1-2").known().cloned().unwrap();
    let lines: Vec<_> = uses.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn a_device_without_nodes_needs_no_table() {
    let fake = Fake::new();
    fake.add("1-2", 2, &[]);
    fake.write("1-2:1.0", "ep_81/type", b"Bulk");
    assert_eq!(in_use(&fake, "1-2"), Fact::Known([].into()));
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let fake = with_disk();
    assert_eq!(told(&fake), "");
    fs::remove_file(fake.path("proc/1/mountinfo")).unwrap();
    assert_eq!(in_use(&fake, "1-2"), Fact::Unknown);
    put(&fake, "proc/self/mountinfo", "");
    assert_eq!(told(&fake), "");
    put(&fake, "proc/self/mountinfo", "what is this\n");
    assert_eq!(in_use(&fake, "1-2"), Fact::Unknown);
}

#[test]
fn a_mount_counts_for_the_device_that_is_mounted() {
    let fake = with_disk();
    fake.add("1-2.4", 3, &[]);
    fake.write("1-2.4:1.0", "host3/block/sdc/dev", b"8:32");
    put(
        &fake,
        "proc/1/mountinfo",
        "36 1 8:17 / /media/a\\040b\\033[1m rw - vfat /dev/sdb1 rw\n",
    );
    assert_eq!(told(&fake), r"sdb1 is mounted at /media/a b\x1b[1m");
    assert_eq!(in_use(&fake, "1-2.4"), Fact::Known([].into()));

    // As a hub 1-2 would have the other disk below it, and not as its own.
    put(
        &fake,
        "proc/1/mountinfo",
        "36 1 8:32 / /mnt rw - vfat /dev/sdc rw\n",
    );
    assert_eq!(told(&fake), "");
    assert_ne!(in_use(&fake, "1-2.4"), Fact::Known([].into()));
}

#[test]
fn a_file_system_with_a_number_of_its_own_is_found_by_its_source_and_members() {
    let fake = with_disk();
    put(&fake, "sys/fs/btrfs/0a1b/devices/sdb1", "");
    assert_eq!(told(&fake), "sdb1 is part of an active btrfs");
    put(
        &fake,
        "proc/1/mountinfo",
        "36 1 0:45 / /data rw - btrfs /dev/sdb1 rw\n",
    );
    assert_eq!(told(&fake), "sdb1 is mounted at /data");
    put(
        &fake,
        "proc/1/mountinfo",
        "36 1 0:45 / /data rw - bcachefs /dev/sda:/dev/sdb1 rw\n",
    );
    assert_eq!(told(&fake), "sdb1 is mounted at /data");
}

#[test]
fn a_mount_in_another_namespace_shows_in_sysfs() {
    let fake = with_disk();
    fs::create_dir_all(fake.path("sys/fs/ext4/sdb1")).unwrap();
    assert_eq!(told(&fake), "sdb1 is part of an active ext4");
}

#[test]
fn only_some_of_many_mounts_are_told() {
    let fake = with_disk();
    let many: Vec<_> = (0..1000)
        .map(|number| format!("36 1 8:17 / /mnt/{number} rw - ext4 /dev/sdb1 rw\n"))
        .collect();
    put(&fake, "proc/1/mountinfo", &many.concat());
    assert_eq!(told(&fake).lines().count(), 4);
}

#[test]
fn writes_under_way_count_where_nothing_else_does() {
    let fake = with_disk();
    let disk = "host2/target2:0:0/2:0:0:0/block/sdb";
    let under_way = |counts: &str| {
        fake.write("1-2:1.0", &format!("{disk}/inflight"), counts.as_bytes());
        told(&fake)
    };
    assert_eq!(
        under_way("       4        2\n"),
        "the host is still writing to sdb"
    );
    assert_eq!(under_way("       4        0\n"), "");
    put(
        &fake,
        "proc/1/mountinfo",
        "36 1 8:17 / /mnt rw - vfat /dev/sdb1 rw\n",
    );
    assert_eq!(under_way("       0        9\n"), "sdb1 is mounted at /mnt");
}

#[test]
fn swap_counts() {
    let fake = with_disk();
    put(
        &fake,
        "proc/swaps",
        "Filename\n/dev/sdb1  partition 1 0 -2\n",
    );
    assert_eq!(told(&fake), "the host swaps to sdb1");
}

#[test]
fn what_is_made_of_a_disk_is_followed_to_the_top() {
    let fake = with_disk();
    partition(&fake, "holders/dm-0", "");
    put(&fake, "sys/class/block/dm-0/dev", "253:0\n");
    put(&fake, "sys/class/block/dm-0/dm/name", "backup\n");
    put(
        &fake,
        "sys/class/block/dm-0/dm/uuid",
        "CRYPT-LUKS2-00-backup\n",
    );
    put(&fake, "sys/class/block/dm-0/holders/dm-1", "");
    put(&fake, "sys/class/block/dm-1/dev", "253:1\n");
    put(&fake, "sys/class/block/dm-1/dm/name", "vg-home\n");
    put(&fake, "sys/class/block/dm-1/dm/uuid", "LVM-xyz\n");
    put(&fake, "sys/class/block/dm-1/holders/dm-0", "");
    put(
        &fake,
        "sys/class/block/loop3/loop/backing_file",
        "/dev/mapper/vg-home\n",
    );
    put(&fake, "sys/class/block/loop3/dev", "7:3\n");
    put(&fake, "sys/class/block/loop0/dev", "7:0\n");
    put(
        &fake,
        "proc/1/mountinfo",
        "36 1 7:3 / /srv rw - ext4 /dev/loop3 rw\n",
    );
    let expected = "loop3 is mounted at /srv\n\
        dm-0 is part of dm-1 (LVM vg-home)\n\
        dm-1 is part of dm-0 (LUKS backup)\n\
        dm-1 is part of loop3 (loop device)\n\
        sdb1 is part of dm-0 (LUKS backup)";
    assert_eq!(told(&fake), expected);
}

#[test]
fn a_network_interface_counts_with_an_address_a_default_route_or_a_master() {
    let fake = Fake::new();
    fake.add("1-2", 2, &[]);
    fake.write("1-2:1.0", "net/eth7/upper_br0", b"");
    fake.write("1-2:1.0", "net/eth7/master", b"");
    assert_eq!(told(&fake), "the network interface eth7 is part of br0");
    put(
        &fake,
        "proc/net/route",
        "Iface\neth7 00000000 0 3 0 0 0 00000000 0\n",
    );
    assert!(told(&fake).contains("the default route goes through eth7"));

    // Of all interfaces only this one is everywhere.
    fake.add("1-3", 3, &[]);
    fake.write("1-3:1.0", "net/lo/address", b"");
    let found = in_use(&fake, "1-3");
    let addresses = network::addresses().unwrap();
    assert_eq!(
        found.known().unwrap().len(),
        usize::from(addresses.contains_key("lo"))
    );
}

fn keyboard(fake: &Fake, at: &str, number: u8, keys: &[u8]) {
    let input = format!("input{number}");
    let below = format!("0003:046D:C31C.0001/input/{input}");
    fake.add(at, number, &[]);
    fake.write(
        &format!("{at}:1.0"),
        &format!("{below}/capabilities/key"),
        keys,
    );
    let list = fake.path("sys/class/input");
    fs::create_dir_all(&list).unwrap();
    let target = fake.directory(&format!("{at}:1.0")).join(below);
    symlink(target, list.join(input)).unwrap();
}

#[test]
fn the_last_keyboard_stays() {
    let last = Fact::Known([Use::LastKeyboard].into());
    let fake = Fake::new();
    keyboard(&fake, "1-2", 2, ALL_KEYS);
    assert_eq!(in_use(&fake, "1-2"), last);
    // A mouse is no keyboard, and a program's is none to rely on.
    keyboard(&fake, "1-3", 3, b"70000 0 0 0 0");
    let made_up = fake.path("sys/devices/virtual/input/input9");
    fs::create_dir_all(made_up.join("capabilities")).unwrap();
    fs::write(made_up.join("capabilities/key"), ALL_KEYS).unwrap();
    symlink(made_up, fake.path("sys/class/input/input9")).unwrap();
    assert_eq!(in_use(&fake, "1-2"), last);
    assert_eq!(in_use(&fake, "1-3"), Fact::Known([].into()));

    put(&fake, "sys/class/tty/console/active", "tty0\n");
    assert_eq!(in_use(&fake, "1-2"), last);
    put(&fake, "sys/class/tty/console/active", "tty0 ttyS0\n");
    assert_eq!(in_use(&fake, "1-2"), Fact::Known([].into()));
    put(&fake, "sys/class/tty/console/active", "tty0\n");
    keyboard(&fake, "1-4", 4, ALL_KEYS);
    for port in ["1-2", "1-4"] {
        assert_eq!(in_use(&fake, port), Fact::Known([].into()), "{port}");
    }
}

#[test]
fn a_sound_card_that_plays_is_told_and_refuses_nothing() {
    let fake = Fake::new();
    fake.add("1-2", 2, &[]);
    fake.write("1-2:1.0", "sound/card1/id", b"Headset");
    put(&fake, "proc/asound/card1/pcm0p/sub0/status", "closed\n");
    assert_eq!(told(&fake), "");
    put(
        &fake,
        "proc/asound/card1/pcm0p/sub0/status",
        "state: RUNNING\nowner_pid   : 77\n",
    );
    assert_eq!(told(&fake), "card1/pcm0p is open");
    put(&fake, "proc/77/comm", "player\n");
    assert_eq!(told(&fake), "player has card1/pcm0p open");
    let uses = in_use(&fake, "1-2");
    assert!(!uses.known().unwrap().iter().any(Use::refuses));
}

#[test]
fn what_is_nested_without_end_is_unknown() {
    let fake = Fake::new();
    fake.add("1-2", 2, &[]);
    fake.write("1-2:1.0", &format!("{}x", "deep/".repeat(30)), b"");
    assert_eq!(in_use(&fake, "1-2"), Fact::Unknown);
}

#[test]
fn a_disk_and_its_partitions_are_told_by_the_names_of_their_files() {
    let fake = with_disk();
    let device = fake.host().scan().unwrap().devices.remove(0);
    let files: Vec<_> = device.disks.iter().map(String::as_str).collect();
    assert_eq!(files, ["/dev/sdb", "/dev/sdb1"]);
}

#[test]
fn a_disk_whose_writes_cannot_be_counted_counts_as_used() {
    let fake = with_disk();
    let stat = "host2/target2:0:0/2:0:0:0/block/sdb/stat";
    fake.write("1-2:1.0", stat, b"9 0 72 3 8 0 64 2 0 4 5");
    assert_eq!(in_use(&fake, "1-2"), Fact::Known([].into()));
    fake.write("1-2:1.0", stat, b"9 0 72 3 many 0 64 2 0 4 5");
    assert_eq!(in_use(&fake, "1-2"), Fact::Unknown);
    fake.erase("1-2:1.0", stat);
    fs::create_dir(fake.directory("1-2:1.0").join(stat)).unwrap();
    assert_eq!(in_use(&fake, "1-2"), Fact::Unknown);
}
