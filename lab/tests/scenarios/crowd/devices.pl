#!/usr/bin/perl
# Devices on the kernel's virtual controllers (vhci_hcd), each with a serial
# number from a line of standard input, in hex as UTF-16LE. All of them answer
# for themselves until this program ends; then all of them leave at once. Those
# with the word `goes` on their line leave at SIGUSR1.
use strict;
use warnings;
use Socket;

# What linux/drivers/usb/usbip/vhci.h says: ports of a hub, of which a
# controller has two, and the number of high speed.
my ($ports, $high) = (15, 3);

my $device = pack 'CCvCCCCvvvCCCC', 18, 1, 0x0200, 0xff, 0, 0, 64, 0x1209, 0x0001, 0x0100, 1, 2, 3, 1;
# One interface without endpoints, for which no driver exists.
my $configuration = pack 'CCvCCCCC CCCCCCCCC', 9, 2, 18, 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 0, 0xff, 0xff, 0xff, 0;

my (%serial, %socket, @going, $leave);
$SIG{USR1} = sub { $leave = 1 };
my $index = 0;
while (my $line = <STDIN>) {
	my ($text, $goes) = split ' ', $line;
	socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die "socketpair: $!";
	my $port = int($index / $ports) * 2 * $ports + $index % $ports;
	open my $attach, '>', '/sys/devices/platform/vhci_hcd.0/attach' or die "attach: $!";
	defined syswrite $attach, join ' ', $port, fileno $theirs, $index + 1, $high
		or die "attach to port $port: $!";
	my $fd = fileno $ours;
	($serial{$fd}, $socket{$fd}) = (pack('H*', $text // ''), $ours);
	push @going, $fd if $goes;
	$index++;
}
open my $ready, '>', $ARGV[0] or die "$ARGV[0]: $!";
close $ready;

sub text { my $text = shift; pack('CC', 2 + length $text, 3) . $text }

# The answer to a standard request; undefined: there is none, so it stalls.
sub answer {
	my ($fd, $setup) = @_;
	my ($type, $request, $value, $index, $length) = unpack 'CCvvv', $setup;
	return '' if $type == 0 || $type == 1;
	return pack 'v', 0 if $request == 0;
	return pack 'C', 1 if $request == 8;
	return undef unless $request == 6;
	my ($kind, $number) = ($value >> 8, $value & 0xff);
	my $found = $kind == 1 ? $device
		: $kind == 2 ? $configuration
		: $kind == 3 && $number == 0 ? pack('CCv', 4, 3, 0x0409)
		: $kind == 3 && $number == 3 ? text($serial{$fd})
		: $kind == 3 ? text(pack 'v*', unpack 'C*', $number == 1 ? 'Lab' : 'Crowd')
		: return undef;
	return substr $found, 0, $length;
}

sub take {
	my ($socket, $length) = @_;
	my $all = '';
	while (length $all < $length) {
		my $got = sysread $socket, $all, $length - length $all, length $all;
		return undef unless $got;
	}
	return $all;
}

while (%socket) {
	if ($leave) {
		delete @socket{@going};
		$leave = 0;
	}
	my $wanted = '';
	vec($wanted, $_, 1) = 1 for keys %socket;
	# A signal ends it early, with what was asked for.
	next if select($wanted, undef, undef, undef) < 0;
	for my $fd (grep { vec $wanted, $_, 1 } keys %socket) {
		my $socket = $socket{$fd};
		my $header = take($socket, 48);
		if (!defined $header) {
			delete $socket{$fd};
			next;
		}
		my ($command, $sequence, undef, $in, $endpoint, undef, $length) = unpack 'N7', $header;
		if ($command == 3) {
			syswrite $socket, pack 'N6 x24', 4, $sequence, 0, 0, 0, 0;
			next;
		}
		take($socket, $length) if !$in && $length > 0;
		my $data = $endpoint == 0 ? answer($fd, substr $header, 40, 8) : undef;
		my $status = defined $data ? 0 : -32;
		$data = '' unless defined $data;
		$data = substr $data, 0, $length if length $data > $length;
		my $actual = $in ? length $data : $length;
		syswrite $socket, pack('N5 N5 x8', 3, $sequence, 0, 0, 0, $status & 0xffffffff, $actual, 0, 0, 0)
			. ($in ? $data : '');
	}
}
