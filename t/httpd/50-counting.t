# SPDX-License-Identifier: Apache-2.0
# Counting is exact across eight processes.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $EACH = 300;
my $server = server(processes => <<'END', conf => <<'END');
<IfModule mpm_prefork_module>
    StartServers 8
    MinSpareServers 1
    MaxSpareServers 8
    ServerLimit 8
    MaxRequestWorkers 8
</IfModule>
<IfModule !mpm_prefork_module>
    StartServers 8
    ServerLimit 8
    ThreadsPerChild 2
    MinSpareThreads 2
    MaxSpareThreads 1000
    MaxRequestWorkers 16
</IfModule>
END
MLGateEngine enforce
MLGateMinRequests 1000000
Include "%WORK%/by-rate.conf"
LogFormat "%P %a" pids
CustomLog "%DIR%/pids_log" pids
END
$server->{log}->expect(qr/MLG0004/);
$server->{log}->allow(qr/AH00161/); # prefork: as many clients as processes
ok wait_until('eight processes are up', 20,
    sub { $server->children >= 8 }), 'eight processes serve';

# Eight clients at once, and all of them together as a ninth.
my %sent;
my @senders;
for my $n (1 .. 8) {
    $sent{"192.0.2.19$n"} += $EACH / 2;
    $sent{'192.0.2.190'} += $EACH / 2;
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        my $ok = 0;
        for (1 .. $EACH) {
            my $addr = $_ % 2 ? "192.0.2.19$n" : '192.0.2.190';
            # httpd may close a connection that waits for more; new ones are
            # spread over the processes, too.
            $ok += $server->client($addr, headers => { Connection => 'close' })
                ->get('/')->code == 200;
        }
        POSIX::_exit($ok == $EACH ? 0 : 1);
    }
    push @senders, $pid;
}
my $failed = 0;
for my $pid (@senders) {
    waitpid $pid, 0;
    $failed++ if $?;
}
is $failed, 0, 'every request was answered';

my $total = 0;
$total += $_ for values %sent;
my $counters;
wait_until('the last answers are logged', 10, sub {
    $counters = stats($server)->{counters};
    my $lines = () = $server->pids;
    $lines >= $total;
});
is $counters->{requests}, $total, 'the sum over all processes is what was sent';
is $counters->{judged}, $total, 'all were judged';
is $counters->{refused}, 0, 'none was refused';
is $counters->{lock_errors}, 0, 'none slipped through';

my $recorded = 0;
for my $addr (sort keys %sent) {
    my $known = record($addr, $server)->{record}{requests};
    $recorded += $known;
    cmp_ok $known, '<=', $sent{$addr}, "$addr: nothing is counted twice";
}
cmp_ok $recorded + $counters->{skipped}, '>=', $total,
    'what is not in a record was skipped and counted as such';
cmp_ok $counters->{skipped}, '<=', $total / 10, 'few updates are skipped';

my %seen = map { $_ => 1 } $server->pids;
cmp_ok scalar(keys %seen), '>=', 6, 'most of the eight processes took part';

my $calm = $server->client('192.0.2.199');
$calm->burst(50);
is record('192.0.2.199', $server)->{record}{requests}, 50,
    'one request at a time: the record is exact by itself';

done;

sub MLGate::Server::pids {
    my ($self) = @_;
    open my $fh, '<', "$self->{dir}/pids_log" or return ();
    return map { /^(\d+)/ } grep { / 192\.0\.2\./ } <$fh>;
}
