# SPDX-License-Identifier: Apache-2.0
package MLGate::Backend;

# A web application behind the gate that says what it was sent: a JSON object
# with method, target, headers and body, or, asked for an upgrade to WebSocket,
# an echo of every frame. Raw bytes it sent stay as they are.
use strict;
use warnings;
use Digest::SHA qw(sha1_base64);
use IO::Socket::IP ();
use JSON::PP ();
use POSIX ();
use MLGate::Server ();

my $GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
my $owner = $$;
my @running;

sub start {
    my ($class) = @_;
    my $port = MLGate::Server::free_port();
    my $listener = IO::Socket::IP->new(LocalHost => '127.0.0.1',
        LocalPort => $port, Listen => 64, ReuseAddr => 1)
        or die "backend: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        $SIG{CHLD} = 'IGNORE';
        $SIG{TERM} = sub { POSIX::_exit(0) };
        alarm 300;
        while (1) {
            my $socket = $listener->accept or next;
            next if fork;
            eval { serve($socket) };
            POSIX::_exit(0);
        }
    }
    push @running, $pid;
    return bless { port => $port, pid => $pid }, $class;
}

sub serve {
    my ($socket) = @_;
    alarm 60;
    binmode $socket;
    while (defined(my $line = <$socket>)) {
        my ($method, $target) = $line =~ /^(\S+) (\S+) HTTP/ or return;
        my (%headers, $body);
        while (defined($line = <$socket>) && $line =~ /\S/) {
            $line =~ /^([^:]+):\s*(.*?)\s*$/ and $headers{ lc $1 } = $2;
        }
        return websocket($socket, $headers{'sec-websocket-key'})
            if lc($headers{upgrade} // '') eq 'websocket';
        if (lc($headers{expect} // '') eq '100-continue') {
            print {$socket} "HTTP/1.1 100 Continue\r\n\r\n";
            $socket->flush;
        }
        $body = read_body($socket, \%headers);
        my $answer = JSON::PP->new->utf8->canonical->encode({
            method => $method, target => $target, headers => \%headers,
            length => length $body, sha1 => sha1_base64($body) });
        print {$socket} "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            . 'Content-Length: ' . length($answer) . "\r\nX-App: yes\r\n\r\n",
            $method eq 'HEAD' ? '' : $answer;
        $socket->flush;
    }
}

sub read_body {
    my ($socket, $headers) = @_;
    my $body = '';
    if (($headers->{'transfer-encoding'} // '') eq 'chunked') {
        while (defined(my $size = <$socket>)) {
            my $n = hex($size =~ s/\s+//r) or last;
            read $socket, $body, $n, length $body;
            <$socket>;
        }
        <$socket>;
    }
    elsif ($headers->{'content-length'}) {
        read $socket, $body, $headers->{'content-length'};
    }
    return $body;
}

sub websocket {
    my ($socket, $key) = @_;
    print {$socket} "HTTP/1.1 101 Switching Protocols\r\n"
        . "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        . 'Sec-WebSocket-Accept: ' . sha1_base64($key . $GUID) . "=\r\n\r\n";
    $socket->flush;
    while (read($socket, my $head, 6)) { # short masked frames
        my ($first, $length, $mask) = unpack 'CCa4', $head;
        $length &= 0x7f;
        read($socket, my $data, $length);
        $data ^= substr $mask x (1 + $length / 4), 0, $length;
        print {$socket} pack('CC', $first, $length) . $data;
        $socket->flush;
        return if ($first & 0x0f) == 8;
    }
}

sub stop_all {
    local ($?, $!);
    kill TERM => @running if @running && $$ == $owner;
    waitpid $_, 0 for splice @running;
}
END { stop_all() }

1;
