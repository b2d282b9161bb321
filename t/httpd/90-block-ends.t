# SPDX-License-Identifier: Apache-2.0
# A block ends by time, is not renewed by knocking, and grows for who comes
# back. This one has to wait.
use strict;
use warnings;
use MLGate::Test;
use Test::More;
use Time::HiRes qw(time sleep);

my $server = server(conf => <<'END');
MLGateEngine enforce
MLGateBlockFor 2s
MLGateBlockMax 5s
MLGateEventLog events.json
Include "%WORK%/by-rate.conf"
END
$server->{log}->expect(qr/MLG0004/);
$server->{log}->expect(qr/MLG0008.*192\.0\.2\.240\b/, 3);

my $client = $server->client('192.0.2.240');
my @lengths;
for my $n (1 .. 3) {
    my $answer;
    for (1 .. 30) {
        $answer = $client->get('/');
        last if $answer->code == 429;
    }
    is $answer->code, 429, "offence $n: blocked";
    my $start = time;
    push @lengths, $answer->header('Retry-After');
    # Knock on the door all the while.
    my $over = wait_until('the block is over', 15, sub {
        $client->get('/')->code == 200
    });
    ok $over, "offence $n: the block ends by itself";
    my $took = time - $start;
    cmp_ok $took, '>=', $lengths[-1] - 1.5, "offence $n: not too early";
    cmp_ok $took, '<=', $lengths[-1] + 5,
        "offence $n: not renewed by knocking";
}
is_deeply \@lengths, [2, 4, 5],
    'a repeat offender\'s block is twice as long, up to the cap';
is record('192.0.2.240', $server)->{standing}, 'judged',
    'afterwards it is judged anew';

ok wait_until('the end is in the event log', 15, sub {
    open my $fh, '<', "$server->{dir}/events.json" or return 0;
    my $ends = grep { $_->{event} eq 'end' && $_->{client} eq '192.0.2.240' }
        map { JSON::PP->new->decode($_) } <$fh>;
    return $ends >= 1;
}), 'the event log says that it ended';

$server->{log}->expect(qr/MLG0010.*192\.0\.2\.241\b/, 1);
operator($server)->post('/mlgate/block/192.0.2.241?ttl=1s');
is $server->client('192.0.2.241')->get('/')->code, 429, 'an operator\'s block';
ok wait_until('it is over', 10, sub {
    $server->client('192.0.2.241')->get('/')->code == 200
}), 'ends as well';

done;
