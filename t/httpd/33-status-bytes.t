# SPDX-License-Identifier: Apache-2.0
# The status handler on requests that nobody would write: those that it knows,
# with bytes lost, doubled, swapped and put in. Each gets one whole answer, of a
# status that says who was wrong, and no process dies. In make fuzz-status the
# module is under ASan and UBSan; FUZZ_SEED plays a run again.
use strict;
use warnings;
use JSON::PP ();
use MLGate::Test;
use Socket qw(SHUT_WR);
use Test::More;

my $seconds = $ENV{FUZZ_SECONDS} || 3;
my $seed = $ENV{FUZZ_SEED} || time;
srand $seed;
diag "FUZZ_SEED=$seed";

my $server = server(conf => <<'END');
MLGateEngine enforce
MLGateAllow 127.0.0.0/8
MLGateTableSize 4096
END
# Orders get through, to whomever they name; httpd has its say of the rest.
$server->{log}->allow(qr/MLG0004/, qr/MLG0010/, qr/\[core:(?:error|warn)\]/,
    qr/\[http:(?:error|warn)\]/);

my @seeds = map { my ($line, @more) = @$_;
    join "\r\n", "$line HTTP/1.1", 'Host: 127.0.0.1', @more, '', '' } (
    ['GET /mlgate/', 'Accept: text/html'], ['GET /mlgate/health'],
    ['GET /mlgate/stats'], ['GET /mlgate/metrics'], ['GET /mlgate/swarms'],
    ['GET /mlgate/client/192.0.2.1'], ['GET /mlgate/client/2001:db8::1%25eth0'],
    ['GET /mlgate/decision/0123456789abcdef'],
    ['POST /mlgate/block/192.0.2.1?ttl=10m&reason=too%20curious',
        'Content-Length: 0'],
    ['POST /mlgate/unblock/2001:db8::1?ttl=1s', 'Origin: http://127.0.0.1',
        'Content-Length: 3', '', 'abc'],
    ['POST /mlgate/block/192.0.2.2', 'Transfer-Encoding: chunked', '',
        "3\r\nabc\r\n0"],
    ['GET http://127.0.0.1/mlgate//stats/?a=b', 'Sec-Fetch-Site: cross-site']);
my @pieces = ('%', '%00', '%2f', '%zz', '%c0%af', '/', '//', '..', '/../', '?',
    '&', '=', '&reason=', '&ttl=', 'ttl=9999999999999999999d', ':', '::', ' ',
    "\t", "\0", "\xff", "\xe2\x80\xae", "\r\n", 'é', '"', '<b>', '\\',
    '192.0.2.1', '::ffff:1.2.3.4', 'block/', 'unblock/', 'decision/', 'client/',
    'A' x 9000, "X: y\r\n" x 120, 'HEAD ', 'OPTIONS ', 'PUT ', "Origin: null\r\n",
    "Host: evil.example\r\n", "Accept: text/html\r\n", "Content-Length: -1\r\n",
    "Expect: 100-continue\r\n", "Range: bytes=0-0\r\n",
    "If-None-Match: *\r\n");

sub mutated {
    my $text = $seeds[rand @seeds];
    for (0 .. rand 5) {
        # what the handler reads itself is the path and the query
        my $at = int rand(rand(2) < 1 && length $text > 50 ? 50 : length $text);
        my $n = 1 + int rand 8;
        my $how = int rand 6;
        $how == 0 ? substr($text, $at, $n, '')
            : $how == 1 ? substr($text, $at, 0, substr $text, $at, $n)
            : $how == 2 ? substr($text, $at, 1, chr rand 256)
            : substr($text, $at, 0, $pieces[rand @pieces]);
    }
    return $text;
}

# All that is answered to these bytes, until the server closes.
# From many addresses: one has no more ports than a minute of this closes.
sub answer {
    my ($bytes, $n) = @_;
    my $client = MLGate::Client->new(port => $server->{port}, patience => 15,
        from => '127.0.0.' . (2 + $n % 250));
    local $SIG{PIPE} = 'IGNORE';
    $client->connect;
    eval { $client->send($bytes) };
    shutdown $client->{socket}, SHUT_WR;
    1 while $client->_fill;
    return $client->{buffer};
}

# @return what is wrong with the first answer, or nothing
sub wrong {
    my ($got, $sent) = @_;
    return '' if $sent !~ m{^[^\n]* HTTP/1\.[01]\r?\n}; # HTTP/0.9, or nothing
    my ($code, $head, $body) =
        $got =~ m{^HTTP/1\.[01] (\d{3})[^\r\n]*\r\n(.*?)\r\n\r\n(.*)}s
        or return 'not an answer';
    return "status $code"
        unless $code =~ /^(?:100|2\d\d|30[34]|4\d\d|501|503|505)$/;
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;
    return '' if $sent =~ /^HEAD/ || $code == 100 || $code == 206
        || !defined $length || $head !~ m{^Content-Type: application/[a-z+]*json}mi;
    return 'cut short' if length $body < $length;
    eval { JSON::PP->new->utf8->decode(substr $body, 0, $length) }
        or return "not JSON: $@";
    return '';
}

my ($n, %codes) = (0);
my $until = time + $seconds;
while (time < $until) {
    my $sent = mutated();
    my $got = eval { answer($sent, $n) } // "$@";
    my $what = wrong($got, $sent);
    $codes{ $got =~ m{^HTTP/1\.\d (\d{3})} ? $1 : 'none' }++;
    $n++;
    next if $what eq '';
    fail "$what after $n, to " . unpack 'H*', $sent;
    diag substr $got, 0, 400;
    last;
}
cmp_ok $n, '>=', 50 * $seconds ** 0.5, "$n requests are answered: "
    . join ', ', map { "$_ x $codes{$_}" } sort keys %codes;
cmp_ok $codes{200} // 0, '>', 0, 'some of them well';
cmp_ok $codes{400} // 0, '>', 0, 'and some with what is wrong with them';
unlike $server->said, qr/exit signal/, 'no process died of it';
is operator($server)->get('/mlgate/health')->code, 200, 'and the gate is well';
unlike $server->said, qr/Sanitizer|runtime error/, 'nor complains';

done;
