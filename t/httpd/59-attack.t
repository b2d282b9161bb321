# SPDX-License-Identifier: Apache-2.0
# The gate under attack itself, live: a trusted proxy that makes addresses up,
# and requests as large as httpd takes them. ATTACK=1 (make attack) is the long
# form; t/bench/attack.c has ten million addresses.
use strict;
use warnings;
use MLGate::Test;
use Test::More;
use Time::HiRes qw(time);

my $addresses = $ENV{ATTACK} ? 60000 : 3000;
my $rounds = $ENV{ATTACK} ? 400 : 40;

my $server = server(conf => <<'END');
MLGateEngine enforce
MLGateTableSize 4096
Include "%WORK%/by-rate.conf"
<VirtualHost 127.0.0.1:%PORT%>
    ServerName gate.test
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName calm.test
    MLGateMinRequests 1000000
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName off.test
    MLGateEngine off
</VirtualHost>
END
$server->{log}->expect(qr/MLG0004/);
expect_block('192.0.2.70', $server);
$server->{log}->allow(qr/AH00127: Cannot map/); # httpd's, of long paths
srand 7;

# 4096 places, of which a proxy's inventions may take what they like.
$server->client('192.0.2.70')->burst(12);
$server->client('192.0.2.71', host => 'calm.test')->burst(6);
my $proxy = $server->client('192.0.2.1', host => 'calm.test');
my @took;
for my $n (1 .. $addresses) {
    my $begun = time;
    my $addr = $n % 2 ? join('.', 11, map { int rand 256 } 1 .. 3)
        : sprintf '2001:db8:%x:%x::1', rand 65536, rand 65536;
    $proxy->get('/', headers => { 'X-Forwarded-For' => $addr });
    push @took, time - $begun;
    $server->client('192.0.2.71', host => 'calm.test')->get('/')
        if $n % 1000 == 0;
}
@took = sort { $a <=> $b } @took;
my $said = sprintf '%d addresses: p50 %.2f ms, p99 %.2f ms a request', $addresses,
    1000 * $took[@took / 2], 1000 * $took[@took * 0.99];
$ENV{ATTACK} ? diag $said : note $said;
is $server->client('192.0.2.70')->get('/')->code, 429,
    'who was blocked stays blocked';
cmp_ok record('192.0.2.71', $server)->{record}{requests}, '>=', 6,
    'who comes back is remembered';
is operator($server)->get('/mlgate/health')->code, 200, 'the gate is well';

# What is not an address is nobody's: mod_remoteip stops there.
for my $text ('unknown', '999.1.1.1', '1.2.3.4, evil', "fe80::1%eth0",
    '0x7f.1', '::ffff:192.0.2.72', 'a' x 4000, '1.2.3.4,' x 900 . '5.6.7.8') {
    my $code = $proxy->get('/', headers => { 'X-Forwarded-For' => $text })->code;
    ok $code == 200 || $code == 400,
        'X-Forwarded-For: ' . substr($text, 0, 20) . ": $code";
    $proxy->close;
}

# As large as httpd takes it: a hundred fields of 8,190 bytes. The same without
# the gate is what httpd itself needs.
my $room = 8190;
my %large = (
    'a hundred fields' => { path => '/', headers => { map {
        ("X-Fill-$_" => 'x' x ($room - 20)) } 1 .. 90 } },
    '10,000 cookies' => { path => '/', headers => { map {
        ((join '', map { rand() < .5 ? uc : lc } split //, 'cookie')
            => join '; ', map { "c$_=1" } 1 .. 1000) } 1 .. 12 } },
    'a path of 8,000 slashes' => { path => '/' . '/' x 8000 },
    'a path of 4,000 segments' => { path => '/a' x 4000 },
    'a query of 8,000 ampersands' => { path => '/?' . '&' x 8000 },
    'a query of 2,000 pairs' => { path => '/?' . 'a=b&' x 2000 },
    'a query of escapes' => { path => '/?' . '%41' x 2600 },
    'a user agent of 8,000 bytes' => { path => '/',
        headers => { 'User-Agent' => "\xff" x 8000 } },
    'a referer of 8,000 bytes' => { path => '/',
        headers => { Referer => 'http://' . 'a/' x 4000 } },
);
for my $what (sort keys %large) {
    my ($path, $headers) = @{ $large{$what} }{qw(path headers)};
    my %best;
    for my $host (qw(off.test calm.test)) {
        my $client = $server->client('192.0.2.73', host => $host);
        for (1 .. $rounds) {
            my $begun = time;
            $client->get($path, headers => $headers // {});
            my $took = time - $begun;
            $best{$host} = $took if !$best{$host} || $took < $best{$host};
        }
    }
    my $more = 1000 * ($best{'calm.test'} - $best{'off.test'});
    my $said = sprintf '%s: %.2f ms without the gate, %+.2f ms with it',
        $what, 1000 * $best{'off.test'}, $more;
    cmp_ok $more, '<', 10, $said;
    diag $said if $ENV{ATTACK};
}
is operator($server)->get('/mlgate/health')->code, 200, 'the gate is well';

done;
