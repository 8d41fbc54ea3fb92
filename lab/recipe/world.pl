#!/usr/bin/perl
# Shows the outer machine to the lab:
#   devices      the USB devices as sysfs has them
#   machines     those, and state and XML of all machines that libvirt has written down
#   state NAME   the state of a machine
#   usb NAME     what the USB controller of a machine sees
#   journal N    what is in the journal about virtplug, without the first N entries
#   run HEX      runs this shell script (in hex); its exit code and the length of
#                what it printed, then that, then its errors
# With `serve` it answers these words on the lab's port instead. It stays, one
# virsh and one journalctl with it: under emulation their start takes longer than
# the look.
use strict;
use warnings;
use IPC::Open2;
use Socket;

my $folder = '/sys/bus/usb/devices';
my $port = '/dev/virtio-ports/virtplug.world';
# virsh echoes what it reads; on one line, if the line is long enough.
$ENV{COLUMNS} = 1000;
my ($to_virsh, $from_virsh, $virsh, $talks);
my ($journal, @entries, $marks);

sub names {
	my ($folder, $wanted) = @_;
	opendir my $open, $folder or return;
	return sort grep { $_ =~ $wanted } readdir $open;
}

sub line {
	open my $file, '<', $_[0] or return '';
	my $line = <$file> // '';
	chomp $line;
	return $line;
}

sub devices {
	my @names = names($folder, qr/^usb|^\d+-/);
	my $text = '';
	for my $name (@names) {
		my $inode = (stat "$folder/$name")[1];
		$text .= "inode $name $inode\n" if $inode;
	}
	for my $name (grep { !/:/ } @names) {
		my @facts = map { line("$folder/$name/$_") }
			qw(busnum devnum idVendor idProduct bDeviceClass);
		# It leaves while we look: there as long as its folder is.
		if (grep { $_ eq '' } @facts) {
			-e "$folder/$name" ? redo : next;
		}
		my ($driver) = grep { defined } map { readlink "$folder/$name/$_/driver" }
			names("$folder/$name", qr/:/);
		($driver //= '') =~ s,.*/,,;
		$text .= "usb $name @facts $driver|" . line("$folder/$name/serial") . "\n";
	}
	return $text;
}

# What virsh prints, and whether it ended or had an error to tell.
sub talk {
	my ($command) = @_;
	$virsh //= open2($from_virsh, $to_virsh, 'exec virsh -q 2>&1');
	$talks++;
	syswrite $to_virsh, "echo begin-$talks\n$command\necho end-$talks\n";
	my $text = '';
	until ($text =~ s/virsh # echo end-$talks\nend-${talks}virsh # \z//) {
		sysread $from_virsh, $text, 1 << 20, length $text or return ($text, 1);
	}
	$text =~ s/\A.*?^begin-${talks}virsh # [^\n]*\n//ms;
	return ($text, $text =~ /^error: /m);
}

sub virsh {
	my ($command) = @_;
	my ($text, $failed) = talk($command);
	# The error may be of a libvirtd that is gone; a fresh virsh tells the truth.
	if ($failed) {
		close $to_virsh;
		kill 'KILL', $virsh;
		waitpid $virsh, 0;
		undef $virsh;
		($text, $failed) = talk($command);
	}
	die "virsh $command: $text" if $failed;
	return $text;
}

sub machines {
	my $text = devices();
	for my $name (names('/etc/libvirt/qemu', qr/\.xml$/)) {
		$name =~ s/\.xml$//;
		$text .= "machine $name=" . virsh("domstate '$name'; dumpxml '$name'");
	}
	return $text;
}

# A connection to one of journald's sockets.
sub journald {
	my ($name, $kind) = @_;
	socket my $socket, AF_UNIX, $kind, 0 or die "socket: $!\n";
	connect $socket, pack_sockaddr_un("/run/systemd/journal/$name") or die "$name: $!\n";
	return $socket;
}

# journald takes in all that was sent to it; then comes a mark, and what is
# shown before the mark is all there is.
sub journal {
	my ($known) = @_;
	my @virtplug = qw(_SYSTEMD_UNIT=virtplug.service SYSLOG_IDENTIFIER=virtplug);
	unless ($journal) {
		open $journal, '-|', qw(journalctl --follow --lines=all --output=json), @virtplug,
			qw(+ _PID=1 UNIT=virtplug.service + SYSLOG_IDENTIFIER=virtplug-lab-mark)
			or die "journalctl: $!\n";
	}
	my $sync = journald('io.systemd.journal', SOCK_STREAM);
	syswrite $sync, qq({"method":"io.systemd.Journal.Synchronize"}\0);
	sysread $sync, my $done, 4096 or die "journald does not synchronize\n";
	$marks++;
	my $mark = "mark $$ $marks";
	my $socket = journald('socket', SOCK_DGRAM);
	syswrite $socket, "SYSLOG_IDENTIFIER=virtplug-lab-mark\nMESSAGE=$mark\n";
	while (1) {
		my $entry = <$journal> // die "journalctl has ended\n";
		last if $entry =~ /"$mark"/;
		push @entries, $entry unless $entry =~ /"virtplug-lab-mark"/;
	}
	return join '', @entries[$known .. $#entries];
}

# What a script wrote to a file; nobody waits for what it left running.
sub written {
	open my $file, '<', $_[0] or die "$_[0]: $!\n";
	local $/;
	return <$file> // '';
}

sub run {
	my @files = map { "/run/virtplug-lab.$_" } qw(out err);
	unlink @files;
	my $child = fork // die "fork: $!\n";
	unless ($child) {
		$SIG{PIPE} = 'DEFAULT';
		delete $ENV{COLUMNS};
		# The port and the pipes stay here: perl closes them at the start of a program.
		open STDIN, '<', '/dev/null' or die "stdin: $!\n";
		open STDOUT, '>', $files[0] or die "$files[0]: $!\n";
		open STDERR, '>', $files[1] or die "$files[1]: $!\n";
		exec '/bin/sh', '-c', pack 'H*', $_[0];
	}
	waitpid $child, 0;
	my $code = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	my ($out, $err) = map { written($_) } @files;
	return "$code " . length($out) . "\n$out$err";
}

sub look {
	my ($word, $name) = split / /, $_[0], 2;
	return '' if $word eq 'hello';
	return devices() if $word eq 'devices';
	return machines() if $word eq 'machines';
	return virsh("domstate '$name'") if $word eq 'state';
	return virsh("qemu-monitor-command '$name' --hmp 'info usb'") if $word eq 'usb';
	return journal($name) if $word eq 'journal';
	return run($name) if $word eq 'run';
	die "unknown word $word\n";
}

sub serve {
	my $open;
	# At boot the port comes when its driver does.
	sleep 1 until open $open, '+<', $port;
	my $asked = '';
	while (1) {
		# Nobody at the other end: nothing to read.
		sysread $open, $asked, 4096, length $asked or select undef, undef, undef, 0.1;
		while ($asked =~ s/\A(\d+) ([^\n]*)\n//) {
			my ($number, $request) = ($1, $2);
			my $text = eval { look($request) };
			my $failed = defined $text ? 0 : 1;
			$text //= $@;
			my $answer = "$number $failed " . length($text) . "\n$text";
			while (length $answer) {
				my $count = syswrite $open, $answer or last;
				substr $answer, 0, $count, '';
			}
		}
	}
}

$SIG{PIPE} = 'IGNORE';
@ARGV == 1 && $ARGV[0] eq 'serve' ? serve() : print look("@ARGV");
