# SPDX-License-Identifier: Apache-2.0
# A child stops, or dies, while it holds a stripe; or there is none to be had. Nobody waits for it: its
# clients are judged from what is known, orders and reports give up after a
# second, and when it is dead the next one goes on where it left off.
use strict;
use warnings;
use MLGate::Siege;
use MLGate::Test;
use Test::More;
use Time::HiRes qw(time);

# Only the calls of the gate are looked at, and MLGateEngine off makes none.
my $server = server(held => 1, conf => <<'END');
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

sub ask_for {
    my ($what) = @_;
    open my $fh, '>', "$server->{dir}/held/$what" or die "$what: $!\n";
    close $fh;
}

sub is_stopped {
    open my $fh, '<', "/proc/$_[0]/stat" or return 0;
    return readline($fh) =~ /\) T /;
}

# As $addr meets it: what it did, and how long that took.
my $slowest = 0;
sub timed {
    my ($code) = @_;
    my $begun = time;
    my $said = $code->();
    $slowest = time - $begun if time - $begun > $slowest;
    return $said;
}

my $addr = '192.0.2.240';
my $calm = sub { $server->client($_[0], host => 'calm.test', patience => 20) };
$calm->($addr)->burst(5);

# Short blocks in every stripe, of which some end while one is not to be had.
# They are told when it is, and the others do not wait for them.
my %ending;
my $clerk = operator($server);
$server->{log}->allow(qr/MLG0010.*100\.64\./);
for my $n (1 .. 1500) {
    my $one = '100.64.' . int($n / 250) . '.' . $n % 250;
    $ending{$one} = 1
        if $clerk->post("/mlgate/block/$one?ttl=4s")->code == 200;
}
sub not_over {
    my %left = %ending;
    /MLG0011: the block of (\S+) is over/ and delete $left{$1}
        for $server->{log}->lines;
    return keys %left;
}

# Somebody of this stripe is stopped with it.
my $victim = $calm->($addr);
ask_for('stop');
$victim->send($victim->format('GET', '/'));
my $stopped;
ok wait_until('one has stopped', 10, sub {
    ($stopped) = grep { is_stopped($_) } $server->children;
}), 'a child stopped, holding the stripe of a client';

my $before = stats($server)->{counters};
$slowest = 0;
my @codes = map { timed(sub { $calm->($addr)->get('/')->code }) } 1 .. 20;
is each_of(@codes), '200', 'that client is served by the other children';
cmp_ok $slowest, '<', 1, sprintf 'none of its requests waits (%.3f s)', $slowest;
my $after = stats($server)->{counters};
is $after->{skipped} - $before->{skipped}, 20,
    'what its record misses was counted';
is operator($server)->get("/mlgate/client/$addr")->code, 503,
    'a report about it says that it is busy';

my $flood = $server->client($addr, patience => 20);
is each_of($flood->burst(15)), '200', 'it cannot be convicted meanwhile';

$slowest = 0;
my $order = timed(sub {
    operator($server, patience => 20)->post("/mlgate/block/$addr") });
is $order->code, 503, 'an order about it is refused, not forgotten';
like $order->json->{error} // $order->content, qr/try again/, 'and says so';
ok $slowest > 0.9 && $slowest < 3, sprintf 'after a second (%.2f s)', $slowest;

$slowest = 0;
timed(sub { $calm->("192.0.2.$_")->get('/') }) for 1 .. 60;
cmp_ok $slowest, '<', 1, sprintf 'others do not wait either (%.3f s)', $slowest;

my $sweeper_runs = wait_until('the others are over', 12, sub { not_over() < 30 });
note $sweeper_runs ? 'not over, its stripe being held: ' . not_over()
    : 'the one that reports is the one that was stopped';
kill CONT => $stopped;
ok wait_until('all are over', 12, sub { not_over() == 0 }),
    'every end is told, those too whose stripe was held';
is $victim->response->code, 200, 'the stopped request is answered at last';
is $calm->($addr)->get('/')->code, 200, 'and its client is remembered again';
# 7, or 6 when it was the fifth that stopped, being settled
cmp_ok record($addr, $server)->{record}{requests}, '>=', 6,
    'with its earlier requests';
is operator($server)->post("/mlgate/block/$addr?ttl=1h")->code, 200,
    'an order is carried out';
is $calm->($addr)->get('/')->code, 429, 'and applies';

# And now it dies. Its update is lost; not the stripe, and not the block.
$server->{log}->expect(qr/MLG0010.*192\.0\.2\.240/, 1);
for my $n (1 .. 20) {
    my $one = "198.51.100.$n";
    $calm->($one)->burst(3);
    my $dying = $calm->($one);
    ask_for('die');
    eval { $dying->get('/') }; # or an earlier request dies, being settled
    wait_until('it is over', 10, sub {
        my %dead = %{ dead_children($server) };
        keys %dead == $n && !grep { $dead{$_} } $server->children;
    });
    ok wait_until('the next is served', 10, sub {
        eval { $calm->($one)->get('/')->code == 200 } }),
        "after death $n its client is served";
    my $requests = record($one, $server)->{record}{requests};
    ok $requests >= 1 && $requests <= 5,
        "and remembered: $requests requests of 5";
}
is $calm->($addr)->get('/')->code, 429, 'a block outlives all of them';
my $counters = stats($server)->{counters};
is $counters->{lock_errors}, 0, 'no lock failed';
cmp_ok $counters->{repairs}, '>', 0, "$counters->{repairs} records were mended";
$server->{log}->allow(qr/AH10392: children are killed/);

# Locks that fail, for whatever reason: open, counted, and said.
$server->{log}->expect(qr/MLG0013: the lock of stripe \d+ failed/);
ask_for('fail');
is each_of($calm->('192.0.2.241')->burst(20)), '200',
    'without locks requests are judged and pass';
is $calm->($addr)->get('/')->code, 429, 'and blocks hold';
is operator($server)->post('/mlgate/block/192.0.2.241')->code, 503,
    'an order is refused';
cmp_ok stats($server)->{counters}{lock_errors}, '>=', 20, 'each failure is counted';
my $said = grep { /MLG0013/ } $server->{log}->lines;
cmp_ok $said, '<=', 60, "and said once a process ($said times)";
is record('192.0.2.241', $server)->{record}, undef, 'nothing was remembered';
unlink "$server->{dir}/held/fail";
$calm->('192.0.2.241')->burst(3);
is record('192.0.2.241', $server)->{record}{requests}, 3,
    'until they work again';

done;
