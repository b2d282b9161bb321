# SPDX-License-Identifier: Apache-2.0
# Somebody sets the wall clock, an hour back, an hour ahead, a day: blocks end
# when they should, windows go on, and what people read is their own time.
use strict;
use warnings;
use JSON::PP ();
use MLGate::Test;
use Test::More;

my $ctl = "$ENV{MLGATE_WORK}/mlgatectl";
my $server = server(start => 0, conf => <<'END');
MLGateEngine enforce
MLGateStateFile state/gate
MLGateObservationLog observations
MLGateEventLog events
MLGateBlockFor 1h
KeepAlive off
Include "%WORK%/by-rate.conf"
END
my $log = $server->{log};
my $clock = "$server->{dir}/clock";
$server->{env} = { LD_PRELOAD => "$ENV{MLGATE_WORK}/clock.so",
    MLGATE_TEST_CLOCK => $clock };
$log->expect(qr/MLG0004/);
$log->expect(qr/MLG0031/);
$log->allow(qr/MLG0010/);

my $ahead;
sub set_clock {
    ($ahead) = @_;
    open my $fh, '>', $clock or die "$clock: $!\n";
    syswrite $fh, sprintf '%-20d', $ahead; # one write
    close $fh;
}
sub get { $server->client($_[0], headers => { Connection => 'close' })->get('/') }
sub requests { record($_[0], $server)->{record}{requests} }

set_clock(0);
$server->start;
expect_block('192.0.2.250', $server);
get('192.0.2.250') for 1 .. 12;
get('192.0.2.251') for 1 .. 3;
is get('192.0.2.250')->code, 429, 'a client is blocked for an hour';
my $block = record('192.0.2.250', $server)->{block};

my $n = 0;
for my $step (-3600, 3600, 5400, 86400, -86400) {
    set_clock($step);
    my $answer = get('192.0.2.250');
    is $answer->code, 429, "a clock that is set to $step s: it is still blocked";
    my $left = $answer->header('Retry-After');
    cmp_ok $left, '>', 3500, "for as long as before ($left s)";
    cmp_ok $left, '<=', 3600, 'and no longer';
    my $now = record('192.0.2.250', $server)->{block};
    cmp_ok abs($now->{until_epoch} - $block->{until_epoch} - $step), '<', 2,
        'its end is told in the time that the wall clock has now';
    cmp_ok abs($now->{remaining_s} - $left), '<=', 2, 'with what is left';
    my ($listed) = grep { $_->{client} eq '192.0.2.250' }
        @{ stats($server)->{blocks} };
    cmp_ok abs($listed->{until_epoch} - $now->{until_epoch}), '<', 0.1,
        'alike in the list';
    cmp_ok abs(stats($server)->{time_epoch} - time - $step), '<', 5,
        'beside the wall clock\'s time';
    get('192.0.2.251');
    is requests('192.0.2.251'), 3 + ++$n, 'a window goes on';
}
is record('192.0.2.251', $server)->{record}{requests_10min}, 8,
    'and has all that came in those minutes';
expect_block('192.0.2.251', $server);
get('192.0.2.251') for 1 .. 3;
is get('192.0.2.251')->code, 429, 'so that a flood is one';
is stats($server)->{blocked}{block}, 2, 'both are blocked';

# A stop by a clock that is wrong, and a start by one that is set right.
set_clock(-86400);
$server->stop;
set_clock(0);
$server->start;
is get('192.0.2.250')->code, 200, 'a day later by the wall clock, both are free'
    or diag get('192.0.2.250')->header('Retry-After');
expect_block('192.0.2.252', $server);
get('192.0.2.252') for 1 .. 12;
$server->stop;
set_clock(-86400);
$server->start;
my $answer = get('192.0.2.252');
is $answer->code, 429, 'a day before, who was blocked is blocked';
cmp_ok $answer->header('Retry-After'), '<=', 3600,
    'for no longer than was left when it stopped';
operator($server)->post('/mlgate/block/192.0.2.253?ttl=1h');
my ($event) = grep { $_->{event} eq 'operator-block' }
    map { JSON::PP->new->decode($_) }
    do { open my $fh, '<', "$server->{dir}/events" or die; <$fh> };
cmp_ok abs($event->{time_epoch} - time + 86400), '<', 5,
    'events are told in the wall clock\'s time';
$server->stop;

my $parity = JSON::PP->new->decode(scalar qx{$ctl replay --json --quiet --config $server->{dir}/httpd.conf $server->{dir}/observations})->{parity};
cmp_ok $parity->{compared}, '>', 25, 'a replay of observations';
is_deeply [@{$parity}{qw(scores_differ vectors_differ verdicts_differ gaps late foreign)}],
    [(0) x 6], 'judges as the server did, whatever the clock said';

done;
