//! The kinds of lines in the journal: a name, a number that never changes
//! (`MESSAGE_ID`), and the fields that such a line always has. This is the only place
//! where they are said; `dist/virtplug.catalog` and virtplug-daemon(8) are held against it.

/// Makes the kinds, in the order in which the manual lists them.
macro_rules! kinds {
    ($(#[doc = $about:literal] $kind:ident = $name:literal, $id:literal, [$($field:literal),*];)*) => {
        /// What a line in the journal tells of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind {
            $(#[doc = $about] $kind,)*
        }

        impl Kind {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$kind,)*];

            /// `VIRTPLUG_EVENT` of such a line.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// `MESSAGE_ID` of such a line, by which the catalog finds what explains it.
            pub(crate) const fn id(self) -> &'static str {
                match self {
                    $(Self::$kind => $id,)*
                }
            }

            /// One sentence.
            #[cfg(test)]
            pub(crate) const fn about(self) -> &'static str {
                match self {
                    $(Self::$kind => $about.trim_ascii(),)*
                }
            }

            /// Fields that are there beside `event`, whatever happened.
            #[cfg(test)]
            pub(crate) const fn fields(self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind => &[$($field),*],)*
                }
            }
        }
    };
}

kinds! {
    /// A device is in its machine now.
    Attached = "attached", "e25b3af6f41f496cabf0cecc43d18f4d", ["device", "machine", "connection", "alias", "instance"];
    /// A device could not be attached.
    AttachFailed = "attach-failed", "cf4728e098d14a218552ccc90697c8c6", ["device", "machine", "connection", "alias", "instance", "attempt", "reason"];
    /// A device left its machine, as virtplug asked.
    Detached = "detached", "af9a22cbfd6240d8b3319daabb30c6f7", ["device", "machine", "connection", "alias", "instance", "reason"];
    /// A device could not be detached.
    DetachFailed = "detach-failed", "00b30b101afe4c5e8a1bce9b0c1a991c", ["device", "machine", "connection", "alias", "instance", "attempt", "reason"];
    /// A device stays on the host, as the host uses it.
    InUse = "in-use", "9fd4837363424e1a9523b3e7f73f828e", ["device", "machine", "connection"];
    /// A device is taken from the host while the host uses it.
    TakenInUse = "taken-in-use", "ec6e7e52f078493eaa318a29ef7f26f3", ["device", "machine", "connection"];
    /// Somebody detached a device without virtplug, so it stays out.
    Hold = "hold", "2f9856b21db942f28b48b790865296bd", ["device", "machine", "connection", "alias", "instance"];
    /// Somebody decided by hand.
    Order = "order", "8746b6d3b92249e49c675a286feeb827", [];
    /// What was decided by hand is over.
    HoldEnded = "hold-ended", "7e1eb499e0364c0596b8b732ae435079", ["device", "reason"];
    /// A port connects and disconnects too often, so attaching pauses.
    Flapping = "flapping", "3927a9570bd14827b203a45242004d40", ["device"];
    /// Such a port is calm again.
    Calm = "calm", "2b5b1e3b06d845c8bdc28c7af62a41c7", ["device", "connects", "attached", "detached", "failed"];
    /// A device stays on the host, as it is not clear who gets it.
    Conflict = "conflict", "2013c11fc515481dbc6c1738f22548be", ["device"];
    /// A machine is started, as its device was plugged in.
    Starting = "starting", "144615451a254132b75b4c77c3ea17ae", ["device", "machine", "connection"];
    /// A machine could not be started.
    StartFailed = "start-failed", "97372a491c6b4910b2dc6cee0a963029", ["machine", "connection", "reason"];
    /// A connection to libvirt is up.
    Connected = "connected", "5d57cbcaa4fd4ab693e2d415d04038c3", ["connection"];
    /// A connection to libvirt was lost.
    Disconnected = "disconnected", "b6d53287a0434d0299a5bd464a035b77", ["connection", "reason"];
    /// libvirt cannot be reached, and is waited for.
    Waiting = "waiting", "2189569e17f949f78c43e65b713630c6", ["connection", "reason"];
    /// A call of libvirt takes longer than it should.
    CallOverdue = "call-overdue", "03249c393d1349a0a203052a87923ae0", ["machine", "connection"];
    /// Devices or a machine could not be read.
    LookFailed = "look-failed", "104bf642f5a74a2ea56d3d8b542e15c1", [];
    /// The daemon has read its configuration.
    Started = "started", "0f3d74e2b4f64b08b09e58b1d37238b0", ["rules", "machines"];
    /// A new configuration is in force.
    Reloaded = "reloaded", "745e6ea9a7ec43bea865ea13b1157508", ["rules", "machines"];
    /// The new configuration is wrong, so the old one stays.
    ReloadFailed = "reload-failed", "473bcd89f4e44108a3fa79e838733694", [];
    /// One mistake of the configuration.
    Mistake = "mistake", "75706f4b04254caca4edaf20be7c1788", [];
    /// Something in the configuration is likely not as meant.
    Advice = "advice", "8de5530105d840338dfda489291c6f98", [];
    /// The daemon ends.
    Stopping = "stopping", "40ef9511453040958ac6d73d8acefb44", [];
    /// A call of libvirt did not end before the daemon did.
    Unfinished = "unfinished", "b198a9de4113442c95fc00477aebbbf6", [];
    /// The daemon cannot do its work and ends.
    Failed = "failed", "1d0bb5fb54be4679b568cf6337de8d5a", [];
    /// Another daemon has the socket, so this one ends.
    RunsAlready = "runs-already", "a267bcd48eac488290825d6c35320956", [];
    /// No events of udev reach the daemon.
    Deaf = "deaf", "1eb90f0cd16e49c89843ec2dec8e6fe3", [];
    /// udev sent more than fits; all devices are read again.
    Overrun = "overrun", "a4320d2a3e224d3ebad3d021c115ca53", [];
    /// Which rights on files the daemon gave up.
    Confinement = "confinement", "e179ac37ae38407dbd52ade294a3e507", [];
    /// A trace for a report of a bug begins, ends or cannot be written.
    Recording = "recording", "6f41c148bd0b4e02bc3ee4d53550fa69", [];
    /// The control socket is there.
    Listening = "listening", "739f456affc6400a8b033e010bbb7f4d", [];
    /// The daemon works without its control socket.
    NoSocket = "no-socket", "a455028d13444d659e31adca012170cb", [];
    /// Those who want to speak with the daemon cannot be let in.
    NotLetIn = "not-let-in", "61dfb5554d1747bea02c8c650dbbda02", [];
    /// Somebody may not do what they asked for.
    Refused = "refused", "0682221d41c747fd88f108be9006dc74", [];
    /// A group of `[control]` could not be looked up.
    GroupUnknown = "group-unknown", "c86b5c224787403186f380d3ca6ac755", [];
    /// What is decided by hand cannot be kept.
    OrdersUnsaved = "orders-unsaved", "e6ef1c1c6fa040af91f0bc489a9c4479", [];
    /// What was decided by hand before could not be read.
    OrdersForgotten = "orders-forgotten", "2a696973d7b048dd9b978f700fb75bc6", [];
    /// systemd cannot be told how things stand.
    SystemdUnreachable = "systemd-unreachable", "48879db4f37b4c018d49bfa6b61cf81d", [];
    /// The journal did not take some lines.
    LogLost = "log-lost", "4e6af1beb50f4035a69375d7f857b05e", ["lines"];
}

impl Kind {
    /// The kind with that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}
