# SPDX-License-Identifier: Apache-2.0
# A graceful restart keeps blocks, windows and counters; so does a
# changed table size, and says so.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $conf = <<'END';
MLGateEngine enforce
Include "%WORK%/by-rate.conf"
END
my $server = server(conf => "MLGateTableSize 8192\n$conf");
$server->{log}->expect(qr/MLG0004.*8192 clients.*generation 1\b/, 1);
$server->{log}->expect(qr/MLG0004.*8192 clients.*generation 2\b/, 1);
$server->{log}->expect(qr/MLG0004.*16384 clients.*generation 1\b/, 1);
$server->{log}->expect(
    qr/MLG0005.*from 8192 to 16384 clients: 4 blocks and \d+ clients moved over, 0 found no room, 0 too old/, 1);

expect_block('192.0.2.230', $server);
my $blocked = $server->client('192.0.2.230');
$blocked->burst(12);
my ($id) = $blocked->get('/')->content =~ /([0-9a-f]{16})/;
$server->client('192.0.2.231')->burst(6);
$server->{log}->expect(qr/MLG0010.*192\.0\.2\.23[23]/, 2);
operator($server)->post('/mlgate/block/192.0.2.232?ttl=1h&reason=why');
operator($server)->post('/mlgate/unblock/192.0.2.233');
$blocked->close; # or a worker would wait for its next request
my $before = stats($server);

$server->graceful;
is $server->client('192.0.2.230')->get('/')->code, 429,
    'a graceful restart keeps a block';
is $server->client('192.0.2.232')->get('/')->code, 429,
    'and an operator\'s';
like $server->client('192.0.2.230')->get('/')->content, qr/$id/,
    'with its reference';
is record('192.0.2.233', $server)->{standing}, 'grace', 'and grace';
is record('192.0.2.231', $server)->{record}{requests}, 6, 'and windows:';
expect_block('192.0.2.231', $server);
is_deeply [$server->client('192.0.2.231')->burst(5)],
    [200, 200, 200, 429, 429], 'six requests before and four after are ten';
is stats($server)->{counters}{requests} - $before->{counters}{requests}, 8,
    'and counters';
is operator($server)->get('/mlgate/')->json->{generation}, 2,
    'the status says that it is the second generation';

# Not a request is lost on the way.
sub beside_traffic {
    my ($what, $restart) = @_;
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        my $lost = 0;
        for my $n (1 .. 200) {
            my $client = $server->client('192.0.2.' . (1 + $n % 100));
            $lost++ unless eval { $client->get('/')->code == 200 };
            $client->close;
            select undef, undef, undef, 0.01;
        }
        POSIX::_exit($lost ? 1 : 0);
    }
    select undef, undef, undef, 0.3;
    $restart->();
    waitpid $pid, 0;
    is $?, 0, "$what no request fails";
}
beside_traffic('under traffic', sub { $server->graceful for 1 .. 3 });
$server->{log}->expect(qr/MLG0004.*8192 clients.*generation [345]\b/, 3);

$server->rewrite("MLGateTableSize 16384\n$conf");
beside_traffic('while the table is resized', sub { $server->graceful });
ok wait_until('the new table serves', 10, sub {
    stats($server)->{table}{clients} == 16384
}), 'a changed table size takes effect';
is $server->client('192.0.2.230')->get('/')->code, 429, 'blocks move over';
is $server->client('192.0.2.231')->get('/')->code, 429, 'all of them';
is $server->client('192.0.2.232')->get('/')->code, 429, 'an operator\'s, too';
is record('192.0.2.232', $server)->{block}{note}, 'why', 'with its reason';
is record('192.0.2.233', $server)->{standing}, 'grace', 'and grace';
is $server->client('192.0.2.234')->get('/')->code, 200,
    'others are not blocked';
is record('192.0.2.233', $server)->{standing}, 'grace', 'and grace';
is stats($server)->{counters}{blocks}, 2, 'counters go on';

# A restart that does not wait for anybody, and a table that shrinks.
$server->{log}->expect(
    qr/MLG0005.*from 16384 to 4096 clients: 4 blocks and \d+ clients moved over, 0 found no room, 0 too old/, 1);
$server->{log}->expect(qr/MLG0004.*4096 clients/, 1);
$server->{log}->expect(qr/MLG0004.*16384 clients.*generation 2\b/, 1);
$server->restart('HUP');
is $server->client('192.0.2.230')->get('/')->code, 429,
    'a restart that is not graceful keeps blocks as well';
$server->rewrite("MLGateTableSize 4096\n$conf");
$server->restart('HUP');
is $server->client('192.0.2.231')->get('/')->code, 429,
    'a smaller table keeps them, too';
is $server->client('192.0.2.232')->get('/')->code, 429, 'all of them';

done;
