# SPDX-License-Identifier: Apache-2.0
# The parent is killed three times (CRASHES=10: ten), each time as soon as a block
# is on disk, which it is two seconds after it was made: none is ever lost.
use strict;
use warnings;
use MLGate::Test;
use Test::More;
use Time::HiRes qw(sleep time);

my $server = server(conf => <<'END');
MLGateEngine enforce
MLGateStateFile state/gate
Include "%WORK%/by-rate.conf"
END
my $log = $server->{log};
$log->expect(qr/MLG0004/);
$log->expect(qr/MLG0034: took up/);
$log->allow(qr/MLG0008/, qr/AH00098: pid file/, qr/AH00052/);

my ($lost, $missing) = (0, 0);
my @blocked;
my $file = "$server->{dir}/state/gate";
sub inode { (stat $file)[1] // 0 }
my $before = inode();
for my $round (1 .. ($ENV{CRASHES} || 3)) {
    my $addr = "192.0.2.$round";
    # once all has been written, it is not written again for a minute: what is
    # blocked from here on is in the other file only
    $missing++ unless wait_until('all is written', 10, sub { inode() != $before });
    $before = inode();
    $server->client($addr)->burst(12);
    push @blocked, $addr;
    sleep 2.2;
    $missing++ if inode() != $before;
    $server->crash->start;
    for (@blocked) {
        my $client = $server->client($_);
        $lost++ if $client->get('/')->code != 429;
        $client->close;
    }
}
is $lost, 0, 'no block is lost over all the crashes';
is $missing, 0, 'with nothing but a file of blocks to go by';
is_deeply [grep { /\.new$/ } glob "$server->{dir}/state/*"], [],
    'nothing is left half written';
is $server->client('192.0.2.99')->get('/')->code, 200, 'others pass';

done;
