# SPDX-License-Identifier: Apache-2.0
# A server at saturation, restarted gracefully each minute and a child killed
# every ten seconds: mixed traffic and floods, for SOAK_MINUTES. Off by
# default; `make soak MINUTES=60`. The report says what it did and how much
# memory it took.
use strict;
use warnings;
use MLGate::Siege;
use MLGate::Test;
use Test::More;
use Time::HiRes qw(time sleep);

my $minutes = $ENV{SOAK_MINUTES} or plan skip_all => 'make soak';

my $processes = <<'END';
<IfModule mpm_prefork_module>
    StartServers 16
    MinSpareServers 8
    MaxSpareServers 48
    ServerLimit 48
    MaxRequestWorkers 48
</IfModule>
<IfModule !mpm_prefork_module>
    StartServers 4
    ServerLimit 12
    ThreadsPerChild 16
    MinSpareThreads 64
    MaxSpareThreads 192
    MaxRequestWorkers 192
</IfModule>
END
my $server = server(processes => $processes, conf => siege_conf() . <<'END');
MLGateEngine enforce
MLGateBlockFor 30s
MLGateEventLog events.json
MLGateTableSize 16384
<VirtualHost 127.0.0.1:%PORT%>
    ServerName gate.test
    Include "%WORK%/by-rate.conf"
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName calm.test
    MLGateMinRequests 1000000
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName shipped.test
</VirtualHost>
END
$server->{log}->expect(qr/MLG0004/);
$server->{log}->allow(qr/MLG00(?:08|10|11)/, qr/AH1039[23]: children are killed/,
    qr/AH0004[5-7]|AH00288|AH00484|AH03490/);

my $end = time + 60 * $minutes;
my $until = sub { time > $end };
my @paths = ('/', '/open.html', '/missing', '/pages/', '/?q=1', '/index.html');
my @senders;
for my $n (1 .. 5) { # readers of several pages, by the weights we ship
    push @senders, besiege($server, $until, sub {
        my ($self) = @_;
    $self->{per} = 200;
        $self->visit("198.51.100." . int rand 200, host => 'shipped.test',
            path => $paths[rand @paths]);
    });
}
for my $n (1 .. 3) { # floods of a few
    push @senders, besiege($server, $until, sub {
        my ($self) = @_;
    $self->{per} = 200;
        $self->visit("203.0.113." . (1 + int rand 20), host => 'gate.test');
    });
}
push @senders, besiege($server, $until, sub { # strangers, once each
    my ($self) = @_;
    $self->{per} = 200;
    $self->visit(join('.', 11, map { int rand 256 } 1 .. 3));
});
push @senders, besiege($server, $until, sub { # an operator
    my ($self) = @_;
    $self->{per} = 200;
    $self->visit('127.0.0.1', path => ('/mlgate/stats', '/mlgate/metrics',
        '/mlgate/', '/mlgate/health')[rand 4]);
    sleep 0.2;
});

# What a process has in memory that is nobody's file, forks' shares included,
# and what it has of files and of the segment, in KB.
sub memory_of {
    my ($pid) = @_;
    open my $fh, '<', "/proc/$pid/smaps_rollup" or return;
    my %kb = map { /^(\w+):\s+(\d+) kB/ ? ($1 => $2) : () } <$fh>;
    return ($kb{Anonymous} // 0, ($kb{Rss} // 0) - ($kb{Anonymous} // 0));
}

my (@curve, $kills, $restarts);
my $begun = time;
my ($next_kill, $next_restart, $next_look) = (10, 60, 0);
while (time < $end) {
    my $at = time - $begun;
    if ($at >= $next_look) {
        my ($parent) = memory_of($server->{pid});
        my ($most, $shared) = (0, 0);
        for my $pid ($server->children) {
            my ($own, $of_all) = memory_of($pid) or next;
            $most = $own if defined $own && $own > $most;
            $shared = $of_all if defined $of_all && $of_all > $shared;
        }
        push @curve, [$at, $parent // 0, $most, $shared];
        $next_look += 60 * $minutes / 20;
    }
    if ($at >= $next_kill) {
        my @children = $server->children;
        $kills += kill_child($server, $children[rand @children]) if @children;
        $next_kill += 10;
    }
    if ($at >= $next_restart) {
        $server->graceful;
        $restarts++;
        $next_restart += 60;
    }
    sleep 0.2;
}
my @tallies = gather(@senders);
my $sum = blame($server, \@tallies, may_close => 1);

my (%code, $ok, $slowest, $silence);
for my $tally (@tallies) {
    $ok += $tally->{ok};
    $code{$_} += $tally->{code}{$_} for keys %{ $tally->{code} };
    for (['slowest', \$slowest], ['silence', \$silence]) {
        ${ $_->[1] } = $tally->{ $_->[0] }
            if $tally->{ $_->[0] } > (${ $_->[1] } // 0);
    }
}
cmp_ok $ok, '>', 100 * 60 * $minutes, "$ok requests were answered";
is_deeply $sum->{uninvolved}, [], 'none failed but with its child';
cmp_ok $silence, '<', 15, 'no client was without an answer for long';
cmp_ok $code{429} // 0, '>', 1000, 'floods were refused';
is grep({ /^5/ } keys %code), 0, 'no answer was an error of the server\'s';
my $counters = stats($server)->{counters};
is $counters->{lock_errors}, 0, 'no lock failed';
is $counters->{events_lost}, 0, 'no event was lost';
is operator($server)->get('/mlgate/health')->code, 200, 'the gate is well';
# The first looks are of processes that are still filling their pools.
my @late = @curve[@curve / 4 .. $#curve];
my $grown = $late[-1][1] - $late[0][1];
cmp_ok $grown, '<', 1024 + 100 * ($restarts // 0),
    "the parent grew by $grown KB";

diag $_ for sprintf('%s, %d min: %d requests answered, %d a second; %s', mpm(),
    $minutes, $ok, $ok / 60 / $minutes,
    join ', ', map { "$_: $code{$_}" } sort keys %code),
    sprintf('failed with their child: %d, on the first of a connection %d, '
        . 'closed by a restart between two requests: %d; uninvolved: %d',
        @$sum{qw(own first closed)}, scalar @{ $sum->{uninvolved} }),
    sprintf('slowest answer %.2f s; children killed: %d, graceful restarts: %d',
        $slowest, $kills // 0, $restarts // 0),
    sprintf('refused %d, blocks %d, updates skipped %d of %d, records repaired '
        . '%d, evicted %d', @$counters{qw(refused blocks skipped requests
        repairs evictions)}),
    'anonymous KB at s: parent, largest child; its files and segment: '
    . join '; ', map { sprintf '%d: %d, %d, %d', @$_ } @curve;

done;
