# Clients of the control socket that do not behave: clients.pl KIND NUMBER.
use strict;
use warnings;
use IO::Socket::UNIX;

my ($kind, $number) = @ARGV;
$SIG{PIPE} = 'IGNORE';

sub connected {
    for (1 .. 200) {
        my $socket = IO::Socket::UNIX->new(Peer => '/run/virtplug/control.sock');
        return $socket if $socket;
        select undef, undef, undef, 0.05;
    }
    die "cannot connect: $!\n";
}

sub announce {
    open my $file, '>', "/root/$kind.$_[0]" or die $!;
    close $file;
}

my $status = qq({"method":"org.virtplug.Control.Status"}\0);
my @open;
if ($kind eq 'silent') {
    my $socket = connected();
    syswrite $socket, qq({"method":"org.virtplug.Control.Monitor","more":true}\0);
    # As much as fits: the daemon reads no more when its answers are not taken.
    $socket->blocking(0);
    syswrite $socket, $status for 1 .. 1000;
    push @open, $socket;
    announce('ready');
    sleep 3600;
} elsif ($kind eq 'many') {
    for (1 .. $number) {
        my $socket = connected();
        syswrite $socket, $status;
        push @open, $socket;
    }
    announce('ready');
    sleep 3600;
} else {
    srand 7;
    announce('ready');
    my $socket = connected();
    for my $count (1 .. $number) {
        my $choice = int rand 6;
        my $message = pack 'C*', map { int rand 256 } 1 .. 1 + int rand 60;
        $message = substr $status, 0, int rand length $status if $choice == 1;
        $message = '{"method":"org.virtplug.Control.Attach","parameters":{"device":' . ('[' x 500) . "\0" if $choice == 2;
        $message = qq({"method":"org.virtplug.Control.Nothing$count"}\0) if $choice == 3;
        $message = qq({"method":7,"parameters":null}\0) if $choice == 4;
        $message = ('x' x 3000) if $choice == 5;
        my $sent = syswrite $socket, $message;
        if (!defined $sent || $count % 20 == 0) {
            close $socket;
            $socket = connected();
        }
    }
    # One message over a mebibyte, and then its end.
    my $sent = 0;
    while ($sent < 3 << 20) {
        my $part = syswrite $socket, 'y' x 65536 or last;
        $sent += $part;
    }
    announce('done');
}
