# SPDX-License-Identifier: Apache-2.0
# A child that is killed takes its own requests with it and nothing else.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $server = server(conf => <<'END');
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
$server->{log}->expect(qr/MLG0004/);
expect_block('192.0.2.210', $server);
$server->client('192.0.2.210')->burst(12);
$server->client('192.0.2.211')->burst(5);

# Four clients in a hurry while children are killed.
my @senders;
for my $n (1 .. 4) {
    pipe my $from, my $to or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        my ($ok, $lost) = (0, 0);
        my $until = time + 4;
        my $client;
        while (time < $until) {
            $client //= $server->client("192.0.2.22$n", host => 'calm.test');
            if (eval { $client->get('/')->code == 200 }) {
                $ok++;
            }
            else {
                $lost++;
                undef $client;
            }
        }
        syswrite $to, "$ok $lost\n";
        POSIX::_exit(0);
    }
    close $to;
    push @senders, [$pid, $from];
}
my $killed = 0;
for (1 .. 6) {
    select undef, undef, undef, 0.4;
    my @children = $server->children or next;
    $killed += kill KILL => $children[rand @children];
}
my ($ok, $lost) = (0, 0);
for my $sender (@senders) {
    my $line = readline $sender->[1];
    waitpid $sender->[0], 0;
    my ($o, $l) = split ' ', $line;
    $ok += $o;
    $lost += $l;
}
cmp_ok $killed, '>=', 4, "$killed children were killed";
cmp_ok $ok, '>', 100, "the server went on: $ok requests were answered";
note "$lost were lost";

ok wait_until('it answers', 20, sub {
    eval { $server->client('192.0.2.212')->get('/')->code == 200 }
}), 'a client passes afterwards';
is $server->client('192.0.2.210')->get('/')->code, 429,
    'a blocked client is blocked still';
is $server->client('192.0.2.210')->get('/')->code, 429, 'by every child';
is record('192.0.2.211', $server)->{record}{requests}, 5,
    'a client\'s record is what it was';
my $counters = stats($server)->{counters};
my $others = 12 + 5 + 1 + 2;
cmp_ok $counters->{requests}, '>=', $ok + $others,
    'every request that was answered was counted';
cmp_ok $counters->{requests}, '<=', $ok + $lost + $others,
    'and none twice';
is $counters->{lock_errors}, 0, 'nothing slipped through';
is operator($server)->get('/mlgate/health')->code, 200, 'the gate is well';
expect_block('192.0.2.213', $server);
is each_of($server->client('192.0.2.213')->burst(12)), '200 429',
    'and a new flood is refused';

done;
