# SPDX-License-Identifier: Apache-2.0
package MLGate::Client;

# A small HTTP/1.1 client that does what a test says and nothing else: any
# header, any Host, a connection kept alive or not, pipelining, raw bytes, and
# never a request more than asked for (LWP and HTTP::Tiny retry).
use strict;
use warnings;
use IO::Socket::IP ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use JSON::PP ();

# What a browser sends; a test that is about headers replaces them.
my %BROWSER = (
    'User-Agent' => 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) '
        . 'Gecko/20100101 Firefox/128.0',
    'Accept' => 'text/html,application/xhtml+xml,*/*;q=0.8',
    'Accept-Language' => 'en',
    'Accept-Encoding' => 'identity, gzip',
);

# new(addr => '192.0.2.7', host => 'gate.test', port => N, from => source
# address, headers => {...}); without addr it does not speak for anyone.
sub new {
    my ($class, %o) = @_;
    my %headers = (%BROWSER, %{ $o{headers} || {} });
    $headers{'X-Forwarded-For'} = $o{addr} if defined $o{addr};
    return bless {
        host => 'gate.test', from => '127.0.0.1', to => '127.0.0.1',
        buffer => '', %o, headers => \%headers
    }, $class;
}

sub connect {
    my ($self) = @_;
    $self->{socket} = IO::Socket::IP->new(
        PeerHost => $self->{to}, PeerPort => $self->{port},
        LocalHost => $self->{from}, Timeout => 10
    ) or die "connect to $self->{to}:$self->{port}: $!\n";
    $self->{socket}->autoflush(1);
    # A request of more than 8 KB is two writes; the second must not wait.
    setsockopt $self->{socket}, IPPROTO_TCP, TCP_NODELAY, 1;
    $self->{buffer} = '';
    return $self;
}

sub close {
    my ($self) = @_;
    CORE::close(delete $self->{socket}) if $self->{socket};
    return $self;
}

sub send {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    $self->connect unless $self->{socket};
    print { $self->{socket} } $bytes or die "send: $!\n";
    return $self;
}

# A request as bytes. A header that is undef is left out.
sub format {
    my ($self, $method, $path, %o) = @_;
    my %headers = (Host => $self->{host}, %{ $self->{headers} },
        %{ $o{headers} || {} });
    my $body = $o{body};
    $headers{'Content-Length'} = length $body
        if defined $body && !exists $headers{'Transfer-Encoding'};
    return "$method $path HTTP/1.1\r\n"
        . join('', map { "$_: $headers{$_}\r\n" }
            grep { defined $headers{$_} } sort keys %headers)
        . "\r\n" . ($body // '');
}

sub request {
    my ($self, $method, $path, %o) = @_;
    $self->send($self->format($method, $path, %o));
    return $self->response($method);
}

sub get { my ($self, $path, %o) = @_; $self->request('GET', $path, %o) }
sub head { my ($self, $path, %o) = @_; $self->request('HEAD', $path, %o) }
sub post { my ($self, $path, %o) = @_;
    $self->request('POST', $path, body => '', %o) }

# The statuses of n requests in a row, one connection.
sub burst {
    my ($self, $n, $path) = @_;
    return map { $self->get($path // '/')->code } 1 .. $n;
}

# Send many requests at once and read all answers. Each is [method, path,
# options]. Returns the responses.
sub pipeline {
    my ($self, @requests) = @_;
    $self->send(join '', map { $self->format(@$_) } @requests);
    return map { $self->response($_->[0]) } @requests;
}

sub _fill {
    my ($self) = @_;
    my $ready = '';
    vec($ready, fileno($self->{socket}), 1) = 1;
    select($ready, undef, undef, $self->{patience} // 30)
        or die "no answer within " . ($self->{patience} // 30) . " s\n";
    my $n = sysread $self->{socket}, $self->{buffer}, 65536,
        length $self->{buffer};
    return $n;
}

sub _line {
    my ($self) = @_;
    my $end;
    while (($end = index $self->{buffer}, "\n") < 0) {
        $self->_fill or return undef;
    }
    return substr($self->{buffer}, 0, $end + 1, '') =~ s/\r?\n$//r;
}

sub _bytes {
    my ($self, $n) = @_;
    while (length $self->{buffer} < $n) {
        $self->_fill or die "connection closed within a body\n";
    }
    return substr $self->{buffer}, 0, $n, '';
}

# Read one response; interim ones are skipped, but for 101.
sub response {
    my ($self, $method) = @_;
    my ($code, %headers);
    do {
        my $status = $self->_line;
        if (!defined $status) {
            $self->close;
            die "connection closed without an answer\n";
        }
        ($code) = $status =~ m{^HTTP/1\.[01] (\d{3})}
            or die "not a status line: $status\n";
        %headers = ();
        while (defined(my $line = $self->_line)) {
            last if $line eq '';
            my ($name, $value) = $line =~ /^([^:]+):\s*(.*?)\s*$/
                or die "not a header: $line\n";
            $headers{ lc $name } = exists $headers{ lc $name }
                ? $headers{ lc $name } . ", $value" : $value;
        }
    } while ($code < 200 && $code != 101);
    my $content = $self->_content($method // 'GET', $code, \%headers);
    $self->close if ($headers{connection} // '') =~ /\bclose\b/i;
    return bless { code => $code, headers => \%headers, content => $content },
        'MLGate::Response';
}

sub _content {
    my ($self, $method, $code, $headers) = @_;
    return '' if $method eq 'HEAD' || $code =~ /^(?:1..|204|304)$/;
    if (($headers->{'transfer-encoding'} // '') =~ /chunked/i) {
        my $content = '';
        while ((my $n = hex($self->_line =~ s/;.*//r)) > 0) {
            $content .= $self->_bytes($n);
            $self->_line;
        }
        1 while $self->_line ne '';
        return $content;
    }
    return $self->_bytes($headers->{'content-length'})
        if defined $headers->{'content-length'};
    1 while $self->_fill;
    my $content = $self->{buffer};
    $self->{buffer} = '';
    return $content;
}

package MLGate::Response;

sub code { $_[0]{code} }
sub content { $_[0]{content} }
sub header { $_[0]{headers}{ lc $_[1] } }
sub json { JSON::PP->new->utf8->decode($_[0]{content}) }

1;
