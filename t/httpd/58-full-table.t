# SPDX-License-Identifier: Apache-2.0
# Twenty thousand addresses, one request each, push nobody out who matters.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $NEWCOMERS = 20_480; # five times the table
my $server = server(conf => <<'END');
MLGateTableSize 4096
MLGateEngine enforce
Include "%WORK%/by-rate.conf"
<VirtualHost 127.0.0.1:%PORT%>
    ServerName gate.test
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName calm.test
    MLGateMinRequests 1000000
</VirtualHost>
END
$server->{log}->expect(qr/MLG0004.*4096 clients/, 1);

my @blocked = map { "192.0.2.$_" } 1 .. 20;
for my $addr (@blocked) {
    expect_block($addr, $server);
    $server->client($addr)->burst(11);
}
my @hot = map { "198.51.100.$_" } 1 .. 20;
my $client = $server->client(undef, host => 'calm.test');
my %sent = map { $_ => 0 } @hot;

my $n = 0;
my %codes;
while ($n < $NEWCOMERS) {
    my @batch = map { sprintf '10.%d.%d.%d', 1 + ($_ >> 16), $_ >> 8 & 255,
        $_ & 255 } $n .. $n + 63;
    $n += @batch;
    if ($n % 1024 == 0) {
        push @batch, @hot;
        $sent{$_}++ for @hot;
    }
    my @answers = $client->pipeline(map { ['HEAD', '/', headers => {
        'X-Forwarded-For' => $_ }] } @batch);
    $codes{ $_->code }++ for @answers;
}
is join(' ', keys %codes), '200', 'everyone is served';

my $stats = stats($server);
cmp_ok $stats->{counters}{newcomers}, '>=', $NEWCOMERS,
    'everyone was new to the gate';
cmp_ok $stats->{counters}{evictions}, '>', $NEWCOMERS - 4096 - 100,
    'the table is full and turns over';
cmp_ok $stats->{table}{in_use}, '<=', 4096, 'it did not grow';
is scalar(grep { $server->client($_)->get('/')->code != 429 } @blocked), 0,
    'all blocked clients are blocked still';
my $kept = grep {
    (record($_, $server)->{record}{requests} // 0) >= $sent{$_} - 1
} @hot;
cmp_ok $kept, '>=', 19, "$kept of 20 hot clients have kept their records";
is operator($server)->get('/mlgate/health')->code, 200,
    'a full table is no illness';
expect_block('192.0.2.30', $server);
is each_of($server->client('192.0.2.30')->burst(12)), '200 429',
    'and a flood is refused';

done;
