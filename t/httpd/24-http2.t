# SPDX-License-Identifier: Apache-2.0
# HTTP/2: every stream is a request, and a refusal is one stream's answer.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

plan skip_all => 'mod_http2 does not work with prefork' if mpm eq 'prefork';
plan skip_all => 'no h2load: install nghttp2-client' unless have('h2load');

my $tls_port = MLGate::Server::free_port();
my $server = server(conf => <<'END' . tls($tls_port));
MLGateEngine enforce
Include "%WORK%/by-rate.conf"
END
$server->{log}->expect(qr/MLG0004/);
# Debian's mod_ssl and libssl are not always of one mind.
$server->{log}->allow(qr/AH01882/);

# n requests over one connection, so many at a time: (protocol, answers 2xx,
# answers 4xx).
sub streams {
    my ($url, $addr, $n, $at_once) = @_;
    my $said = qx{h2load -n $n -c 1 -m $at_once -H 'accept: text/html' \\
        -H 'x-forwarded-for: $addr' '$url/open.html' 2>&1};
    my ($protocol) = $said =~ /^Application protocol: (\S+)/m;
    my ($ok, $refused) =
        $said =~ /^status codes: (\d+) 2xx, 0 3xx, (\d+) 4xx, 0 5xx/m;
    diag $said unless defined $refused;
    return ($protocol, $ok, $refused);
}

my $octet = 170;
for my $case (["http://127.0.0.1:$server->{port}", 'h2c', 'h2c'],
    ["https://127.0.0.1:$tls_port", 'h2', 'h2 over TLS']) {
    my ($url, $protocol, $what) = @$case;
    my $addr = '192.0.2.' . $octet++;
    expect_block($addr, $server);
    my $before = stats($server)->{counters};
    is_deeply [streams($url, $addr, 20, 1)], [$protocol, 9, 11],
        "$what: nine streams of a connection pass, the rest is refused";
    is stats($server)->{counters}{requests} - $before->{requests}, 20,
        "$what: streams are counted, one by one";
    my $record = record($addr, $server);
    is $record->{record}{requests}, 10, "$what: in the client's record, too";
    is $record->{features}{http2_share}, 1, "$what: and known to be HTTP/2";
    cmp_ok $record->{features}{keepalive_depth}, '>', 1,
        "$what: as streams of one connection";
    is_deeply [streams($url, '192.0.2.' . $octet++, 3, 1)], [$protocol, 3, 0],
        "$what: a neighbour passes";

    $addr = '192.0.2.' . $octet++;
    expect_block($addr, $server);
    my (undef, $ok, $refused) = streams($url, $addr, 60, 20);
    is $ok + $refused, 60, "$what: streams at once are all answered";
    cmp_ok $ok, '<', 30, "$what: and most of a burst of them are refused";
}

done;
