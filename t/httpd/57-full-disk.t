# SPDX-License-Identifier: Apache-2.0
# Nothing can be written any more: lines are lost and counted, the error log
# says it once a process, and requests go on.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $gate = <<'END';
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
my $one_child = <<'END';
<IfModule mpm_prefork_module>
    StartServers 1
    MinSpareServers 1
    MaxSpareServers 1
    ServerLimit 1
    MaxRequestWorkers 1
</IfModule>
<IfModule !mpm_prefork_module>
    StartServers 1
    ServerLimit 1
    ThreadsPerChild 8
    MinSpareThreads 1
    MaxSpareThreads 8
    MaxRequestWorkers 8
</IfModule>
END

sub complaints {
    my ($server, $directive) = @_;
    return scalar grep { /MLG0015.*cannot write to $directive/ }
        $server->{log}->lines;
}

# No space at all, from the first line on.
my $full = server(processes => $one_child,
    conf => "MLGateEventLog /dev/full\nMLGateObservationLog /dev/full\n$gate");
$full->{log}->expect(qr/MLG0004/);
$full->{log}->allow(qr/MLG0015/);
expect_block('192.0.2.150', $full);
is each_of($full->client('192.0.2.151', host => 'calm.test')->burst(300)),
    '200', 'no space: requests go on';
is each_of($full->client('192.0.2.150')->burst(30)), '200 429',
    'and floods are refused';
my $counters = stats($full)->{counters};
is $counters->{events_lost}, 1, 'the lost event is counted';
cmp_ok $counters->{observations_lost}, '>=', 330, 'each lost observation, too';
is complaints($full, 'MLGateEventLog'), 1, 'the event log is said to be full once';
my $said = complaints($full, 'MLGateObservationLog');
ok $said >= 1 && $said <= 2,
    'the other once in the parent and once in the child';
is operator($full)->get('/mlgate/health')->code, 200, 'the gate is well';

# 64 KB, and then no more: a line is cut in the middle.
my $small = server(processes => $one_child, limit => 64,
    conf => "MLGateEventLog events.json\n"
    . "MLGateObservationLog observations.log\n$gate");
$small->{log}->expect(qr/MLG0004/);
$small->{log}->expect(qr/MLG0015.*MLGateObservationLog/, 1);
expect_block('192.0.2.152', $small);
is each_of($small->client('192.0.2.153', host => 'calm.test')->burst(600)),
    '200', '64 KB: requests go on when they are full';
is each_of($small->client('192.0.2.152')->burst(30)), '200 429',
    'and floods are refused';
my $log = "$small->{dir}/observations.log";
cmp_ok -s $log, '<=', 65536, 'the log has kept to its limit';
open my $fh, '<', $log or die "$log: $!\n";
my @lines = <$fh>;
my $whole = grep { /\n\z/ } @lines;
cmp_ok $whole, '>', 50, 'and holds whole lines';
$counters = stats($small)->{counters};
my $requests = $counters->{requests} + 1; # and that the server started
is $whole + $counters->{observations_lost}, $requests,
    'what is not in it was counted';
is $counters->{events_lost}, 0, 'the other log has room and lost nothing';

done;
